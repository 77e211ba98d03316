"""What there is in ToyScenes and where: places, objects, and what one object is to another. Lesson 00 composes scenes.

A scene is a place with one to four objects, each of another kind, so that a noun names one object. Objects stand in
three columns and three rows: in the air, further back (on the water, where there is some) and in front. Two may share a
spot: one sits on the other, or stands behind it. What is left of what follows from where they stand alone, and the
columns lie far enough apart that nobody could argue about it.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from captionlib.data.toyscenes.drawing import COLOURS, LIFTED, extent
from captionlib.errors import CaptionlibError

ACTIONS = {  # what each kind of object can do
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
COLUMNS = {"left": 16, "middle": 48, "right": 80}  # the middle of an object, in pixels
ROWS = {"air": 33, "back": 60, "front": 91}  # the foot of an object, in pixels from the top
UNSEEN = {kind: tuple(COLOURS)[(3 * i + 1) % 8] for i, kind in enumerate(KINDS)}  # pairs that only `novel` shows
AFLOAT = (("boat", "sails"), ("duck", "swims"))
CARRIERS = ("house", "car", "box")  # big ones carry a small rider
RIDERS = (("cat", "sits"), ("cat", "sleeps"), ("fox", "sits"), ("rabbit", "sits"), ("bird", "sits"), ("duck", "sits"))


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
    on: bool = False  # carried by another object
    faces: str = "right"

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """The object's box (x0, y0, x1, y1) in pixels of the 96 by 96 picture."""
        x0, y0, x1, y1 = extent(self.kind, self.action)
        if self.faces == "left":
            x0, x1 = 100 - x1, 100 - x0
        left, top = self.x - self.pixels // 2, self.y - self.lift - self.pixels
        return tuple(start + v * self.pixels // 100 for start, v in ((left, x0), (top, y0), (left, x1), (top, y1)))

    @property
    def in_the_air(self) -> bool:
        """Whether it flies or floats in the sky."""
        return self.y <= 40


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

    Objects of two columns are at least 23 pixels apart, of one column at most 9; of one row at most 11, of two at least
    20. The limits stand between, so no relation is a close call.
    """
    dx, dy = b.x - a.x, b.y - a.y
    ground = not (a.in_the_air or b.in_the_air)
    true = {
        "left of": dx >= 16,
        "right of": dx <= -16,
        "above": a.in_the_air and not b.in_the_air,
        "below": b.in_the_air and not a.in_the_air,
        "next to": 16 <= abs(dx) <= 48 and abs(dy) <= 15,
        "on": a.on and dx == 0 and dy == 0,
        "behind": ground and abs(dx) < 16 and dy >= 5,
        "in front of": ground and abs(dx) < 16 and dy <= -5,
    }
    return [relation for relation, holds in true.items() if holds]


def rows_for(kind: str, action: str, place: str) -> tuple[str, ...]:
    """Return the rows in which a kind of object may do an action at a place; none if it cannot."""
    if action in ("flies", "floats"):
        return ("air",)
    if (kind, action) in AFLOAT:
        return ("back",) if place in WATERSIDE else ()
    return ("front",) if place in WATERSIDE or action in LIFTED else ("back", "front")


def put(thing: tuple[str, str, str, str], column: str, row: str, nudge=(0, 0, 0), faces: str = "right") -> Object:
    """Put an object (kind, colour, size, action) in a column and row, moved by `nudge` = (x, y, size) pixels."""
    kind, colour, size, action = thing
    x, y, pixels = (value + more for value, more in zip((COLUMNS[column], ROWS[row], SIZES[size]), nudge, strict=True))
    return Object(kind, colour, size, action, x, y, pixels, 9 if action in LIFTED else 0, faces=faces)


def scene_from(place: str, *things: tuple, look: int = 0) -> Scene:
    """Compose a scene of chosen objects.

    Args:
        place: one of `PLACES`.
        things: (kind, colour, size, action) or (kind, colour, size, action, column, row); `COLUMNS` and `ROWS` have
            the names. Without a spot it takes the first free one.
        look: which backdrop, 0 to 15.

    Returns:
        The scene.

    Raises:
        CaptionlibError: a word is unknown, a kind stands twice, or there is no free spot for such an action.
    """
    objects, taken = [], set()
    for kind, colour, size, action, *spot in things:
        known = ((place, PLACES), (kind, KINDS), (colour, COLOURS), (size, SIZES), (action, ACTIONS.get(kind, ())))
        for word, words in known:
            if word not in words:
                raise CaptionlibError(f"{word} is not possible here; choose one of {', '.join(words)}.")
        if any(thing.kind == kind for thing in objects):
            raise CaptionlibError(f"There is a {kind} already; a scene has one object of each kind.")
        spots = [(column, row) for row in reversed(rows_for(kind, action, place)) for column in COLUMNS]
        free = [s for s in spots if s not in taken and s == (tuple(spot) or s)]
        if not free:
            raise CaptionlibError(f"No free spot for a {kind} that {action} ({place}); choose another spot or action.")
        taken.add(free[0])
        objects.append(put((kind, colour, size, action), *free[0]))
    return Scene(place, tuple(objects), look)


class SceneSampler:
    """Samples everything in a scene at random.

    Only `rng.random()` is used, because Python guarantees its stream for all versions, unlike that of `choice` or
    `shuffle`, and every machine must make the same scenes.
    """

    def __init__(self, rng: Random):
        """Sample with `random.Random(seed)`."""
        self.rng = rng

    def pick(self, items):
        """Pick one item of a sequence, all with the same probability."""
        return items[int(self.rng.random() * len(items))]

    def thing(self, kind: str, colour: str, column: str, row: str, size: str = "", action: str = "") -> Object:
        """Put an object in a spot, a little to the side of it; a size or action that is not given is sampled."""
        size, action = size or self.pick(tuple(SIZES)), action or self.pick(ACTIONS[kind])
        x, y, pixels = self.pick((-2, -1, 0, 1, 2)), self.pick((-1, 0, 1)), self.pick((-1, 0, 1))
        if row == "air":
            y = -self.pick(range(4 if size == "big" else 14))
        return put((kind, colour, size, action), column, row, (x, y, pixels), self.pick(("left", "right")))

    def colour(self, kind: str, novel: bool) -> str:
        """Sample a colour; outside `novel` never the one that is unseen on this kind."""
        return self.pick([colour for colour in COLOURS if novel or colour != UNSEEN[kind]])

    def couple(self, column: str, novel: bool) -> list[Object]:
        """Sample two objects that share a spot in front: one carries the other, or stands behind it."""
        carries = self.rng.random() < 0.5
        large = self.pick(CARRIERS if carries else [kind for kind in KINDS if "stands" in ACTIONS[kind]])
        far = self.thing(large, UNSEEN[large] if novel else self.colour(large, novel), column, "front", "big", "stands")
        calm = [kind for kind in KINDS if ACTIONS[kind][0] in ("sits", "stands", "lies") and kind != large]
        kind, action = self.pick(RIDERS if carries else [(kind, ACTIONS[kind][0]) for kind in calm])
        near = self.thing(kind, self.colour(kind, novel), column, "front", "small", action)
        if carries:
            return [far, replace(near, x=far.x, y=far.y, lift=far.y - far.box[1] - 1, on=True)]
        aside = {"left": 5, "right": -5}.get(column) or self.pick((-5, 5))  # so that it shows, and inside the picture
        return [replace(far, x=near.x + aside, y=near.y - 9), near]


def random_scene(rng: Random, novel: bool = False) -> Scene:
    """Sample a scene at random.

    Args:
        rng: `random.Random(seed)`.
        novel: the first object has the colour of `UNSEEN`; otherwise no object has it.

    Returns:
        A scene with one to four objects.
    """
    sampler = SceneSampler(rng)
    place, count, look = sampler.pick(PLACES), sampler.pick((1, 2, 2, 2, 3, 3, 3, 4, 4)), sampler.pick(range(16))
    free, objects = [(column, row) for column in COLUMNS for row in ROWS], []
    if count > 1 and rng.random() < 0.4:
        column = sampler.pick(tuple(COLUMNS))
        objects = sampler.couple(column, novel)
        free = [spot for spot in free if spot[0] != column or spot[1] == "air"]
    afloat = place in WATERSIDE and rng.random() < 0.6  # with p = 0.6 put a boat or a duck on water
    while len(objects) < count:
        kind, action = sampler.pick(AFLOAT) if afloat else (sampler.pick(KINDS), "")
        action, afloat = action or sampler.pick(ACTIONS[kind]), False
        spots = [spot for spot in free if spot[1] in rows_for(kind, action, place)]
        if action in LIFTED:  # it leaps into the spot behind
            spots = [spot for spot in spots if (spot[0], "back") in free]
        if not spots or kind in [thing.kind for thing in objects]:
            continue
        column, row = sampler.pick(spots)
        free = [s for s in free if s != (column, row) and not (action in LIFTED and s == (column, "back"))]
        colour = UNSEEN[kind] if novel and not objects else sampler.colour(kind, novel)
        objects.append(sampler.thing(kind, colour, column, row, action=action))
    return Scene(place, tuple(objects), look)


def cells_of(scene: Scene, kind: str, grid: tuple[int, int] = (12, 12), grown: int = 1) -> set[tuple[int, int]]:
    """List the (row, column) cells of a grid that the named object's box touches, grown by some cells on every side.

    Lesson 08 measures whether attention points into them. Empty when the scene has no such object.
    """
    thing, (rows, columns) = scene[kind], grid
    if thing is None:
        return set()
    x0, y0, x1, y1 = thing.box
    across = range(max(x0 * columns // 96 - grown, 0), min((x1 - 1) * columns // 96 + grown, columns - 1) + 1)
    down = range(max(y0 * rows // 96 - grown, 0), min((y1 - 1) * rows // 96 + grown, rows - 1) + 1)
    return {(row, column) for row in down for column in across}
