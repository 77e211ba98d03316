"""Checked exercises: `exercises.NAME.check(mine)`, `.hint()` and `.solution()`, one file a lesson."""

from captionlib.exercises.lesson_00 import count_numbers, darken, share
from captionlib.exercises.lesson_01 import count_places, mast, separate
from captionlib.exercises.lesson_02 import adam, engine, slope
from captionlib.exercises.lesson_03 import grad_cam, halves
from captionlib.exercises.lesson_04 import make_vocabulary, mean_loss
from captionlib.exercises.lesson_05 import gather_gradient, nearest_words
from captionlib.exercises.lesson_06 import forget_bias, one_step, one_step_back
from captionlib.exercises.lesson_08 import share_on, softmax

__all__ = [
    "adam", "count_numbers", "count_places", "darken", "engine", "forget_bias",
    "gather_gradient", "grad_cam", "halves", "make_vocabulary", "mast", "mean_loss", "nearest_words", "one_step",
    "one_step_back", "separate", "share", "share_on", "slope", "softmax",
]  # fmt: skip
