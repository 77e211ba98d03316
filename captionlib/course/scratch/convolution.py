"""Step 2, vision: convolution and pooling in NumPy, their receptive fields and what they cost (lesson 01).

What every deep-learning library calls a convolution is a cross-correlation: the kernel is not flipped first
(Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning"). `by_loops` and `conv_layer` are there
to be read, for one image; everything below them works on batches, as Keras does.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def by_loops(image: np.ndarray, kernel: np.ndarray, stride: int = 1) -> np.ndarray:
    """Convolve with two loops, without padding: image (H, W) and kernel (k, l) to a feature map (rows, columns)."""
    (height, width), (tall, wide) = image.shape, kernel.shape
    output = np.zeros(((height - tall) // stride + 1, (width - wide) // stride + 1))
    for row in range(output.shape[0]):
        for column in range(output.shape[1]):
            top, left = row * stride, column * stride
            patch = image[top : top + tall, left : left + wide]  # (k, l)
            output[row, column] = (patch * kernel).sum()
    return output


def conv_layer(image: np.ndarray, kernels: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Compute a convolutional layer by loops: products over all channels, their sum, bias, ReLU.

    It is `keras.layers.Conv2D` with activation="relu", stride 1 and without padding (Goodfellow, Bengio and Courville
    2016, sec. 9.1 and 9.5).

    Args:
        image: (rows, columns, C).
        kernels: (F, F, C, O), one (F, F, C) for each of the O output channels.
        bias: (O,).

    Returns:
        Feature maps (rows - F + 1, columns - F + 1, O).
    """
    F = len(kernels)
    output = np.zeros((image.shape[0] - F + 1, image.shape[1] - F + 1, len(bias)))
    for i, j, k in np.ndindex(output.shape):
        patch = image[i : i + F, j : j + F]  # (F, F, C)
        output[i, j, k] = max((patch * kernels[:, :, :, k]).sum() + bias[k], 0)
    return output


def padding_sizes(side: int, size: int, stride: int, padding: str) -> tuple[int, int]:
    """Compute how many pixels of padding go before and after an axis, as in Keras.

    Args:
        side: Pixels along the axis.
        size: Pixels of the kernel along the axis.
        stride: Pixels from one location to the next.
        padding: "valid" adds none; "same" adds as many as give ceil(side / stride) locations.

    Returns:
        Pixels before, pixels after. An odd one goes to the end: below or to the right.

    Raises:
        ValueError: There is no such padding.
    """
    if padding not in ("valid", "same"):
        raise ValueError(f"padding is 'valid' or 'same', not {padding!r}")
    missing = max((-(-side // stride) - 1) * stride + size - side, 0) if padding == "same" else 0
    return missing // 2, missing - missing // 2


def windows(images: np.ndarray, size: tuple[int, int], stride: int, padding: str, fill: float = 0) -> np.ndarray:
    """View every patch that a kernel covers, without copying one.

    Args:
        images: (B, H, W, C).
        size: (k, l) of a patch.
        stride: Pixels from one patch to the next.
        padding: "valid" or "same".
        fill: The value of the padding.

    Returns:
        (B, rows, columns, C, k, l).

    Raises:
        ValueError: The patch is larger than the padded image.
    """
    around = [padding_sizes(n, k, stride, padding) for n, k in zip(images.shape[1:3], size, strict=True)]
    padded = np.pad(images, [(0, 0), *around, (0, 0)], constant_values=fill)
    return sliding_window_view(padded, size, axis=(1, 2))[:, ::stride, ::stride]


def conv2d(images: np.ndarray, kernels: np.ndarray, stride: int = 1, padding: str = "valid") -> np.ndarray:
    """Convolve a batch, as `keras.layers.Conv2D` does without bias (LeCun et al. 1998, sec. II.A).

    Args:
        images: (B, H, W, C).
        kernels: (k, l, C, O), one (k, l, C) for each of the O output channels.
        stride: Pixels from one location to the next.
        padding: "valid" or "same", zeros around the image.

    Returns:
        Feature maps (B, rows, columns, O).

    Raises:
        ValueError: There is no such padding, or the kernel is larger than the image.
    """
    patches = windows(images, kernels.shape[:2], stride, padding)  # (B, rows, columns, C, k, l)
    return np.tensordot(patches, kernels, axes=([3, 4, 5], [2, 0, 1]))


def depthwise(images: np.ndarray, kernels: np.ndarray, stride: int = 1, padding: str = "valid") -> np.ndarray:
    """Convolve each channel with a kernel of its own, as Keras' DepthwiseConv2D does (Howard et al. 2017, sec. 3.1).

    Args:
        images: (B, H, W, C).
        kernels: (k, l, C).
        stride: Pixels from one location to the next.
        padding: "valid" or "same".

    Returns:
        (B, rows, columns, C). `conv2d` with kernels (1, 1, C, O) then mixes the channels.

    Raises:
        ValueError: There is no such padding, or the kernel is larger than the image.
    """
    return np.einsum("brcdkl,kld->brcd", windows(images, kernels.shape[:2], stride, padding), kernels)


def max_pool(images: np.ndarray, size: int = 2, stride: int | None = None, padding: str = "valid") -> np.ndarray:
    """Take the maximum of each patch: (B, H, W, C) to (B, rows, columns, C); stride is `size` when None."""
    return windows(images, (size, size), stride or size, padding, fill=images.min()).max(axis=(4, 5))


def average_pool(images: np.ndarray, size: int = 2, stride: int | None = None, padding: str = "valid") -> np.ndarray:
    """Take the mean of each patch, padding not counted: (B, H, W, C) to (B, rows, columns, C); as `max_pool`."""
    total, count = (
        windows(each, (size, size), stride or size, padding).sum(axis=(4, 5))
        for each in (images, np.ones_like(images[:1, :, :, :1]))
    )
    return total / count


def receptive_field(layers: list[tuple[int, int]]) -> int:
    """Compute the receptive field of a location of the last layer (Dumoulin and Visin 2016; Araujo et al. 2019).

    Args:
        layers: (size, stride) of each convolution or pooling, the first layer first.

    Returns:
        Pixels of the image along an axis; 1 without layers.
    """
    field, jump = 1, 1  # jump: pixels of the image between two neighbouring locations of this layer
    for size, stride in layers:
        field += (size - 1) * jump
        jump *= stride
    return field


def receptive_field_span(layers: list[tuple[int, int]], location: int, side: int) -> tuple[int, int]:
    """Compute which pixels along an axis lie in the receptive field of a location, with padding "same".

    Args:
        layers: (size, stride) of each convolution or pooling between the image and the feature map, the first first.
        location: Row or column of the feature map.
        side: Pixels of the image along the axis.

    Returns:
        The first pixel and the one after the last; they may lie outside the image, in the padding.
    """
    sides = [side]
    for _, stride in layers:
        sides.append(-(-sides[-1] // stride))
    first = last = location
    for (size, stride), below in zip(reversed(layers), reversed(sides[:-1]), strict=True):
        before, _ = padding_sizes(below, size, stride, "same")
        first, last = first * stride - before, last * stride - before + size - 1
    return first, last + 1


def multiplications(locations: int, size: int, channels: int = 1, kernels: int = 1) -> int:
    """Count the multiplications of a convolution: for each location and each kernel, size * size * channels.

    Args:
        locations: Rows times columns of the *output*.
        size: Side of the kernel.
        channels: Of the input.
        kernels: How many, the channels of the output.

    Returns:
        How many.
    """
    return locations * size * size * channels * kernels
