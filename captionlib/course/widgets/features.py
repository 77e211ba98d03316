"""The feature-map browser of lesson 03: choose scene, layer, channel and place; see its map, and what it sees."""

import ipywidgets
import keras
import matplotlib
import numpy as np

from captionlib.course.figures.features import window
from captionlib.course.widgets import parts
from captionlib.plots import MAP, PAPER, ROLES
from captionlib.vision import toynet

SIDE, GAP, PATCHES = 192, 12, 8  # pixels of the screen; patches that a channel answers to most
WITHOUT_KERNEL = (
    "Here stands the feature-map browser: buttons for the scene and the layer, sliders for the channel and the place; "
    "below them the scene with what the place sees, the channel's map, and the patches that it answers to most."
)
Maps = dict[str, np.ndarray]  # layer to (B, rows, cols, channels)


def feature_browser(scenes: dict[str, np.ndarray], others: np.ndarray, elsewhere: Maps) -> None:
    """Show the browser on the shipped ToyNet.

    Args:
        scenes: Pictures by name, each (96, 96, 3) uint8; the first is shown first.
        others: (N, 96, 96, 3) uint8, the pictures in which each channel's favourite patches are looked for.
        elsewhere: What `all_maps` says of them.
    """
    maps = all_maps(np.stack(list(scenes.values())))
    scene = parts.choice("scene", scenes)
    layer = parts.choice("layer", [name.replace("_", " ") for name in toynet.LAYERS], "shape")
    places = [("channel", 1, 96, 91), ("row", 1, 12, 10), ("column", 1, 12, 11)]
    (channel, row, column), rows = zip(*[parts.slider(*place) for place in places], strict=True)
    page = ipywidgets.HTML()

    def redraw(_=None):
        name = layer.value.replace(" ", "_")
        for control in (channel, rows[0].children[1]):
            control.max = maps[name].shape[-1]  # a value beyond it follows
        which = list(scenes).index(scene.value)
        favourites = favourite_patches(name, elsewhere[name], others, channel.value - 1)
        page.value = show(
            scenes[scene.value], name, maps[name][which], favourites, channel.value, row.value, column.value
        )

    for control in (scene, layer, channel, row, column):
        control.observe(redraw, "value")
    redraw()
    parts.present(ipywidgets.VBox([scene, layer, *rows, page]), WITHOUT_KERNEL)


def all_maps(images: np.ndarray) -> Maps:
    """Run the shipped ToyNet and keep what every layer says of the images (B, 96, 96, 3), in float16."""
    network = toynet.load_recogniser()
    every = keras.Model(network.input, {name: network.get_layer(name).output for name in toynet.LAYERS})
    parts_of_16 = np.split(images, range(16, len(images), 16))  # what all layers say of many pictures is large
    said = [{name: np.asarray(maps).astype("float16") for name, maps in every(few).items()} for few in parts_of_16]
    return {name: np.concatenate([each[name] for each in said]) for name in toynet.LAYERS}


def favourite_patches(layer: str, maps: np.ndarray, images: np.ndarray, channel: int) -> np.ndarray:
    """Cut out what a channel answers to most, at most one patch a picture.

    Args:
        layer: One of `toynet.LAYERS`.
        maps: (N, rows, cols, channels), that layer's maps of the pictures.
        images: (N, 96, 96, 3) uint8.
        channel: From 0.

    Returns:
        (8, p, p, 3) uint8, the strongest first; p is what a place of the layer sees. White lies outside a picture.
    """
    answers = maps[..., channel].reshape(len(maps), -1)  # (N, places)
    best = [(i, *divmod(int(answers[i].argmax()), maps.shape[2])) for i in np.argsort(-answers.max(1))[:PATCHES]]
    return np.stack([patch(images[i], layer, row, column) for i, row, column in best])


def patch(image: np.ndarray, layer: str, row: int, column: int) -> np.ndarray:
    """Cut out of an image (96, 96, 3) the (p, p, 3) pixels that one place of a layer's map sees."""
    (y0, y1), (x0, x1) = (window(toynet.LAYERS[layer], place, len(image)) for place in (row, column))
    rim = 32  # more than any window lies outside
    return np.pad(image, ((rim, rim), (rim, rim), (0, 0)), constant_values=255)[
        y0 + rim : y1 + rim, x0 + rim : x1 + rim
    ]


