"""Step 5, decoding: from logits to a caption. Greedy, beam search and sampling, for every decoder (lesson 09).

All three run as one compiled loop over a whole batch. They tile and reorder the leaves of a decoder's state along
axis 0 and know nothing else of a model. None of them says `<pad>`, `<start>` or `<unk>`; every caption has at least
one word and ends after at most `decoder.max_length` words.
"""

from captionlib import keras_settings  # noqa: F401 (before Keras is imported)

# isort: split
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from captionlib.models import Decoder
from captionlib.text import END, PAD, START, UNK

NEVER = -1e9  # a logit so low that its word is never chosen
BATCH = 250  # pictures decoded at a time


@dataclass(frozen=True)
class Decoded:
    """Captions of N pictures.

    Attributes:
        tokens: (N, T) int32, without `<start>`, with `<end>`, then `<pad>`.
        log_probs: (N,) float32, log-probability of the caption with its `<end>`, over the words that may be said.
        attention: (N, T, L) where each word looked; for a Transformer a dict of (N, T, heads, L); {} without attention.
    """

    tokens: np.ndarray
    log_probs: np.ndarray
    attention: np.ndarray | dict


def greedy(decoder: Decoder, features) -> Decoded:
    """Say the likeliest word at every step.

    Args:
        decoder: any decoder.
        features: (N, L, D).

    Returns:
        One caption a picture.
    """

    def choose(log_probs, seed):  # log_probs (B, V)
        return tf.argmax(log_probs, axis=-1, output_type=tf.int32)  # (B,)

    return draw(decoder, features, ("greedy",), choose, 0)


def beam(decoder: Decoder, features, beams: int = 3, length_penalty: float = 1.0) -> Decoded:
    """Keep the best few beginnings at every step (Sutskever et al. 2014, sec. 3.2), then choose by score a word.

    A finished caption keeps its place among the beams and grows no more. The score is the log-probability divided by
    length ** length_penalty (Wu et al. 2016, sec. 7, in its simplest form), `<end>` counted.

    Args:
        decoder: any decoder.
        features: (N, L, D).
        beams: K, how many beginnings are kept; 1 is greedy.
        length_penalty: 0 prefers short captions, 1 the best mean log-probability a word.

    Returns:
        The best caption a picture; its attention follows the winning beam back to its start.
    """
    search = compiled(decoder, ("beam", beams), lambda f: search_beams(decoder, f, beams))

    def best_of(batch):
        words, parents, scores, attention = tf.nest.map_structure(np.asarray, search(batch))
        tokens, rows = follow_back(words, parents)  # (T, B, K): the words, and the beam that held each
        lengths = np.maximum((tokens != PAD).sum(0), 1)  # (B, K)
        best = (scores / lengths**length_penalty).argmax(1)  # (B,)
        pictures = np.arange(len(best))
        path = rows[:, pictures, best]  # (T, B)
        looked = tf.nest.map_structure(
            lambda a: a[np.arange(len(path))[:, None], pictures, path].swapaxes(0, 1), attention
        )
        return tokens[:, pictures, best].T, scores[pictures, best], looked

    return in_batches(best_of, features)


def sample(
    decoder: Decoder, features, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, seed: int = 0
) -> Decoded:
    """Draw every word at random from the decoder's odds, or from the best part of them.

    Args:
        decoder: any decoder.
        features: (N, L, D).
        temperature: above 1 flattens the odds, below 1 sharpens them.
        top_k: draw from the k likeliest words only (Fan et al. 2018); 0 for all.
        top_p: draw from the smallest set of words that holds this probability (Holtzman et al. 2020); 1 for all.
        seed: the same seed draws the same captions.

    Returns:
        One caption a picture; `log_probs` are those of the decoder, before temperature and cuts.
    """
    key = ("sample", float(temperature), top_k, float(top_p))

    def choose(log_probs, seed):  # log_probs (B, V)
        cut = keep_best(log_probs / temperature, top_k, top_p)
        return tf.random.stateless_categorical(cut, 1, seed, tf.int32)[:, 0]  # (B,)

    return draw(decoder, features, key, choose, seed)


