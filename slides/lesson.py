"""A deck shows its lesson's own figures: it runs the lesson's cells and takes what they return."""

import ast
import html
from pathlib import Path

import nbformat
from IPython.display import HTML
from IPython.utils.capture import capture_output

from captionlib.course.widgets import parts
from captionlib.plots import Figure

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
PIXELS = 1180  # as wide as a slide


def text(lines: str) -> HTML:
    """Show numbers as they were printed."""
    return HTML(f"<pre>{html.escape(lines)}</pre>")


def figure(what: Figure, alt: str) -> HTML:
    """Show a figure as wide as a slide, with its description."""
    return HTML(parts.picture(what, alt, PIXELS))


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
