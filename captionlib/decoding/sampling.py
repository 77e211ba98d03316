"""Step 5, decoding: one word at a time, the likeliest one (greedy) or one drawn at random (sampling; lesson 09)."""

import itertools
from collections.abc import Callable
from numbers import Integral

import tensorflow as tf

from captionlib.decoding.loop import NEG_INF, Decoded, allowed_log_probs, compiled, in_batches, start_history, write
from captionlib.errors import CaptionlibError
from captionlib.models import Decoder
from captionlib.text import END, PAD, START


def greedy(decoder: Decoder, features) -> Decoded:
    """Choose the likeliest word at every step.

    Args:
        decoder: any decoder.
        features: (N, L, D).

    Returns:
        One caption per picture.
    """

    def choose(log_probs, seed):  # log_probs (B, V)
        return tf.argmax(log_probs, axis=-1, output_type=tf.int32)  # (B,)

    decode = compiled(decoder, "greedy", lambda f: generate(decoder, f, choose, tf.zeros([2], tf.int64)), features)
    return in_batches(decode, features)


def sample(
    decoder: Decoder, features, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, seed: int = 0
) -> Decoded:
    """Draw every word at random, from all that are allowed or from the likeliest of them.

    Args:
        decoder: any decoder.
        features: (N, L, D).
        temperature: divides the logits: above 1 flattens the distribution, below 1 sharpens it.
        top_k: draw from the k likeliest words only (Fan et al. 2018, sec. 5.1); 0 for all.
        top_p: draw from the smallest set of words that holds this probability (Holtzman et al. 2020, sec. 3.1); 1 for
            all.
        seed: the same seed draws the same captions.

    Returns:
        One caption per picture; `log_probs` are those of the decoder, before temperature and cuts.

    Raises:
        CaptionlibError: if temperature, top_k or top_p is out of its range.
    """
    if not 1e-30 <= temperature <= 1e30:  # what float32 holds with room to spare; NaN fails too
        raise CaptionlibError(f"temperature is {temperature}: give a number above 0, such as 0.7; 1 changes nothing.")
    if not isinstance(top_k, Integral) or top_k < 0:
        raise CaptionlibError(f"top_k is {top_k}: give a whole number of words, or 0 for all words.")
    if not 0 < top_p <= 1:
        raise CaptionlibError(f"top_p is {top_p}: give a probability above 0, at most 1; 1 is all words.")

    def draw(features, seed, temperature, top_k, top_p):
        def choose(log_probs, seed):  # log_probs (B, V)
            best = tf.reduce_max(log_probs, axis=-1, keepdims=True)  # at 0, it survives the lowest temperature
            logits = top_k_top_p((log_probs - best) / temperature, top_k, top_p)
            return tf.random.stateless_categorical(logits, 1, seed, tf.int32)[:, 0]  # (B,)

        return generate(decoder, features, choose, seed)

    specs = [tf.TensorSpec([2], tf.int64), *(tf.TensorSpec([], dtype) for dtype in (tf.float32, tf.int32, tf.float32))]
    decode = compiled(decoder, "sample", draw, features, *specs)
    settings = tf.constant(temperature, tf.float32), tf.constant(top_k, tf.int32), tf.constant(top_p, tf.float32)
    numbers = itertools.count()  # of the batches: each has a seed of its own
    return in_batches(lambda batch: decode(batch, tf.constant([seed, next(numbers)], tf.int64), *settings), features)


def top_k_top_p(logits, top_k, top_p):
    """Set all logits to minus infinity but the k largest, and of these the fewest that hold probability p.

    Args:
        logits: (B, V); minus infinity is a word that is not allowed.
        top_k: scalar integer; 0 for all.
        top_p: scalar, above 0, at most 1.

    Returns:
        (B, V), with the largest logit always kept.
    """
    order = tf.argsort(logits, direction="DESCENDING", stable=True)  # (B, V)
    rank = tf.range(tf.shape(logits)[-1])  # (V,)
    in_top_k = (top_k == 0) | (rank < top_k)
    ordered = tf.where(in_top_k, tf.gather(logits, order, batch_dims=1), NEG_INF)  # (B, V)
    before = tf.cumsum(tf.nn.softmax(ordered), axis=-1, exclusive=True)  # (B, V): probability of all likelier words
    kept = in_top_k & ((before < top_p) | (rank == 0) | (top_p == 1.0))  # (B, V), in order of probability
    return tf.where(tf.gather(kept, tf.argsort(order), batch_dims=1), logits, NEG_INF)


def generate(decoder: Decoder, features, choose: Callable, seed, copies: int = 1):
    """Generate captions in the graph, one word at a time; no choice is revised.

    Args:
        decoder: any decoder.
        features: (B, L, D).
        choose: log-probabilities (B·k, V) and a seed (2,) to words (B·k,).
        seed: (2,) int64; every step has a seed of its own, made from it.
        copies: k, captions per picture; they stand next to each other.

    Returns:
        Tokens (B·k, T), log-probabilities (B·k,) and attention (B·k, T, maps, L) or None.
    """
    memory = decoder.prepare(features)
    state = tf.nest.map_structure(lambda leaf: tf.repeat(leaf, copies, axis=0), decoder.initial_state(memory))
    rows = tf.shape(features)[0] * copies
    token, finished = tf.fill([rows], START), tf.zeros([rows], tf.bool)
    history = start_history(decoder, [tf.int32], token, state, memory)

    def cond(t, token, state, total, finished, history):
        return (t <= decoder.max_length) & ~tf.reduce_all(finished)

    def body(t, token, state, total, finished, history):
        logits, state, attention = decoder.step(token, state, memory)
        log_probs = allowed_log_probs(logits, t, decoder.max_length)  # (B·k, V)
        step_seed = tf.random.experimental.stateless_fold_in(seed, tf.cast(t, tf.int64))  # 64 bits: none comes twice
        word = tf.where(finished, PAD, choose(log_probs, step_seed))
        total += tf.where(finished, 0.0, tf.gather(log_probs, word, batch_dims=1))
        return t + 1, word, state, total, finished | (word == END), write(history, t, word, attention)

    loop = (tf.constant(0), token, state, tf.zeros([rows]), finished, history)
    *_, total, _, history = tf.while_loop(cond, body, loop)
    tokens, *attention = (swap_first_two(array.stack()) for array in history)
    return tokens, total, (attention[0] if attention else None)


def swap_first_two(tensor):
    """(T, B, …) to (B, T, …)."""
    return tf.transpose(tensor, [1, 0, *range(2, len(tensor.shape))])
