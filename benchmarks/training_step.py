"""How much faster is a training step when nothing is computed per word that does not depend on the word?

    python benchmarks/training_step.py

Both models have the same weights and give the same logits. The naive one does what many tutorials do: for every word
it computes keys and values of the picture and projects to the vocabulary.
"""

import statistics
import time

import keras
import numpy as np
import tensorflow as tf

from captionlib.models import ShowAttendTell
from captionlib.models.decoder import repeat_rows
from captionlib.training.losses import MaskedCrossEntropy

B, K, T, L, D, H, V = 32, 5, 20, 49, 1280, 512, 5000
ROUNDS = 7


class Naive(ShowAttendTell):
    """The same model, everything inside the loop over words."""

    def call(self, features, tokens, return_attention=False):
        """(B, L, D) and (B·k, T) to (B·k, T, V)."""
        state = self.initial_state(self.prepare(features))
        state = {name: repeat_rows(leaf, tf.shape(tokens)[0]) for name, leaf in state.items()}
        logits = []
        for token in tf.unstack(tokens, num=tokens.shape[1], axis=1):
            step, state, _ = self.step(token, state, self.prepare(features))
            logits.append(step)
        return tf.stack(logits, axis=1)


def compiled_step(decoder):
    """A compiled training step: forward, loss, gradients, AdamW."""
    optimizer, loss_of = keras.optimizers.AdamW(1e-3), MaskedCrossEntropy()
    optimizer.build(decoder.trainable_variables)

    @tf.function
    def step(features, tokens, words):
        with tf.GradientTape() as tape:
            loss = loss_of(words, decoder(features, tokens, training=True))
        optimizer.apply(tape.gradient(loss, decoder.trainable_variables))
        return loss

    return step


def main():
    """Time both, one after the other in each round, and print the ratio of the medians."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(B, L, D)).astype("float32")
    words = rng.integers(4, V, (B * K, T + 1)).astype("int32")
    batch = tf.constant(features), tf.constant(words[:, :-1]), tf.constant(words[:, 1:])
    decoders = {name: cls(V, L, D, H, dropout=0.0) for name, cls in (("naive", Naive), ("ours", ShowAttendTell))}
    decoders["naive"].set_weights(decoders["ours"].get_weights())
    np.testing.assert_allclose(*(d(*batch[:2]) for d in decoders.values()), atol=1e-4)
    steps = {name: compiled_step(decoder) for name, decoder in decoders.items()}
    times = {name: [] for name in steps}
    for round_ in range(ROUNDS + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            float(step(*batch))
            if round_:  # the first compiles
                times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:6} {1000 * median:6.0f} ms a step, {B * K / median:5.0f} captions a second")
    print(f"ratio  {medians['naive'] / medians['ours']:6.2f}")


if __name__ == "__main__":
    main()
