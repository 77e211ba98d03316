"""The lessons' figures, one function a figure: it takes data and returns a `Figure`; it reads and shows nothing."""

from captionlib.course.figures.architecture import (
    how_attention_works,
    how_the_cnn_works,
    how_the_lstm_works,
    how_the_transformer_works,
)
from captionlib.course.figures.convolution import panels, seen_by_one
from captionlib.course.figures.embeddings import rings, similarity_map, training_film, word_map
from captionlib.course.figures.features import answers, classics, favourites, looks, read_outs
from captionlib.course.figures.gradient import (
    descent,
    learning_curves,
    rates_tried,
    slope_at,
    ten_nodes,
    walks_apart,
    words_as_pictures,
)
from captionlib.course.figures.memory import fading, gates_at_work, telling_unit
from captionlib.course.figures.pipeline import six_steps, whole_architecture
from captionlib.course.figures.vocabulary import token_rows, vocabulary_curve, word_counts
from captionlib.course.figures.words import next_word

__all__ = [
    "answers", "classics", "descent", "fading", "favourites", "gates_at_work", "how_attention_works",
    "how_the_cnn_works", "how_the_lstm_works", "how_the_transformer_works", "learning_curves", "looks", "next_word",
    "panels", "rates_tried", "read_outs", "rings", "seen_by_one", "similarity_map", "six_steps", "slope_at",
    "telling_unit", "ten_nodes", "token_rows", "training_film", "vocabulary_curve", "walks_apart",
    "whole_architecture", "word_counts", "word_map", "words_as_pictures",
]  # fmt: skip
