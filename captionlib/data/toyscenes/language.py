"""The words of ToyScenes, and five captions per scene as people would write them.

Lesson 04 counts these words, lessons 07 to 12 learn to generate them. What they are words for (kinds, places, sizes,
actions) is defined in scene.py, the colours in drawing.py. The judge of captions (truth.py) shares only the tables
below; it reads them in any order, not just in that of `sentence`.
"""

from __future__ import annotations

from random import Random

from captionlib.data.toyscenes.drawing import COLOURS

KIND_WORDS = {
    "cat": "cat",
    "fox": "fox",
    "rabbit": "rabbit bunny",
    "horse": "horse pony",
    "duck": "duck",
    "bird": "bird",
    "ball": "ball",
    "balloon": "balloon",
    "kite": "kite",
    "boat": "boat sailboat",
    "car": "car",
    "house": "house cottage",
    "tree": "tree",
    "flower": "flower",
    "box": "box crate",
}
SIZE_WORDS = {"big": "big large huge", "small": "small little tiny"}
ACTION_WORDS = {  # finite forms and participles, in pairs
    "sits": "sits sitting",
    "runs": "runs running",
    "jumps": "jumps jumping leaps leaping",
    "sleeps": "sleeps sleeping",
    "stands": "stands standing",
    "flies": "flies flying",
    "swims": "swims swimming",
    "lies": "lies lying",
    "rolls": "rolls rolling",
    "bounces": "bounces bouncing",
    "floats": "floats floating",
    "sails": "sails sailing",
    "drives": "drives driving",
}
PLACE_PHRASES = {
    "meadow": ("in a meadow", "in the meadow", "in a field", "on the grass"),
    "beach": ("on a beach", "at the beach", "by the sea", "on the sand"),
    "street": ("in a street", "on the street", "in a town", "on the road"),
    "snow": ("in the snow", "on the snow", "in winter"),
    "lake": ("at a lake", "by the lake", "by a pond"),
    "moon": ("on the moon", "in space"),
}
RELATION_PHRASES = {
    "left of": ("to the left of", "left of", "on the left of"),
    "right of": ("to the right of", "right of", "on the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
    "next to": ("next to", "beside"),
    "on": ("on", "on top of"),
    "behind": ("behind",),
    "in front of": ("in front of",),
}


def words_to(table: dict[str, str]) -> dict[str, str]:
    """Invert a table of synonyms: word to what it means."""
    return {word: meaning for meaning, words in table.items() for word in words.split()}


NOUN, SIZE, ACTION = (words_to(table) for table in (KIND_WORDS, SIZE_WORDS, ACTION_WORDS))
COLOUR = {colour: colour for colour in COLOURS}
PLACE = {phrase.split()[-1]: place for place, phrases in PLACE_PHRASES.items() for phrase in phrases}
RELATION = {phrase: relation for relation, phrases in RELATION_PHRASES.items() for phrase in phrases}


def noun_of(word: str) -> str | None:
    """Return the kind of object a caption word names ("bunny": "rabbit"), or None."""
    return NOUN.get(word.lower())


def describe(scene, rng: Random) -> list[str]:
    """Write five different captions of a scene, 5 to 16 words each, all of them true.

    Args:
        scene: a `toyscenes.Scene`.
        rng: `random.Random(seed)`; only `.random()` is used, see `toyscenes.random_scene`.

    Returns:
        The five sentences.
    """
    captions: list[str] = []
    while len(captions) < 5:
        caption = sentence(scene, rng)
        if caption not in captions and 5 <= len(caption.split()) <= 16:
            captions.append(caption)
    return captions


def sentence(scene, rng: Random) -> str:
    """Write one sentence about some of the scene's objects: which object does what, where, and next to which."""

    def pick(items):
        return items[int(rng.random() * len(items))]

    def noun(thing):
        words = [pick(SIZE_WORDS[thing.size].split())] if rng.random() < 0.3 else []
        words += [thing.colour] if rng.random() < 0.85 else []
        words += [pick(KIND_WORDS[thing.kind].split())]
        return f"{'an' if words[0][0] == 'o' else 'a'} {' '.join(words)}"

    def verb(thing, participle=False):
        return pick(ACTION_WORDS[thing.action].split()[participle::2])

    def does(thing):
        return pick((verb(thing), f"is {verb(thing, True)}"))

    def clause(thing, related):
        acts = f"{noun(thing)} {does(thing)}"
        if related:
            return pick((acts, f"{noun(thing)} is", f"there is {noun(thing)}", noun(thing)))
        return pick((acts, f"there is {noun(thing)}", f"{noun(thing)} {verb(thing, True)}"))

    things = sorted(scene.objects, key=lambda thing: rng.random())
    first, second, third = (things + [None] * 2)[:3]
    where = pick(PLACE_PHRASES[scene.place])
    if second is None or rng.random() < 0.12:
        text = clause(first, related=False)
        if first.in_the_air and rng.random() < 0.4:
            text += " in the sky"
        return pick((f"{text} {where}", f"{where} {noun(first)} {does(first)}"))
    said = [relation for a, relation, b in scene.relations if (a, b) == (first.kind, second.kind)]
    if said and rng.random() < 0.6:
        relation = pick(said)
        text = f"{clause(first, related=True)} {pick(RELATION_PHRASES[relation])} {noun(second)}"
        if third and rng.random() < 0.4:
            text += f" and {noun(third)} {does(third)}"
    else:
        text = pick(
            (f"{noun(first)} {does(first)} and {noun(second)} {does(second)}", f"{noun(first)} and {noun(second)}")
        )
        if third and rng.random() < 0.7:
            some = [noun(thing) for thing in things]
            text = f"{', '.join(some[:-1])} and {some[-1]}"
            text = f"there is {text}" if rng.random() < 0.2 else text
    return pick((text, f"{text} {where}", f"{text} {where}", f"{where} {text}"))
