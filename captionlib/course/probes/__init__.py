"""The measurements that lessons make: small tasks, surfaces and probes of trained networks."""

from captionlib import keras_settings  # noqa: F401 (before Keras is imported)