def show(
    image: np.ndarray, layer: str, maps: np.ndarray, favourites: np.ndarray, channel: int, row: int, column: int
) -> str:
    """Turn the settings into HTML: the scene with a frame, the channel's map, the framed pixels, favourite patches.

    Args:
        image: (96, 96, 3) uint8.
        layer: One of `toynet.LAYERS`.
        maps: (rows, cols, channels), the layer's maps of the image.
        favourites: (8, p, p, 3) uint8.
        channel: From 1.
        row: Twelfth of the picture from the top, from 1.
        column: Twelfth of the picture from the left, from 1.

    Returns:
        HTML; the picture's description says what the place sees and answers, and where the map is largest.
    """
    map_ = maps[..., channel - 1].astype(float)  # (rows, cols)
    step = len(map_) // 12
    y, x = ((place - 1) * step + step // 2 for place in (row, column))
    (y0, y1), (x0, x1) = (window(toynet.LAYERS[layer], place, len(image)) for place in (y, x))
    glow = 255 * matplotlib.colormaps[MAP](map_ / max(map_.max(), 1e-6))[..., :3]  # (rows, cols, 3)
    pieces = [enlarged(image, (y0, x0, y1 - y0)), enlarged(glow.astype(np.uint8), (y, x, 1))]
    pieces.append(enlarged(patch(image, layer, y, x)))
    top = beside(pieces)
    small = (top.shape[1] - GAP * (PATCHES - 1)) // PATCHES
    bottom = beside([enlarged(each, side=small) for each in favourites])
    page = np.full((SIDE + GAP + small, top.shape[1], 3), 255, np.uint8)
    page[:SIDE], page[SIDE + GAP :, : bottom.shape[1]] = top, bottom
    told = f"channel {channel} of {layer.replace('_', ' ')}: {map_[y, x]:.2f} at row {row}, column {column}"
    told += f", from {y1 - y0} by {x1 - x0} pixels; "
    peak = divmod(int(map_.argmax()), map_.shape[1])
    where = " and ".join(f"{name} {place // step + 1}" for name, place in zip(("row", "column"), peak, strict=True))
    told += f"its largest answer is {map_.max():.2f} at {where}" if map_.max() else "it is silent in this scene"
    alt = f"the scene with a frame, the map, the framed pixels, and eight favourite patches; {told}"
    words = "Above: the scene, the map, what the framed place sees. Below: what the channel answers to most elsewhere."
    return f"<p>{told}</p>{parts.picture(page, alt, page.shape[1])}<p>{words}</p>"


def enlarged(image: np.ndarray, mark: tuple[int, int, int] | None = None, side: int = SIDE) -> np.ndarray:
    """Blow an image (n, n, 3) up to `side` by `side`, every pixel a square; frame `mark`, (row, column, size)."""
    cells = np.arange(side) * len(image) // side
    large = image[cells][:, cells].copy()  # (side, side, 3)
    if mark is None:
        return large
    y0, x0, y1, x1 = (round(v * side / len(image)) for v in (mark[0], mark[1], mark[0] + mark[2], mark[1] + mark[2]))
    inner = (slice(max(y0, 0), max(y1, 0)), slice(max(x0, 0), max(x1, 0)))
    inside = large[inner].copy()
    for rim, colour in ((4, PAPER), (2, ROLES["features"])):
        rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        large[max(y0 - rim, 0) : max(y1 + rim, 0), max(x0 - rim, 0) : max(x1 + rim, 0)] = rgb
    large[inner] = inside
    return large


def beside(images: list[np.ndarray]) -> np.ndarray:
    """Lay images (n, n, 3) of one size side by side, with white between: (n, W, 3)."""
    white = np.full((len(images[0]), GAP, 3), 255, np.uint8)
    return np.concatenate([piece for image in images for piece in (white, image)][1:], axis=1)
