"""Thin controls over figures and pure functions; nothing here computes what a lesson teaches."""

from captionlib import keras_settings  # noqa: F401 (before Keras is imported)
from captionlib.course.widgets.composer import scene_composer
from captionlib.course.widgets.embeddings import embedding_map
from captionlib.course.widgets.features import feature_browser
from captionlib.course.widgets.kernels import kernel_workbench
from captionlib.course.widgets.lstm import lstm_workbench
from captionlib.course.widgets.optimisers import optimiser_playground
from captionlib.course.widgets.playground import tokenizer_playground
from captionlib.course.widgets.questions import quiz
from captionlib.course.widgets.scrubber import attention_scrubber

__all__ = [
    "attention_scrubber", "embedding_map", "feature_browser", "kernel_workbench", "lstm_workbench",
    "optimiser_playground", "quiz", "scene_composer", "tokenizer_playground",
]  # fmt: skip
