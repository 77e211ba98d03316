"""Exercises of lesson 05: an embedding layer in Keras, the skip-gram update, and the nearest neighbours of a word."""

import contextlib
import io
import re
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from captionlib.course.exercises.exercise import Exercise, call, compare
from captionlib.course.scratch import skipgram


class Embed(keras.layers.Layer):
    """A lookup table with one trainable row per word, as keras.layers.Embedding is."""

    def __init__(self, V, E):
        """Keep the size of the vocabulary and the width of a word vector."""
        super().__init__()
        self.V, self.E = V, E

    def build(self, input_shape):
        """Create the table (V, E)."""
        self.table = self.add_weight(shape=(self.V, self.E), initializer="uniform")

    def call(self, ids):
        """Look up ids (B, T): their rows, (B, T, E)."""
        return keras.ops.take(self.table, keras.ops.cast(ids, "int32"), axis=0)


def check_embed(mine):
    """Try a table of five words: shapes, values against keras.layers.Embedding, gradient of each row."""
    ids = np.array([[0, 3, 1], [3, 0, 3]], "int32")  # (B, T) = (2, 3); row 3 is looked up three times, 2 and 4 never
    layer = call(mine, 5, 4)
    if not isinstance(layer, keras.layers.Layer):
        return f"check needs your class, a keras.layers.Layer, and Embed(5, 4) is {type(layer).__name__}"
    if type(layer).build is not keras.layers.Layer.build:  # a layer around another one needs no build
        layer.build(ids.shape)
    case = "for V = 5, E = 4 and ids of shape (2, 3)"
    first = call(layer.call, tf.constant(ids))
    shapes = [tuple(weight.shape) for weight in layer.trainable_variables]
    if not shapes and layer.weights:
        return "the table is a weight, but not trainable"
    if shapes != [(5, 4)]:
        return f"{case} its trainable weights have shapes {shapes}, and [(5, 4)] is expected: self.add_weight in build"
    if tuple(np.shape(first)) != (2, 3, 4):
        axis = "; without axis=0, keras.ops.take counts single numbers, not rows" if np.ndim(first) == 2 else ""
        return f"{case} call gives shape {tuple(np.shape(first))}, and (2, 3, 4) is expected{axis}"
    [start] = layer.get_weights()
    if np.ptp(start, axis=0).max() == 0:
        return "all rows of the new table are equal: initialise them randomly, otherwise all words start out identical"
    table = np.arange(20, dtype="float32").reshape(5, 4) / 10
    layer.set_weights([table])
    with tf.GradientTape() as tape:
        answer = call(layer.call, tf.constant(ids))
        loss = keras.ops.sum(answer * np.arange(1, 7, dtype="float32").reshape(2, 3, 1))
    reference = keras.layers.Embedding(5, 4)
    reference.build()
    reference.set_weights([table])
    if wrong := compare(np.asarray(answer), np.asarray(reference(ids)), 1e-5):
        return f"compared with keras.layers.Embedding, {short(wrong)}"
    gradient = tape.gradient(loss, layer.trainable_variables[0])
    if gradient is None:
        return "the values are right, but no gradient reaches the table: use keras.ops.take where you use NumPy"
    upstream = np.repeat(np.arange(1, 7, dtype="float32").reshape(2, 3, 1), 4, axis=2)
    if wrong := compare(np.asarray(tf.convert_to_tensor(gradient)), skipgram.lookup_backward(upstream, ids, 5), 1e-5):
        return f"the values are right, but in the gradient of the table, {short(wrong)}"
    try:
        call(layer.call, tf.constant(ids, "float32"))
    except (TypeError, ValueError, tf.errors.InvalidArgumentError):
        return 'whole numbers work, but keras.Sequential passes ids as floats: cast them, keras.ops.cast(ids, "int32")'
    return None


