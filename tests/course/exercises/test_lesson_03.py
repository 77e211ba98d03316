"""The mistakes that learners make in lesson 03, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_03 as exercises  # before Keras: it checks its settings

import keras  # isort: skip
import tensorflow as tf  # isort: skip
from keras import layers  # isort: skip


def halves(grid, axis=1, swap=False):
    parts = [part.mean(axis=(0, 1)) for part in np.array_split(grid, 2, axis=axis)]
    return np.concatenate(parts[::-1] if swap else parts)


def cam(maps, gradients, relu=True, scale=True, axis=(0, 1)):
    total = maps @ gradients.mean(axis=axis)
    total = np.maximum(total, 0) if relu else total
    return total / max(total.max(), 1e-9) if scale else total


def gradient_times_map(maps, gradients):  # another method: the gradients are not averaged first
    total = np.maximum((maps * gradients).sum(-1), 0)
    return total / max(total.max(), 1e-9)


def divides_by_nothing(maps, gradients):
    total = np.maximum(maps @ gradients.mean((0, 1)), 0)
    return total / total.max()


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
        ("halves", lambda g: g.mean((0, 1)), "its shape is (2,), and (4,) is expected"),
        ("halves", lambda g: halves(g, axis=0), "it pools above and below; axis 0 holds the rows"),
        ("halves", lambda g: halves(g, swap=True), "the right half comes first"),
        ("halves", lambda g: np.concatenate([g[:, :6].mean((0, 1)), g[:, 6:].mean((0, 1))]), "this grid has 4 columns"),
        ("halves", lambda g: np.stack([g[:, :2].mean((0, 1)), g[:, 2:].mean((0, 1))]), "its shape is (2, 2), and (4,)"),
        ("halves", lambda g: np.concatenate([g[:, :2].mean((0, 1)), g[:, 2:].mean((0, 1))]), "(12, 12, 128), at [0]"),
        ("halves", lambda g: np.concatenate([g[:, :2].sum((0, 1)), g[:, 2:].sum((0, 1))]), "which is too large"),
        ("halves", lambda g: np.concatenate([g[:, 0].mean(0), g[:, -1].mean(0)]), "which is too small"),
        ("grad_cam", lambda m, g: cam(m, g, relu=False), "a location has -0.25; what lowers the score has to be 0"),
        ("grad_cam", lambda m, g: cam(m, g, scale=False), "the maximum is 8, and 1 is expected"),
        ("grad_cam", gradient_times_map, "for 12 locations, maps and gradients of shape (3, 4, 6), at [0, "),
        ("grad_cam", lambda m, g: cam(m, g, axis=-1), "ValueError: matmul"),
        ("grad_cam", divides_by_nothing, "no location raises the score and 0 is divided by 0"),
        ("grad_cam", lambda m, g: cam(m**2, g), "for 12 locations, maps and gradients of shape (3, 4, 6)"),
        ("grad_cam", lambda m, g: (m * g.mean((0, 1))).clip(0), "its shape is (1, 2, 2), and (1, 2) is expected"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def test_another_way_to_be_right_is_right(capsys):
    exercises.halves.check(halves)
    exercises.grad_cam.check(
        lambda m, g: (t := np.clip(np.einsum("rcd,d->rc", m, g.mean((0, 1))), 0, None)) / (t.max() or 1)
    )
    assert capsys.readouterr().out == "correct\ncorrect\n"


def block(x, filters, size, stride, padding="same", bias=False, momentum=0.95, order="cnr", activation=None, axis=-1):
    """A convolution block with one mistake at a time."""
    parts = {
        "c": lambda: layers.Conv2D(filters, size, stride, padding=padding, use_bias=bias, activation=activation),
        "n": lambda: layers.BatchNormalization(momentum=momentum, axis=axis),
        "r": lambda: layers.ReLU(),
    }
    for name in order:
        x = parts[name]()(x)
    return x


def with_(**mistake):
    return lambda *arguments: block(*arguments, **mistake)


@pytest.mark.parametrize("mine, reason", [
    (with_(bias=True), "it has 128 weights: the convolution has a bias"),
    (with_(padding="valid"), "x of shape (None, 9, 12, 3) gives (None, 4, 5, 4), and (None, 5, 6, 4) is expected"),
    (lambda x, f, k, s: block(x, f, k, 1), "gives (None, 9, 12, 4), and (None, 5, 6, 4) is expected"),
    (lambda x, f, k, s: block(x, 4, k, s), "conv_block(x, 6, 5, 1) with x of shape (None, 5, 6, 2) gives (None, 5, 6,"),
    (lambda x, f, k, s: block(x, f, 3, s), "its weights have shapes [(3, 3, 2, 6), "),
    (with_(order="cr"), "it has 0 layers of the kind BatchNormalization, and 1 is expected"),
    (with_(order="cn"), "and after a ReLU none is negative"),
    (with_(order="crn"), "ReLU comes before the batch normalisation, and is expected after it"),
    (with_(order="ncr"), "the batch normalisation comes before the convolution"),
    (with_(order="cn", activation="relu"), "the activation is part of the convolution"),
    (with_(order="cnrr", axis=1), "its weights have shapes [(3, 3, 3, 4), (5,)"),
    (with_(momentum=0.99), "the momentum of the batch normalisation is 0.99, and 0.95 is expected"),
    (lambda x, f, k, s: layers.Conv2D(f, k), "returns a layer; apply it to x, layer(x)"),
    (lambda x, f, k, s: "relu", "returns str, and the tensor that a layer gives is expected"),
    (lambda x, f, k, s: keras.ops.stop_gradient(block(x, f, k, s)), "the gradients of its weights are not"),
])  # fmt: skip
def test_mistakes_in_the_block_get_their_own_reason(mine, reason, capsys):
    exercises.block.check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def step(model, optimizer, loss_function, images, labels, training=True, to_loss=lambda z: z, what=None, update=True):
    """A training step with one mistake at a time."""
    with tf.GradientTape() as tape:
        loss = loss_function(labels, to_loss(model(images, training=training)))
    variables = what(model) if what else model.trainable_variables
    if update:
        optimizer.apply(tape.gradient(loss, variables), variables)
    return loss


def outside_the_tape(model, optimizer, loss_function, images, labels):
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
    loss = loss_function(labels, logits)
    optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return loss


def by_hand(model, optimizer, loss_function, images, labels, sign=-1):
    with tf.GradientTape() as tape:
        loss = loss_function(labels, model(images, training=True))
    for weight, gradient in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True):
        weight.assign_add(sign * optimizer.learning_rate * gradient)
    return loss


def returns_the_logits(*arguments):
    step(*arguments)
    return arguments[0](arguments[3])


def logits_first(model, optimizer, loss_function, images, labels):
    with tf.GradientTape():
        return loss_function(model(images, training=True), labels)


def mistaken(**mistake):
    return lambda *arguments: step(*arguments, **mistake)


@pytest.mark.parametrize("mine, reason", [
    (mistaken(training=False), "which is wrong: that is the loss in inference mode"),
    (mistaken(to_loss=keras.ops.softmax), "what comes out when probabilities go where the loss expects logits"),
    (mistaken(update=False), "no trainable weight has changed: is the update missing?"),
    (mistaken(what=lambda model: model.trainable_variables[-2:]), "these weights are what they were before: conv2d"),
    (outside_the_tape, "of your code raises ValueError: "),
    (by_hand, "after step 2, the weight "),
    (lambda *a: by_hand(*a, sign=1), "after step 1, the weight "),
    (logits_first, "takes the labels (8,) first, then the logits (8, 3); it gets (8, 3) as labels and (8,) as logits"),
    (returns_the_logits, "of shape (8, 3), and one number, the loss, is expected"),
    (lambda *a: step(*a) and None, "your function returned None"),
    (lambda m, o, loss, x, y: step(m, o, loss, x[:4], y[:4]), "the loss of the first batch is "),
])  # fmt: skip
def test_mistakes_in_the_training_step_get_their_own_reason(mine, reason, capsys):
    exercises.training_step.check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def test_stubs_are_not_attempted_and_other_right_ways_are_correct(capsys):
    for each in (exercises.block, exercises.training_step):
        each.check(lambda *_: ...)

    def with_activation(x, filters, size, stride):
        x = layers.Conv2D(filters, (size, size), (stride, stride), "same", use_bias=False)(x)
        return layers.Activation("relu")(layers.BatchNormalization(momentum=0.95)(x))

    def compiled(model, optimizer, *arguments):
        optimizer.build(model.trainable_variables)
        return tf.function(lambda *rest: step(model, optimizer, *rest))(*arguments)

    exercises.block.check(with_activation)
    exercises.training_step.check(compiled)
    out = capsys.readouterr().out
    assert out == "not attempted: replace ... with your answer and run this cell again\n" * 2 + "correct\n" * 2
