"""Exercises of lesson 03: a convolution block and a training step in Keras, two-part pooling, Grad-CAM."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from captionlib.course.exercises.exercise import Exercise, NotYet, call, compare
from captionlib.course.exercises.lesson_06 import short


def conv_block(x, filters, size, stride):
    """Apply a convolution without bias, batch normalisation and ReLU."""
    x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.ReLU()(x)


def check_conv_block(mine):
    """Try two blocks: shape, layers, weights, then values in both modes and gradients with the same weights."""
    for shape, arguments in (((9, 12, 3), (4, 3, 2)), ((5, 6, 2), (6, 5, 1))):
        images = keras.Input(shape)
        case = f"conv_block(x, {', '.join(map(str, arguments))}) with x of shape {images.shape}"
        answer = call(mine, images, *arguments)
        if isinstance(answer, keras.layers.Layer):
            return f"{case} returns a layer; apply it to x, layer(x), and return the result"
        if not isinstance(answer, keras.KerasTensor):
            return f"{case} returns {type(answer).__name__}, and the tensor that a layer gives is expected"
        model, reference = keras.Model(images, answer), keras.Model(images, conv_block(images, *arguments))
        if answer.shape != reference.output_shape:
            return f"{case} gives {answer.shape}, and {reference.output_shape} is expected"
        if wrong := wrong_layers(model) or wrong_values(model, reference):
            return f"{case}: {wrong}"
    return None


def wrong_layers(model: keras.Model) -> str | None:
    """Say which of the three layers is missing, has a wrong setting, or stands in the wrong order."""
    kinds = [type(layer) for layer in model.layers]
    for kind in (layers.Conv2D, layers.BatchNormalization):
        if kinds.count(kind) != 1:
            return f"it has {kinds.count(kind)} layers of the kind {kind.__name__}, and 1 is expected"
    conv, norm = (model.layers[kinds.index(kind)] for kind in (layers.Conv2D, layers.BatchNormalization))
    if conv.use_bias:
        return (
            f"it has {model.count_params()} weights: the convolution has a bias, which the batch normalisation "
            "subtracts again with the mean"
        )
    if conv.activation is not keras.activations.linear:
        return "the activation is part of the convolution, so it comes before the batch normalisation"
    if model.layers.index(norm) < model.layers.index(conv):
        return "the batch normalisation comes before the convolution"
    if any(kind in (layers.ReLU, layers.Activation) for kind in kinds[: model.layers.index(norm)]):
        return "ReLU comes before the batch normalisation, and is expected after it"
    if norm.momentum != 0.95:
        return f"the momentum of the batch normalisation is {norm.momentum}, and 0.95 is expected"
    return None


def wrong_values(model: keras.Model, reference: keras.Model) -> str | None:
    """Give both models the same weights; compare their outputs in both modes, then the gradients of a loss."""
    rng = np.random.default_rng(3)
    weights = [rng.uniform(0.5, 1.5, size=weight.shape) for weight in reference.weights]
    weights[0] -= 1  # the kernel has numbers of both signs
    x = rng.normal(size=(2, *reference.input_shape[1:])).astype("float32")
    shapes, expected = ([tuple(weight.shape) for weight in each.weights] for each in (model, reference))
    if shapes != expected:
        return f"its weights have shapes {shapes}, and {expected} are expected"
    found = []
    for each in (model, reference):
        each.set_weights(weights)
        inference = each(x, training=False)
        with tf.GradientTape() as tape:
            training = each(x, training=True)
            loss = keras.ops.sum(training * training)
        found.append((inference, training, tape.gradient(loss, each.trainable_variables)))
    (inference, training, gradients), (expected, expected_training, expected_gradients) = found
    if wrong := compare(np.asarray(inference), np.asarray(expected), 1e-4):
        if np.min(inference) < 0:
            return f"its smallest output is {np.min(inference):.3f}, and after a ReLU none is negative"
        return f"with the same weights as the reference, in inference mode: {short(wrong)}"
    if wrong := compare(np.asarray(training), np.asarray(expected_training), 1e-4):
        return f"with the same weights as the reference, in training mode: {short(wrong)}"
    for got, right in zip(gradients, expected_gradients, strict=True):
        if got is None or compare(np.asarray(got), np.asarray(right), 1e-2):
            return "its values are right, but the gradients of its weights are not"
    return None


def train_step(model, optimizer, loss_function, images, labels):
    """Do one step of training: forward pass, loss, backward pass, update."""
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        loss = loss_function(labels, logits)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(gradients, model.trainable_variables)
    return loss


class Trial:
    """A small model with batch normalisation, an optimizer, and two batches; every trial starts from equal weights."""

    def __init__(self):
        """Build the model and draw its weights and the batches."""
        rng = np.random.default_rng(3)
        images = keras.Input((6, 6, 2))
        pooled = layers.GlobalAveragePooling2D()(conv_block(images, 4, 3, 1))
        self.model = keras.Model(images, layers.Dense(3)(pooled))
        self.model.set_weights([rng.uniform(0.3, 1, size=weight.shape) for weight in self.model.weights])
        self.optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
        self.batches = [(rng.normal(size=(8, 6, 6, 2)).astype("float32"), rng.integers(3, size=8)) for _ in range(2)]

    @staticmethod
    def loss_function(labels, logits):
        """Compute the mean cross-entropy; Keras' own loss would notice a softmax before it and undo it."""
        if len(labels.shape) != 1 or len(logits.shape) != 2:
            told = f"it gets {tuple(labels.shape)} as labels and {tuple(logits.shape)} as logits"
            raise NotYet(f"loss_function(labels, logits) takes the labels (8,) first, then the logits (8, 3); {told}")
        rows = keras.ops.one_hot(labels, 3) * keras.ops.log_softmax(logits)  # (B, 3)
        return -keras.ops.mean(keras.ops.sum(rows, axis=-1))

    def run(self, step) -> tuple[list, list[list[np.ndarray]]]:
        """Do two steps with `step`; returns two losses, (2,), and the weights before and after each step."""
        losses, weights = [], [self.model.get_weights()]
        for batch in self.batches:
            losses.append(call(step, self.model, self.optimizer, self.loss_function, *batch))
            weights.append(self.model.get_weights())
        return losses, weights


