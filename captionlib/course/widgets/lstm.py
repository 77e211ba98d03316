"""The workbench of lesson 06: type words, hold a gate of the LSTM that captions, see what it says next."""

import html

import ipywidgets
import numpy as np

from captionlib.course.figures import gate_activations
from captionlib.course.probes.speaker import Speaker
from captionlib.course.widgets import parts
from captionlib.text import Tokenizer

HANDS = {
    "hands off": {},
    "f = 0": {"f": 0},
    "f = 1": {"f": 1},
    "i = 0": {"i": 0},
    "i = 1": {"i": 1},
    "g = 0": {"g": 0},
    "o = 0": {"o": 0},
    "o = 1": {"o": 1},
    "freeze c": {"i": 0, "f": 1},
}
MOST_READ, MOST_SHOWN = 40, 12  # words
Scenes = dict[str, tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]  # name to image (H, W, 3) and first state


def lstm_workbench(speaker: Speaker, scenes: Scenes, units: dict[int, str], prefix: str) -> None:
    """Show the workbench.

    Args:
        speaker: The LSTM to operate.
        scenes: Name of each to its image (H, W, 3) uint8, and the first state and cell that it gives, each (H,).
        units: Which units to show, and what each is called.
        prefix: The words that stand there at first, three or more.
    """
    page = ipywidgets.HTML()
    scene, hand = parts.choice("scene", scenes), parts.choice("hand", HANDS, "f = 0")
    line = parts.text_box("words so far", prefix)
    at, row = parts.slider("hold at word, 0 for all", 0, len(words_of(speaker, prefix)) - 1, 3)

    def redraw(_=None):
        page.value = operate(speaker, units, *scenes[scene.value], line.value, hand.value, at.value)

    def retyped(change):
        for control in (at, row.children[1]):
            control.max = max(1, len(words_of(speaker, change["new"])) - 1)
        redraw()

    line.observe(retyped, "value")
    for control in (scene, hand, at):
        control.observe(redraw, "value")
    redraw()
    bench = ipywidgets.VBox([scene, line, hand, row, page])
    parts.present(bench, in_plain_text(speaker, scenes, prefix))


def words_of(speaker: Speaker, prefix: str) -> list[str]:
    """Split what was typed as the captioner's tokenizer does; <start> stands first."""
    return ["<start>", *Tokenizer(speaker.vocabulary).words(prefix)[:MOST_READ]]


def operate(speaker: Speaker, units: dict[int, str], image, start: tuple, prefix: str, hand: str, at: int) -> str:
    """Turn the controls into HTML: how the network goes on with and without the hand, and its gates and odds.

    Args:
        speaker: The LSTM.
        units: Which units to show, and what each is called.
        image: (H, W, 3) uint8, the scene.
        start: The first state and cell that the scene gives, each (H,).
        prefix: What was typed.
        hand: One of `HANDS`.
        at: At which word the hand holds, 1 is the first typed; 0 is every word.

    Returns:
        HTML; the picture's description says what leads with and without the hand.
    """
    words, held, step = words_of(speaker, prefix), HANDS[hand], at or None
    if step and step >= len(words):
        held = {}  # there is no such word
    free, told = speaker.read(words, start), speaker.read(words, start, held, step)
    shown = range(max(0, len(words) - MOST_SHOWN), len(words))
    marks = [(gate, t - shown.start) for gate in held for t in shown if step in (None, t)]
    known = [word if word in speaker.vocabulary else "<unk>" for word in words]
    place = f"at “{known[step]}”" if step and held else "at every word"
    ahead = f"hands off: {leader(speaker, free)}"
    title = f"{hand} {place}: {leader(speaker, told)} ({ahead})" if held else ahead
    part = {name: value[shown.start :] for name, value in told.items()}
    shown_words = [known[t] for t in shown]
    figure = gate_activations(shown_words, part, units, speaker.vocabulary, free["odds"][-1], marks, title)
    lines = [("hands off", speaker.say(free))]
    if held:
        lines.append((html.escape(f"{hand} {place}"), speaker.say(told, None if step else held)))
    said = "".join(f"<p>{name}: {sentence(words, more)}</p>" for name, more in lines)
    unknown = sorted({f"“{word}”" for word in words if word not in speaker.vocabulary})
    if unknown:
        said += f"<p>It does not know {html.escape(', '.join(unknown))} and reads &lt;unk&gt;.</p>"
    cells = "; ".join(f"cell of unit {unit} {told['c'][-1, unit]:.1f}" for unit in units)
    alt = f"After “{' '.join(words[1:])}”, {title}. {cells}."
    scene = parts.picture(image, "the scene that the first state comes from", 120)
    top = f'<div style="display:flex;gap:1.5em;align-items:center">{scene}<div role="status">{said}</div></div>'
    return top + parts.picture(figure, alt, 883)


def leader(speaker: Speaker, told: dict) -> str:
    """Name the likeliest next word and its odds; told["odds"] is (T, V)."""
    odds = told["odds"][-1]
    return f"“{speaker.vocabulary[int(odds.argmax())]}” {odds.max():.0%}"


def sentence(words: list[str], more: list[str]) -> str:
    """Write the words that were given, and in bold those that the network adds."""
    return f"{html.escape(' '.join(words[1:]))} <b>{html.escape(' '.join(more)) or '(the end)'}</b>"


def in_plain_text(speaker: Speaker, scenes: Scenes, prefix: str) -> str:
    """Say how the network goes on with each hand, for the first scene, and with f = 0 at the last word for all."""
    name, (_, start) = next(iter(scenes.items()))
    words = words_of(speaker, prefix)
    last = len(words) - 1

    def adds(start, hand, at):
        return f"{prefix} | {' '.join(speaker.go_on(words, start, HANDS[hand], at)) or '(the end)'}"

    lines = [f"The scene is {name}. Behind the bar stands what the network adds, with a hand at “{words[last]}” alone:"]
    lines += [f"{hand:9}: {adds(start, hand, last)}" for hand in HANDS]
    lines += ["With a hand at every word:", *(f"{hand:9}: {adds(start, hand, None)}" for hand in [*HANDS][1:])]
    lines += [f"With f = 0 at “{words[last]}” alone:"]
    return "\n".join(lines + [f"{name:10}: {adds(start, 'f = 0', last)}" for name, (_, start) in scenes.items()])
