"""Step 4, the decoder learns: cross-entropy per token and perplexity, both without padding (lessons 04 and 07)."""

import keras
import tensorflow as tf

from captionlib.text import PAD


class MaskedCrossEntropy(keras.losses.Loss):
    """Mean cross-entropy per token, padding excluded: the sum over tokens divided by their number.

    Args:
        label_smoothing: share of the target spread evenly over the vocabulary (Szegedy et al. 2016, sec. 7).
    """

    def __init__(self, label_smoothing: float = 0.0):
        """Keep the smoothing; the mean is taken here, so Keras reduces nothing."""
        super().__init__(reduction=None, name="masked_cross_entropy")
        self.label_smoothing = label_smoothing

    def call(self, words, logits):
        """Words (N, T) and logits (N, T, V) to a scalar."""
        words = tf.cast(words, tf.int32)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(words, logits)  # (N, T)
        if self.label_smoothing:
            uniform = tf.reduce_logsumexp(logits, axis=-1) - tf.reduce_mean(logits, axis=-1)  # (N, T)
            loss = (1 - self.label_smoothing) * loss + self.label_smoothing * uniform
        valid = tf.cast(words != PAD, loss.dtype)
        return tf.reduce_sum(loss * valid) / tf.reduce_sum(valid)


class Perplexity(keras.metrics.Mean):
    """Perplexity: exp of the mean cross-entropy per token, padding excluded, without label smoothing."""

    def update_state(self, words, logits, sample_weight=None):
        """Add words (N, T) and logits (N, T, V)."""
        words = tf.cast(words, tf.int32)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(words, logits)
        super().update_state(loss, sample_weight=tf.cast(words != PAD, loss.dtype))

    def result(self):
        """The perplexity so far."""
        return keras.ops.exp(super().result())
