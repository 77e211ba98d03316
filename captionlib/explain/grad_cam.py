"""Step 2, vision: Grad-CAM shows which locations raised a network's score (lesson 03)."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf


def grad_cam(network: keras.Model, layer: str, images: np.ndarray, score: Callable) -> np.ndarray:
    """Weigh a layer's maps by how much each of them would raise a score (Selvaraju et al. 2017, eq. 1 and 2).

    Args:
        network: The network, frozen or not; it is run in inference mode.
        layer: The layer's name; its maps are (B, rows, cols, D), and the score must depend on them.
        images: (B, h, w, 3), as the network takes them.
        score: The network's output to (B,), such as the logit of one word; before any softmax.

    Returns:
        (B, rows, cols) float32, zero at locations that do not raise the score.
    """
    both = keras.Model(network.input, [network.get_layer(layer).output, network.output])
    with tf.GradientTape() as tape:
        tape.watch([weight.value for weight in both.weights])  # a frozen network's are not watched by themselves
        maps, output = both(images, training=False)  # (B, rows, cols, D)
        wanted = score(output)  # (B,)
    gradients = tape.gradient(wanted, maps).numpy()  # (B, rows, cols, D)
    weights = gradients.mean(axis=(1, 2), keepdims=True)  # (B, 1, 1, D), eq. 1
    return np.maximum((weights * maps.numpy()).sum(axis=-1), 0)  # eq. 2: ReLU, as only what raises the score counts
