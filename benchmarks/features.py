"""How close does the feature store come to the encoder's bare `predict`?

    python benchmarks/features.py

The store opens JPEG files of 500 by 375 pixels, resizes them, encodes them and writes them to disk; `predict` is
given images that are ready in memory.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from captionlib.data import CaptionDataset, toyscenes
from captionlib.data.images import open_image, resize
from captionlib.vision.encoders import load_encoder
from captionlib.vision.features import CHUNK, FeatureStore

PICTURES, ROUNDS = 320, 3


def main():
    """Time both in each round and print the ratio of the medians."""
    encoder = load_encoder("efficientnet_lite2")
    times = {"predict": [], "store": []}
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{i:03}.jpg" for i in range(PICTURES)]
        for i, name in enumerate(names):
            scene = Image.fromarray(toyscenes.draw(toyscenes.random_scene(Random(i))))
            scene.resize((500, 375), Image.Resampling.BICUBIC).save(Path(folder) / name, quality=90)
        images = np.stack([resize(open_image(Path(folder) / name), encoder.input_size) for name in names])
        ready = encoder.preprocess(images.astype("float32"))
        captions = {name: ["a scene"] for name in names}
        encoder(images[:CHUNK])
        encoder.model.predict(ready[:CHUNK], batch_size=CHUNK, verbose=0)
        for round_ in range(ROUNDS):
            os.environ["CAPTIONLIB_CACHE"] = f"{folder}/cache-{round_}"
            start = time.perf_counter()
            encoder.model.predict(ready, batch_size=CHUNK, verbose=0)
            times["predict"].append(time.perf_counter() - start)
            dataset = CaptionDataset(
                "bench", str(round_), {"train": names}, captions, lambda name: open_image(Path(folder) / name)
            )
            start = time.perf_counter()
            FeatureStore.extract(dataset, encoder)
            times["store"].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:8} {PICTURES / median:5.0f} pictures per second")
    print(f"ratio    {medians['predict'] / medians['store']:5.2f}")


if __name__ == "__main__":
    main()
