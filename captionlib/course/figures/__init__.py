"""The lessons' figures, one function per figure: it takes data and returns a `Figure`; it reads and shows nothing."""

from captionlib.course.figures.architecture import (
    how_attention_works,
    how_the_cnn_works,
    how_the_lstm_works,
    how_the_transformer_works,
)
from captionlib.course.figures.convolution import one_location, panels, receptive_fields
from captionlib.course.figures.embeddings import (
    colour_circles,
    cosines_by_epoch,
    pairs_and_baseline,
    update_step,
    word_map,
)
from captionlib.course.figures.features import (
    accuracy_bars,
    cam_maps,
    feature_maps,
    predictions,
    top_activating_patches,
)
from captionlib.course.figures.gradient import (
    computation_graph,
    descent,
    descent_paths,
    learning_curves,
    learning_rate_sweep,
    tangent_line,
    weights_as_images,
)
from captionlib.course.figures.memory import gate_activations, line_chart, next_word_with_intervention, unit_histogram
from captionlib.course.figures.pipeline import six_steps, whole_architecture
from captionlib.course.figures.vocabulary import (
    shifted_captions,
    token_batch,
    token_rows,
    vocabulary_curve,
    word_counts,
)
from captionlib.course.figures.words import next_word

__all__ = [
    "accuracy_bars", "cam_maps", "colour_circles", "computation_graph", "cosines_by_epoch", "descent",
    "descent_paths", "feature_maps", "gate_activations", "how_attention_works", "how_the_cnn_works",
    "how_the_lstm_works", "how_the_transformer_works", "learning_curves", "learning_rate_sweep", "line_chart",
    "next_word", "next_word_with_intervention", "one_location", "pairs_and_baseline", "panels", "predictions",
    "receptive_fields", "shifted_captions", "six_steps", "tangent_line", "token_batch", "token_rows",
    "top_activating_patches", "unit_histogram", "update_step", "vocabulary_curve", "weights_as_images",
    "whole_architecture", "word_counts", "word_map",
]  # fmt: skip