def skipgram_update(vectors, context, centres, others, labels, learning_rate):
    """Take one step of gradient descent on the loss of skip-gram with negative sampling."""
    x, u = vectors[centres], context[others]  # (N, E) each
    z = (x * u).sum(axis=1)  # (N,)
    dz = (1 / (1 + np.exp(-z)) - labels)[:, None]  # (N, 1)
    dx, du = dz * u, dz * x  # (N, E) each
    new_vectors, new_context = vectors.copy(), context.copy()
    np.subtract.at(new_vectors, centres, learning_rate * dx)
    np.subtract.at(new_context, others, learning_rate * du)
    return new_vectors, new_context


def examples_to_learn_from() -> tuple[np.ndarray, ...]:
    """Make two tables (4, 3), five examples of centre, other word and label, (5,) each, and a learning rate."""
    vectors = np.array([[0.5, -0.2, 0.3], [0.1, 0.4, -0.6], [0.2, 0.2, 0.1], [-0.3, 0.5, 0.4]])  # (V, E) = (4, 3)
    context = np.array([[-0.4, 0.3, 0.2], [0.6, 0.1, 0.5], [0.3, -0.5, 0.2], [0.1, 0.7, -0.2]])
    return vectors, context, np.array([0, 0, 2, 3, 3]), np.array([1, 3, 1, 2, 0]), np.array([1, 0, 0, 1, 0]), 0.5


