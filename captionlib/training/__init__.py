"""Step 4, the decoder learns: batches, losses, teacher forcing and self-critical training (lessons 07 and 11)."""

from captionlib import keras_settings  # noqa: F401 (before Keras is imported)
from captionlib.training.batches import Batches
from captionlib.training.fit import KeepBest, TeacherForcing, fit, rising_then_falling, start_from_frequencies
from captionlib.training.losses import MaskedCrossEntropy, Perplexity

__all__ = [
    "Batches", "KeepBest", "MaskedCrossEntropy", "Perplexity", "TeacherForcing", "fit", "rising_then_falling",
    "start_from_frequencies",
]  # fmt: skip
