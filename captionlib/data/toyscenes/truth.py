"""The judge of ToyScenes: reads any caption made of its words and says which of its statements are true of a scene.

Every lesson that trains a captioner uses it. The reader goes through a caption from left to right like a person: a noun
collects the adjectives before it, a verb belongs to the subject (a participle to the noun just before it), a relation
waits for its second noun. What it cannot parse is reported, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from captionlib.data.toyscenes.language import ACTION, ACTION_WORDS, COLOUR, NOUN, PLACE, RELATION, SIZE

JOINTS = {"and", "with", ","}  # after these a new subject may follow
ARTICLES = {"a", "an", "the"}
PREPOSITIONS = {"in", "at", "by"}
SPOTS = {"sky": "air", "air": "air", "water": "water"}
PARTICIPLES = {word for words in ACTION_WORDS.values() for word in words.split()[1::2]}
MEANINGS = {"colour": COLOUR, "size": SIZE, "action": ACTION, "noun": NOUN, "place": PLACE, "spot": SPOTS}
WORD_CLASS = {word: name for name, table in MEANINGS.items() for word in table}
WORD_CLASS |= dict.fromkeys(ARTICLES, "article") | dict.fromkeys(JOINTS, "joint") | dict.fromkeys(RELATION, "link")
WORD_CLASS |= dict.fromkeys(PREPOSITIONS, "link") | {"is": "is", "there is": "there"}
LONGEST = max(len(phrase.split()) for phrase in WORD_CLASS)


class Statement(NamedTuple):
    """One thing a caption says: ("fox", "colour", "red"), ("fox", "left of", "tree"), ("scene", "place", "snow")."""

    subject: str
    says: str
    value: str


@dataclass(frozen=True)
class Truth:
    """What a caption says about a scene, statement by statement, and which facts about the scene it leaves out."""

    true: list[Statement]
    false: list[Statement]
    not_understood: list[str]
    left_out: list[Statement]

    @property
    def wholly_true(self) -> bool:
        """Whether the caption says at least one thing and everything it says is understood and true."""
        return bool(self.true) and not self.false and not self.not_understood


@dataclass
class Reading:
    """A caption parsed up to some word: its statements so far, and what still waits for its noun or verb."""

    statements: list[Statement] = field(default_factory=list)
    not_understood: list[str] = field(default_factory=list)
    before_noun: list[str] = field(default_factory=list)  # article and adjectives that wait for their noun
    link: str = ""  # a relation or preposition that waits for its second noun
    copula: str = ""  # "is" that waits for what is
    joint: str = "start"  # "and", "there is" and the like, after which a new subject may come
    subject: str = ""  # the subject of the clause
    latest: str = ""  # the noun that a participle or a relation after it belongs to

    def settle(self):
        """Resolve what waits: adjectives after "is" belong to the subject; others are not understood."""
        for word in self.before_noun:
            if self.copula and self.subject and word not in ARTICLES:
                self.adjective(self.subject, word)
            else:
                self.not_understood.append(word)
        if self.before_noun:
            self.copula = ""
        self.before_noun = []

    def drop_link(self):
        """Report a relation that found no second noun."""
        self.not_understood += [self.link] if self.link else []
        self.link = ""

    def adjective(self, kind: str, word: str):
        """Add a statement about the colour or the size of an object."""
        says = WORD_CLASS[word]
        self.statements.append(Statement(kind, says, MEANINGS[says][word]))

    def noun(self, word: str):
        """Read a noun: a new subject, or the second noun of a relation."""
        kind = NOUN[word]
        seen = any(s.subject == kind and s.says == "is" for s in self.statements)
        listed = not ARTICLES.isdisjoint(self.before_noun)  # "a fox a duck and a car": tokenizers drop the commas
        if self.copula or self.link in PREPOSITIONS - {"by"} or not (self.link or self.joint or listed):
            self.not_understood += [*filter(None, (self.link,)), word]
        elif self.link and self.latest:
            relation = RELATION.get(self.link, "next to")
            self.statements.append(Statement(self.latest, relation, kind))
        elif self.link:
            self.not_understood.append(self.link)
        else:
            self.subject = kind
        again = seen and not self.link and "the" not in self.before_noun  # "a fox and a fox" claims two of them
        self.statements.append(Statement(kind, "is", "there twice" if again else "there"))
        for adjective in self.before_noun:
            if adjective not in ARTICLES:
                self.adjective(kind, adjective)
        self.latest, self.link, self.copula, self.joint, self.before_noun = kind, "", "", "", []

    def place(self, word: str):
        """Read where the scene is ("in the snow") or where an object is ("in the sky")."""
        adjectives = [adjective for adjective in self.before_noun if adjective not in ARTICLES]
        spot = word in SPOTS
        if adjectives or self.link not in ("", "by", "in", "at", "on") or (spot and not (self.link and self.latest)):
            self.not_understood += [*adjectives, *filter(None, (self.link,)), word]
        elif spot:
            self.statements.append(Statement(self.latest, "in", SPOTS[word]))
        elif self.link or self.joint:
            self.statements.append(Statement("scene", "place", PLACE[word]))
        else:
            self.not_understood.append(word)
        self.before_noun, self.link, self.copula = [], "", ""

    def action(self, word: str):
        """Read a verb. A finite one belongs to the subject, a participle without "is" to the noun before it."""
        loose = word in PARTICIPLES and not self.copula
        doer = self.latest if loose else self.subject
        if not doer or (self.copula and word not in PARTICIPLES):
            self.not_understood.append(word)
            return
        self.statements.append(Statement(doer, "action", ACTION[word]))
        self.latest, self.copula, self.joint = doer, "", ""


def read(caption: str) -> Reading:
    """Read a caption into statements, without looking at any scene."""
    words = re.findall(r"[^\s.,;!?\"]+|,", caption.lower())
    now = Reading()
    while words:
        length = next((n for n in range(LONGEST, 0, -1) if " ".join(words[:n]) in WORD_CLASS), 1)
        phrase, words = " ".join(words[:length]), words[length:]
        word_class = WORD_CLASS.get(phrase, "")
        if word_class in ("article", "colour", "size"):
            if word_class == "article" and now.before_noun:
                now.settle()
            now.before_noun.append(phrase)
            continue
        if word_class == "noun":
            now.noun(phrase)
            continue
        if word_class in ("place", "spot"):
            now.place(phrase)
            continue
        now.settle()
        now.drop_link()
        if word_class == "action":
            now.action(phrase)
        elif word_class == "link":
            now.latest = now.subject if now.copula else now.latest
            now.link, now.copula = phrase, ""
            now.joint = now.joint and "start"
        elif word_class == "is":
            now.not_understood += [phrase] if now.copula or not now.subject else []
            now.copula = phrase
        elif word_class in ("joint", "there"):
            now.not_understood += [phrase] if now.joint in (phrase, "there is") else []
            now.joint, now.latest = phrase, now.subject
        else:
            now.not_understood.append(phrase)
    now.settle()
    now.drop_link()
    now.not_understood += [word for word in (now.copula, now.joint.replace("start", "")) if word]
    return now


def holds(statement: Statement, scene) -> bool:
    """Return whether a statement is true of a scene."""
    subject, says, value = statement
    if says == "place":
        return scene.place == value
    thing = scene[subject]
    if thing is None or says == "is":
        return thing is not None and value == "there"
    if says == "in":
        return thing.in_the_air if value == "air" else thing.action in ("swims", "sails")
    if says in ("colour", "size", "action"):
        return getattr(thing, says) == value
    return (subject, says, value) in scene.relations


def truth(caption: str, scene) -> Truth:
    """Judge a caption.

    Args:
        caption: free text; the judge knows the words of ToyScenes in any order.
        scene: a `toyscenes.Scene`.

    Returns:
        The caption's statements as true, false or not understood, and the facts of the scene that it leaves out.
        Relations are judged from where the objects are; they are never counted as left out.
    """
    reading = read(caption)
    said = list(dict.fromkeys(reading.statements))
    facts = [Statement("scene", "place", scene.place)]
    for thing in scene.objects:
        facts.append(Statement(thing.kind, "is", "there"))
        facts += [Statement(thing.kind, says, getattr(thing, says)) for says in ("colour", "size", "action")]
    return Truth(
        [statement for statement in said if holds(statement, scene)],
        [statement for statement in said if not holds(statement, scene)],
        reading.not_understood,
        [fact for fact in facts if fact not in said],
    )
