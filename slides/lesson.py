"""A deck shows its lesson's own figures: it runs the lesson's cells and takes what they return."""

import ast
import base64
import html
from pathlib import Path

import nbformat
from IPython.display import HTML
from IPython.utils.capture import capture_output

from captionlib.plots.palette import SCREEN_DPI, Figure

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
PIXELS = 1180  # as wide as a slide
CHART = (6.8, 3.2)  # inches of a chart that fills a slide: its letters then have 26 pixels


def text(lines: str) -> HTML:
    """Show numbers as they were printed, in letters as large as the longest line lets them be."""
    size = min(52, PIXELS / (0.61 * max(map(len, lines.splitlines()))))  # a letter is 0.6 of its size wide
    return HTML(f'<pre style="font-size:{size:.0f}px">{html.escape(lines)}</pre>')


def figure(what: Figure, alt: str) -> HTML:
    """Show a figure as wide as a slide, with its description; a chart is laid out anew, so that it fills the slide.

    The slide's heading says what a figure shows, so the figure's own title is left out.
    """
    if what.get_layout_engine():
        what.set_size_inches(*CHART)
        what.suptitle("")
        for axes in what.axes if len(what.axes) == 1 else ():
            axes.set_title("", loc="left")
    sharp = 1.5 * PIXELS / (SCREEN_DPI * what.get_figwidth())  # 1.5 pixels of the file per pixel of the slide
    source = base64.b64encode(what.png(sharp)).decode()
    return HTML(f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">')


def detail(drawing: Figure, bottom: float, top: float) -> Figure:
    """Cut a drawing down to the part between two heights, in its own units, so that the part fills a slide."""
    (axes,) = drawing.axes
    for letters in axes.texts:
        letters.set_clip_on(True)
    across = axes.get_xlim()[1]
    axes.set_ylim(bottom, top)
    width = drawing.get_figwidth()
    drawing.set_size_inches(width, width * (top - bottom) / across)
    return drawing


class Lesson:
    """The cells of a lesson, run one after the other as they are asked for.

    Args:
        name: the notebook's, without its ending.

    Attributes:
        names: what the cells so far have defined.
    """

    def __init__(self, name: str):
        """Read the notebook; the cell for Colab is left out."""
        cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
        self.waiting = [cell for cell in cells if cell.cell_type == "code" and cell.id != "colab"]
        self.values, self.prints, self.alts, self.names = {}, {}, {}, {}

    def value(self, cell_id: str):
        """What the lesson's cell of this name returns; the cells before it are run first, each once."""
        while cell_id not in self.values:
            cell = self.waiting.pop(0)
            *body, last = ast.parse(cell.source).body
            with capture_output() as shown:
                exec(compile(ast.Module(body, []), cell.id, "exec"), self.names)
                if isinstance(last, ast.Expr):
                    self.values[cell.id] = eval(compile(ast.Expression(last.value), cell.id, "eval"), self.names)
                else:
                    exec(compile(ast.Module([last], []), cell.id, "exec"), self.names)
                    self.values[cell.id] = None
            self.prints[cell.id] = shown.stdout
            self.alts[cell.id] = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        return self.values[cell_id]

    def printed(self, cell_id: str) -> HTML:
        """Show what the lesson's cell of this name prints."""
        self.value(cell_id)
        return text(self.prints[cell_id])

    def __call__(self, cell_id: str) -> HTML:
        """Show the figure of the lesson's cell of this name, with the description that it has there."""
        return figure(self.value(cell_id), self.alts[cell_id])