def check_train_step(mine):
    """Do two steps from the same weights as the reference; compare the losses, then the weights."""
    (losses, weights), (expected, right) = Trial().run(mine), Trial().run(train_step)
    if np.shape(losses[0]) != ():
        return f"it returns an array of shape {np.shape(losses[0])}, and one number, the loss, is expected"
    trial = Trial()
    images, labels = trial.batches[0]
    logits = {training: trial.model(images, training=training) for training in (False, True)}
    common = {
        "that is the loss in inference mode": trial.loss_function(labels, logits[False]),
        "that is what comes out when probabilities go where the loss expects logits": trial.loss_function(
            labels, keras.ops.softmax(logits[True])
        ),
    }
    if not close(losses[0], expected[0]):
        reasons = [reason for reason, value in common.items() if close(losses[0], value)]
        told = f"the loss of the first batch is {float(losses[0]):.4f}, which is wrong"
        return f"{told}: {reasons[0]}" if reasons else told
    names = [weight.path for weight in Trial().model.weights]
    changed = [not np.array_equal(*pair) for pair in zip(weights[0], weights[1], strict=True)]
    trained = [weight.trainable for weight in Trial().model.weights]
    if not any(change for change, trainable in zip(changed, trained, strict=True) if trainable):
        return "the loss is right, but no trainable weight has changed: is the update missing?"
    if still := [n for n, change in zip(names, changed, strict=True) if not change]:
        return f"after a step these weights are what they were before: {', '.join(still)}"
    for number in (1, 2):
        for got, exact, name in zip(weights[number], right[number], names, strict=True):
            if wrong := compare(got, exact, 1e-4):
                return f"after step {number}, the weight {name}: {short(wrong)}"
    return None


def close(a, b) -> bool:
    """Return whether two losses are equal to five digits."""
    return bool(np.isclose(float(a), float(b), rtol=1e-5))


def left_and_right(grid):
    """Pool the left half and the right half of a feature grid, and concatenate the two means."""
    middle = grid.shape[1] // 2
    return np.concatenate([grid[:, :middle].mean(axis=(0, 1)), grid[:, middle:].mean(axis=(0, 1))])  # (2 D,)


