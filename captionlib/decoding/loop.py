"""Step 5, decoding: what greedy, sampling and beam search share (lesson 09).

The words that are allowed at each step, the record of all steps, one compiled function per decoder, and batches.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from captionlib.models import Decoder
from captionlib.text import END, PAD, START, UNK

NEG_INF = float("-inf")  # the log-probability of what is not allowed
BATCH = 250  # pictures decoded at a time


@dataclass(frozen=True)
class Decoded:
    """Captions of N pictures.

    Attributes:
        tokens: (N, T) int32, without `<start>`, with `<end>`, then `<pad>`.
        log_probs: (N,) float32, log-probability of the caption with its `<end>`, over the words that are allowed.
        attention: (N, T, maps, L), the weights at each token, 0 at `<pad>`; None for a decoder without attention.
    """

    tokens: np.ndarray
    log_probs: np.ndarray
    attention: np.ndarray | None


def allowed_log_probs(logits, t, max_length: int):
    """Log-probabilities over the words that are allowed; all others have minus infinity.

    Args:
        logits: (B, V) at step t, or (B, T, V).
        t: the step, from 0, or all steps, (T, 1).
        max_length: the longest caption in words; after it only `<end>` is allowed.

    Returns:
        The shape of `logits`.
    """
    ids = tf.range(logits.shape[-1])
    forbidden = (
        (ids == PAD) | (ids == START) | (ids == UNK) | ((ids == END) & (t == 0)) | ((ids != END) & (t == max_length))
    )
    return tf.nn.log_softmax(tf.where(forbidden, NEG_INF, logits))


def start_history(decoder: Decoder, dtypes: list[tf.DType], token, state, memory) -> list[tf.TensorArray]:
    """One growing array for each thing that a loop records at every step: `dtypes`, then attention if there is any."""
    attention = decoder.step(token, state, memory)[2]  # traced to see whether there is any; the graph never runs it
    dtypes = dtypes if attention is None else [*dtypes, attention.dtype]
    return [tf.TensorArray(dtype, size=0, dynamic_size=True) for dtype in dtypes]


def write(history: list[tf.TensorArray], t, *records) -> list[tf.TensorArray]:
    """Record step t; an attention that is None, the last of the records, has no array."""
    return [array.write(t, record) for array, record in zip(history, records, strict=False)]


def compiled(decoder: Decoder, key, function: Callable, features, *more: tf.TensorSpec) -> Callable:
    """Compile once for each decoder, each `key` and each grid, for any number of pictures, even one.

    Args:
        decoder: the compiled functions live as long as it does.
        key: identifies the way to decode.
        function: of features (B, L, D) and `more`.
        features: (N, L, D); B may differ from N.
        more: the tensors after the features.

    Returns:
        The compiled function.
    """
    grid = tuple(features.shape[1:])  # (L, D)
    functions = decoder.__dict__.setdefault("compiled_decoding", {})  # not an attribute: Keras would track it
    signature = [tf.TensorSpec([None, *grid], tf.float32), *more]
    return functions.setdefault((key, grid), tf.function(function, signature, autograph=False))


def in_batches(decode: Callable, features) -> Decoded:
    """Decode N pictures some at a time and put the results together.

    Args:
        decode: features (B, L, D) to tokens (B, T), log-probabilities (B,) and attention (B, T, maps, L) or None.
        features: (N, L, D).

    Returns:
        The captions of all, T the length of the longest.
    """
    batches = (decode(tf.cast(features[i : i + BATCH], tf.float32)) for i in range(0, len(features), BATCH))
    parts = [[None if part is None else np.asarray(part) for part in batch] for batch in batches]
    tokens, log_probs, attention = zip(*parts, strict=True)
    longest = max((rows != PAD).sum(axis=1).max() for rows in tokens)

    def join(arrays):  # (B, T, …) each: cut or pad T to the longest
        arrays = [array[:, :longest] for array in arrays]
        missing = [[(0, 0), (0, longest - a.shape[1])] + [(0, 0)] * (a.ndim - 2) for a in arrays]
        return np.concatenate([np.pad(array, width) for array, width in zip(arrays, missing, strict=True)])

    tokens = join(tokens)
    maps = None if attention[0] is None else join(attention) * (tokens != PAD)[..., None, None]
    return Decoded(tokens, np.concatenate(log_probs), maps)
