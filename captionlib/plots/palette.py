"""One visual language for every figure, slide, widget and drawing of the course. Nothing else names a colour.

The five roles differ by at least 20 (CIE76) for readers with each kind of colour blindness, and by at least 10 of 100
steps of lightness in grey print; a test computes both. Orange is too light for letters on white: write INK on orange.
"""

import io
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure as MatplotlibFigure

ROLES = {
    "picture": "#2d3a4d",  # slate
    "features": "#1e73d5",  # blue
    "words": "#f8a838",  # orange
    "state": "#3bab7b",  # green
    "attention": "#872694",  # purple
}
INK = "#1c2530"  # letters
QUIET = "#667180"  # letters that matter less; contrast 4.9 on white
PALE = "#e8ebef"  # what is there and not spoken of
PAPER = "#ffffff"
MAP = "cividis"  # every map of numbers

STYLE = {
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "figure.facecolor": PAPER,
    "legend.frameon": False,
    "image.cmap": MAP,
}
house_style = matplotlib.rc_context(STYLE)  # stands as a decorator above every plot function
SCREEN_DPI = 96


class Figure(MatplotlibFigure):
    """A Matplotlib figure that a notebook shows as the value of a cell, crisp on fine screens, without pyplot."""

    def png(self, sharpness: float = 1.5) -> bytes:
        """Draw the figure.

        Args:
            sharpness: Pixels of the file per pixel of the screen, in each direction.

        Returns:
            The bytes of a PNG file.
        """
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=SCREEN_DPI * sharpness)
        return file.getvalue()

    def _repr_png_(self):
        width, height = (round(inches * SCREEN_DPI) for inches in self.get_size_inches())
        return self.png(), {"width": width, "height": height}

    def save(self, path: str | Path) -> None:
        """Write the figure as a PNG file.

        Args:
            path: Where to.
        """
        Path(path).write_bytes(self.png())
