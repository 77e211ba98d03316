"""Step 1, data: any picture file becomes an upright RGB array, or one sentence says why it cannot.

Lesson 01 (see_with_convolutions) begins with such an array; lesson 13 opens the learner's own photographs with it.
"""

import io
import os
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image

from captionlib.errors import CaptionlibError

# The formats are named because Pillow's full list holds some (EPS) that start other programs.
FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"]
# How a viewer turns the stored rows for each EXIF orientation but 1, which is upright already (CIPA DC-008, 4.6.4).
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
MAX_PIXELS = 120_000_000  # a 108-megapixel phone photograph passes; as an array this many take 360 MB
# Pillow warns about large pictures and corrupt metadata; open_image opens or refuses them in one sentence of its own.
warnings.filterwarnings("ignore", module=r"PIL\.")


def open_image(source: str | Path | bytes | BinaryIO, name: str | None = None) -> np.ndarray:
    """Open a picture as people see it: upright by its EXIF orientation, transparency over white, the first frame.

    Several threads may call it at once.

    Args:
        source: path, content or binary file of a JPEG, PNG, GIF, WebP, BMP or TIFF; its file extension is ignored.
        name: what to call the picture in an error message; the path when absent.

    Returns:
        (H, W, 3) uint8, RGB, rows from top to bottom.

    Raises:
        CaptionlibError: there is no such file, or it is no picture, is truncated, or has more than 120 million pixels.
    """
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    elif not hasattr(source, "read"):
        source = Path(source)
        check_file(source)
    name = name or str(getattr(source, "name", "the picture") if hasattr(source, "read") else source)
    try:
        with Image.open(source, formats=FORMATS) as image:
            if not 0 < image.width * image.height <= MAX_PIXELS:
                raise CaptionlibError(f"{name} claims {image.width} x {image.height} pixels, too many to open safely.")
            if image.mode in ("I", "F"):
                raise CaptionlibError(f"{name} has 32 bits per pixel and does not say which value is white.")
            image.load()
            return np.array(upright(to_rgb(image), image))
    except CaptionlibError:
        raise
    except Image.UnidentifiedImageError as error:
        raise CaptionlibError(f"{name} is not a picture in JPEG, PNG, GIF, WebP, BMP or TIFF format.") from error
    except Image.DecompressionBombError as error:
        raise CaptionlibError(f"{name} claims too many pixels to open safely.") from error
    except Exception as error:  # Pillow raises OSError, SyntaxError, ValueError, struct.error and more for such files
        raise CaptionlibError(f"{name} is damaged or cut off and cannot be opened; get it again.") from error


def check_file(path: Path) -> None:
    """Refuse a path that holds no readable file, before anything blocks on it."""
    fault = (
        "does not exist; check the path" if not os.path.exists(path)  # Path.exists raises for impossible names
        else "is a folder, not a picture" if path.is_dir()
        else "is not a regular file" if not path.is_file()
        else "is empty (0 bytes)" if path.stat().st_size == 0
        else None
    )  # fmt: skip
    if fault:
        raise CaptionlibError(f"{path} {fault}.")


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert any of Pillow's modes to RGB with 8 bits per channel."""
    if image.mode.startswith("I;16"):  # Pillow's own convert would clip at 255: scale 0..65535 to 0..255
        image = Image.fromarray(np.round(np.asarray(image) / 257).astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    return image.convert("RGB")


def upright(pixels: Image.Image, opened: Image.Image) -> Image.Image:
    """Rotate or flip pixels by the EXIF orientation of the opened file; broken EXIF data are ignored.

    (Pillow's own exif_transpose rewrites all EXIF data, and fails where any part of them is broken.)
    """
    try:
        turn = TURNS.get(opened.getexif().get(ExifTags.Base.Orientation))
    except Exception:  # the EXIF parser raises SyntaxError, struct.error, TypeError and more
        turn = None
    return pixels if turn is None else pixels.transpose(turn)


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an image to exactly `size`; the aspect ratio is not kept, so nothing is cut off.

    Bilinear with antialiasing: each new pixel is a weighted mean of all the old ones that it covers.

    Args:
        image: (H, W, 3) uint8.
        size: (h, w) in pixels.

    Returns:
        (h, w, 3) uint8.
    """
    height, width = size
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
