"""Write the tables of report.md from results/scores.json and the model cards: `python docs/report.py`."""

import json
import re
from pathlib import Path

from captionlib.storage import PRETRAINED

HERE = Path(__file__).parent
REPORT, SCORES = HERE / "report.md", HERE / "results" / "scores.json"


def share(value: float) -> str:
    """A share as a percentage: 0.92 to "92.0 %"."""
    return f"{value:.1%}".replace("%", " %")


def number(value: float) -> str:
    """A score with three decimals."""
    return f"{value:.3f}"


def scenes_row(model: str, split: str, result: dict) -> list[str]:
    """One line of the table of ToyScenes."""
    scores, intervals = result["scores"], result["intervals"]
    low, high = (100 * end for end in intervals["wholly_true"])
    true = f"{share(scores['wholly_true'])} ({low:.1f} to {high:.1f})"
    pointing = [share(scores["pointing_hits"]), share(scores["pointing_chance"])]
    length, left_out = (f"{scores[name]:.1f}" for name in ("length", "left_out"))
    return [model, split, true, *pointing, number(scores["bleu_4"]), number(scores["cider"]), length, left_out]


def photos_row(model: str, split: str, result: dict) -> list[str]:
    """One line of the table of Flickr8k."""
    scores, intervals = result["scores"], result["intervals"]
    bleu, cider = (f"{scores[s]:.3f} ({low:.3f} to {high:.3f})" for s, (low, high) in sorted(intervals.items()))
    row = [model, split, number(scores["bleu_1"]), bleu, number(scores["rouge_l"]), cider]
    return [*row, share(scores["repeated"]), share(scores["copied"])]


def models() -> list[list[str]]:
    """The table of the shipped captioners, from their cards."""
    rows = []
    for card in sorted(PRETRAINED.glob("*/model_card.md")):
        text = card.read_text("utf8")
        weights = re.search(r"([\d,]+) weights", text)[1]
        minutes = re.findall(r"in (\d+)\s+minutes", text)  # one of each stage
        rows.append([f"`{card.parent.name}`", weights, " + ".join(minutes)])
    return [["shipped", "weights", "minutes of training on two busy cores"], *rows]


def tables() -> dict[str, list[list[str]]]:
    """Every table of the report by name, its first row the heads of the columns."""
    scenes = [["model", "split", "wholly true (95 % interval)", "points at it", "chance", "BLEU-4", "CIDEr"]]
    scenes[0] += ["words", "left out"]
    photos = [["model", "split", "BLEU-1", "BLEU-4 (95 % interval)", "ROUGE-L", "CIDEr (95 % interval)"]]
    photos[0] += ["repeated", "copied"]
    for name, result in json.loads(SCORES.read_text("utf8")).items():
        if name != "command":
            data, model, which, split = re.fullmatch(r"([a-z0-9]+)_(\w+)(.*), \1 (\w+)", name).groups()
            model = f"`{model}`{which}"
            if data == "toyscenes":
                scenes.append(scenes_row(model, split, result))
            else:
                photos.append(photos_row(model, split, result))
    return {"toyscenes": scenes, "flickr8k": photos, "models": models()}


def filled(report: str) -> str:
    """The report with every table between its two marks written anew."""
    for name, (head, *rows) in tables().items():
        lines = [head, ["---"] * len(head), *rows]
        table = "\n".join("| " + " | ".join(row) + " |" for row in lines)
        begin, end = f"<!-- table {name} -->", f"<!-- end of {name} -->"
        before, rest = report.split(begin)
        report = f"{before}{begin}\n\n{table}\n\n{end}{rest.split(end)[1]}"
    return report


if __name__ == "__main__":
    REPORT.write_text(filled(REPORT.read_text("utf8")), "utf8")
