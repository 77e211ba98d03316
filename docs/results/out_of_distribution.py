"""Do the shipped captioners tell their own kind of pictures from others? `python docs/results/out_of_distribution.py`.

It wants CAPTIONLIB_DATA for Flickr8k's test pictures. Only scores are stored, no picture. Outsiders are drawn
scenes (to captioners of photographs), the photographs that scikit-image ships, and noise.
"""

import json
from pathlib import Path
from random import Random

import numpy as np
import skimage

from captionlib import Captioner
from captionlib.captioner import shipped
from captionlib.data import load_dataset, toyscenes
from captionlib.data.images import open_image, resize
from captionlib.vision.features import FeatureStore
from captionlib.vision.out_of_distribution import auroc

STORED = Path(__file__).parent / "out_of_distribution.json"
NAMES = """astronaut.png brick.png camera.png cell.png chelsea.png clock_motion.png coffee.png coins.png grass.png
gravel.png horse.png hubble_deep_field.jpg ihc.png microaneurysms.png moon.png motorcycle_left.png page.png retina.jpg
rocket.jpg text.png"""


def outsiders() -> dict[str, list[np.ndarray]]:
    """Pictures that a captioner has not been trained on, by kind, each (H, W, 3) uint8."""
    folder = Path(skimage.__file__).parent / "data"
    return {
        "photographs of scikit-image": [open_image(folder / name) for name in NAMES.split()],
        "drawn scenes": [toyscenes.draw(toyscenes.random_scene(Random(f"outside-{i}"))) for i in range(200)],
        "noise": [np.random.default_rng(i).integers(0, 256, (260, 260, 3), np.uint8) for i in range(50)],
    }


def measure(name: str) -> dict:
    """Score a captioner's test pictures and all outsiders.

    Returns:
        {"threshold", "marked_test": share of test pictures above it, "auroc": {kind: value}, "marked": {kind: share}}.
    """
    captioner = Captioner.load(name)
    detector, encoder = captioner.detector, captioner.encoder
    dataset = load_dataset(name.split("_")[0])
    store = FeatureStore.extract(dataset, encoder, ["test"])
    inside = detector(store[store.usable(dataset.splits["test"])])
    found = {"threshold": detector.threshold, "marked_test": float((inside > detector.threshold).mean())}
    found |= {"auroc": {}, "marked": {}}
    for kind, pictures in outsiders().items():
        if kind == "drawn scenes" and dataset.scenes:
            continue
        features = np.concatenate([encoder(resize(image, encoder.input_size)[None]) for image in pictures])
        scores = detector(features)
        found["auroc"][kind] = auroc(inside, scores)
        found["marked"][kind] = float((scores > detector.threshold).mean())
    return found


if __name__ == "__main__":
    results = {"made_by": "python docs/results/out_of_distribution.py"} | {name: measure(name) for name in shipped()}
    STORED.write_text(json.dumps(results, indent=1) + "\n", "utf8")
