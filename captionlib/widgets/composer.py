"""The scene composer of lesson 00: place objects, read the caption as it changes, see which statements are true."""

import html
from collections.abc import Callable
from functools import lru_cache
from random import Random

import ipywidgets
import numpy as np

from captionlib.data import toyscenes
from captionlib.data.toyscenes.drawing import COLOURS
from captionlib.data.toyscenes.scene import ACTIONS, COLUMNS, PLACES, SIZES, rows_for
from captionlib.errors import CaptionlibError
from captionlib.widgets import parts

WITHOUT_KERNEL = (
    "Here stands the scene composer: buttons for the place and two objects, the scene, and what the captioner says."
)


def scene_composer(say: Callable[[np.ndarray], str]) -> None:
    """Show the composer.

    Args:
        say: Image (96, 96, 3) uint8 in, caption out; it runs after every change.
    """
    say_once = lru_cache(maxsize=256)(lambda scene: say(toyscenes.draw(scene)))
    place = parts.choice("place", PLACES, "meadow")
    look, look_row = parts.slider("backdrop", 0, 15, 3)
    things = [thing_buttons(1, "horse", "white", "big", "left"), thing_buttons(2, "balloon", "red", "small", "right")]
    page = ipywidgets.HTML()

    def redraw(_=None):
        try:
            scene = compose(place.value, look.value, [[row.value for row in rows] for rows in things])
            page.value = show(scene, say_once(scene))
        except CaptionlibError as fault:
            page.value = f'<p role="status">{html.escape(str(fault))}</p>'

    for rows in things:
        rows[0].observe(lambda change, rows=rows: offer_actions(rows, change["new"]), "value")
    for control in (place, look, *things[0], *things[1]):
        control.observe(redraw, "value")
    redraw()
    rows = [ipywidgets.HBox([place, look_row]), *(ipywidgets.HBox(rows) for rows in things), page]
    parts.present(ipywidgets.VBox(rows), WITHOUT_KERNEL)


def thing_buttons(number: int, kind: str, colour: str, size: str, column: str) -> list[ipywidgets.Dropdown]:
    """Make the five rows of one object: kind, colour, size, action, column."""
    return [
        parts.choice(f"object {number}", ["nothing", *ACTIONS], kind),
        parts.choice(f"colour {number}", COLOURS, colour),
        parts.choice(f"size {number}", SIZES, size),
        parts.choice(f"action {number}", ACTIONS[kind]),
        parts.choice(f"column {number}", COLUMNS, column),
    ]


def offer_actions(rows: list[ipywidgets.Dropdown], kind: str) -> None:
    """Let the action row offer what this kind of object can do; a house cannot run."""
    rows[3].options = list(ACTIONS.get(kind, ["does nothing"]))


def compose(place: str, look: int, things: list[list[str]]) -> toyscenes.Scene:
    """Build a scene from the rows.

    Args:
        place: One of the places.
        look: Which backdrop.
        things: kind, colour, size, action, column for each object; kind `nothing` leaves it out.

    Returns:
        The scene.

    Raises:
        CaptionlibError: The objects do not go together there; the sentence says why.
    """
    placed = []
    for kind, colour, size, action, column in things:
        rows = rows_for(kind, action, place)
        if kind != "nothing":
            placed.append((kind, colour, size, action, *((column, rows[-1]) if rows else ())))
    return toyscenes.scene_from(place, *placed, look=look)


def show(scene: toyscenes.Scene, caption: str) -> str:
    """Turn a scene and a caption of it into HTML: the picture, the caption, and each statement judged.

    Args:
        scene: The truth.
        caption: What the captioner says.

    Returns:
        HTML; the picture's description is the scene's own.
    """
    verdict = toyscenes.truth(caption, scene)
    told = toyscenes.describe(scene, Random(0))[0] if scene.objects else f"an empty {scene.place}"
    judged = [("true", [in_words(s) for s in verdict.true]), ("false", [in_words(s) for s in verdict.false])]
    judged.append(("not understood", verdict.not_understood))
    lines = [f"<li>{name}: {html.escape(', '.join(said))}</li>" for name, said in judged if said]
    text = f"<p><b>{html.escape(caption)}</b></p><ul>{''.join(lines)}</ul>"
    return parts.picture(toyscenes.draw(scene), f"a drawn scene: {told}", 288) + text


def in_words(statement: toyscenes.Statement) -> str:
    """Say a statement as a short sentence: ("boat", "colour", "red") is "the boat is red"."""
    subject, says, value = statement
    if subject == "scene":
        return f"the place is {value}"
    if says == "is":
        return f"there is a {subject}"
    if says == "action":
        return f"the {subject} {value}"
    return f"the {subject} is {value}" if says in ("colour", "size") else f"the {subject} is {says} the {value}"
