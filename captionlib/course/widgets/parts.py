"""What the course's widgets are made of: pictures with a description, controls with a name, and words for readers
without a running kernel. Core ipywidgets only, so that they work in JupyterLab (ipywidgets 8) and in Colab (7.7).
"""

import base64
import html
import io
from collections.abc import Callable, Iterable, Iterator

import ipywidgets
import matplotlib
import numpy as np
from IPython.display import display
from PIL import Image, ImageFont

from captionlib.plots import PAPER, ROLES, Figure

LETTERS = ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", 20)
HIDDEN_NAME = {"description_width": "0px"}  # for a screen reader alone: a name that stands beside the control already


def picture(what: np.ndarray | Figure, alt: str, width: int) -> str:
    """Turn an image or a figure into one HTML element with a description; it changes without flicker.

    Args:
        what: An image (H, W, 3) uint8, or a figure.
        alt: What a reader who does not see it needs to know.
        width: In pixels of the screen.

    Returns:
        An `<img>` element.
    """
    file, quick = io.BytesIO(), {"compress_level": 1}  # the default takes four times as long, and a slider waits for it
    if isinstance(what, Figure):
        across, down = what.get_size_inches()
        what.savefig(file, format="png", dpi=1.5 * width / across, pil_kwargs=quick)
    else:
        down, across = what.shape[:2]
        image = Image.fromarray(what)
        if across < width:  # twice as fine as the screen; what is as wide as asked for stays as sharp as it came
            image = image.resize((2 * width, round(2 * width * down / across)), Image.LANCZOS)
        image.save(file, "png", **quick)
    png = file.getvalue()
    source = base64.b64encode(png).decode()
    size = f'width="{width}" height="{round(width * down / across)}"'
    fits = 'style="max-width: 100%; height: auto"'  # a narrow window shows it smaller
    return f'<img {size} alt="{html.escape(alt)}" src="data:image/png;base64,{source}" {fits}>'


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
    """Make one row for a parameter: its name, a slider, and a number box that shows the value and takes a typed one.

    A slider's handle has no name for a screen reader in ipywidgets 8, hence the box has it.

    Args:
        name: What it sets, in words.
        low: Smallest value.
        high: Largest value.
        value: Where it starts.
        step: How far an arrow key moves it; a float makes its values floats.

    Returns:
        The slider, whose `value` to read and observe, and the row that holds both. The box follows the slider's `max`
        and `disabled`.
    """
    if isinstance(step, int):
        slide, box = ipywidgets.IntSlider, ipywidgets.BoundedIntText
    else:
        slide, box = ipywidgets.FloatSlider, ipywidgets.BoundedFloatText
    ends = {"min": low, "max": high, "value": value, "step": step, "description": name}
    layout = {"width": "auto", "flex": "1 1 auto", "min_width": "0"}
    slide = slide(continuous_update=False, readout=False, layout=layout, **ends)
    box = number_box(box, **ends)
    for trait in ("max", "value", "disabled"):
        ipywidgets.link((slide, trait), (box, trait))
    return slide, ipywidgets.HBox([slide, box], layout={"max_width": "42em"})


def number_box(kind: type, **settings) -> ipywidgets.Widget:
    """Make a number box of a kind of ipywidgets whose name, `description`, only a screen reader says."""
    return kind(style=HIDDEN_NAME, layout={"width": "5.5em", "flex": "0 0 auto"}, **settings)


def text_box(name: str, value: str) -> ipywidgets.Text:
    """Make a line to type in; its `value` changes at Enter or when the reader leaves it, not at every letter.

    Args:
        name: What to type, in words.
        value: What stands there at first.

    Returns:
        The line.
    """
    layout = {"width": "auto", "max_width": "54em"}
    return ipywidgets.Text(value=value, description=name, continuous_update=False, layout=layout)


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
    buttons = ipywidgets.ToggleButtons(description=name, layout={"width": "auto"})
    buttons.add_class("widget-inline-hbox")  # its name beside the buttons and not above, as other controls have it
    offer(buttons, options)
    buttons.value = value or buttons.options[0]
    return buttons


def offer(buttons: ipywidgets.ToggleButtons, options: Iterable[str]) -> None:
    """Give a row of buttons other choices, all as wide as the longest needs; the first is pressed."""
    options = list(options)
    buttons.style.button_width = f"{1.7 + longest(options):.1f}em"
    buttons.tooltips = [f"{buttons.description}: {option}" for option in options]
    buttons.options = options


def longest(names: Iterable[str]) -> float:
    """Measure the longest name, in em, in a font as wide as any that a browser takes for controls."""
    return max(LETTERS.getlength(name) for name in names) / LETTERS.size


def aligned(*rows: ipywidgets.Widget) -> ipywidgets.VBox:
    """Stack rows of controls; their names form one column that is as wide as the longest name needs."""
    named = [control for control in leaves(rows) if getattr(control.style, "description_width", "0px") != "0px"]
    named = [control for control in named if control.description]
    name = 0.6 + longest(control.description for control in named)
    for control in named:
        control.style.description_width = f"{name:.1f}em"
    buttons = [float(control.style.button_width[:-2]) for control in named if hasattr(control.style, "button_width")]
    return ipywidgets.VBox(
        rows, layout={"grid_gap": "3px", "min_width": f"{name + max(buttons, default=0) + 1.2:.1f}em"}
    )


def leaves(widgets: Iterable[ipywidgets.Widget]) -> Iterator[ipywidgets.Widget]:
    """Walk through the controls inside rows and columns."""
    for widget in widgets:
        if isinstance(widget, ipywidgets.Box):
            yield from leaves(widget.children)
        else:
            yield widget


def bench(controls: ipywidgets.Box, page: ipywidgets.HTML, width: int) -> ipywidgets.HBox:
    """Put what a widget shows beside its controls, or below them where the window is too narrow for both.

    Args:
        controls: From `aligned`.
        page: What they change.
        width: Of the page, in pixels of the screen; the controls take the rest, 300 at least.

    Returns:
        Both.
    """
    controls.layout.flex = "1 1 300px"
    page.layout.flex, page.layout.min_width = f"0 1 {width}px", "0"
    return ipywidgets.HBox([controls, page], layout={"flex_flow": "row wrap", "grid_gap": "0.5em 1.5em"})


def present(widget: ipywidgets.Widget, words: str) -> None:
    """Show a widget, and plain words in its place where no kernel runs (on GitHub, in a printed copy).

    Args:
        widget: What to show.
        words: What stands there without it.
    """
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({"text/plain": words, "application/vnd.jupyter.widget-view+json": view}, raw=True)
