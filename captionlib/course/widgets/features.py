"""The feature-map browser of lesson 03: choose scene, layer, channel and location; see map and receptive field."""

import ipywidgets
import keras
import matplotlib
import numpy as np

from captionlib.course.scratch.convolution import receptive_field_span
from captionlib.course.widgets import parts
from captionlib.plots import MAP
from captionlib.vision import toynet

SIDE, GAP, PATCHES = 192, 12, 8  # pixels of the screen; how many patches with the largest activations
WITHOUT_KERNEL = (
    "Here stands the feature-map browser: buttons for the scene and the layer, sliders for the channel and the "
    "location; beside them the scene with the location's receptive field, the channel's feature map, and the patches "
    "of other scenes with its largest activations."
)
Maps = dict[str, np.ndarray]  # layer to (B, rows, cols, channels)


def feature_browser(scenes: dict[str, np.ndarray], others: np.ndarray, other_maps: Maps) -> None:
    """Show the browser on the shipped ToyNet.

    Args:
        scenes: Pictures by name, each (96, 96, 3) uint8; the first is shown first.
        others: (N, 96, 96, 3) uint8, the pictures in which `top_patches` searches.
        other_maps: Their feature maps, from `feature_maps`.
    """
    maps = feature_maps(np.stack(list(scenes.values())))
    scene = parts.choice("scene", scenes)
    layer = parts.choice("layer", [name.replace("_", " ") for name in toynet.LAYERS], "shape")
    ranges = [("channel", 1, 96, 91), ("row", 1, 12, 10), ("column", 1, 12, 11)]
    (channel, row, column), rows = zip(*[parts.slider(*each) for each in ranges], strict=True)
    page = ipywidgets.HTML()

    def redraw(_=None):
        name = layer.value.replace(" ", "_")
        channel.max = maps[name].shape[-1]  # a value beyond it follows
        which = list(scenes).index(scene.value)
        patches = top_patches(name, other_maps[name], others, channel.value - 1)
        page.value = show(scenes[scene.value], name, maps[name][which], patches, channel.value, row.value, column.value)

    for control in (scene, layer, channel, row, column):
        control.observe(redraw, "value")
    redraw()
    parts.present(parts.bench(parts.aligned(scene, layer, *rows), page, 640), WITHOUT_KERNEL)


def feature_maps(images: np.ndarray) -> Maps:
    """Run the shipped ToyNet on images (B, 96, 96, 3) and keep every layer's feature maps, in float16."""
    network = toynet.load_recogniser()
    every = keras.Model(network.input, {name: network.get_layer(name).output for name in toynet.LAYERS})
    batches = np.split(images, range(16, len(images), 16))  # all layers' maps of many pictures take much memory
    maps = [{name: np.asarray(each).astype("float16") for name, each in every(batch).items()} for batch in batches]
    return {name: np.concatenate([each[name] for each in maps]) for name in toynet.LAYERS}


def top_patches(layer: str, maps: np.ndarray, images: np.ndarray, channel: int) -> np.ndarray:
    """Cut out the patches with the largest activations of a channel, at most one per picture.

    Args:
        layer: One of `toynet.LAYERS`.
        maps: (N, rows, cols, channels), that layer's feature maps of the pictures.
        images: (N, 96, 96, 3) uint8.
        channel: From 0.

    Returns:
        (8, p, p, 3) uint8, the largest activation first; p is the receptive field. White lies outside a picture.
    """
    activations = maps[..., channel].reshape(len(maps), -1)  # (N, L)
    order = np.argsort(-activations.max(axis=1))[:PATCHES]
    best = [(i, *divmod(int(activations[i].argmax()), maps.shape[2])) for i in order]
    return np.stack([patch(images[i], layer, row, column) for i, row, column in best])


def patch(image: np.ndarray, layer: str, row: int, column: int) -> np.ndarray:
    """Cut the receptive field (p, p, 3) of a location of a layer out of an image (96, 96, 3)."""
    (y0, y1), (x0, x1) = (receptive_field_span(toynet.LAYERS[layer], each, len(image)) for each in (row, column))
    rim = 32  # more than any receptive field reaches outside
    return np.pad(image, ((rim, rim), (rim, rim), (0, 0)), constant_values=255)[
        y0 + rim : y1 + rim, x0 + rim : x1 + rim
    ]


def show(
    image: np.ndarray, layer: str, maps: np.ndarray, patches: np.ndarray, channel: int, row: int, column: int
) -> str:
    """Turn the settings into HTML: scene with a frame, feature map, framed receptive field, patches from other scenes.

    Args:
        image: (96, 96, 3) uint8.
        layer: One of `toynet.LAYERS`.
        maps: (rows, cols, channels), the layer's feature maps of the image.
        patches: (8, p, p, 3) uint8, from `top_patches`.
        channel: From 1.
        row: Twelfth of the picture from the top, from 1.
        column: Twelfth of the picture from the left, from 1.

    Returns:
        HTML; the picture's description gives the activation there, the receptive field, and where the map is largest.
    """
    map_ = maps[..., channel - 1].astype(float)  # (rows, cols)
    step = len(map_) // 12
    y, x = ((each - 1) * step + step // 2 for each in (row, column))
    (y0, y1), (x0, x1) = (receptive_field_span(toynet.LAYERS[layer], each, len(image)) for each in (y, x))
    coloured = 255 * matplotlib.colormaps[MAP](map_ / max(map_.max(), 1e-6))[..., :3]  # (rows, cols, 3)
    panels = [
        parts.enlarged(image, SIDE, (y0, x0, y1 - y0)),
        parts.enlarged(coloured.astype(np.uint8), SIDE, (y, x, 1)),
        parts.enlarged(patch(image, layer, y, x), SIDE),
    ]
    top = beside(panels)
    small = (top.shape[1] - GAP * (PATCHES - 1)) // PATCHES
    bottom = beside([parts.enlarged(each, small) for each in patches])
    page = np.full((SIDE + GAP + small, top.shape[1], 3), 255, np.uint8)
    page[:SIDE], page[SIDE + GAP :, : bottom.shape[1]] = top, bottom
    summary = f"channel {channel} of {layer.replace('_', ' ')}: {map_[y, x]:.2f} at row {row}, column {column}"
    summary += f", receptive field {y1 - y0} × {x1 - x0} pixels; "
    peak = divmod(int(map_.argmax()), map_.shape[1])
    where = " and ".join(f"{name} {each // step + 1}" for name, each in zip(("row", "column"), peak, strict=True))
    summary += f"largest activation {map_.max():.2f} at {where}" if map_.max() else "no activation in this scene"
    alt = f"the scene with a frame, the feature map, the framed pixels, and eight patches of other scenes; {summary}"
    above = "Scene with the receptive field, feature map, receptive field enlarged"
    below = "The largest activations in other scenes"
    return f'<p role="status">{summary}</p>{above}<br>{parts.picture(page, alt, page.shape[1])}<br>{below}'


def beside(images: list[np.ndarray]) -> np.ndarray:
    """Lay images (n, n, 3) of one size side by side, with white between: (n, W, 3)."""
    white = np.full((len(images[0]), GAP, 3), 255, np.uint8)
    return np.concatenate([piece for image in images for piece in (white, image)][1:], axis=1)