def check_halves(mine):
    """Try a grid that is wider than high, then a large one."""
    for grid in (np.arange(24.0).reshape(3, 4, 2), np.random.default_rng(3).normal(size=(12, 12, 128))):
        halves = call(mine, grid)
        expected = left_and_right(grid)
        if not (wrong := compare(halves, expected)):
            continue
        case = f"for a grid of shape {grid.shape}"
        if isinstance(halves, np.ndarray) and halves.shape == expected.shape:
            depth = grid.shape[2]
            upper = np.concatenate([half.mean(axis=(0, 1)) for half in np.array_split(grid, 2)])
            if np.isnan(halves).any():
                return f"{case} a half is empty, and so its mean is NaN; this grid has {grid.shape[1]} columns"
            if np.allclose(halves, np.roll(expected, depth)):
                return f"{case} the right half comes first, and the left one is expected first"
            if np.allclose(halves, upper):
                return f"{case} it pools above and below; axis 0 holds the rows, and left and right are columns"
        return f"{case}, {short(wrong)}"
    return None


def weighted_maps(maps, gradients):
    """Sum the feature maps weighted by their mean gradients, apply ReLU, and scale the maximum to 1."""
    weights = gradients.mean(axis=(0, 1))  # (D,)
    total = np.maximum(maps @ weights, 0)  # (rows, cols)
    return total / max(total.max(), 1e-9)  # where no location raises the score, all stay 0


def check_grad_cam(mine):
    """Try two locations by hand, then many maps, then a score that no location raises."""
    rng = np.random.default_rng(3)
    by_hand = np.array([[[4.0, 0], [1, 2]]]), np.array([[[1.0, -2], [3, -2]]])  # weights 2 and -2: (8, -2), then (1, 0)
    large = rng.random((3, 4, 6)), rng.normal(size=(3, 4, 6))
    negative = rng.random((2, 2, 3)), -rng.random((2, 2, 3))
    for name, (maps, gradients) in (
        ("two locations", by_hand),
        ("12 locations", large),
        ("gradients that are all negative", negative),
    ):
        with np.errstate(all="ignore"):  # the learner reads our sentence instead of NumPy's warning
            found = call(mine, maps, gradients)
        expected = weighted_maps(maps, gradients)
        if not (wrong := compare(found, expected)):
            continue
        case = f"for {name}, maps and gradients of shape {maps.shape}"
        if isinstance(found, np.ndarray) and found.shape == expected.shape:
            if np.isnan(found).any() and not expected.any():
                return f"{case}, no location raises the score and 0 is divided by 0; every location has to be 0 then"
            if found.min() < -1e-6:
                return f"{case}, a location has {found.min():.3g}; what lowers the score has to be 0"
            if np.isfinite(found).all() and expected.max() > 0 and abs(found.max() - 1) > 1e-6:
                return f"{case}, the maximum is {found.max():.3g}, and 1 is expected"
        return f"{case}, {short(wrong)}"
    return None


block = Exercise(
    check_conv_block,
    conv_block,
    [
        "Three lines of the form x = layers.…(…)(x): each makes a layer and applies it to x at once. "
        "`help(layers.Conv2D)` lists the arguments: look for stride, padding and bias.",
        'The first is layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False).',
        "Then layers.BatchNormalization(momentum=0.95), and last layers.ReLU().",
    ],
)
training_step = Exercise(
    check_train_step,
    train_step,
    [
        "Forward pass and loss stand inside `with tf.GradientTape() as tape:`; the tape records them.",
        "logits = model(images, training=True), then loss = loss_function(labels, logits): labels first.",
        "After the block: gradients = tape.gradient(loss, model.trainable_variables), then "
        "optimizer.apply(gradients, model.trainable_variables). Return the loss.",
    ],
)
halves = Exercise(
    check_halves,
    left_and_right,
    [
        "A grid is (rows, columns, D). `grid[:, :6]` is the left half of one with 12 columns.",
        "Take the mean of each half over its rows and columns, `mean(axis=(0, 1))`: (D,) each.",
        "`np.concatenate([left, right])` joins them; `grid.shape[1] // 2` is the middle.",
    ],
)
grad_cam = Exercise(
    check_grad_cam,
    weighted_maps,
    [
        "First one weight per map: its mean gradient over all locations, `gradients.mean(axis=(0, 1))`.",
        "`maps @ weights` is the weighted sum: one number per location. ReLU is `np.maximum(…, 0)`.",
        "Divide by the largest; where everything is 0 there is nothing to divide by: `max(total.max(), 1e-9)`.",
    ],
)
