"""Step 2, vision: what an ImageNet network makes of a photograph, layer by layer and class by class (lesson 03)."""

import keras
import numpy as np

from captionlib.data.images import resize
from captionlib.vision import efficientnet_lite

# The weights come without the names of ImageNet's 1,000 classes; these are those that the lesson meets.
NAMES = {
    281: "tabby", 282: "tiger cat", 285: "Egyptian cat", 450: "bobsled", 560: "football helmet", 795: "ski",
    925: "consommé", 967: "espresso", 968: "cup",
}  # fmt: skip
# What is shown: name to the layer whose input it is; all are outputs of a ReLU6, so they lie between 0 and 6.
LAYERS = {
    "stem": "blocks.0.depthwise_conv",
    "block 2": "blocks.2.project_conv",
    "block 9": "blocks.9.project_conv",
    "block 14": "blocks.14.project_conv",
}


def square(photo: np.ndarray, side: int) -> np.ndarray:
    """Cut the largest square out of the middle of a photograph (H, W, 3), and resize it to (side, side, 3) uint8."""
    short = min(photo.shape[:2])
    top, left = ((length - short) // 2 for length in photo.shape[:2])
    return resize(photo[top : top + short, left : left + short], (side, side))


def feature_maps(classifier: keras.Model, photo: np.ndarray) -> dict[str, np.ndarray]:
    """Run a photograph through EfficientNet-Lite2 and keep the feature maps at five depths.

    Args:
        classifier: From `efficientnet_lite.classifier`.
        photo: (side, side, 3) uint8.

    Returns:
        Name of the layer to its feature maps (rows, columns, channels), from the first layer to the last.
    """
    outputs = {name: classifier.get_layer(after).input for name, after in LAYERS.items()}
    outputs["features"] = classifier.get_layer("features").output
    maps = keras.Model(classifier.input, outputs)(efficientnet_lite.preprocess(photo[None].astype("float32")))
    return {name: np.asarray(maps[name])[0] for name in outputs}


def most_varied(maps: np.ndarray, count: int) -> np.ndarray:
    """Return the channels of feature maps (rows, columns, channels) with the largest variance, (count,), in order."""
    return np.argsort(-maps.var(axis=(0, 1)), kind="stable")[:count]


def class_maps(classifier: keras.Model, photo: np.ndarray, count: int = 3) -> dict[str, np.ndarray]:
    """Compute the class activation maps of the most probable classes (Zhou et al. 2016, eq. 2).

    Args:
        classifier: From `efficientnet_lite.classifier`: features, global average pooling, a dense layer.
        photo: (side, side, 3) uint8.
        count: How many classes.

    Returns:
        Name and probability of a class to its map (rows, columns), the class score at each location; 0 where it is
        negative. The most probable class comes first.
    """
    both = keras.Model(classifier.input, [classifier.get_layer("features").output, classifier.output])
    features, logits = (
        np.asarray(each)[0] for each in both(efficientnet_lite.preprocess(photo[None].astype("float32")))
    )
    weights, bias = classifier.get_layer("fc").get_weights()  # (D, 1000), (1000,)
    probs = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    best = np.argsort(-probs)[:count]
    names = [f"{NAMES.get(int(i), f'class {i}')}, {probs[i]:.0%}" for i in best]
    return {name: np.maximum(features @ weights[:, i] + bias[i], 0) for name, i in zip(names, best, strict=True)}
