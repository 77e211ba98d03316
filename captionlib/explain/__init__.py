"""Why did the network say that? Grad-CAM for an encoder (lesson 03), saliency for a decoder (lesson 08)."""

from captionlib import keras_settings  # noqa: F401 (before Keras is imported)
