"""Widgets are thin: they show a pure function of their controls, with words for who cannot see or run them."""

import re

import ipywidgets
import numpy as np
import pytest

from captionlib.course import widgets
from captionlib.course.figures import six_steps
from captionlib.course.widgets import composer, parts
from captionlib.data import toyscenes
from captionlib.errors import CaptionlibError


@pytest.fixture
def shown(monkeypatch):
    """What a widget function hands to the notebook: (widget, words) pairs."""
    seen = []
    monkeypatch.setattr(parts, "present", lambda widget, words: seen.append((widget, words)))
    return seen


def controls(widget):
    if isinstance(widget, ipywidgets.Box):
        for child in widget.children:
            yield from controls(child)
    else:
        yield widget


def test_pictures_are_images_with_a_description():
    for what in (np.zeros((48, 96, 3), np.uint8), six_steps()):
        element = parts.picture(what, 'a "dark" <sea>', 300)
        assert re.match(
            r'<img width="300" height="\d+" alt="a &quot;dark&quot; &lt;sea&gt;" src="data:image/png;base64,', element
        )
    assert 'height="150"' in parts.picture(np.zeros((48, 96, 3), np.uint8), "", 300)


def test_a_slider_and_its_named_number_box_move_together():
    slide, row = parts.slider("beam", 1, 10, 3)
    box = row.children[1]
    box.value = 7
    assert slide.value == 7 and box.description == slide.description == "beam" and slide.continuous_update is False
    assert not slide.readout and box.style.description_width == "0px"  # name and number stand there once
    slide.max, slide.disabled = 5, True
    assert (box.max, box.value, box.disabled) == (5, 5, True)


def test_a_slider_of_floats_keeps_floats_and_its_ends():
    slide, row = parts.slider("momentum", 0, 1, 0.9, step=0.05)
    box = row.children[1]
    box.value = 0.125
    assert (
        slide.value == 0.125 and slide.step == box.step == 0.05 and isinstance(parts.slider("n", 0, 9, 1)[0].value, int)
    )
    box.value = 7
    assert slide.value == 1


def test_a_text_box_and_a_button_have_names_and_act():
    line, seen = parts.text_box("prefix", "a red"), []
    assert (line.description, line.value, line.continuous_update) == ("prefix", "a red", False)
    press = parts.button("one step", lambda: seen.append(1))
    press.click()
    assert press.description == "one step" and seen == [1]


def test_names_and_buttons_have_room_and_stand_in_columns():
    slide, row = parts.slider("size", 1, 10, 3)
    choice = parts.choice("a longer name", ["no", "mmmmmmmmmm"])
    column = parts.aligned(row, choice)
    assert slide.style.description_width == choice.style.description_width
    assert row.children[1].style.description_width == "0px"

    def room(width):
        return float(width.removesuffix("em"))

    assert room(choice.style.description_width) > parts.longest(["a longer name"])
    assert room(choice.style.button_width) > parts.longest(["mmmmmmmmmm"]) + 1.6  # 10 pixels of padding on each side
    assert room(column.layout.min_width) > room(choice.style.description_width) + room(choice.style.button_width)


def test_composer_follows_its_menus(shown):
    seen = []

    def say(image):
        seen.append(image)
        return "a white horse runs"

    widgets.scene_composer(say)
    (widget, words), named = shown[0], {}
    assert "scene composer" in words
    for control in controls(widget):
        named[getattr(control, "description", "") or type(control).__name__] = control
    page = named["HTML"]
    assert "<b>a white horse runs</b>" in page.value and "true: there is a horse, the horse is white" in page.value
    before, calls = page.value, len(seen)
    named["colour 1"].value = "blue"
    assert page.value != before and "false: the horse is white" in page.value and len(seen) == calls + 1
    assert "a drawn scene: " in page.value
    named["object 1"].value = "house"
    assert named["action 1"].options == ("stands",) and "horse" not in page.value.split("alt=")[1].split('"')[1]
    named["backdrop"].value = 9
    assert named["backdrop"].value == 9
    named["object 2"].value = "house"
    assert "<img" not in page.value and "a house already" in page.value
    named["object 1"].value = named["object 2"].value = "nothing"
    assert "an empty meadow" in page.value


def test_every_control_of_the_composer_has_a_name(shown):
    widgets.scene_composer(lambda image: "a boat")
    for control in controls(shown[0][0]):
        assert isinstance(control, ipywidgets.HTML) or control.description
        if isinstance(control, ipywidgets.ToggleButtons):
            assert len(control.tooltips) == len(control.options)


def test_compose_refuses_what_cannot_be():
    scene = composer.compose("lake", 2, [["duck", "yellow", "big", "swims", "middle"], ["nothing"] * 5])
    assert [(thing.kind, thing.colour) for thing in scene.objects] == [("duck", "yellow")] and scene.look == 2
    with pytest.raises(CaptionlibError, match="No free spot for a boat"):
        composer.compose("meadow", 0, [["boat", "red", "big", "sails", "left"]])


def test_each_button_changes_the_pictures_description():
    start = ["meadow", 3, "fox", "white", "big", "runs", "left"]
    other = ["snow", 4, "cat", "blue", "small", "sits", "middle"]
    told = [composer.description(composer.compose(start[0], start[1], [start[2:]]))]
    assert told == ["a drawn scene: meadow, backdrop 3; a big white fox runs on the left"]
    for number, change in enumerate(other):
        place, look, *thing = [*start[:number], change, *start[number + 1 :]]
        told.append(composer.description(composer.compose(place, look, [thing])))
    assert len(set(told)) == len(other) + 1


def test_every_statement_reads_as_a_sentence():
    scene = toyscenes.scene_from("beach", ("boat", "red", "big", "sails"), ("cat", "blue", "small", "sits"))
    page = composer.show(scene, "a big red boat sails on the beach and a cat sits left of a boat zzz")
    for sentence in ["there is a boat", "the boat is big", "the boat is red", "the boat sails", "the place is beach"]:
        assert sentence in page.split("true: ")[1]
    assert "not understood: zzz" in page


def test_quiz_explains_every_option_and_is_readable_without_a_kernel(shown):
    questions = [
        ("Which?", {"this": "Yes: it is.", "that": "No: <b> is not."}),
        ("Why?", {"so": "No.", "thus": "Yes."}),
    ]
    widgets.quiz(*questions)
    widget, words = shown[0]
    assert words.splitlines()[:3] == ["1. Which?", "   - this: Yes: it is.", "   - that: No: <b> is not."]
    _, this, that, reply = list(controls(widget))[:4]
    assert (this.description, that.description, reply.value) == ("this", "that", "")
    this.click()
    assert "Yes: it is." in reply.value
    that.click()
    assert "No: &lt;b&gt; is not." in reply.value


def test_plain_words_stand_in_for_a_widget(monkeypatch):
    seen = []
    monkeypatch.setattr(parts, "display", lambda data, raw: seen.append(data))
    widgets.quiz(("Which?", {"this": "Yes."}))
    assert seen[0]["text/plain"].startswith("1. Which?")
    assert set(seen[0]) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
