"""Checked exercises, one module per lesson: `from captionlib.course.exercises import lesson_08 as exercises`."""

from captionlib import keras_settings  # noqa: F401 (before Keras is imported)
