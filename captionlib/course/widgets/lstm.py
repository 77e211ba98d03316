"""The workbench of lesson 06: type words, clamp a gate of the LSTM that captions, see what it says next."""

import html

import ipywidgets
import numpy as np

from captionlib.course.figures import gate_activations
from captionlib.course.probes.numpy_decoder import NumpyDecoder
from captionlib.course.widgets import parts
from captionlib.plots import INK, PALE, ROLES
from captionlib.text import Tokenizer

CLAMPS = {
    "none": {},
    "forget gate f = 0": {"f": 0},
    "forget gate f = 1": {"f": 1},
    "input gate i = 0": {"i": 0},
    "input gate i = 1": {"i": 1},
    "candidate g = 0": {"g": 0},
    "output gate o = 0": {"o": 0},
    "output gate o = 1": {"o": 1},
    "freeze cell state c (i = 0, f = 1)": {"i": 0, "f": 1},
}
FREE = "without intervention"
MOST_READ, MOST_SHOWN = 40, 12  # words
Scenes = dict[str, tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]  # name to image (H, W, 3) and initial state


def lstm_workbench(decoder: NumpyDecoder, scenes: Scenes, units: dict[int, str], prefix: str) -> None:
    """Show the workbench.

    Args:
        decoder: The LSTM to intervene in.
        scenes: Name of each to its image (H, W, 3) uint8, and its initial hidden state and cell state, each (H,).
        units: Which units to show, and what each is called.
        prefix: The words that stand there at first, three or more.
    """
    page = ipywidgets.HTML()
    scene, gates = parts.choice("scene", scenes), parts.choice("intervention", CLAMPS, "forget gate f = 0")
    line = parts.text_box("words so far", prefix)
    at, row = parts.slider("at word (0: every word)", 0, len(words_of(decoder, prefix)) - 1, 3)

    def redraw(_=None):
        page.value = show(decoder, units, *scenes[scene.value], line.value, gates.value, at.value)

    def retyped(change):
        at.max = max(1, len(words_of(decoder, change["new"])) - 1)
        redraw()

    line.observe(retyped, "value")
    for control in (scene, gates, at):
        control.observe(redraw, "value")
    redraw()
    controls = parts.aligned(scene, line, gates, row)
    parts.present(parts.bench(controls, page, 740), in_plain_text(decoder, scenes, prefix))


def words_of(decoder: NumpyDecoder, prefix: str) -> list[str]:
    """Split what was typed as the captioner's tokenizer does; <start> stands first."""
    return ["<start>", *Tokenizer(decoder.vocabulary).words(prefix)[:MOST_READ]]


def show(decoder: NumpyDecoder, units: dict[int, str], image, start: tuple, prefix: str, clamp: str, at: int) -> str:
    """Turn the controls into HTML: how the network completes the sentence with and without clamping, gates and probs.

    Args:
        decoder: The LSTM.
        units: Which units to show, and what each is called.
        image: (H, W, 3) uint8, the scene.
        start: The scene's initial hidden state and cell state, each (H,).
        prefix: What was typed.
        clamp: One of `CLAMPS`.
        at: At which word the gates are clamped, 1 is the first typed; 0 is every word.

    Returns:
        HTML; the picture's description names the most probable word with and without clamping.
    """
    words, gates, step = words_of(decoder, prefix), CLAMPS[clamp], at or None
    if step and step >= len(words):
        gates = {}  # there is no such word
    free, clamped = decoder.read(words, start), decoder.read(words, start, gates, step)
    shown = range(max(0, len(words) - MOST_SHOWN), len(words))
    marks = [(gate, t - shown.start) for gate in gates for t in shown if step in (None, t)]
    known = [word if word in decoder.vocabulary else "<unk>" for word in words]
    where = f"at “{known[step]}”" if step and gates else "at every word"
    ahead = f"{FREE}: {most_probable(decoder, free)}"
    title = f"{clamp} {where}: {most_probable(decoder, clamped)} ({ahead})" if gates else ahead
    trace = {name: value[shown.start :] for name, value in clamped.items()}
    shown_words = [known[t] for t in shown]
    figure = gate_activations(shown_words, trace, units, decoder.vocabulary, free["probs"][-1], marks, title)
    norms = np.linalg.norm(decoder.word_gradients(words, start, clamped, gates, step), axis=1)  # (T,)
    shares = dict(zip(shown, norms[shown] / max(norms.max(), 1e-30), strict=True))
    lines = [(FREE, decoder.greedy(free))]
    if gates:
        lines.append((html.escape(f"{clamp} {where}"), decoder.greedy(clamped, None if step else gates)))
    said = "".join(f"<div>{name}: {sentence(words, more)}</div>" for name, more in lines)
    unknown = sorted({f"“{word}”" for word in words if word not in decoder.vocabulary})
    if unknown:
        said += f"<div>Out of vocabulary, read as &lt;unk&gt;: {html.escape(', '.join(unknown))}</div>"
    cells = "; ".join(f"cell state of unit {unit}: {clamped['c'][-1, unit]:.1f}" for unit in units)
    alt = f"After “{' '.join(words[1:])}”, {title}. {cells}."
    scene = parts.picture(image, "the scene that the initial state comes from", 60)
    style = "display:flex;gap:1.2em;align-items:center;line-height:1.5"
    top = f'<div style="{style}">{scene}<div role="status">{said}</div></div>'
    best = decoder.vocabulary[int(clamped["probs"][-1].argmax())]
    return top + parts.picture(figure, alt, 740) + connectivity(shown_words, list(shares.values()), best)


