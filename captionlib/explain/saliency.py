"""Which locations does each word of a caption depend on, for decoders without attention? (Lesson 08.)"""

import numpy as np
import tensorflow as tf

from captionlib.models import Decoder
from captionlib.text import PAD

BATCH = 250  # pictures at a time


def saliency(decoder: Decoder, features, captions: list[list[int]]) -> np.ndarray:
    """Which places each word depends on, for decoders without attention: |gradient · feature| (Shrikumar et al. 2017).

    Args:
        decoder: any decoder.
        features: (N, L, D).
        captions: N lists of token ids from `<start>` to `<end>`.

    Returns:
        (N, T, L), for each word after `<start>` the saliency of the places.
    """
    longest = max(map(len, captions))
    tokens = np.array([ids + [PAD] * (longest - len(ids)) for ids in captions], "int32")  # (N, T + 1)

    @tf.function(reduce_retracing=True, autograph=False)
    def gradients(features, tokens, t):
        with tf.GradientTape() as tape:
            tape.watch(features)
            odds = tf.nn.log_softmax(decoder(features, tokens[:, :-1]))  # (B, T, V)
            said = tf.gather(odds[:, t], tokens[:, t + 1], batch_dims=1)  # (B,)
        return tf.reduce_sum(tf.abs(tape.gradient(said, features) * features), axis=-1)  # (B, L)

    parts = []
    for i in range(0, len(tokens), BATCH):
        batch = tf.cast(features[i : i + BATCH], tf.float32), tf.constant(tokens[i : i + BATCH])
        parts.append(np.stack([gradients(*batch, tf.constant(t)).numpy() for t in range(longest - 1)], axis=1))
    return np.concatenate(parts)  # (N, T, L)
