"""The course's figures, one function a figure: it takes data and returns a `Figure`; it reads and shows nothing."""

from captionlib.plots.architecture import (
    how_attention_works,
    how_the_cnn_works,
    how_the_lstm_works,
    how_the_transformer_works,
)
from captionlib.plots.captions import attention_strip, attention_strips, captioned, gallery
from captionlib.plots.convolution import panels, seen_by_one
from captionlib.plots.gradient import learning_curves, race, slope_at, ten_nodes, walks_apart, words_as_pictures
from captionlib.plots.memory import fading, gates_at_work, telling_unit
from captionlib.plots.palette import INK, MAP, PALE, PAPER, QUIET, ROLES, Figure, house_style
from captionlib.plots.pipeline import six_steps, whole_architecture
from captionlib.plots.vocabulary import token_rows, vocabulary_curve, word_counts
from captionlib.plots.words import next_word

__all__ = [
    "INK", "MAP", "PALE", "PAPER", "QUIET", "ROLES", "Figure",
    "attention_strip", "attention_strips", "captioned", "fading", "gallery", "gates_at_work", "house_style",
    "learning_curves", "next_word", "panels", "race", "seen_by_one", "six_steps", "slope_at", "telling_unit", "ten_nodes",
    "token_rows", "vocabulary_curve", "walks_apart", "word_counts", "words_as_pictures",
    "how_attention_works", "how_the_cnn_works", "how_the_lstm_works", "how_the_transformer_works", "whole_architecture",
]  # fmt: skip
