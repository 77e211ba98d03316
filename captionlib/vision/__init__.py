"""Step 2, vision: picture files become images, images become grids of features (lessons 01 and 03)."""

from captionlib import keras_settings  # noqa: F401 (before Keras is imported)
