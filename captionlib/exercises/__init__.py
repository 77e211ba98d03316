"""Checked exercises: `exercises.NAME.check(mine)`, `.hint()` and `.solution()`, one file a lesson."""

from captionlib.exercises.lesson_00 import count_numbers, darken, share
from captionlib.exercises.lesson_08 import share_on, softmax

__all__ = ["count_numbers", "darken", "share", "share_on", "softmax"]