def common_mistakes() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Compute the tables (4, 3) that wrong updates of `examples_to_learn_from` give, each with what is wrong."""
    vectors, context, centres, others, labels, rate = examples_to_learn_from()
    x, u = vectors[centres], context[others]
    z = (x * u).sum(axis=1)

    def stepped(dz, x=x, u=u, rate=rate, mean=1):
        dx, du = dz[:, None] * u, dz[:, None] * x
        return tuple(
            table - rate / mean * skipgram.lookup_backward(gradient, ids, 4)
            for table, gradient, ids in ((vectors, dx, centres), (context, du, others))
        )

    dz = skipgram.sigmoid(z) - labels
    right, lost = stepped(dz), [vectors.copy(), context.copy()]
    lost[0][centres] -= rate * dz[:, None] * u
    lost[1][others] -= rate * dz[:, None] * x
    late = stepped(dz, x=right[0][centres])
    one_sided = skipgram.sigmoid(z) - 1
    return {
        "the step goes uphill: gradient descent subtracts the gradient": stepped(-dz),
        "the label is missing: the gradient of the loss with respect to z is p minus the label": stepped(
            skipgram.sigmoid(z)
        ),
        "every example is treated as positive: a negative sample has label 0": stepped(one_sided),
        "the sigmoid is missing: the label is subtracted from p, not from z": stepped(z - labels),
        "the learning rate is missing": stepped(dz, rate=1),
        "the gradients are averaged over the examples, and their sum is asked for": stepped(dz, mean=5),
        "a word that is in several examples gets only the last change (table[ids] -= ... does that): sum them with "
        "skipgram.lookup_backward or np.subtract.at": tuple(lost),
        "the gradient of u needs x as it was before the step": late,
        "the two tables are swapped: vectors first, then context": right[::-1],
        "only vectors moves; context has a gradient, too": (right[0], context),
        "only context moves; vectors has a gradient, too": (vectors, right[1]),
    }


def check_update(mine):
    """Try five examples in which some words occur twice; name a common mistake, or else the first wrong number."""
    answer, case = call(mine, *examples_to_learn_from()), "for 4 words with 3 components each and 5 examples"
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return f"it gives {type(answer).__name__}, and two arrays are expected: the new vectors and the new context"
    for reason, wrong in common_mistakes().items():
        if all(compare(got, table) is None for got, table in zip(answer, wrong, strict=True)):
            return reason
    expected = skipgram.update(*examples_to_learn_from())
    for name, got, table in zip(("vectors", "context"), answer, expected, strict=True):
        if wrong := compare(got, table):
            return f"{case}, the new {name}: {short(wrong)}"
    return None


def mine_or_reference(mine: Callable) -> Callable:
    """Choose the update that trains the vectors, and say which.

    Args:
        mine: The learner's answer to the exercise `update`.

    Returns:
        `mine` if it is correct, else `skipgram.update`.
    """
    with contextlib.redirect_stdout(io.StringIO()) as said:
        update.check(mine)
    if said.getvalue() == "correct\n":
        print("Trained with your update.")
        return mine
    print("Trained with skipgram.update; yours is used once exercise 2 is correct.")
    return skipgram.update


def nearest_ids(table, word, count):
    """Rank all words by their cosine similarity with one word, and leave that word out."""
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)  # (V, E)
    order = np.argsort(-(unit @ unit[word]))  # (V,)
    return order[order != word][:count]


def check_nearest(mine):
    """Try a table in which a long row has the largest dot product with all others, and a short one is nearest."""
    angles = np.radians([0, 40, 10, 70, -25, 180])
    table = np.array([1, 9, 0.2, 3, 1, 2])[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])  # (6, 2)
    for word, count in ((0, 1), (0, 4), (3, 2), (5, 5)):
        got, expected = call(mine, table, word, count), nearest_ids(table, word, count)
        case = f"for 6 words, word {word} and count {count}"
        if isinstance(got, (list, tuple)):
            got = np.array(got)
        if not isinstance(got, np.ndarray) or got.dtype.kind not in "iu":
            return f"{case}, it gives {got!r}, and ids are expected, whole numbers in an array"
        if got.shape != expected.shape:
            return f"{case}, its shape is {got.shape}, and {expected.shape} is expected"
        if word in got:
            return f"{case}, the word itself is among its neighbours"
        if set(got.tolist()) != set(expected.tolist()):
            wrong = next(i for i in got.tolist() if i not in expected)
            cosine, length = np.cos(angles[wrong] - angles[word]), np.hypot(*table[wrong])
            about = f"whose length is {length:.1f}" if cosine > 0 else "which points away"
            return f"{case}, it names word {wrong}, {about} (cosine {cosine:.2f}): others are more similar"
        if (got != expected).any():
            return f"{case}, the words are right, their order is not: the most similar comes first"
    kept = table.copy()
    mine(kept, 0, 1)
    if (kept != table).any():
        return "the ids are right, but your function changes the table that it was given: compute with a new array"
    return None


def short(sentence: str) -> str:
    """Round numbers down to three digits after the point."""
    return re.sub(r"(\.\d{3})\d+", r"\1", sentence)


embed = Exercise(
    check_embed,
    Embed,
    [
        "build: self.table = self.add_weight(shape=(self.V, self.E)) creates a trainable table with random rows.",
        "call: keras.ops.take(self.table, ids, axis=0) reads rows. Cast the ids to int32 first.",
        'return keras.ops.take(self.table, keras.ops.cast(ids, "int32"), axis=0)',
    ],
)
update = Exercise(
    check_update,
    skipgram_update,
    [
        "z = (x * u).sum(axis=1) has one dot product per example; the gradient of the loss with respect to it is "
        "dz = skipgram.sigmoid(z) - labels.",
        "dx = dz[:, None] * u, and du likewise with x: [:, None] turns (N,) into (N, 1), one factor per row of u.",
        "vectors - learning_rate * skipgram.lookup_backward(dx, centres, len(vectors)) is the first new table.",
    ],
)
nearest_words = Exercise(
    check_nearest,
    nearest_ids,
    [
        "A long vector has large dot products with all others. Divide every row by its length first.",
        "`np.linalg.norm(table, axis=1, keepdims=True)` are the lengths; `unit @ unit[word]` the cosines, (V,).",
        "`np.argsort` sorts in ascending order: sort minus the cosines. `order[order != word]` drops the word.",
    ],
)
