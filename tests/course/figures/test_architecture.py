"""The drawings of the network: nothing clipped or overlapping, the palette's colours alone, the models' own shapes."""

import json
import re
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from captionlib.course import figures
from captionlib.plots.palette import INK, PALE, PAPER, QUIET, ROLES
from captionlib.storage import PRETRAINED

DRAWINGS = ["six_steps", "whole_architecture", "how_the_cnn_works", "how_the_lstm_works", "how_attention_works"]
DRAWINGS += ["how_the_transformer_works"]


@pytest.fixture(params=DRAWINGS)
def figure(request):
    return getattr(figures, request.param)()


def words(figure):
    """Every text with its box in inches."""
    figure.draw_without_rendering()
    shown = [text for text in figure.findobj(Text) if text.get_text()]
    return [(text, text.get_window_extent().transformed(figure.dpi_scale_trans.inverted())) for text in shown]


def printed(figure):
    """The shapes that a drawing tells, as tuples of numbers and "T"."""
    found = re.findall(r"\(((?:\d+|T)(?:, (?:\d+|T))*)\)", "\n".join(text.get_text() for text, _ in words(figure)))
    return {tuple(size if size == "T" else int(size) for size in shape.split(", ")) for shape in found}


def settings(name):
    return json.loads((PRETRAINED / name / "config.json").read_text("utf8"))["decoder"]


def test_every_word_lies_inside_and_none_on_another(figure):
    width, height = figure.get_size_inches()
    for text, box in words(figure):
        assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height, text.get_text()
    for (one, here), (other, there) in combinations(words(figure), 2):
        assert not here.overlaps(there), f"{one.get_text()!r} lies on {other.get_text()!r}"


def test_a_word_in_a_box_does_not_hang_out_of_it(figure):
    boxes = [patch.get_window_extent() for patch in figure.findobj(FancyBboxPatch)]
    for text, _ in words(figure):
        x0, y0, x1, y1 = text.get_window_extent().extents
        for box in boxes:
            across = box.x0 < x1 and x0 < box.x1 and box.y0 < y1 and y0 < box.y1
            inside = box.x0 <= x0 and x1 <= box.x1 and box.y0 <= y0 and y1 <= box.y1
            assert inside or not across, f"{text.get_text()!r} hangs out of a box"


def test_letters_can_be_read_in_a_notebook(figure):
    assert figure.get_size_inches()[0] == pytest.approx(9.2)
    assert min(text.get_fontsize() for text, _ in words(figure)) >= 10


def test_a_drawing_says_its_message_in_its_title(figure):
    title, box = max(words(figure), key=lambda found: found[1].y1)
    assert title.get_weight() == "bold" and len(title.get_text().split()) >= 6 and box.x0 < 0.1


def test_only_the_palette_names_a_colour(figure):
    used = {to_hex(text.get_color()) for text, _ in words(figure)}
    axes = figure.axes[0]
    for artist in [*axes.patches, *axes.collections]:
        edges = artist.get_edgecolor() if np.max(artist.get_linewidth()) > 0 else []
        for colours in (artist.get_facecolor(), edges):
            used |= {to_hex(colour) for colour in np.atleast_2d(colours) if len(colour) and colour[-1] > 0}
    assert used <= {INK, QUIET, PALE, PAPER, *ROLES.values()}


def test_a_notebook_keeps_the_drawing_crisp(figure):
    assert "image/png" in figure._repr_mimebundle_()[0]


def test_the_cnn_has_toynets_shapes_and_sees_as_many_pixels():
    from captionlib.vision import toynet

    network = toynet.build()
    maps = {tuple(layer.output.shape[1:]) for layer in network.layers if type(layer).__name__ == "ReLU"}
    drawn = figures.how_the_cnn_works()
    features = network.output["features"].shape[1:]
    assert printed(drawn) == maps | {network.input_shape[1:], (features[0] * features[1], features[2])}
    sees, step, seen = 1, 1, []
    for size, stride in [(3, 2), (3, 1), (3, 2), (3, 1), (3, 2)]:  # kernel and stride of the layers in a row
        sees, step = sees + (size - 1) * step, step * stride
        seen.append(sees)
    told = "\n".join(text.get_text() for text, _ in words(drawn))
    assert all(f"{n} × {n}" in told for n in [*seen, 11 + 4]) and seen[2] == 11  # a 2 by 2 kernel at every fourth pixel


def test_the_decoders_have_the_shipped_models_shapes():
    told = settings("toyscenes_show_attend_tell")
    features, hidden = (told["locations"], told["depth"]), told["units"]
    memory = (told["locations"], hidden)
    whole = {(96, 96, 3), features, memory, (hidden,), (told["embedding"],), (told["vocabulary_size"],)}
    assert printed(figures.whole_architecture()) == whole
    assert printed(figures.how_attention_works()) == {features, memory, (hidden,), (told["locations"],)}
    told = settings("toyscenes_show_and_tell")
    features = (told["locations"], told["depth"])
    assert printed(figures.how_the_lstm_works()) == {features, (told["units"],), (told["embedding"],)}
    told = settings("toyscenes_transformer")
    units, head = told["units"], told["units"] // told["heads"]
    shapes = {(told["locations"], told["depth"]), (told["locations"], head), ("T", head), ("T", units), (4 * units,)}
    drawn = figures.how_the_transformer_works()
    assert printed(drawn) == shapes | {("T", told["vocabulary_size"])}
    assert (told["layers"], told["heads"]) == (2, 4) and "2 blocks" in words(drawn)[0][0].get_text()
