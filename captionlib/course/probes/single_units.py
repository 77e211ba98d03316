"""Step 4, inside the decoder: what single units of an LSTM know, and what changes when somebody intervenes (lesson 06).

Two kinds of evidence, kept apart. `record` observes: it reads captions and notes every cell state. The other functions
intervene: they freeze the cell at one word, or patch units of the initial state.
"""

from random import Random

import numpy as np

from captionlib.course.probes.numpy_decoder import NumpyDecoder
from captionlib.data import toyscenes
from captionlib.data.toyscenes.drawing import COLOURS

State = tuple[np.ndarray, np.ndarray]  # hidden state and cell state, each (H,)
FREEZE = {"i": 0, "f": 1}


def initial_states(captioner, images: list[np.ndarray]) -> list[State]:
    """Compute the initial state that a `ShowAndTell` captioner makes of each image (96, 96, 3)."""
    batches = [np.stack(images[i : i + 50]) for i in range(0, len(images), 50)]
    memories = [captioner.decoder.prepare(captioner.encoder(batch)) for batch in batches]
    return [pair for memory in memories for pair in zip(memory["hidden"].numpy(), memory["cell"].numpy(), strict=True)]


def random_scenes(captioner, count: int, seed: int) -> tuple[list, list[State]]:
    """Draw scenes; returns them and the initial state of each."""
    rng = Random(seed)
    scenes = [toyscenes.random_scene(rng) for _ in range(count)]
    return scenes, initial_states(captioner, [toyscenes.draw(scene) for scene in scenes])


def record(decoder: NumpyDecoder, scenes: list, starts: list[State], seed: int) -> dict[str, np.ndarray]:
    """Read one caption of each scene, as its describer wrote it, and note every word with the cell state after it.

    Args:
        decoder: The LSTM that reads.
        scenes: What the captions describe.
        starts: The initial state of each.
        seed: Chooses among the captions of a scene.

    Returns:
        Arrays over all N words: "cells" (N, H), "word" (N,), its "position" in the caption (N,), 0 is <start>, the
        scene's "place" (N,), and "before_noun" (N,) of bool: whether the word is "a", "an", a size or a colour.
    """
    rng = Random(seed)
    captions = [["<start>", *toyscenes.describe(scene, rng)[0].split()] for scene in scenes]
    word = np.concatenate(captions)
    return {
        "cells": np.concatenate([decoder.read(*pair)["c"] for pair in zip(captions, starts, strict=True)]),
        "word": word,
        "position": np.concatenate([np.arange(len(caption)) for caption in captions]),
        "place": np.concatenate([[scene.place] * len(c) for scene, c in zip(scenes, captions, strict=True)]),
        "before_noun": np.isin(word, [*COLOURS, "large", "big", "huge", "small", "little", "tiny", "a", "an"]),
    }


def repeats_colour(decoder: NumpyDecoder, start: State, freeze_at: int | None, within: int = 6) -> bool:
    """Does the decoder soon say a colour again? It captions a scene up to the noun after its first colour, and goes on.

    Args:
        decoder: The LSTM.
        start: The initial state.
        freeze_at: Where to freeze the cell state, in words from the colour: 0 at the colour, 1 at the noun; None for no
            intervention.
        within: How many more words count.

    Returns:
        Whether the colour is among the next words; False if the caption names none.
    """
    caption = ["<start>", *decoder.complete(["<start>"], start, max_words=16)]
    colour = next((t for t, word in enumerate(caption[:-1]) if word in COLOURS), None)
    if colour is None:
        return False
    freeze = {"clamp": FREEZE, "at": colour + freeze_at} if freeze_at is not None else {}
    return caption[colour] in decoder.complete(caption[: colour + 2], start, max_words=within, **freeze)


def starts_at(place: str, scenes: list, starts: list[State], count: int) -> list[State]:
    """Pick the initial states of the first scenes at a place."""
    return [start for start, scene in zip(starts, scenes, strict=True) if scene.place == place][:count]


def most_different_first(receivers: list[State], donors: list[State]) -> np.ndarray:
    """Order the units, (H,), by how far the mean cell states of the two groups lie apart."""
    receiver, donor = (np.mean([cell for _, cell in group], axis=0) for group in (receivers, donors))  # (H,)
    return np.argsort(-np.abs(receiver - donor))


def probability_after_patching(
    decoder: NumpyDecoder, receivers: list[State], donors: list[State], units, words: list[str], targets: list[str]
) -> float:
    """Give some units of initial states the values of others, read words, and ask what comes next.

    This is activation patching (Vig et al. 2020, who call it causal mediation analysis).

    Args:
        decoder: The LSTM.
        receivers: N initial states; a changed copy of each is read from.
        donors: N initial states, where the new values come from.
        units: (n,), which units are patched, in the hidden state and in the cell state.
        words: What is read, <start> first.
        targets: The words that are asked for.

    Returns:
        The probability that the next word is one of them, a mean over the N pairs.
    """
    indices, probabilities = [decoder.vocabulary.index(word) for word in targets], []
    for receiver, donor in zip(receivers, donors, strict=True):
        mixed = np.array(receiver)  # (2, H)
        mixed[:, list(units)] = np.array(donor)[:, list(units)]
        probabilities.append(decoder.read(words, tuple(mixed))["probs"][-1, indices].sum())
    return float(np.mean(probabilities))
