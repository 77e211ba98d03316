"""Step 4, the decoder: which locations does each word depend on, where there is no attention to show it (lesson 08)."""

import numpy as np
import tensorflow as tf

from captionlib.models import Decoder
from captionlib.text import PAD

BATCH = 250  # pictures at a time


def saliency(decoder: Decoder, features, captions: list[list[int]]) -> np.ndarray:
    """Gradient × input: how much each word's log-probability depends on each location (Shrikumar et al. 2017).

    Args:
        decoder: any decoder.
        features: (N, L, D).
        captions: N lists of token ids from `<start>` to `<end>`.

    Returns:
        (N, T, L), for each word after `<start>` the sum over D of |gradient · feature| at each location.
    """
    longest = max(map(len, captions))
    tokens = np.array([ids + [PAD] * (longest - len(ids)) for ids in captions], "int32")  # (N, T + 1)

    @tf.function(reduce_retracing=True, autograph=False)
    def gradients(features, tokens, t):
        with tf.GradientTape() as tape:
            tape.watch(features)
            log_probs = tf.nn.log_softmax(decoder(features, tokens[:, :-1]))  # (B, T, V)
            of_the_word = tf.gather(log_probs[:, t], tokens[:, t + 1], batch_dims=1)  # (B,)
        return tf.reduce_sum(tf.abs(tape.gradient(of_the_word, features) * features), axis=-1)  # (B, L)

    parts = []
    for i in range(0, len(tokens), BATCH):
        batch = tf.cast(features[i : i + BATCH], tf.float32), tf.constant(tokens[i : i + BATCH])
        parts.append(np.stack([gradients(*batch, tf.constant(t)).numpy() for t in range(longest - 1)], axis=1))
    return np.concatenate(parts)  # (N, T, L)
