"""Step 4, the decoder learns: batches, losses, teacher forcing and self-critical training (lessons 07 and 11)."""

from captionlib import keras_settings  # noqa: F401 (before Keras is imported)
