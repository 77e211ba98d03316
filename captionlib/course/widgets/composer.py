"""The scene composer of lesson 00: place objects, read the caption as it changes, see which statements are true."""

import html
from collections.abc import Callable
from functools import lru_cache

import ipywidgets
import numpy as np

from captionlib.course.widgets import parts
from captionlib.data import toyscenes
from captionlib.data.toyscenes.drawing import COLOURS
from captionlib.data.toyscenes.scene import ACTIONS, COLUMNS, PLACES, SIZES, rows_for
from captionlib.errors import CaptionlibError

WITHOUT_KERNEL = (
    "The scene composer appears here: buttons for the place and two objects, the scene, and what the captioner says."
)


def scene_composer(say: Callable[[np.ndarray], str]) -> None:
    """Show the composer.

    Args:
        say: Image (96, 96, 3) uint8 in, caption out; it runs after every change.
    """
    say_once = lru_cache(maxsize=256)(lambda scene: say(toyscenes.draw(scene)))
    place = parts.choice("place", PLACES, "meadow")
    look, look_row = parts.slider("backdrop", 0, 15, 3)
    things = [thing(1, "horse", "white", "big", "left"), thing(2, "balloon", "red", "small", "right")]
    page = ipywidgets.HTML()

    def redraw(_=None):
        try:
            scene = compose(place.value, look.value, [[row.value for row in rows] for rows in things])
            page.value = show(scene, say_once(scene))
        except CaptionlibError as fault:
            page.value = f'<p role="status">{html.escape(str(fault))}</p>'

    for kind, *_, action, _ in things:
        kind.observe(lambda change, action=action: parts.offer(action, actions_of(change["new"])), "value")
    for control in (place, look, *things[0], *things[1]):
        control.observe(redraw, "value")
    redraw()
    columns = [parts.aligned(*rows) for rows in things]
    for column in columns:
        column.layout.flex = "1 1 0"
    everything = [parts.aligned(place, look_row), ipywidgets.HBox(columns, layout={"grid_gap": "1em"})]
    controls = ipywidgets.VBox(everything, layout={"min_width": "600px", "grid_gap": "3px"})
    parts.present(parts.bench(controls, page, 300), WITHOUT_KERNEL)


def thing(number: int, kind: str, colour: str, size: str, column: str) -> list[ipywidgets.ToggleButtons]:
    """Make the five rows of buttons for one object: kind, colour, size, action, column."""
    return [
        parts.choice(f"object {number}", ["nothing", *ACTIONS], kind),
        parts.choice(f"colour {number}", COLOURS, colour),
        parts.choice(f"size {number}", SIZES, size),
        parts.choice(f"action {number}", actions_of(kind)),
        parts.choice(f"column {number}", COLUMNS, column),
    ]


def actions_of(kind: str) -> tuple[str, ...]:
    """Say what a kind of object can do; a house cannot run."""
    return ACTIONS.get(kind, ("rests",))


def compose(place: str, look: int, things: list[list[str]]) -> toyscenes.Scene:
    """Build a scene from the buttons.

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
    """Turn a scene and a caption of it into HTML: the picture, the caption, and which of its statements are true.

    Args:
        scene: The truth.
        caption: What the captioner says.

    Returns:
        HTML.
    """
    verdict = toyscenes.truth(caption, scene)
    judged = [("true", [in_words(s) for s in verdict.true]), ("false", [in_words(s) for s in verdict.false])]
    judged.append(("not understood", verdict.not_understood))
    lines = [f"<li>{name}: {html.escape(', '.join(said))}</li>" for name, said in judged if said]
    caption = f'<p style="line-height: 1.5"><b>{html.escape(caption)}</b></p>'
    text = f'{caption}<ul style="line-height: 1.5">{"".join(lines)}</ul>'
    image = parts.picture(toyscenes.draw(scene), description(scene), 288)
    return image + text


def description(scene: toyscenes.Scene) -> str:
    """Say all that the buttons decide, so that a screen reader announces each change."""
    things = []
    for thing in scene.objects:
        column = min(COLUMNS, key=lambda name, x=thing.x: abs(COLUMNS[name] - x))
        things.append(f"a {thing.size} {thing.colour} {thing.kind} {thing.action} on the {column}")
    place = scene.place if things else f"an empty {scene.place}"
    return "; ".join([f"a drawn scene: {place}, backdrop {scene.look}", *things])


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
