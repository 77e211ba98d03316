"""A figure is drawn from data alone, shows itself in a notebook, and says its message in its title."""

import base64
import subprocess
import sys
import warnings

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from captionlib import plots
from captionlib.course import figures
from captionlib.errors import CaptionlibError

IMAGE = np.full((96, 96, 3), 200, np.uint8)


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if text.get_text()]


def drawn(figure, tmp_path):
    figure.save(tmp_path / "figure.png")
    return np.asarray(Image.open(tmp_path / "figure.png").convert("RGB")).astype(int)


@pytest.mark.parametrize("step", ["data", "vision", "text", "decoder", "decoding", "metrics"])
def test_six_steps_lights_one_step_alone(step, tmp_path):
    everything, lit = drawn(figures.six_steps(), tmp_path), drawn(figures.six_steps(step), tmp_path)
    assert everything.shape == lit.shape
    assert any(step in text for text in texts(figures.six_steps(step)))
    pale = np.array([0xE8, 0xEB, 0xEF])
    assert not (everything == pale).all(axis=-1).any()
    assert (lit == pale).all(axis=-1).sum() > 4 * 14_000


def test_an_unknown_step_is_refused():
    with pytest.raises(CaptionlibError, match="no step called encoder; the six steps are data"):
        figures.six_steps("encoder")


def test_a_notebook_shows_a_figure_without_pyplot():
    data, size = plots.captioned(IMAGE, "a dog")._repr_mimebundle_()
    assert base64.b64decode(data["image/jpeg"]).startswith(b"\xff\xd8") and size["image/jpeg"]["width"] == 346
    data, _ = figures.six_steps()._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and data["text/plain"].startswith("<Figure")


def test_captioned_keeps_long_captions_inside(tmp_path):
    picture = drawn(plots.captioned(IMAGE, "a very long caption " * 6), tmp_path)
    assert (picture[:, :8] == 200).all(axis=-1).any() and (picture[-6:] == 255).all()


@pytest.mark.parametrize("count", [1, 5, 6, 20])
def test_attention_strip_has_a_panel_a_word_and_says_who_looks_most_firmly(count):
    attention = np.full((count, 3, 4), 1 / 12)
    attention[-1] = np.eye(12)[7].reshape(3, 4)
    words = [f"word{i}" for i in range(count)]
    figure = plots.attention_strip(IMAGE, words, attention)
    assert len(figure.axes) == count + 1
    assert f"“{words[-1]}” gives 100% of its attention to one of 12 locations" in texts(figure)
    assert (figure.axes[0].images[0].get_array() == IMAGE).all()
    lit = np.asarray(figure.axes[-1].images[0].get_array())
    assert (lit == plots.attention_overlay(IMAGE, attention[-1])).all()
    for axes in figure.axes:  # nothing hangs out of the figure
        box = axes.get_position()
        assert 0 <= box.x0 < box.x1 <= 1.001 and 0 <= box.y0 < box.y1 <= 1


def test_the_title_of_a_strip_speaks_of_a_noun_where_there_is_one():
    attention = np.array([np.eye(1, 12, 3), 0.5 * np.eye(1, 12, 7) + 0.5 / 12]).reshape(2, 3, 4)
    assert "“fox” gives 54% of its attention to one of 12 locations" in texts(
        plots.attention_strip(IMAGE, ["a", "fox"], attention)
    )
    assert "Where it looks" in texts(plots.attention_strip(IMAGE, ["a", "fox"], attention, "Where it looks"))


def test_strips_of_pictures_of_any_shape_stand_below_each_other():
    wide, tall = np.zeros((40, 120, 3), np.uint8), np.zeros((120, 40, 3), np.uint8)
    strips = [(wide, ["a", "fox"], np.full((2, 7, 7), 1 / 49)), (tall, ["a"], np.full((1, 7, 7), 1 / 49))]
    figure = plots.attention_strips(strips)
    for axes, image in zip(figure.axes, [wide] * 3 + [tall] * 2, strict=True):
        box = axes.get_window_extent()
        assert box.height / box.width == pytest.approx(image.shape[0] / image.shape[1], rel=0.01)


