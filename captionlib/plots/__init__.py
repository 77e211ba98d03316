"""The course's figures, one function a figure: it takes data and returns a `Figure`; it reads and shows nothing."""

from captionlib.plots.architecture import (
    how_attention_works,
    how_the_cnn_works,
    how_the_lstm_works,
    how_the_transformer_works,
)
from captionlib.plots.captions import attention_strip, attention_strips, captioned, gallery
from captionlib.plots.convolution import panels, seen_by_one
from captionlib.plots.embeddings import rings, similarity_map, training_film, word_map
from captionlib.plots.features import answers, classics, favourites, looks, read_outs
from captionlib.plots.gradient import (
    descent,
    learning_curves,
    rates_tried,
    slope_at,
    ten_nodes,
    walks_apart,
    words_as_pictures,
)
from captionlib.plots.memory import fading, gates_at_work, telling_unit
from captionlib.plots.palette import INK, MAP, PALE, PAPER, QUIET, ROLES, Figure, house_style
from captionlib.plots.pipeline import six_steps, whole_architecture
from captionlib.plots.vocabulary import token_rows, vocabulary_curve, word_counts
from captionlib.plots.words import next_word

__all__ = [
    "Figure", "INK", "MAP", "PALE", "PAPER", "QUIET", "ROLES", "answers", "attention_strip", "attention_strips",
    "captioned", "classics", "descent", "fading", "favourites", "gallery", "gates_at_work", "house_style",
    "how_attention_works", "how_the_cnn_works", "how_the_lstm_works", "how_the_transformer_works",
    "learning_curves", "looks", "next_word", "panels", "rates_tried", "read_outs", "rings",
    "seen_by_one", "similarity_map", "six_steps", "slope_at", "telling_unit", "ten_nodes", "token_rows",
    "training_film", "vocabulary_curve", "walks_apart", "whole_architecture", "word_counts", "word_map",
    "words_as_pictures",
]  # fmt: skip
