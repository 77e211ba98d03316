"""The mistakes that learners make in lesson 04, each with the reason it must get."""

import string

import numpy as np
import pytest

from captionlib.course.exercises import lesson_04 as exercises  # before Keras: it checks its settings
from captionlib.data import toyscenes
from captionlib.text import Tokenizer
from captionlib.training.losses import MaskedCrossEntropy

import keras  # isort: skip
import tensorflow as tf  # isort: skip


def clean(caption):
    return "".join(letter for letter in caption.lower() if letter not in string.punctuation)


def inside(ids):
    return [i for i in ids if i not in (0, 1, 2)]


def until_end(ids, vocabulary):
    return " ".join(vocabulary[i] for i in ids[1 : list(ids).index(2)])


@pytest.mark.parametrize("exercise, mine, reason", [
    ("encode_caption", lambda c, ids: [ids[w] for w in c.split()], "begins with <start>, which is 1, and ends"),
    ("encode_caption", lambda c, ids: [1] + [ids.get(w, 3) for w in clean(c).split()], "and ends with <end>"),
    ("encode_caption", lambda c, ids: [2, *(ids.get(w, 3) for w in clean(c).split()), 1], "begins with <start>"),
    ("encode_caption", lambda c, ids: [1] + [ids.get(w, 3) for w in c.split()] + [2],
     "3 at position 1, but that word is known; has the caption been standardised?"),
    ("encode_caption", lambda c, ids: [1] + [ids.get(w, 3) for w in c.lower().split()] + [2], "3 at position 2, but"),
    ("encode_caption", lambda c, ids: [1] + [ids[w] for w in clean(c).split() if w in ids] + [2],
     "8 ids, but 9 are expected: <start>, one for each word, <end>"),
    ("encode_caption", lambda c, ids: [1] + [ids.get(w, 0) for w in clean(c).split()] + [2],
     "0 at position 1, but that word is not in the vocabulary"),
    ("encode_caption", lambda c, ids: [1] + [ids[w] for w in clean(c).split()] + [2], "raises KeyError: 'the'"),
    ("encode_caption", lambda c, ids: ["<start>", *clean(c).split(), "<end>"], "a list with '<start>' in it, but ids"),
    ("encode_caption", lambda c, ids: np.array([1, *(ids.get(w, 3) for w in clean(c).split()), 2]), "gives ndarray"),
    ("encode_caption", lambda c, ids: [1] + [ids.get(w, 3) for w in clean(c).split(" ")] + [2], "5 ids, but 4 are"),
    ("decode_ids", lambda ids, v: " ".join(v[i] for i in ids), "but <start> is no word of the caption"),
    ("decode_ids", lambda ids, v: " ".join(v[i] for i in ids[1:]), "but <end> is no word of the caption"),
    ("decode_ids", lambda ids, v: " ".join(v[i] for i in inside(ids)), "is over at the first <end>, which is 2"),
    ("decode_ids", lambda ids, v: [v[i] for i in inside(ids)], "it gives list, but one string is expected"),
    ("decode_ids", lambda ids, v: "".join(v[i] for i in inside(ids)), "where are the spaces?"),
    ("decode_ids", lambda ids, v: "".join(v[i] + " " for i in inside(ids)), "one space belongs between two words"),
    ("decode_ids", until_end, "raises ValueError: 2 is not in list"),
    ("decode_ids", lambda ids, v: " ".join(v[i] for i in inside(ids[:-2])), "a word is missing"),
])  # fmt: skip
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def losses_of(targets, logits, **settings):
    settings = {"from_logits": True} | settings
    return keras.losses.sparse_categorical_crossentropy(targets, logits, **settings)


def mask_of(targets):
    return keras.ops.cast(keras.ops.cast(targets, "int32") != 0, "float32")


def masked_mean(losses, mask):
    return keras.ops.sum(losses * mask) / keras.ops.sum(mask)


def per_caption(targets, logits):
    losses, mask = losses_of(targets, logits), mask_of(targets)
    return keras.ops.mean(keras.ops.sum(losses * mask, axis=1) / keras.ops.sum(mask, axis=1))


def mask_of_what_is_read(targets, logits):
    mask = mask_of(targets)
    return masked_mean(losses_of(targets, logits), keras.ops.concatenate([mask[:, :1] * 0 + 1, mask[:, :-1]], axis=1))


def in_numpy(targets, logits):
    mask = np.asarray(targets) != 0
    losses = exercises.cross_entropy(np.asarray(targets), np.asarray(logits))
    return (losses * mask).sum() / mask.sum()


def leaks_at_pads(targets, logits):
    """The right value, and a gradient of zero in sum that reaches the logits at <pad>."""
    pads = (1 - mask_of(targets))[..., None] * (logits - keras.ops.stop_gradient(logits))
    return exercises.masked_loss(targets, logits) + keras.ops.sum(pads)


def half_the_gradient(targets, logits):
    return exercises.masked_loss(targets, (logits + keras.ops.stop_gradient(logits)) / 2)


def whole_numbers_alone(targets, logits):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    return masked_mean(losses, mask_of(targets))


def log_of_logits(targets, logits):
    losses = -keras.ops.sum(keras.ops.one_hot(targets, 7) * keras.ops.log(logits), axis=-1)
    return masked_mean(losses, mask_of(targets))


