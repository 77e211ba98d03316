"""Step 5, decoding: beam search keeps the K likeliest partial captions at every step (lesson 09).

At every step each beam also offers the caption that it would be if it ended here. These finished captions have a pool
of their own: they are compared with each other, never with a beam that still grows.
"""

from numbers import Integral

import numpy as np
import tensorflow as tf

from captionlib.decoding.loop import NEG_INF, Decoded, allowed_log_probs, compiled, in_batches, start_history, write
from captionlib.errors import CaptionlibError
from captionlib.models import Decoder
from captionlib.text import END, PAD, START


def beam_search(decoder: Decoder, features, beams: int = 3, length_penalty: float = 1.0) -> Decoded:
    """Keep the K likeliest partial captions at every word (Sutskever et al. 2014, sec. 3.2); return the best one found.

    The score of a finished caption is its log-probability divided by length ** length_penalty (Wu et al. 2016, sec. 7,
    in its simplest form), `<end>` counted. The search for a picture ends when no growing beam can reach a better one.

    Args:
        decoder: any decoder.
        features: (N, L, D).
        beams: K, how many partial captions are kept; with 1 it is that of greedy search, but it may end elsewhere.
        length_penalty: 0 compares log-probabilities, which prefers short captions; 1 their mean per token.

    Returns:
        The best caption per picture; its attention follows the winning beam back to its start.

    Raises:
        CaptionlibError: if `beams` or `length_penalty` is out of its range.
    """
    if not isinstance(beams, Integral) or beams < 1:
        raise CaptionlibError(f"beams is {beams}: give a whole number of beams, at least 1.")
    if not 0 <= length_penalty <= 10:
        raise CaptionlibError(f"length_penalty is {length_penalty}: give a number from 0 to 10, such as 0.7.")
    penalty = tf.constant(length_penalty, tf.float32)
    search = compiled(
        decoder,
        ("beam_search", beams),
        lambda features, penalty: search_beams(decoder, features, beams, penalty),
        features,
        tf.TensorSpec([], tf.float32),
    )

    def decode(batch):
        words, parents, finished, *attention = (array.numpy() for array in search(batch, penalty))
        last, beam = best_in_pool(finished, length_penalty)  # (B,) each
        tokens, rows = backtrack(words, parents, last, beam)  # (B, T) each
        pictures, steps = np.ogrid[: len(tokens), : tokens.shape[1]]
        path = attention[0][steps, pictures, rows] if attention else None  # (B, T, maps, L)
        return tokens, finished[last, pictures[:, 0], beam], path

    return in_batches(decode, features)


def search_beams(decoder: Decoder, features, beams: int, length_penalty):
    """Beam search in the graph.

    Args:
        decoder: any decoder.
        features: (B, L, D).
        beams: K.
        length_penalty: scalar tensor, at least 0.

    Returns:
        Three records of each step, (T, B, K) each: the words; the parents, the beam of the step before that each word
        continues; and the pool, the log-probability of each beam of the step before if it ends here. Then attention,
        (T, B, K, maps, L), in the order of the beams of the step before, if there is any.
    """
    size, longest = decoder.vocabulary_size, decoder.max_length + 1  # V, and the most tokens, `<end>` counted
    batch = tf.shape(features)[0]
    memory = decoder.prepare(features)
    state = tf.nest.map_structure(lambda leaf: tf.repeat(leaf, beams, axis=0), decoder.initial_state(memory))
    token = tf.fill([batch * beams], START)
    growing = tf.tile([[0.0] + [NEG_INF] * (beams - 1)], [batch, 1])  # (B, K) log-probabilities: at first one beam
    best = tf.fill([batch], NEG_INF)  # (B,) the best score in the pool
    history = start_history(decoder, [tf.int32, tf.int32, tf.float32], token, state, memory)

    def cond(t, token, state, growing, best, history):
        # A log-probability only falls, and divided by a power of the length it is nearest to 0 at the greatest length.
        reachable = tf.reduce_max(growing, axis=1) / float(longest) ** length_penalty  # (B,)
        return (t < longest) & tf.reduce_any(reachable > best)

    def body(t, token, state, growing, best, history):
        logits, state, attention = decoder.step(token, state, memory)
        log_probs = tf.reshape(allowed_log_probs(logits, t, decoder.max_length), (batch, beams, size))
        continued = growing[..., None] + log_probs  # (B, K, V)
        finished = continued[..., END]  # (B, K)
        scores = finished / tf.cast(t + 1, tf.float32) ** length_penalty
        continued = tf.where(tf.range(size) == END, NEG_INF, continued)
        growing, flat = tf.math.top_k(tf.reshape(continued, (batch, beams * size)), beams)  # (B, K)
        parents, words = flat // size, flat % size  # (B, K)
        if attention is not None:
            attention = tf.reshape(attention, (batch, beams, *attention.shape[1:]))
        history = write(history, t, words, parents, finished, attention)
        rows = tf.reshape(tf.range(batch)[:, None] * beams + parents, [-1])  # (B·K,)
        state = tf.nest.map_structure(lambda leaf: tf.gather(leaf, rows), state)
        return t + 1, tf.reshape(words, [-1]), state, growing, tf.maximum(best, tf.reduce_max(scores, axis=1)), history

    *_, history = tf.while_loop(cond, body, (tf.constant(0), token, state, growing, best, history))
    return [array.stack() for array in history]


def best_in_pool(finished: np.ndarray, length_penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Find the finished caption with the best score: the step (B,) and the beam (B,) that ended, of (T, B, K)."""
    lengths = np.arange(1, len(finished) + 1)[:, None, None]  # (T, 1, 1)
    scores = (finished / lengths**length_penalty).swapaxes(0, 1)  # (B, T, K)
    return np.divmod(scores.reshape(len(scores), -1).argmax(axis=1), scores.shape[2])


def backtrack(words: np.ndarray, parents: np.ndarray, last: np.ndarray, beam: np.ndarray):
    """Read a caption of each picture from its `<end>` to its start.

    Args:
        words: (T, B, K), see `search_beams`.
        parents: (T, B, K).
        last: (B,) the step of its `<end>`.
        beam: (B,) the beam that ended.

    Returns:
        Tokens (B, T), `<pad>` after `<end>`, and the beam (B, T) whose state predicted each of them.
    """
    steps, pictures = len(words), np.arange(words.shape[1])
    tokens, rows = np.full((len(pictures), steps), PAD, words.dtype), np.zeros((len(pictures), steps), int)
    for t in reversed(range(steps)):
        tokens[:, t] = np.select([t < last, t == last], [words[t, pictures, beam], END], PAD)
        beam = np.where(t < last, parents[t, pictures, beam], beam)
        rows[:, t] = beam
    return tokens, rows
