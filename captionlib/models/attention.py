"""Step 4, the decoder: attention, a weighted mean over the locations of a picture (lessons 08 and 12).

Keys and values are made once per picture by `prepare`; only the query changes from word to word. Rows of the query may
be a multiple of the pictures (five captions, several beams): they are grouped by picture, never copied.
"""

import keras
import tensorflow as tf


class DotAttention(keras.layers.Layer):
    """Scaled dot-product attention with one head (Luong et al. 2015, sec. 3.1; Vaswani et al. 2017, sec. 3.2.1).

    Equal to `keras.layers.Attention(use_scale=False)` on a query divided by the root of its width (a test).
    """

    def __init__(self, units: int, **kwargs):
        """Make the layer; `units` is the width of keys and queries."""
        super().__init__(**kwargs)
        self.units = units
        self.to_query = keras.layers.Dense(units, use_bias=False, name="to_query")

    def call(self, state, keys, values):
        """Attend once.

        Args:
            state: (B·k, H), what the query is made of.
            keys: (B, L, units).
            values: (B, L, C).

        Returns:
            Context vector (B·k, C) and weights (B·k, L) that sum to 1.
        """
        query = grouped(self.to_query(state), keys)  # (B, k, units)
        return weigh(self.scores(query, keys), values)

    def scores(self, query, keys):
        """How well each location's key matches the query: (B, k, units) and (B, L, units) to (B, k, L)."""
        return tf.matmul(query, keys, transpose_b=True) / self.units**0.5


class AdditiveAttention(DotAttention):
    """Additive attention (Bahdanau et al. 2015, app. A.1.2; Xu et al. 2015, sec. 3.1.2): v · tanh(key + query).

    Equal to `keras.layers.AdditiveAttention` with v as its scale (a test).
    """

    def __init__(self, units: int, **kwargs):
        """Make the layer; `units` is the width of keys and queries."""
        super().__init__(units, **kwargs)
        self.to_score = keras.layers.Dense(1, use_bias=False, name="to_score")

    def scores(self, query, keys):
        """How well each location's key matches the query: (B, k, units) and (B, L, units) to (B, k, L)."""
        return self.to_score(tf.tanh(query[:, :, None] + keys[:, None]))[..., 0]  # (B, k, L, units) -> (B, k, L)


class MultiHeadAttention(keras.layers.Layer):
    """Scaled dot-product attention with several heads (Vaswani et al. 2017, sec. 3.2.2).

    Equal to `keras.layers.MultiHeadAttention` with the same weights (a test); ours keeps keys and values outside, so
    that they can be cached.
    """

    def __init__(self, units: int, heads: int, **kwargs):
        """Make the layer; `units` is the width of all heads together."""
        super().__init__(**kwargs)
        self.heads = heads
        self.to_query = keras.layers.Dense(units, name="to_query")
        self.to_key = keras.layers.Dense(units, name="to_key")
        self.to_value = keras.layers.Dense(units, name="to_value")
        self.to_output = keras.layers.Dense(units, name="to_output")

    def split_heads(self, tensor):
        """(B, N, units) to (B, heads, N, units / heads)."""
        shape = tf.shape(tensor)
        return tf.transpose(tf.reshape(tensor, (shape[0], shape[1], self.heads, -1)), (0, 2, 1, 3))

    def keys_values(self, source):
        """Keys and values of (B, N, units), each (B, heads, N, units / heads)."""
        return self.split_heads(self.to_key(source)), self.split_heads(self.to_value(source))

    def call(self, source, keys, values, visible=None):
        """Attend from every position.

        Args:
            source: (B, T, units), what the queries are made of.
            keys: (B, heads, N, units / heads).
            values: the same shape.
            visible: 1 where a query may attend, broadcast to (B, heads, T, N); everywhere by default.

        Returns:
            (B, T, units) and weights (B, heads, T, N).
        """
        query = self.split_heads(self.to_query(source))  # (B, heads, T, units / heads)
        scores = tf.matmul(query, keys, transpose_b=True) * tf.cast(tf.shape(keys)[-1], query.dtype) ** -0.5
        if visible is not None:
            scores += (1.0 - tf.cast(visible, scores.dtype)) * -1e9
        weights = tf.nn.softmax(scores)  # (B, heads, T, N)
        mixed = tf.transpose(tf.matmul(weights, values), (0, 2, 1, 3))  # (B, T, heads, units / heads)
        shape = tf.shape(mixed)
        return self.to_output(tf.reshape(mixed, (shape[0], shape[1], self.to_output.units))), weights


def grouped(rows, per_picture):
    """Put the k rows of each picture together: (B·k, C) to (B, k, C), where `per_picture` has B rows."""
    return tf.reshape(rows, (tf.shape(per_picture)[0], -1, rows.shape[-1]))


def weigh(scores, values):
    """Softmax and weighted mean: scores (B, k, L) and values (B, L, C) to context (B·k, C) and weights (B·k, L)."""
    weights = tf.nn.softmax(scores)  # (B, k, L)
    context = tf.matmul(weights, values)  # (B, k, C)
    return tf.reshape(context, (-1, values.shape[-1])), tf.reshape(weights, (-1, values.shape[1]))
