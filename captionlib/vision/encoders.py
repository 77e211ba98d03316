"""Step 2, vision: an encoder turns an image into a grid of features. Lesson 03 opens one up.

Three kinds: `toynet`, trained here on ToyScenes; `efficientnet_lite0` to `2`, trained on ImageNet, whose weights come
from the package index; and every network of `keras.applications`, by its own name, such as `ResNet50`.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from captionlib.errors import CaptionlibError

# The side of the square that a network of keras.applications was trained on, where it is not 224.
INPUT_SIDES = {"Xception": 299, "InceptionV3": 299, "InceptionResNetV2": 299, "NASNetLarge": 331}
INPUT_SIDES |= {f"EfficientNetB{i}": side for i, side in enumerate([224, 240, 260, 300, 380, 456, 528, 600])}
INPUT_SIDES |= {f"EfficientNetV2B{i}": side for i, side in enumerate([224, 240, 260, 300])}
INPUT_SIDES |= {"EfficientNetV2S": 384, "EfficientNetV2M": 480, "EfficientNetV2L": 480}


@dataclass(frozen=True)
class Encoder:
    """A frozen network with its preprocessing: `encoder(images)` gives features.

    Attributes:
        name: under which `load_encoder` finds it.
        version: changes when its weights or its preprocessing change; part of a feature store's key.
        model: Keras model, (B, h, w, 3) preprocessed images to (B, rows, cols, D) feature maps.
        preprocess: (B, h, w, 3) float32 in 0..255 to what the model was trained on.
    """

    name: str
    version: str
    model: keras.Model
    preprocess: Callable

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width in pixels that every image is resized to."""
        return tuple(self.model.input_shape[1:3])

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the feature grid; L is their product."""
        return tuple(self.model.output_shape[1:3])

    @property
    def depth(self) -> int:
        """D, the number of features at each location."""
        return self.model.output_shape[3]

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Encode a batch.

        Args:
            images: (B, h, w, 3) uint8 RGB at `input_size`.

        Returns:
            (B, L, D) float32, the L locations row by row from the top left.
        """
        maps = self.model.predict_on_batch(self.preprocess(np.asarray(images, "float32")))  # (B, rows, cols, D)
        return maps.reshape(len(maps), -1, self.depth)  # (B, L, D)


def load_encoder(name: str) -> Encoder:
    """Load an encoder by name.

    Args:
        name: a key of `ENCODERS`, or a network of `keras.applications` such as `VGG16`, whose weights are downloaded.

    Returns:
        The encoder, in inference mode.

    Raises:
        CaptionlibError: if the name is unknown, or the weights are not installed or cannot be downloaded.
    """
    return ENCODERS[name]() if name in ENCODERS else application(name)


def load_toynet() -> Encoder:
    """Wrap the shipped ToyNet, which scales its pixels itself."""
    from captionlib.vision import toynet

    return Encoder("toynet", toynet.VERSION, toynet.load(), lambda images: images)


def load_efficientnet_lite(name: str) -> Encoder:
    """Wrap a variant of EfficientNet-Lite."""
    from captionlib.vision import efficientnet_lite

    model = efficientnet_lite.encoder(name)
    return Encoder(name, efficientnet_lite.version(name), model, efficientnet_lite.preprocess)


# What `load_encoder` knows by name, beside keras.applications; a network's code is imported when it is asked for.
ENCODERS = {"toynet": load_toynet}
ENCODERS |= {
    name: functools.partial(load_efficientnet_lite, name)
    for name in ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
}


def application(name: str, weights: str | None = "imagenet") -> Encoder:
    """Wrap a network of `keras.applications` with the preprocessing it was trained with.

    Args:
        name: the constructor's name, such as `VGG16` or `EfficientNetB0`.
        weights: `imagenet`, or None for random ones (tests).

    Returns:
        The encoder; its features are the network's last feature map.

    Raises:
        CaptionlibError: if there is no such network or its weights cannot be downloaded.
    """
    families = [m for m in vars(keras.applications).values() if hasattr(m, name) and hasattr(m, "preprocess_input")]
    if not families or not name[:1].isupper():
        raise CaptionlibError(
            f"There is no encoder called {name!r}: use {', '.join(ENCODERS)} or a network of "
            "keras.applications such as ResNet50."
        )
    side = INPUT_SIDES.get(name, 224)
    try:
        model = getattr(families[0], name)(include_top=False, weights=weights, input_shape=(side, side, 3))
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise CaptionlibError(f"The weights of {name} could not be loaded ({error}): check the network.") from error
    model.trainable = False
    return Encoder(name, weights or "random", model, families[0].preprocess_input)
