"""Step 4, the decoder learns: the same seed gives the same model (lesson 07)."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf
from tensorflow.python.framework import config  # tf.config can switch determinism on, but not off, and cannot query it


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Run a block so that the same seed gives the same numbers on the same machine; leave the process as it was.

    Python's generator is seeded, from which Keras draws the seeds of initial weights and of dropout, and TensorFlow's
    operations are deterministic. An operation that uses TensorFlow's own global seed fails instead of being random.

    Args:
        seed: any integer.

    Yields:
        Nothing; the seed and the determinism hold during the block.
    """
    state, deterministic = random.getstate(), config.is_op_determinism_enabled()
    random.seed(seed)
    tf.config.experimental.enable_op_determinism()
    try:
        yield
    finally:
        random.setstate(state)
        if not deterministic:
            config.disable_op_determinism()