LOSSES = [
    (lambda y, z: keras.ops.mean(losses_of(y, z)), "it is the mean over all positions, <pad> included"),
    (lambda y, z: keras.ops.mean(losses_of(y, z) * mask_of(y)), "is divided by 2 × 5 positions, although only 5 of"),
    (lambda y, z: keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, z, sample_weight=mask_of(y)),
     "is divided by 2 × 5 positions"),
    (lambda y, z: keras.ops.sum(losses_of(y, z) * mask_of(y)), "it is the sum of the losses; divide it"),
    (lambda y, z: keras.ops.sum(losses_of(y, z) * mask_of(y)) / len(y), "number of captions, not of non-padding"),
    (per_caption, "it is a mean of the captions' means"),
    (mask_of_what_is_read, "the first <pad> after each <end> counts: make the mask from the targets"),
    (lambda y, z: masked_mean(losses_of(y, z), keras.ops.cast(y > 2, "float32")), "<end> does not count, but it has"),
    (lambda y, z: exercises.masked_loss(y[:, 1:], z[:, :-1]), "the targets were shifted once more, but they are"),
    (lambda y, z: keras.ops.mean(losses_of(y[:, 1:], z[:, :-1])), "the targets were shifted once more"),
    (lambda y, z: masked_mean(losses_of(y, z, from_logits=False), mask_of(y)), "taken for probabilities: from_logits"),
    (lambda y, z: exercises.masked_loss(y, 1 * keras.ops.softmax(z)), "the softmax is applied twice"),
    (lambda y, z: -exercises.masked_loss(y, z), "the sign is wrong: a loss is −log p"),
    (lambda y, z: exercises.masked_loss(y, z) + 1, "for 2 captions of up to 5 tokens it gives"),
    (log_of_logits, "it gives nan: does a logarithm get a logit?"),
    (lambda y, z: losses_of(y, z) * mask_of(y), "one number for the whole batch is expected, and this is shape (2, 5)"),
    (lambda y, z: "1.9", "one number for the whole batch is expected, and this is '1.9'"),
    (lambda y, z: [1.0, 2.0], "and this is shape (2,)"),
    (in_numpy, "no gradient reaches the logits: use keras.ops where you use NumPy"),
    (leaks_at_pads, "the value is right, but a gradient reaches the logits at <pad>"),
    (half_the_gradient, "the value is right, but its gradient is not: at [0, 0, 0]"),
    (whole_numbers_alone, "fit passes targets as float32, and then it raises"),
    (lambda y, z: 1.9, "it gives 1.9000: too"),
]  # fmt: skip


@pytest.mark.parametrize("mine, reason", LOSSES)
def test_mistakes_in_the_masked_loss_get_their_own_reason(mine, reason, capsys):
    exercises.masked_loss_in_keras.check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def test_stubs_are_not_attempted(capsys):
    for exercise in (exercises.encode_caption, exercises.decode_ids, exercises.masked_loss_in_keras):
        exercise.check(lambda first, second: ...)
    assert capsys.readouterr().out.count("not attempted: ") == 3


def test_another_way_to_be_right_is_right(capsys):
    library = Tokenizer(exercises.WORDS)
    exercises.encode_caption.check(lambda caption, ids: library.encode(caption))
    exercises.decode_ids.check(lambda ids, vocabulary: library.decode(ids))

    def until(ids, vocabulary):
        ids = ids[: ids.index(2)] if 2 in ids else ids
        return " ".join(vocabulary[i] for i in ids if i > 2)

    exercises.decode_ids.check(until)
    exercises.masked_loss_in_keras.check(MaskedCrossEntropy())
    exercises.masked_loss_in_keras.check(keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0))

    def from_softmax(targets, logits):
        one_hot = keras.ops.one_hot(keras.ops.cast(targets, "int32"), logits.shape[-1])
        log_probs = keras.ops.log(keras.ops.sum(one_hot * keras.ops.softmax(logits), axis=-1))
        return -masked_mean(log_probs, mask_of(targets))

    exercises.masked_loss_in_keras.check(from_softmax)
    assert capsys.readouterr().out == "correct\n" * 6


def test_zeros_as_logits_cost_log_v():
    targets = np.array([[5, 4, 2, 0, 0, 0, 0, 0], [5, 6, 2, 0, 0, 0, 0, 0]])
    loss = exercises.masked_loss(targets, np.zeros((2, 8, 7), "float32"))
    np.testing.assert_allclose(loss, np.log(7), rtol=1e-6)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.over_seeds)])  # the lesson takes a third
def test_the_bigram_network_of_the_lesson_starts_at_log_v_and_learns_with_the_masked_loss(seed):
    splits, _, captions = toyscenes.compose()
    train, val = ([text for name in splits[split] for text in captions[name]] for split in ("train", "val"))
    tokenizer = Tokenizer.fit(train)
    tokens, others = tokenizer.encode_batch(train), tokenizer.encode_batch(val)
    keras.utils.set_random_seed(seed)
    network = keras.Sequential([keras.layers.Embedding(105, 32), keras.layers.Dense(105)])
    network.compile(optimizer="adam", loss=exercises.masked_loss)
    on_val = {"x": others[:, :-1], "y": others[:, 1:], "batch_size": 500, "verbose": 0}
    assert abs(network.evaluate(**on_val) - np.log(105)) < 0.01
    network.fit(tokens[:, :-1], tokens[:, 1:], batch_size=160, epochs=2, verbose=0)
    assert 2.1 < network.evaluate(**on_val) < 2.25
