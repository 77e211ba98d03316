"""A toy language for the tests of decoding."""

import numpy as np
import tensorflow as tf

from captionlib.models.decoder import Decoder


class Chain(Decoder):
    """The logits of the next word depend on the last word and the picture alone; features are the picture's number."""

    def __init__(self, table, max_length):
        super().__init__(table.shape[-1], 1, 1, 1, 0.0, max_length)
        self.table = tf.constant(table, tf.float32)  # (pictures, V, V)
        self.traced = 0

    def prepare(self, features):
        return {"picture": tf.cast(features[:, 0, 0], tf.int32)}

    def initial_state(self, memory):
        return dict(memory)

    def step(self, token, state, memory):
        self.traced += 1
        return tf.gather_nd(self.table, tf.stack([state["picture"], token], 1)), state, None


def pictures(count):
    """Features (N, 1, 1) of the first pictures."""
    return np.arange(count, dtype="float32")[:, None, None]
