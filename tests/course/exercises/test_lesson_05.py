"""The mistakes that learners make in lesson 05, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_05 as exercises  # before Keras: it checks its settings
from captionlib.course.scratch import skipgram

import keras  # isort: skip


class Embed(exercises.Embed):
    """The right layer; each mistake overrides one thing."""


class Stub(Embed):
    def build(self, input_shape): ...

    def call(self, ids):
        return ...


class OnlyTable(Embed):
    def call(self, ids):
        return ...


class OtherWayRound(Embed):
    def build(self, input_shape):
        self.table = self.add_weight(shape=(self.E, self.V))

    def call(self, ids):
        return keras.ops.take(keras.ops.transpose(self.table), ids, axis=0)


class NoWeight(Embed):
    def build(self, input_shape):
        self.table = np.zeros((self.V, self.E), "float32")


class Frozen(Embed):
    def build(self, input_shape):
        self.table = self.add_weight(shape=(self.V, self.E), trainable=False)


class NoAxis(Embed):
    def call(self, ids):
        return keras.ops.take(self.table, ids)


class Mean(Embed):
    def call(self, ids):
        return keras.ops.mean(super().call(ids), axis=1)


class Zeros(Embed):
    def build(self, input_shape):
        self.table = self.add_weight(shape=(self.V, self.E), initializer="zeros")


class OffByOne(Embed):
    def call(self, ids):
        return keras.ops.take(self.table, (ids + 1) % self.V, axis=0)


class OnlyWholeNumbers(Embed):
    def call(self, ids):
        return keras.ops.take(self.table, ids, axis=0)


class InNumpy(Embed):
    def call(self, ids):
        return keras.ops.convert_to_tensor(np.asarray(self.table)[np.asarray(ids)])


class OnlyOnce(Embed):
    def call(self, ids):
        rows = super().call(ids)
        return keras.ops.concatenate([rows[:1], keras.ops.stop_gradient(rows[1:])], axis=0)


@pytest.mark.parametrize("mine, reason", [
    (lambda V, E: 3, "check needs your class, a keras.layers.Layer, and Embed(5, 4) is int"),
    (OtherWayRound, "its trainable weights have shapes [(4, 5)], and [(5, 4)] is expected"),
    (NoWeight, "its trainable weights have shapes [], and"), (Frozen, "the table is a weight, but not trainable"),
    (NoAxis, "call gives shape (2, 3), and (2, 3, 4) is expected; without axis=0"),
    (Mean, "call gives shape (2, 4), and (2, 3, 4) is expected"), (Zeros, "all rows of the new table are equal"),
    (OffByOne, "compared with keras.layers.Embedding, at [0, 0, 0] it gives 0.400, which is too large"),
    (InNumpy, "no gradient reaches the table: use keras.ops.take"),
    (OnlyWholeNumbers, "keras.Sequential passes ids as floats: cast them"),
    (OnlyOnce, "the values are right, but in the gradient of the table, at [0, 0] it gives 1.0, which is too small"),
])  # fmt: skip
def test_mistakes_in_the_embedding_layer_get_their_own_reason(mine, reason, capsys):
    exercises.embed.check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


class OneHot(Embed):
    def call(self, ids):
        return keras.ops.one_hot(ids, self.V) @ self.table


class AroundKeras(keras.layers.Layer):
    def __init__(self, V, E):
        super().__init__()
        self.inside = keras.layers.Embedding(V, E)

    def call(self, ids):
        return self.inside(ids)


def test_the_layer_as_it_stands_is_not_attempted_and_other_ways_are_right(capsys):
    for mine in (Stub, OnlyTable, Embed, OneHot, AroundKeras):
        exercises.embed.check(mine)
    stub = "not attempted: replace ... with your answer and run this cell again"
    assert capsys.readouterr().out.splitlines() == [stub, stub, "correct", "correct", "correct"]


def test_the_solution_works_in_a_sequential_model():
    model = keras.Sequential([exercises.Embed(5, 4), keras.layers.GlobalAveragePooling1D()])
    assert model(np.array([[0, 3, 1]])).shape == (1, 4)


def step(vectors, context, centres, others, labels, rate, error=None, mean=False, tables="both"):
    """One update, with one mistake at a time."""
    x, u = vectors[centres], context[others]
    z = (x * u).sum(axis=1)
    dz = (error or (lambda z, labels: skipgram.sigmoid(z) - labels))(z, labels)[:, None]
    if mean:
        dz = dz / len(z)
    V = len(vectors)
    one = vectors - rate * skipgram.lookup_backward(dz * u, centres, V)
    two = context - rate * skipgram.lookup_backward(dz * x, others, V)
    return {"both": (one, two), "swapped": (two, one), "first": (one, context), "second": (vectors, two)}[tables]


def with_(**mistake):
    return lambda *arguments: step(*arguments, **mistake)


def last_write_wins(vectors, context, centres, others, labels, rate):
    x, u = vectors[centres], context[others]
    dz = (skipgram.sigmoid((x * u).sum(axis=1)) - labels)[:, None]
    vectors[centres] -= rate * dz * u
    context[others] -= rate * dz * x
    return vectors, context


def one_after_the_other(vectors, context, centres, others, labels, rate):
    new, _ = step(vectors, context, centres, others, labels, rate)
    x, u = vectors[centres], context[others]
    dz = (skipgram.sigmoid((x * u).sum(axis=1)) - labels)[:, None]
    return new, context - rate * skipgram.lookup_backward(dz * new[centres], others, len(context))


def in_place(vectors, context, *rest):
    vectors[:], context[:] = step(vectors, context, *rest)


@pytest.mark.parametrize("mine, reason", [
    (with_(error=lambda z, labels: labels - skipgram.sigmoid(z)), "the step goes uphill"),
    (with_(error=lambda z, labels: skipgram.sigmoid(z)), "the label is missing"),
    (with_(error=lambda z, labels: skipgram.sigmoid(z) - 1), "a negative sample has label 0"),
    (with_(error=lambda z, labels: z - labels), "the sigmoid is missing"),
    (with_(mean=True), "the gradients are averaged over the examples"),
    (lambda *a: step(*a[:5], 1.0), "the learning rate is missing"),
    (last_write_wins, "a word that is in several examples gets only the last change"),
    (one_after_the_other, "needs x as it was before the step"), (with_(tables="swapped"), "the two tables are swapped"),
    (with_(tables="first"), "only vectors moves"), (with_(tables="second"), "only context moves"),
    (in_place, "your function returned None"), (lambda *a: step(*a)[0], "it gives ndarray, and two arrays are"),
    (lambda *a: [t[:2] for t in step(*a)], "the new vectors: its shape is (2, 3), and (4, 3) is expected"),
    (with_(error=lambda z, labels: np.tanh(z) - labels), "the new vectors: at [0, 0] it gives"),
    (lambda v, c, i, j, labels, rate: v[i] @ c[j], "raises ValueError: matmul"),
])  # fmt: skip
def test_mistakes_in_the_update_get_their_own_reason(mine, reason, capsys):
    exercises.update.check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def pair_by_pair(vectors, context, centres, others, labels, rate):
    old_vectors, old_context = vectors.copy(), context.copy()
    for centre, other, label in zip(centres, others, labels, strict=True):
        dz = skipgram.sigmoid(old_vectors[centre] @ old_context[other]) - label
        vectors[centre] -= rate * dz * old_context[other]
        context[other] -= rate * dz * old_vectors[centre]
    return [vectors, context]


def test_a_right_update_trains_the_vectors_and_any_other_does_not(capsys):
    for mine in (pair_by_pair, skipgram.update, step, exercises.skipgram_update):
        exercises.update.check(mine)
    assert capsys.readouterr().out == "correct\n" * 4
    assert exercises.mine_or_reference(pair_by_pair) is pair_by_pair
    assert capsys.readouterr().out == "Trained with your update.\n"
    for mine in (lambda *_: ..., last_write_wins, 3):
        assert exercises.mine_or_reference(mine) is skipgram.update
        assert capsys.readouterr().out == "Trained with skipgram.update; yours is used once exercise 2 is correct.\n"


def cosines(table, word):
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    return unit @ unit[word]


def without(order, word, count):
    return order[order != word][:count]


def normalised_in_place(table, word, count):
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    return without(np.argsort(-(table @ table[word])), word, count)


def by_distance(t, w, k):
    return without(np.argsort(np.linalg.norm(t - t[w], axis=1)), w, k)


@pytest.mark.parametrize("mine, reason", [
    (lambda t, w, k: without(np.argsort(-(t @ t[w])), w, k), "it names word 1, whose length is 9.0"),
    (lambda t, w, k: np.argsort(-cosines(t, w))[:k], "the word itself is among its neighbours"),
    (lambda t, w, k: without(np.argsort(cosines(t, w)), w, k), "word 5, which points away (cosine -1.00)"),
    (lambda t, w, k: without(np.argsort(-abs(cosines(t, w))), w, k), "word 5, which points away"),
    (normalised_in_place, "changes the table that it was given"),
    (lambda t, w, k: without(np.argsort(-cosines(t, w)), w, 1), "its shape is (1,), and (4,) is"),
    (lambda t, w, k: np.sort(without(np.argsort(-cosines(t, w)), w, k)), "their order is not"),
    (lambda t, w, k: np.sort(cosines(t, w))[::-1][1 : k + 1], "ids are expected"),
    (by_distance, "others are more similar"),
])  # fmt: skip
def test_mistakes_in_nearest_words_get_their_own_reason(mine, reason, capsys):
    exercises.nearest_words.check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def test_another_way_to_rank_words_is_right(capsys):
    exercises.nearest_words.check(lambda t, w, k: sorted(set(range(len(t))) - {w}, key=lambda i: -cosines(t, w)[i])[:k])
    exercises.nearest_words.check(lambda t, w, k: ...)
    assert capsys.readouterr().out.startswith("correct\nnot attempted: ")