def test_gallery_keeps_every_picture_and_its_words_inside():
    figure = plots.gallery([IMAGE] * 7, ["a caption of some length that needs two lines at least"] * 7, "Seven")
    figure.draw_without_rendering()
    assert len(figure.axes) == 7 and "Seven" in texts(figure)
    for axes in figure.axes:
        words = axes.texts[0].get_window_extent()
        assert words.y0 >= 0 and words.x1 <= figure.bbox.x1


def test_next_word_shows_the_most_probable_first():
    probs = np.array([0.05, 0.7, 0.001, 0.249])
    figure = figures.next_word(probs, ["a", "boat", "cat", "dog"], "a red", show=4)
    assert "After “a red”, the most probable word is “boat”" in texts(figure)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["boat", "dog", "a", "cat"]
    assert "under 1%" in texts(figure)


def test_attention_of_another_shape_is_refused():
    with pytest.raises(CaptionlibError, match=r"2 words need attention of shape \(2, rows, columns\), not \(2, 9\)"):
        plots.attention_strip(IMAGE, ["a", "dog"], np.ones((2, 9)))


FORMULAS = [r"$\win$ a_b^c", r"$1 to $2 \frac{"]  # what Matplotlib would read as mathematics, or choke on


@pytest.mark.parametrize(
    "draw",
    [
        lambda text: plots.captioned(IMAGE, text),
        lambda text: plots.gallery([IMAGE], [text], text),
        lambda text: plots.attention_strip(IMAGE, [text], np.full((1, 2, 2), 0.25)),
        lambda text: figures.next_word(np.array([0.7, 0.3]), [text, text + "!"], text),
        lambda text: figures.pairs_and_baseline({text: 0.5}, np.linspace(0, 1, 9), text),
        lambda text: figures.token_rows([(text, [text], None)], text),
        lambda text: figures.word_map(np.eye(2), [text, text + "!"], text, text),
        lambda text: figures.line_chart(np.arange(2), {text: np.ones(2)}, text, "x", "y"),
        lambda text: figures.predictions(np.stack([IMAGE]), [text], [text + "!"], text),
    ],
)
@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_is_drawn_letter_by_letter_whatever_it_looks_like(draw, text):
    figure = draw(text)
    assert figure.png().startswith(b"\x89PNG")
    told = [artist for artist in figure.findobj(Text) if text in artist.get_text()]
    assert told and not any(artist.get_parse_math() for artist in told)


def test_letters_that_the_font_lacks_are_named_in_one_sentence(caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plots.gallery([IMAGE] * 2, ["猫 sieht 犬", "قطة 猫"], "猫")
        assert figure.png().startswith(b"\x89PNG")
    (record,) = caplog.records
    assert "lacks 猫 犬" in record.getMessage()
    caplog.clear()
    plots.captioned(IMAGE, "Ein großer Hund läuft: Γάτα, кошка").png()
    assert not caplog.records


def test_another_warning_of_a_drawing_is_passed_on(monkeypatch):
    figure = plots.captioned(IMAGE, "a dog")
    figure.axes[0].add_artist(artist := Text(0, 0, "x"))
    monkeypatch.setattr(artist, "draw", lambda *_: warnings.warn("look here", stacklevel=1))
    with pytest.warns(UserWarning, match="look here"):
        figure.png()


def test_what_the_command_draws_needs_nothing_of_the_course():
    code = "import sys; sys.modules |= dict.fromkeys(['seaborn', 'pandas', 'skimage', 'ipywidgets', 'IPython']);"
    code += "import captionlib.plots"
    subprocess.run([sys.executable, "-c", code], check=True)
