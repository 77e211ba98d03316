"""Thin controls over figures and pure functions; nothing here computes what a lesson teaches."""

from captionlib.widgets.composer import scene_composer
from captionlib.widgets.embeddings import embedding_map
from captionlib.widgets.features import feature_browser
from captionlib.widgets.kernels import kernel_workbench
from captionlib.widgets.lstm import lstm_workbench
from captionlib.widgets.optimisers import optimiser_playground
from captionlib.widgets.playground import tokenizer_playground
from captionlib.widgets.questions import quiz
from captionlib.widgets.scrubber import attention_scrubber

__all__ = [
    "attention_scrubber", "embedding_map", "feature_browser", "kernel_workbench", "lstm_workbench",
    "optimiser_playground", "quiz", "scene_composer", "tokenizer_playground",
]  # fmt: skip
