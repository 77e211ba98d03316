"""Step 2, vision: an encoder turns an image into a grid of features. Lesson 03 opens one up.

Three kinds: `toynet`, trained here on ToyScenes; `mobilenet_v2`, a public 8-bit ImageNet model of 3.6 MB that we turn
back into floating point; and every network of `keras.applications`, by its own name, such as `ResNet50`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from captionlib import storage
from captionlib.errors import CaptionlibError

MOBILENET_FILE = "weights/mobilenet_v2_1.0_224_quant.tflite"
MOBILENET_SHA256 = "7aad0c74c5e3c06e5eb3c827e13304fdd68a83da6087d92ee169c24ff9fd4776"
MOBILENET_URL = (
    "https://raw.githubusercontent.com/google-coral/test_data/104342d2d3480b3e66203073dac24f4e2dbb4c41/"
    "mobilenet_v2_1.0_224_quant.tflite"
)
# The side of the square that a network of keras.applications was trained on, where it is not 224.
INPUT_SIDES = {"Xception": 299, "InceptionV3": 299, "InceptionResNetV2": 299, "NASNetLarge": 331}
INPUT_SIDES |= {f"EfficientNetB{i}": side for i, side in enumerate([224, 240, 260, 300, 380, 456, 528, 600])}
INPUT_SIDES |= {f"EfficientNetV2B{i}": side for i, side in enumerate([224, 240, 260, 300])}
INPUT_SIDES |= {"EfficientNetV2S": 384, "EfficientNetV2M": 480, "EfficientNetV2L": 480}


@dataclass(frozen=True)
class Encoder:
    """A frozen network with its preprocessing: `encoder(images)` gives features.

    Attributes:
        name: how `load_encoder` calls it.
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
        """Height and width in pixels that every image is squashed to."""
        return tuple(self.model.input_shape[1:3])

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the feature grid; L is their product."""
        return tuple(self.model.output_shape[1:3])

    @property
    def depth(self) -> int:
        """D, the number of features at each place."""
        return self.model.output_shape[3]

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Encode a batch.

        Args:
            images: (B, h, w, 3) uint8 RGB at `input_size`.

        Returns:
            (B, L, D) float32, places row by row from the top left.
        """
        maps = self.model.predict_on_batch(self.preprocess(np.asarray(images, "float32")))  # (B, rows, cols, D)
        return maps.reshape(len(maps), -1, self.depth)  # (B, L, D)


def load_encoder(name: str, data_dir=None) -> Encoder:
    """Load an encoder by name, downloading and checking its weights if they are not on this machine.

    Args:
        name: `toynet`, `mobilenet_v2`, or a network of `keras.applications` such as `VGG16`.
        data_dir: folder to look in first; see `captionlib.storage`.

    Returns:
        The encoder, in inference mode.

    Raises:
        CaptionlibError: if the name is unknown, or the weights can neither be found nor downloaded.
    """
    if name == "toynet":
        from captionlib.vision import toynet

        return Encoder(name, toynet.VERSION, toynet.load(), lambda images: images)
    if name == "mobilenet_v2":
        classifier = dequantised_mobilenet(storage.fetch(MOBILENET_FILE, MOBILENET_URL, MOBILENET_SHA256, data_dir))
        maps = keras.Model(classifier.input, classifier.get_layer("out_relu").output)
        return Encoder(name, MOBILENET_SHA256[:8], maps, keras.applications.mobilenet_v2.preprocess_input)
    return application(name)


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
            f"There is no encoder called {name!r}: use toynet, mobilenet_v2 or a network of keras.applications such as "
            "ResNet50."
        )
    side = INPUT_SIDES.get(name, 224)
    try:
        model = getattr(families[0], name)(include_top=False, weights=weights, input_shape=(side, side, 3))
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise CaptionlibError(f"The weights of {name} could not be loaded ({error}): check the network.") from error
    model.trainable = False
    return Encoder(name, weights or "random", model, families[0].preprocess_input)


def dequantised_mobilenet(path) -> keras.Model:
    """Turn the public 8-bit MobileNetV2 back into floating point (Sandler et al. 2018; Jacob et al. 2018, eq. 1).

    An 8-bit weight q stands for (q - zero_point) * scale. BatchNorm was folded into the convolutions when the
    model was made, so the bias that is left goes into the Keras BatchNorm that follows: gamma 1, mean 0,
    variance 1 - epsilon, beta the bias.

    Args:
        path: the `.tflite` file; its digest is checked by `load_encoder`.

    Returns:
        `keras.applications.MobileNetV2` with 1001 classes, (B, 224, 224, 3) in [-1, 1] to (B, 1001) probabilities.
    """
    from ai_edge_litert.interpreter import Interpreter

    reader = Interpreter(str(path))
    kernels, biases = {}, {}  # scope in the 8-bit model, such as "expanded_conv_3/expand" -> float array
    for tensor in reader.get_tensor_details():
        kernel = re.search(r"MobilenetV2/([\w/]+)/weights_quant", tensor["name"])
        bias = re.search(r"MobilenetV2/([\w/]+)/(?:BatchNorm_Fold/bias|biases)$", tensor["name"])
        if (kernel and tensor["dtype"] == np.uint8) or (bias and tensor["dtype"] == np.int32):
            scale, zero_point = tensor["quantization"]
            value = (reader.get_tensor(tensor["index"]).astype("float32") - zero_point) * np.float32(scale)
            if tensor["dtype"] == np.uint8:
                kernels[kernel[1]] = value
            else:
                biases[bias[1]] = value

    model = keras.applications.MobileNetV2(weights=None, classes=1001)
    for scope, kernel in kernels.items():
        if scope.startswith("Logits"):
            model.layers[-1].set_weights([kernel.reshape(1001, -1).T, biases[scope]])
            continue
        layer = "Conv1" if scope == "Conv" else re.sub(r"^expanded_conv_(\d+)/", r"block_\1/", scope).replace("/", "_")
        norm = {"Conv1": "bn_Conv1", "Conv_1": "Conv_1_bn"}.get(layer, f"{layer}_BN")
        model.get_layer(layer).set_weights([kernel.transpose(1, 2, 3, 0)])  # (O, h, w, I), (1, h, w, C): first to last
        bias, epsilon = biases[scope], model.get_layer(norm).epsilon
        ones = np.ones_like(bias)
        model.get_layer(norm).set_weights([ones, bias, 0 * ones, (1 - epsilon) * ones])
    model.trainable = False
    return model
