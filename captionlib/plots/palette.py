"""One visual language for every figure, slide, widget and drawing of the course. Nothing else names a colour.

The five roles differ by at least 20 (CIE76) for readers with each kind of colour blindness, and by at least 10 of 100
steps of lightness in grey print; a test computes both. Orange and green are too light for white letters: LETTERS names
the colour for text on each.
"""

import base64
import io
import logging
import re
import warnings
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.image import AxesImage
from PIL import Image

ROLES = {
    "picture": "#2d3a4d",  # slate
    "features": "#1e73d5",  # blue
    "words": "#f8a838",  # orange
    "state": "#3bab7b",  # green
    "attention": "#872694",  # purple
}
COMPARED = ("#4477aa", "#ee6677", "#ccbb44", "#aa3377", "#228833", "#66ccee")  # optimisers, models: no role (Paul Tol)
INK = "#1c2530"  # letters
QUIET = "#667180"  # letters that matter less; contrast 4.9 on white
PALE = "#e8ebef"  # background
PAPER = "#ffffff"
LETTERS = {"picture": PAPER, "features": PAPER, "words": INK, "state": INK, "attention": PAPER}  # on a role's colour
MAP = "cividis"  # every map of numbers from 0 up
SIGNED = "BrBG"  # every map of numbers of both signs: 0 is white, in the middle

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
    "text.parse_math": False,  # a $ in a caption is a dollar; see also `powers_of_ten`
}
house_style = matplotlib.rc_context(STYLE)  # stands as a decorator above every plot function
SCREEN_DPI = 96
log = logging.getLogger(__name__)


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

    def savefig(self, *args, **settings):
        """Write the figure as Matplotlib does, with one sentence for all letters that its font lacks, not one each."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            super().savefig(*args, **settings)
        missing = {}
        for warning in caught:
            if glyph := re.match(r"Glyph (\d+) .* missing from", str(warning.message)):
                missing[chr(int(glyph[1]))] = None  # a dictionary keeps their order
            else:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        if missing:
            log.warning("The font of figures lacks %s; a box stands in the place of each.", " ".join(missing))

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Represent the figure in a notebook: a PNG, or a JPEG a quarter as large where the figure shows pictures."""
        width, height = (round(inches * SCREEN_DPI) for inches in self.get_size_inches())
        kind, data = "image/png", self.png()
        if self.findobj(lambda artist: isinstance(artist, AxesImage) and artist.get_array().ndim == 3):
            kind, file = "image/jpeg", io.BytesIO()
            Image.open(io.BytesIO(data)).convert("RGB").save(file, "jpeg", quality=85, subsampling=0, optimize=True)
            data = file.getvalue()
        bundle = {kind: base64.b64encode(data).decode(), "text/plain": repr(self)}
        return bundle, {kind: {"width": width, "height": height}}

    def save(self, path: str | Path) -> None:
        """Write the figure as a PNG file.

        Args:
            path: Where to.
        """
        Path(path).write_bytes(self.png())
