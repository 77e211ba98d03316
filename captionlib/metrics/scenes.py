"""Step 6, metrics: on ToyScenes the truth is known, so a caption can be judged by what it says (lessons 07 and 08).

`truth_score` judges the statements of captions, `pointing_score` the attention of their nouns.
"""

import numpy as np

from captionlib.data import toyscenes


def truth_score(captions: dict[str, str], scenes: dict) -> dict[str, float]:
    """Judge captions of ToyScenes, {picture name: caption}, against the scenes, {picture name: scene}.

    Returns:
        {"wholly_true": share of captions, "true", "false", "not_understood", "left_out": statements per caption}.
    """
    judged = [toyscenes.truth(caption, scenes[name]) for name, caption in captions.items()]
    kinds = ("true", "false", "not_understood", "left_out")
    means = {kind: sum(len(getattr(one, kind)) for one in judged) / len(judged) for kind in kinds}
    return {"wholly_true": sum(one.wholly_true for one in judged) / len(judged)} | means


def pointing_score(words: dict[str, list[str]], attention: dict[str, np.ndarray], scenes: dict, grid: tuple) -> dict:
    """Is attention on the object that a word names? The pointing game (Zhang et al. 2016, section 4.2) on ToyScenes.

    A noun that names an object of the scene is a hit if its largest weight is in a cell that touches the object's box,
    grown by one cell.

    Args:
        words: {picture name: the caption's T words}.
        attention: {picture name: (T, L) weights, one row per token}, or any other map of the picture for each word.
        scenes: {picture name: scene}.
        grid: (rows, columns) of the L cells.

    Returns:
        {"hits": share of nouns, "chance": chance level, the hits of a random cell, "nouns": how many were counted}.
    """
    hits, chances = [], []
    for name, caption in words.items():
        for word, weights in zip(caption, attention[name], strict=True):
            if (kind := toyscenes.noun_of(word)) and scenes[name][kind]:
                cells = toyscenes.cells_of(scenes[name], kind, grid, grown=1)
                hits.append(divmod(int(np.argmax(weights)), grid[1]) in cells)
                chances.append(len(cells) / (grid[0] * grid[1]))
    return {"hits": float(np.mean(hits or 0)), "chance": float(np.mean(chances or 0)), "nouns": len(hits)}