def connectivity(words: list[str], shares: list[float], best: str) -> str:
    """Draw how strongly the next word depends on each word read (Madsen 2019, “Memorization in RNNs”, Distill).

    Args:
        words: The T words.
        shares: (T,), the norm of the gradient with respect to each word's vector; 1 is the largest.
        best: The most probable next word.

    Returns:
        HTML: a bar and a number under each word.
    """
    columns = ""
    for word, share in zip(words, shares, strict=True):
        bar = f"background:linear-gradient(to right,{ROLES['words']} {share:.0%},{PALE} 0)"
        columns += f'<div style="flex:1 1 0;min-width:0;overflow-wrap:anywhere;align-self:end">{html.escape(word)}'
        columns += f'<div style="{bar};color:{INK}">{share:.2f}</div></div>'
    told = f"Gradient of log p(“{best}”) with respect to each word vector: its norm, relative to the largest"
    row = f'<div style="display:flex;gap:4px;text-align:center">{columns}</div>'
    return f'<div style="line-height:1.4"><b>{html.escape(told)}</b>{row}</div>'


def most_probable(decoder: NumpyDecoder, trace: dict) -> str:
    """Name the most probable next word and its probability; trace["probs"] is (T, V)."""
    probs = trace["probs"][-1]
    return f"“{decoder.vocabulary[int(probs.argmax())]}” {probs.max():.0%}"


def sentence(words: list[str], more: list[str]) -> str:
    """Write the words that were given, and in bold those that the network adds."""
    return f"{html.escape(' '.join(words[1:]))} <b>{html.escape(' '.join(more)) or '(the end)'}</b>"


def in_plain_text(decoder: NumpyDecoder, scenes: Scenes, prefix: str) -> str:
    """Say how the network completes the first scene's sentence with each clamp, and every scene's with f = 0."""
    name, (_, start) = next(iter(scenes.items()))
    words = words_of(decoder, prefix)
    last = len(words) - 1

    def adds(start, clamp, at):
        return f"{prefix} | {' '.join(decoder.complete(words, start, CLAMPS[clamp], at)) or '(the end)'}"

    lines = [
        f"Scene: {name}. The words after the bar are the network's own, with the intervention at “{words[last]}” only."
    ]
    lines += [f"{clamp:28}: {adds(start, clamp, last)}" for clamp in CLAMPS]
    lines += [
        "With an intervention at every word:",
        *(f"{clamp:28}: {adds(start, clamp, None)}" for clamp in [*CLAMPS][1:]),
    ]
    lines += [f"With the forget gate f = 0 at “{words[last]}” alone:"]
    return "\n".join(
        lines + [f"{name:10}: {adds(start, 'forget gate f = 0', last)}" for name, (_, start) in scenes.items()]
    )
