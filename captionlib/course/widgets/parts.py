"""What the course's widgets are made of: pictures with a description, controls with a name, and words for readers
without a running kernel. Core ipywidgets only, so that they work in JupyterLab (ipywidgets 8) and in Colab (7.7).
"""

import base64
import html
import io
from collections.abc import Callable, Iterable

import ipywidgets
import numpy as np
from IPython.display import display
from PIL import Image

from captionlib.plots import PAPER, ROLES, Figure

WIDE = {"description_width": "initial"}  # a control's name is never cut off


def picture(what: np.ndarray | Figure, alt: str, width: int) -> str:
    """Turn an image or a figure into one HTML element with a description; it changes without flicker.

    Args:
        what: An image (H, W, 3) uint8, or a figure.
        alt: What a reader who does not see it needs to know.
        width: In pixels of the screen.

    Returns:
        An `<img>` element.
    """
    if isinstance(what, Figure):
        png, (across, down) = what.png(), what.get_size_inches()
    else:
        file = io.BytesIO()
        down, across = what.shape[:2]
        image = Image.fromarray(what)
        if across < width:  # twice as fine as the screen; what is as wide as asked for stays as sharp as it came
            image = image.resize((2 * width, round(2 * width * down / across)), Image.LANCZOS)
        image.save(file, "png", compress_level=1)  # the default takes four times as long, and a slider waits for it
        png = file.getvalue()
    source = base64.b64encode(png).decode()
    size = f'width="{width}" height="{round(width * down / across)}"'
    return f'<img {size} alt="{html.escape(alt)}" src="data:image/png;base64,{source}">'


def enlarged(
    image: np.ndarray, side: int, box: tuple[int, int, int] | None = None, colour: str = ROLES["features"]
) -> np.ndarray:
    """Scale an image up without smoothing, and frame a square of its pixels.

    Args:
        image: (h, w, 3) uint8.
        side: Pixels of the result along both sides.
        box: Row, column and size of the square, in pixels of the image; it may reach beyond the image.
        colour: Of the frame.

    Returns:
        (side, side, 3) uint8.
    """
    height, width = image.shape[:2]
    large = image[np.arange(side) * height // side][:, np.arange(side) * width // side].copy()
    if box is None:
        return large
    row, column, size = box
    top, bottom = (round(y * side / height) for y in (row, row + size))
    left, right = (round(x * side / width) for x in (column, column + size))
    inner = (slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0)))
    inside = large[inner].copy()
    for rim, paint in ((4, PAPER), (2, colour)):
        rgb = [int(paint[i : i + 2], 16) for i in (1, 3, 5)]
        large[max(top - rim, 0) : max(bottom + rim, 0), max(left - rim, 0) : max(right + rim, 0)] = rgb
    large[inner] = inside
    return large


def slider(
    name: str, low: float, high: float, value: float, step: float = 1
) -> tuple[ipywidgets.IntSlider | ipywidgets.FloatSlider, ipywidgets.HBox]:
    """Make a slider and, linked to it, a number box: the box has a name for screen readers and takes typed values.

    Args:
        name: What it sets, in words.
        low: Smallest value.
        high: Largest value.
        value: Where it starts.
        step: How far an arrow key moves it; a float makes its values floats.

    Returns:
        The slider, whose `value` to read and observe, and the row that holds both.
    """
    if isinstance(step, int):
        slide, box = ipywidgets.IntSlider, ipywidgets.BoundedIntText
    else:
        slide, box = ipywidgets.FloatSlider, ipywidgets.BoundedFloatText
    ends = {"min": low, "max": high, "value": value, "step": step, "style": WIDE}
    slide = slide(description=name, continuous_update=False, **ends)
    box = box(description=f"{name}, typed", **ends)
    box.layout.width = f"{6 + 0.55 * len(box.description):.0f}em"
    if not isinstance(step, int):
        slide.readout_format = ".3g"  # or else 0.001 reads 0.00
    ipywidgets.link((slide, "value"), (box, "value"))
    return slide, ipywidgets.HBox([slide, box])


def text_box(name: str, value: str) -> ipywidgets.Text:
    """Make a line to type in; its `value` changes at Enter or when the reader leaves it, not at every letter.

    Args:
        name: What to type, in words.
        value: What stands there at first.

    Returns:
        The line.
    """
    return ipywidgets.Text(
        value, description=name, style=WIDE, continuous_update=False, layout={"width": "46em", "max_width": "100%"}
    )


def button(name: str, act: Callable[[], None]) -> ipywidgets.Button:
    """Make a button as wide as its name.

    Args:
        name: What it does, in words.
        act: What a click calls.

    Returns:
        The button.
    """
    pressed = ipywidgets.Button(description=name, layout={"width": "auto"})
    pressed.on_click(lambda _: act())
    return pressed


def choice(name: str, options: Iterable[str], value: str | None = None) -> ipywidgets.ToggleButtons:
    """Make a row of buttons, one of which is pressed.

    Not a menu and not radio buttons: JupyterLab takes their arrow keys for itself, and a letter too (x cuts the cell).

    Args:
        name: What it chooses, in words; also in each button's tooltip.
        options: The choices.
        value: Where it starts; the first when None.

    Returns:
        The buttons; their `value` is one of the options.
    """
    options = list(options)
    buttons = ipywidgets.ToggleButtons(options=options, value=value or options[0], description=name)
    buttons.style = {"button_width": "5.9em", "description_width": "5em"}
    buttons.tooltips = [f"{name}: {option}" for option in options]
    return buttons


def offer(buttons: ipywidgets.ToggleButtons, options: Iterable[str]) -> None:
    """Give a row of buttons other choices; the first is pressed."""
    buttons.tooltips = [f"{buttons.description}: {option}" for option in options]
    buttons.options = list(options)


def present(widget: ipywidgets.Widget, words: str) -> None:
    """Show a widget, and plain words in its place where no kernel runs (on GitHub, in a printed copy).

    Args:
        widget: What to show.
        words: What stands there without it.
    """
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({"text/plain": words, "application/vnd.jupyter.widget-view+json": view}, raw=True)
