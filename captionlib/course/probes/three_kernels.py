"""Step 2, vision: three kernels designed by hand, and what they make of a colour image (lesson 01)."""

import numpy as np

from captionlib.course.scratch.convolution import conv2d

NAMES = ["vertical edges", "outline", "red minus blue"]
VERTICAL = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
OUTLINE = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])
KERNELS = np.stack(
    [VERTICAL[..., None] * [1, 1, 1], OUTLINE[..., None] * [1, 1, 1], np.ones((3, 3, 1)) * [1, 0, -1]], -1
)
BIAS = np.array([0, -150, -350])


def feature_maps(image: np.ndarray) -> list[np.ndarray]:
    """Compute three feature maps of an image: convolution with KERNELS (3, 3, 3, 3), BIAS (3,), ReLU.

    Args:
        image: (rows, columns, 3), red, green and blue from 0 to 255.

    Returns:
        Three arrays (rows - 2, columns - 2), named in NAMES.
    """
    output = np.maximum(conv2d(image[None].astype(float), KERNELS) + BIAS, 0)[0]  # (rows - 2, columns - 2, 3)
    return list(np.moveaxis(output, -1, 0))
