"""Pictures that open. Those that must not stand in tests/test_faults.py."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from captionlib.data.images import open_image, resize

# Four quarters that tell every turn and mirror image apart; 16-pixel quarters keep JPEG blocks pure.
QUARTERS = np.zeros((32, 48, 3), np.uint8)
QUARTERS[:16, :24], QUARTERS[:16, 24:] = (200, 30, 30), (30, 180, 30)
QUARTERS[16:, :24], QUARTERS[16:, 24:] = (30, 30, 200), (220, 220, 40)

# What a viewer does to the stored rows for each EXIF orientation (CIPA DC-008, 4.6.4 A), written as its inverse.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}


def encode(image, kind, **options):
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(np.ascontiguousarray(image))).save(
        buffer, kind, **options
    )
    return buffer.getvalue()


@pytest.mark.parametrize("kind, options, tolerance", [
    ("PNG", {}, 0), ("BMP", {}, 0), ("TIFF", {}, 0), ("TIFF", {"compression": "tiff_lzw"}, 0), ("GIF", {}, 0),
    ("WEBP", {"lossless": True}, 0), ("WEBP", {"quality": 95}, 12),
    ("JPEG", {"quality": 95, "subsampling": 0}, 6), ("JPEG", {"quality": 95, "progressive": True}, 12),
])  # fmt: skip
def test_formats(kind, options, tolerance):
    image = open_image(encode(QUARTERS, kind, **options))
    assert image.dtype == np.uint8
    inner = np.abs(image.astype(int) - QUARTERS)[2:14, 2:22]  # away from the edges, where lossy formats ring
    assert image.shape == QUARTERS.shape and inner.max() <= tolerance


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_exif_orientation_comes_out_upright(orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    image = open_image(encode(STORED[orientation](QUARTERS), kind, exif=exif, **options))
    assert image.shape == QUARTERS.shape
    assert np.abs(image.astype(int) - QUARTERS).max() <= 8


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.filterwarnings("ignore")
def test_a_broken_exif_note_does_not_cost_the_picture(kind):
    content = encode(QUARTERS, kind, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x02" + b"\x01\x12\xff\xff" * 6)
    assert open_image(content).shape == QUARTERS.shape


def test_cmyk_is_not_inverted():
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert np.abs(open_image(encode(red, "JPEG", quality=95)).astype(int) - (255, 0, 0)).max() <= 4


def test_grey_becomes_three_equal_channels():
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(open_image(encode(ramp, "PNG")), np.stack([ramp] * 3, -1))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind):
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    assert np.array_equal(open_image(encode(ramp, kind))[..., 0], np.arange(256).reshape(16, 16))


def test_transparency_lies_over_white():
    clear_to_red = Image.new("RGBA", (3, 1), (255, 0, 0, 0))
    clear_to_red.putpixel((1, 0), (255, 0, 0, 128))
    clear_to_red.putpixel((2, 0), (255, 0, 0, 255))
    assert open_image(encode(clear_to_red, "PNG")).tolist() == [[[255, 255, 255], [255, 127, 127], [255, 0, 0]]]


def test_a_palette_with_a_clear_colour_lies_over_white():
    palette = Image.new("P", (2, 1))
    palette.putpalette([0, 0, 0, 0, 0, 200])
    palette.putpixel((1, 0), 1)
    assert open_image(encode(palette, "PNG", transparency=0)).tolist() == [[[255, 255, 255], [0, 0, 200]]]
    assert open_image(encode(palette, "GIF", transparency=0)).tolist() == [[[255, 255, 255], [0, 0, 200]]]


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    for kind, options in (("GIF", {}), ("WEBP", {"lossless": True})):
        content = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert open_image(content)[0, 0].tolist() == [255, 0, 0]


def test_path_bytes_and_file_give_the_same_whatever_the_name_says(tmp_path):
    path = tmp_path / "really a png.jpg"
    path.write_bytes(encode(QUARTERS, "PNG"))
    with open(path, "rb") as file:
        for source in (path, str(path), path.read_bytes(), file):
            assert np.array_equal(open_image(source), QUARTERS)


def test_the_image_may_be_written_to():
    open_image(encode(QUARTERS, "PNG"))[0, 0] = 7


def test_many_threads_open_at_once():
    content = encode(QUARTERS, "PNG")
    with ThreadPoolExecutor(8) as pool:
        assert all(np.array_equal(image, QUARTERS) for image in pool.map(open_image, [content] * 200))


sides = st.integers(1, 40)


@given(sides, sides, sides, sides, st.tuples(*[st.integers(0, 255)] * 3))
def test_resize_keeps_a_plain_colour(height, width, new_height, new_width, colour):
    resized = resize(np.full((height, width, 3), colour, np.uint8), (new_height, new_width))
    assert resized.shape == (new_height, new_width, 3) and resized.dtype == np.uint8
    assert (resized == colour).all()


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_resize_turns_with_the_image(tall, wide, seed):
    image = np.random.default_rng(seed).integers(0, 256, (12 * tall, 10 * wide, 3), np.uint8)
    turned = resize(np.rot90(image), (8, 9)).astype(int)
    assert np.abs(turned - np.rot90(resize(image, (9, 8)))).max() <= 1  # rounded once a direction


def test_resize_averages_instead_of_picking():
    board = np.indices((64, 64)).sum(0) % 2 * 255
    resized = resize(np.stack([board] * 3, -1).astype(np.uint8), (8, 8))
    assert np.abs(resized.astype(int) - 127).max() <= 2