def draw(decoder: Decoder, features, key: tuple, choose: Callable, seed: int) -> Decoded:
    """Decode with one word a step: `choose` maps log-probabilities (B, V) and a seed (2,) to words (B,)."""
    numbers, spec = itertools.count(), tf.TensorSpec([2], tf.int32)
    captions = compiled(decoder, key, lambda f, seed: draw_captions(decoder, f, choose, seed), spec)
    return in_batches(lambda f: captions(f, tf.constant([seed, next(numbers)])), features)


def search_beams(decoder: Decoder, features, beams: int):
    """Beam search in the graph.

    Args:
        decoder: any decoder.
        features: (B, L, D).
        beams: K.

    Returns:
        Words (T, B, K), parents (T, B, K), scores (B, K), and attention, leaves (T, B, K, …): before back-tracking.
    """
    batch = tf.shape(features)[0]
    memory = decoder.prepare(features)
    state = tf.nest.map_structure(lambda leaf: tf.repeat(leaf, beams, axis=0), decoder.initial_state(memory))
    token = tf.fill([batch * beams], START)
    scores = tf.tile([[0.0] + [NEVER] * (beams - 1)], [batch, 1])  # (B, K): at first only one beam counts
    finished = tf.zeros([batch, beams], tf.bool)
    history = empty_history(decoder, token, state, memory, extra=2)

    def going_on(t, token, state, scores, finished, history):
        return (t <= decoder.max_length) & ~tf.reduce_all(finished)

    def advance(t, token, state, scores, finished, history):
        logits, state, attention = decoder.step(token, state, memory)
        size = logits.shape[-1]  # V
        log_probs = tf.reshape(allowed_log_probs(logits, t, decoder.max_length), (batch, beams, size))
        stay = tf.one_hot(PAD, size, on_value=0.0, off_value=NEVER)  # a finished beam says <pad>, free
        log_probs = tf.where(finished[..., None], stay, log_probs)
        scores, flat = tf.math.top_k(tf.reshape(scores[..., None] + log_probs, (batch, beams * size)), beams)  # (B, K)
        parents, words = flat // size, flat % size  # (B, K)
        rows = tf.reshape(tf.range(batch)[:, None] * beams + parents, [-1])  # (B·K,)
        state = tf.nest.map_structure(lambda leaf: tf.gather(leaf, rows), state)
        finished = (words == END) | tf.gather(finished, parents, batch_dims=1)
        per_beam = tf.nest.map_structure(
            lambda a: tf.reshape(a, tf.concat([[batch, beams], tf.shape(a)[1:]], 0)), attention
        )
        return t + 1, tf.reshape(words, [-1]), state, scores, finished, write(history, t, (words, parents, per_beam))

    loop = (tf.constant(0), token, state, scores, finished, history)
    *_, scores, finished, history = tf.while_loop(going_on, advance, loop)
    words, parents, attention = tf.nest.map_structure(lambda array: array.stack(), history)
    return words, parents, scores, attention


def draw_captions(decoder: Decoder, features, choose: Callable, seed, copies: int = 1):
    """Sample k captions a picture: (B, L, D) to tokens (B·k, T), log-probabilities (B·k,), attention (B·k, T, …)."""
    memory = decoder.prepare(features)
    state = tf.nest.map_structure(lambda leaf: tf.repeat(leaf, copies, axis=0), decoder.initial_state(memory))
    batch = tf.shape(features)[0] * copies
    token, finished = tf.fill([batch], START), tf.zeros([batch], tf.bool)
    history = empty_history(decoder, token, state, memory, extra=1)

    def going_on(t, token, state, total, finished, history):
        return (t <= decoder.max_length) & ~tf.reduce_all(finished)

    def advance(t, token, state, total, finished, history):
        logits, state, attention = decoder.step(token, state, memory)
        log_probs = allowed_log_probs(logits, t, decoder.max_length)  # (B, V)
        word = tf.where(finished, PAD, choose(log_probs, seed + [0, 2**16 * t]))
        total += tf.where(finished, 0.0, tf.gather(log_probs, word, batch_dims=1))
        return t + 1, word, state, total, finished | (word == END), write(history, t, (word, attention))

    loop = (tf.constant(0), token, state, tf.zeros([batch]), finished, history)
    *_, total, finished, history = tf.while_loop(going_on, advance, loop)
    words, attention = tf.nest.map_structure(lambda array: swap_first_two(array.stack()), history)
    return words, total, attention


