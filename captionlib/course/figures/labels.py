"""Words on charts: a name at the end of each line, powers of ten at an axis (every lesson with a chart)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis

from captionlib.plots.palette import QUIET

APART = 0.31  # inches of a figure's height between two names: a line of text and a little more


def label_line_ends(axes: Axes, ends: list[tuple[float, float, str]]) -> None:
    """Name lines at the right of a chart; a thin grey leader joins each name to the end of its line.

    Args:
        axes: The chart, with all its lines and scales; a layout engine makes room for the names.
        ends: The x and the y where each line ends, and its name.
    """
    if not ends:
        return
    axes.autoscale_view()  # before heights are asked for
    ends = sorted(ends, key=lambda end: axes.transData.transform(end[:2])[1])
    heights = axes.transAxes.inverted().transform(axes.transData.transform([end[:2] for end in ends]))[:, 1]
    above = APART / axes.figure.get_figure(root=True).get_figheight() * np.arange(len(ends))  # of the axes' height
    heights = np.maximum.accumulate(heights.clip(0, 1) - above) + above  # names make way upwards,
    heights = np.minimum(heights, 1 - above[::-1])  # and downwards where the chart is at its end
    leader = {"arrowstyle": "-", "color": QUIET, "linewidth": 0.7, "shrinkA": 2, "shrinkB": 3, "relpos": (0, 0.5)}
    for (x, y, name), height in zip(ends, heights, strict=True):
        style = {"textcoords": "axes fraction", "va": "center", "annotation_clip": False}
        axes.annotate(name, (x, y), (1.05, height), arrowprops=leader, **style)


def powers_of_ten(axis: Axis) -> None:
    """Write the ticks of a logarithmic axis as 10⁻³: math text is off in figures, for a caption's $."""
    raised = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
    axis.set_major_formatter(lambda value, _: "10" + f"{np.log10(value):.0f}".translate(raised))
