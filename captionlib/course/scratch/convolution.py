"""Step 2, vision: convolution and pooling in NumPy, what a layer sees and what it costs (lesson 01).

What every deep-learning library calls a convolution is a cross-correlation: the kernel is not turned round first.
`by_loops` is there to be read, on one picture of one channel; everything below it works on batches, as Keras does.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def by_loops(image: np.ndarray, kernel: np.ndarray, stride: int = 1) -> np.ndarray:
    """Convolve the slow way: image (H, W) and kernel (k, l) to one number for each place, without padding."""
    (height, width), (tall, wide) = image.shape, kernel.shape
    answer = np.zeros(((height - tall) // stride + 1, (width - wide) // stride + 1))
    for row in range(answer.shape[0]):
        for column in range(answer.shape[1]):
            top, left = row * stride, column * stride
            patch = image[top : top + tall, left : left + wide]  # (k, l)
            answer[row, column] = (patch * kernel).sum()
    return answer


def border(size: int, k: int, stride: int, padding: str) -> tuple[int, int]:
    """Say how many pixels are added before and after an axis, as Keras does it.

    Args:
        size: Pixels along the axis.
        k: Pixels of the kernel along the axis.
        stride: Pixels from one place to the next.
        padding: "valid" adds none; "same" adds as many as give ceil(size / stride) places.

    Returns:
        Pixels before, pixels after. An odd one out goes to the end, below or to the right.

    Raises:
        ValueError: There is no such padding.
    """
    if padding not in ("valid", "same"):
        raise ValueError(f"padding is 'valid' or 'same', not {padding!r}")
    missing = max((-(-size // stride) - 1) * stride + k - size, 0) if padding == "same" else 0
    return missing // 2, missing - missing // 2


def windows(images: np.ndarray, size: tuple[int, int], stride: int, padding: str, fill: float = 0) -> np.ndarray:
    """Look at every patch of a picture at once, without copying one.

    Args:
        images: (B, H, W, C).
        size: (k, l) of a patch.
        stride: Pixels from one patch to the next.
        padding: "valid" or "same".
        fill: What stands outside the picture.

    Returns:
        (B, rows, columns, C, k, l).

    Raises:
        ValueError: The patch is larger than the padded picture.
    """
    around = [border(n, k, stride, padding) for n, k in zip(images.shape[1:3], size, strict=True)]
    padded = np.pad(images, [(0, 0), *around, (0, 0)], constant_values=fill)
    return sliding_window_view(padded, size, axis=(1, 2))[:, ::stride, ::stride]


def conv2d(images: np.ndarray, kernels: np.ndarray, stride: int = 1, padding: str = "valid") -> np.ndarray:
    """Convolve a batch with several kernels, as `keras.layers.Conv2D` does without bias (LeCun et al. 1998, sec. II.A).

    Args:
        images: (B, H, W, C).
        kernels: (k, l, C, O), one (k, l, C) for each of the O answers.
        stride: Pixels from one place to the next.
        padding: "valid" or "same", zeros around the picture.

    Returns:
        (B, rows, columns, O).

    Raises:
        ValueError: There is no such padding, or the kernel is larger than the picture.
    """
    patches = windows(images, kernels.shape[:2], stride, padding)  # (B, rows, columns, C, k, l)
    return np.tensordot(patches, kernels, axes=([3, 4, 5], [2, 0, 1]))


def depthwise(images: np.ndarray, kernels: np.ndarray, stride: int = 1, padding: str = "valid") -> np.ndarray:
    """Convolve each channel with a kernel of its own, as Keras' DepthwiseConv2D does (Howard et al. 2017, sec. 3.1).

    Args:
        images: (B, H, W, C).
        kernels: (k, l, C).
        stride: Pixels from one place to the next.
        padding: "valid" or "same".

    Returns:
        (B, rows, columns, C). `conv2d` with kernels (1, 1, C, O) then mixes the channels.

    Raises:
        ValueError: There is no such padding, or the kernel is larger than the picture.
    """
    return np.einsum("brcdkl,kld->brcd", windows(images, kernels.shape[:2], stride, padding), kernels)


def max_pool(images: np.ndarray, size: int = 2, stride: int | None = None, padding: str = "valid") -> np.ndarray:
    """Keep the largest number of each patch: (B, H, W, C) to (B, rows, columns, C); stride is `size` when None."""
    return windows(images, (size, size), stride or size, padding, fill=images.min()).max(axis=(4, 5))


def average_pool(images: np.ndarray, size: int = 2, stride: int | None = None, padding: str = "valid") -> np.ndarray:
    """Keep the mean of each patch: (B, H, W, C) to (B, rows, columns, C); places outside the picture do not count."""
    total, count = (
        windows(each, (size, size), stride or size, padding).sum(axis=(4, 5))
        for each in (images, np.ones_like(images[:1, :, :, :1]))
    )
    return total / count


def receptive_field(layers: list[tuple[int, int]]) -> int:
    """Count the pixels along an axis that one number of the last layer depends on.

    Args:
        layers: (size, stride) of each convolution or pooling, the first layer first.

    Returns:
        Pixels; 1 without layers.
    """
    sees, step = 1, 1  # step: pixels of the picture between two neighbours of this layer
    for size, stride in layers:
        sees += (size - 1) * step
        step *= stride
    return sees


def multiplications(places: int, size: int, channels: int = 1, kernels: int = 1) -> int:
    """Count the multiplications of a convolution: for each place and each kernel, size * size * channels.

    Args:
        places: Rows times columns of the *answer*.
        size: Side of the kernel.
        channels: Of the picture.
        kernels: How many; each gives a channel of the answer.

    Returns:
        How many.
    """
    return places * size * size * channels * kernels