def allowed_log_probs(logits, t, max_length: int):
    """Log-probabilities of the words that may be said at step t, (B, V), or at steps (T, 1), (B, T, V); others -1e9."""
    ids = tf.range(logits.shape[-1])
    banned = (
        (ids == PAD) | (ids == START) | (ids == UNK) | ((ids == END) & (t == 0)) | ((ids != END) & (t == max_length))
    )
    return tf.nn.log_softmax(tf.where(banned, NEVER, logits))


def keep_best(logits, top_k: int, top_p: float):
    """Lower all logits (B, V) to `NEVER` but the k best, and of these the fewest that hold probability p."""
    if top_k:
        worst = tf.math.top_k(logits, min(top_k, logits.shape[-1])).values[:, -1:]  # (B, 1)
        logits = tf.where(logits < worst, NEVER, logits)
    if top_p < 1:
        ordered = tf.sort(logits, direction="DESCENDING")  # (B, V)
        before = tf.cumsum(tf.nn.softmax(ordered), axis=-1, exclusive=True)  # (B, V): probability of all better words
        worst = tf.reduce_min(tf.where(before < top_p, ordered, tf.float32.max), axis=-1, keepdims=True)
        logits = tf.where(logits < worst, NEVER, logits)
    return logits


def empty_history(decoder: Decoder, token, state, memory, extra: int):
    """One growing array for each of `extra` integer records and each leaf of attention."""

    def array(dtype):
        return tf.TensorArray(dtype, size=0, dynamic_size=True)

    attention = decoder.step(token, state, memory)[2]  # traced for its structure; the graph prunes the computation
    return *(array(tf.int32) for _ in range(extra)), tf.nest.map_structure(lambda a: array(a.dtype), attention)


def swap_first_two(tensor):
    """(T, B, …) to (B, T, …)."""
    return tf.transpose(tensor, [1, 0, *range(2, len(tensor.shape))])


def write(history, t, records):
    """Put the records of step t into their arrays."""
    return tf.nest.map_structure(lambda array, record: array.write(t, record), history, records)


def follow_back(words: np.ndarray, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read each final beam from its end to its start.

    Args:
        words: (T, B, K), the word each beam took at each step.
        parents: (T, B, K), the beam of the step before that it went on from.

    Returns:
        Tokens (T, B, K) of each final beam, and the beam (T, B, K) whose state said each of them.
    """
    steps, batch, beams = words.shape
    tokens, rows = np.empty_like(words), np.empty_like(words)
    here = np.tile(np.arange(beams), (batch, 1))  # (B, K)
    for t in reversed(range(steps)):
        tokens[t] = np.take_along_axis(words[t], here, 1)
        here = np.take_along_axis(parents[t], here, 1)
        rows[t] = here
    return tokens, rows


def compiled(decoder: Decoder, key: tuple, function: Callable, *more: tf.TensorSpec):
    """Compile once for each decoder and each way to decode, for any number of pictures, even one.

    The compiled functions live as long as the decoder; `more` are the arguments after the features.
    """
    features = tf.TensorSpec([None, decoder.settings["places"], decoder.settings["depth"]], tf.float32)
    functions = decoder.__dict__.setdefault("compiled_decoding", {})
    return functions.setdefault(key, tf.function(function, [features, *more], autograph=False))


def in_batches(decode: Callable, features) -> Decoded:
    """Decode N pictures some at a time and put the results together."""
    chunks = (tf.cast(features[i : i + BATCH], tf.float32) for i in range(0, len(features), BATCH))
    parts = [tf.nest.map_structure(np.asarray, decode(chunk)) for chunk in chunks]
    longest = max(tokens.shape[1] for tokens, _, _ in parts)

    def join(*arrays):  # (B, T, …): pad T to the longest
        return np.concatenate(
            [np.pad(a, [(0, 0), (0, longest - a.shape[1])] + [(0, 0)] * (a.ndim - 2)) for a in arrays]
        )

    tokens, log_probs, attention = zip(*parts, strict=True)
    return Decoded(join(*tokens), np.concatenate(log_probs), tf.nest.map_structure(join, *attention))
