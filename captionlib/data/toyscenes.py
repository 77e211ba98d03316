"""Step one of six, the material: small picture-book scenes that the course draws itself and knows the truth about.

Every lesson runs on ToyScenes. A scene is a place with one to four objects, each of another kind, so that a noun names
one object. Objects stand in three columns and three rows: in the air, further back (on the water, where there is
some) and in front. Two may share a spot: one sits on the other, or stands behind it. What is left of what follows from
these boxes alone, and the columns lie far enough apart that nobody could argue about it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

import numpy as np
from tqdm.auto import tqdm

from captionlib.data import files
from captionlib.data.dataset import CaptionDataset
from captionlib.data.toyscenes_drawing import COLOURS, LIFTED, draw, extent
from captionlib.data.toyscenes_language import describe, noun_of
from captionlib.data.toyscenes_truth import Truth, truth
from captionlib.errors import CaptionlibError

__all__ = [
    "Object",
    "Scene",
    "Truth",
    "cells_of",
    "describe",
    "draw",
    "load",
    "noun_of",
    "random_scene",
    "scene_from",
    "truth",
]


VERSION = "1"  # a new one whenever a picture, a caption or a truth changes
SPLITS = {"train": 6000, "val": 1000, "test": 1000, "novel": 500}
ACTIONS = {
    "cat": ("sits", "runs", "jumps", "sleeps"),
    "fox": ("sits", "runs", "jumps", "sleeps"),
    "rabbit": ("sits", "runs", "jumps"),
    "horse": ("stands", "runs", "jumps"),
    "duck": ("sits", "flies", "swims"),
    "bird": ("sits", "flies"),
    "ball": ("lies", "rolls", "bounces"),
    "balloon": ("floats",),
    "kite": ("flies",),
    "boat": ("sails",),
    "car": ("stands", "drives"),
    "house": ("stands",),
    "tree": ("stands",),
    "flower": ("stands",),
    "box": ("stands",),
}
KINDS = tuple(ACTIONS)
PLACES = ("meadow", "beach", "street", "snow", "lake", "moon")
WATERSIDE = ("beach", "lake")  # here the back row is water
SIZES = {"big": 27, "small": 16}  # pixels; a scene varies them by one
NOVEL = {(kind, tuple(COLOURS)[(3 * i + 1) % 8]) for i, kind in enumerate(KINDS)}  # pairs that only `novel` shows
COLUMNS = {"left": 16, "middle": 48, "right": 80}  # pixels
ROWS = {"air": 33, "back": 60, "front": 91}  # where an object's feet are, in pixels from the top
AFLOAT = (("boat", "sails"), ("duck", "swims"))
STEADY = ("house", "car", "box")  # big ones carry a small rider
RIDERS = {("cat", "sits"), ("cat", "sleeps"), ("fox", "sits"), ("rabbit", "sits"), ("bird", "sits"), ("duck", "sits")}


@dataclass(frozen=True)
class Object:
    """One object of a scene. All numbers are whole pixels: y is the ground it belongs to, lift how high above it."""

    kind: str
    colour: str
    size: str
    action: str
    x: int
    y: int
    pixels: int
    lift: int = 0
    on: bool = False  # carried by the object below it
    faces: str = "right"

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """The object's box (x0, y0, x1, y1) in pixels of the 96 by 96 picture."""
        x0, y0, x1, y1 = extent(self.kind, self.action)
        if self.faces == "left":
            x0, x1 = 100 - x1, 100 - x0
        left, top = self.x - self.pixels // 2, self.y - self.lift - self.pixels
        return tuple(start + v * self.pixels // 100 for start, v in ((left, x0), (top, y0), (left, x1), (top, y1)))


@dataclass(frozen=True)
class Scene:
    """A place with objects; `look` (0 to 15) says which of its painted backdrops."""

    place: str
    objects: tuple[Object, ...]
    look: int = 0

    def __getitem__(self, kind: str) -> Object | None:
        """Return the object of that kind, or None."""
        return next((thing for thing in self.objects if thing.kind == kind), None)

    @cached_property
    def relations(self) -> list[tuple[str, str, str]]:
        """All that is true between two objects, as (kind, relation, kind), for example ("fox", "left of", "tree")."""
        pairs = [(a, b) for a in self.objects for b in self.objects if a is not b]
        return [(a.kind, relation, b.kind) for a, b in pairs for relation in relate(a, b)]


def relate(a: Object, b: Object) -> list[str]:
    """Derive what `a` is to `b` from where they are.

    In scenes of this module columns lie at least 23 pixels apart and objects of one column at most 9; the thresholds
    stand between, so nothing is a close call.
    """
    dx, dy = b.x - a.x, b.y - a.y
    a_flies, b_flies = a.y <= 40, b.y <= 40
    found = []
    if dx >= 16:
        found.append("left of")
    if dx <= -16:
        found.append("right of")
    if a_flies and not b_flies:
        found.append("above")
    if b_flies and not a_flies:
        found.append("below")
    if 16 <= abs(dx) <= 47 and abs(dy) <= 15:
        found.append("next to")
    if abs(dx) < 16 and not (a_flies or b_flies):
        if a.on and dy == 0:
            found.append("on")
        if dy >= 5:
            found.append("behind")
        if dy <= -5:
            found.append("in front of")
    return found


def rows_for(kind: str, action: str, place: str) -> tuple[str, ...]:
    """Say in which rows an object may do something at a place; none if it cannot."""
    if action in ("flies", "floats"):
        return ("air",)
    if action in ("swims", "sails"):
        return ("back",) if place in WATERSIDE else ()
    if place in WATERSIDE or action in ("jumps", "bounces"):
        return ("front",)
    return ("back", "front")


def put(thing: tuple[str, str, str, str], column: str, row: str, nudge=(0, 0, 0), faces: str = "right") -> Object:
    """Stand a (kind, colour, size, action) in a column and row, moved by `nudge` = (x, y, size) pixels."""
    kind, colour, size, action = thing
    pixels = SIZES[size] + nudge[2]
    up = 9 if action in LIFTED else 0
    return Object(kind, colour, size, action, COLUMNS[column] + nudge[0], ROWS[row] + nudge[1], pixels, up, faces=faces)


def carried(rider: Object, below: Object) -> Object:
    """Set a rider on top of an object."""
    return replace(rider, x=below.x, y=below.y, lift=below.y - below.box[1] - 1, on=True)


def behind(thing: Object, front: Object) -> Object:
    """Move an object behind another, far enough up and to the side that it shows."""
    return replace(thing, x=front.x + (5 if thing.faces == "right" else -5), y=front.y - 9)


def scene_from(place: str, *things: tuple, look: int = 0) -> Scene:
    """Compose a scene by hand (the widget of lesson 00).

    Args:
        place: one of `PLACES`.
        things: (kind, colour, size, action) or (kind, colour, size, action, column, row); `COLUMNS` and `ROWS` have
            the names. Without a spot the first free one is taken.
        look: which backdrop, 0 to 15.

    Raises:
        CaptionlibError: a word is unknown, a kind stands twice, an action is impossible there, or the spot is taken.
    """
    objects, taken = [], set()
    if place not in PLACES:
        raise CaptionlibError(f"There is no place called {place}; the places are {', '.join(PLACES)}.")
    for kind, colour, size, action, *spot in things:
        for word, known in ((kind, ACTIONS), (colour, COLOURS), (size, SIZES), (action, ACTIONS.get(kind, ()))):
            if word not in known:
                raise CaptionlibError(f"{word} is not possible here ({kind}); choose one of {', '.join(known)}.")
        if any(thing.kind == kind for thing in objects):
            raise CaptionlibError(f"There is a {kind} already; a scene has one object of each kind.")
        rows = rows_for(kind, action, place)
        free = [s for s in ((c, r) for r in rows[::-1] for c in COLUMNS) if s not in taken and s == (tuple(spot) or s)]
        if not free:
            raise CaptionlibError(
                f"No free spot for a {kind} that {action} in this {place}; move it or something else."
            )
        taken.add(free[0])
        objects.append(put((kind, colour, size, action), *free[0]))
    return Scene(place, tuple(objects), look)


def random_scene(rng: Random, novel: bool = False) -> Scene:
    """Draw lots for a scene.

    Args:
        rng: `random.Random(seed)`; only its `.random()` is used, because Python promises that stream for all time,
            unlike `choice` or `shuffle`, and every machine must make the same scenes.
        novel: at least one object has a colour from `NOVEL`; otherwise none has.
    """

    def pick(items):
        return items[int(rng.random() * len(items))]

    place, count, look = pick(PLACES), pick((1, 2, 2, 2, 3, 3, 3, 4, 4)), int(rng.random() * 16)
    spots = [(column, row) for column in COLUMNS for row in ROWS]
    objects: list[Object] = []

    def lots(kind, size=None, action=None):
        unseen = next(colour for k, colour in NOVEL if k == kind)
        colour = unseen if novel and not objects else pick([c for c in COLOURS if novel or c != unseen])
        return kind, colour, size or pick(("big", "small")), action or pick(ACTIONS[kind])

    def stand(thing, column, row):
        nudge = [int(rng.random() * 5) - 2, int(rng.random() * 3) - 1, int(rng.random() * 3) - 1]
        if row == "air":
            nudge[1] = -int(rng.random() * (4 if thing[2] == "big" else 14))
        return put(thing, column, row, nudge, pick(("left", "right")))

    if count > 1 and rng.random() < 0.4:  # two of them share a spot in front, whose back spot stays empty then
        column = pick(list(COLUMNS))
        spots = [spot for spot in spots if spot[0] != column or spot[1] == "air"]
        if rng.random() < 0.5:
            below = stand(lots(pick(STEADY), "big", "stands"), column, "front")
            kind, action = pick(sorted(RIDERS))
            objects = [below]
            objects.append(carried(stand(lots(kind, "small", action), column, "front"), below))
        else:
            tall = pick([kind for kind in KINDS if "stands" in ACTIONS[kind]])
            far = stand(lots(tall, "big", "stands"), column, "front")
            objects = [far]
            kind = pick([k for k in KINDS if k != tall and "front" in rows_for(k, ACTIONS[k][0], place)])
            near = stand(lots(kind, "small", ACTIONS[kind][0]), column, "front")
            objects = [behind(far, near), near]
    afloat = place in WATERSIDE and rng.random() < 0.6  # water without a boat or a duck is a pity
    while len(objects) < count:
        kind, action = pick(AFLOAT) if afloat else (pick(KINDS), None)
        afloat = False
        if kind in [thing.kind for thing in objects]:
            continue
        kind, colour, size, action = lots(kind, action=action)
        free = [spot for spot in spots if spot[1] in rows_for(kind, action, place)]
        if action in LIFTED:  # it leaps into the spot behind
            free = [(column, row) for column, row in free if (column, "back") in spots]
        if free:
            spot = pick(free)
            spots = [s for s in spots if s != spot and (action not in LIFTED or s != (spot[0], "back"))]
            objects.append(stand((kind, colour, size, action), *spot))
    return Scene(place, tuple(objects), look)


def cells_of(scene: Scene, kind: str, grid: tuple[int, int] = (12, 12), grown: int = 1) -> set[tuple[int, int]]:
    """List the (row, column) cells of a grid that the named object's box touches, grown by some cells on every side.

    Lesson 08 asks whether attention points into them. Empty when the scene has no such object.
    """
    thing, (rows, columns) = scene[kind], grid
    if thing is None:
        return set()
    x0, y0, x1, y1 = thing.box
    across = range(max(x0 * columns // 96 - grown, 0), min((x1 - 1) * columns // 96 + grown, columns - 1) + 1)
    down = range(max(y0 * rows // 96 - grown, 0), min((y1 - 1) * rows // 96 + grown, rows - 1) + 1)
    return {(row, column) for row in down for column in across}


def load() -> CaptionDataset:
    """Load ToyScenes; the first time its pictures are drawn (about 10 seconds) and kept in the cache folder.

    Raises:
        CaptionlibError: the cache folder cannot be written.
    """
    names, scenes, captions = {}, {}, {}
    for number, (split, count) in enumerate(SPLITS.items()):
        rng = Random(number)
        names[split] = [f"{split}_{i:04d}" for i in range(count)]
        for name in names[split]:
            scenes[name] = random_scene(rng, novel=split == "novel")
            captions[name] = describe(scenes[name], rng)
    version = f"{VERSION}-{hashlib.sha256(repr((scenes, captions)).encode()).hexdigest()[:8]}"
    pictures, row = stored_pictures(scenes, version), {name: i for i, name in enumerate(scenes)}
    return CaptionDataset("toyscenes", version, names, captions, lambda name: np.array(pictures[row[name]]), scenes)


def stored_pictures(scenes: dict[str, Scene], version: str) -> np.ndarray:
    """Open the drawn scenes as a (N, 96, 96, 3) uint8 memory map; draw them first where they are absent or broken."""
    path = files.cache_dir() / f"toyscenes-{version}.npy"
    shape = (len(scenes), 96, 96, 3)
    try:
        pictures = np.load(path, mmap_mode="r", allow_pickle=False)
        if pictures.shape == shape and pictures.dtype == np.uint8:
            return pictures
    except (OSError, ValueError):
        pass  # absent, cut short, or not an array: draw again
    with files.write_atomically(path) as part:
        pictures = np.empty(shape, np.uint8)
        for i, scene in enumerate(tqdm(scenes.values(), "Drawing ToyScenes", unit="scene", leave=False)):
            pictures[i] = draw(scene)
        with open(part, "wb") as file:
            np.save(file, pictures)
    return np.load(path, mmap_mode="r", allow_pickle=False)
