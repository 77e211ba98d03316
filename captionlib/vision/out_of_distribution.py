"""Step 2, vision: is a picture unlike those that a captioner was trained on? (Lesson 00 uses it.)

A captioner describes noise as fluently as a dog, and just as confidently. So it carries a sample of its training
pictures' features, small enough to ship, and a new picture is compared with the nearest of them: out-of-distribution
detection by nearest neighbours (Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors", sec. 3).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from captionlib import storage
from captionlib.errors import CaptionlibError

PICTURES = 3000  # at most this many training pictures are kept
COMPONENTS = 64  # numbers that are kept of each: 0.55 MB for an encoder with 1280 features, and as good as all of them
NEIGHBOURS = 10
MARKED = 0.05  # share of the validation pictures that the threshold marks


@dataclass(frozen=True)
class OutOfDistribution:
    """What a captioner's training pictures look like.

    Attributes:
        components: (D, C) float16, the directions in which the training pictures' mean features differ most from zero.
        references: (M, C) float16, the training pictures in these directions.
        threshold: above it a picture counts as unlike the training pictures.
    """

    components: np.ndarray
    references: np.ndarray
    threshold: float

    @classmethod
    def fit(cls, train: Sequence[np.ndarray], val: Sequence[np.ndarray], seed: int = 0) -> OutOfDistribution:
        """Keep a sample of the training pictures, and choose the threshold on the validation pictures.

        Args:
            train: N training pictures' features, each (L, D); they may lie on disk.
            val: validation pictures' features; 5 % of these pictures will be above the threshold.
            seed: of the sample.

        Returns:
            The detector.
        """
        rows = np.sort(np.random.default_rng(seed).permutation(len(train))[:PICTURES])
        units = mean_unit_features(train, rows)  # (M, D)
        _, _, directions = np.linalg.svd(units, full_matrices=False)
        components = directions[:COMPONENTS].T.astype("float16")  # (D, C)
        detector = cls(components, (units @ components.astype("float32")).astype("float16"), np.inf)
        return cls(components, detector.references, float(np.quantile(detector(val), 1 - MARKED)))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Score pictures by how unlike the training pictures they are.

        Args:
            features: (N, L, D).

        Returns:
            (N,) float32, one minus the mean cosine similarity with the 10 nearest training pictures. It is not 0 for a
            training picture, since ten pictures are averaged and 64 components keep only part of each: the photograph
            captioner's have a median of 0.39, against 0.73 for noise and a threshold of 0.51.
        """
        units = mean_unit_features(features, np.arange(len(features)))
        similar = units @ self.components.astype("float32") @ self.references.astype("float32").T  # (N, M)
        nearest = min(NEIGHBOURS, len(self.references))
        return 1 - np.partition(similar, -nearest, axis=1)[:, -nearest:].mean(axis=1)

    def save(self, path: str | Path) -> None:
        """Write the detector as an `.npz` file."""
        file = io.BytesIO()
        np.savez_compressed(file, components=self.components, references=self.references, threshold=self.threshold)
        with storage.write_atomically(path) as temporary:
            temporary.write_bytes(file.getvalue())

    @classmethod
    def load(cls, path: str | Path, depth: int) -> OutOfDistribution:
        """Read what `save` wrote.

        Args:
            path: the `.npz` file.
            depth: D of the captioner's encoder.

        Returns:
            The detector.

        Raises:
            CaptionlibError: if it is damaged or of another encoder.
        """
        try:
            with np.load(path, allow_pickle=False) as saved:
                components, references = saved["components"], saved["references"]
                threshold = float(saved["threshold"])
        except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile) as error:
            what = "is missing" if isinstance(error, FileNotFoundError) else "is damaged"
            raise CaptionlibError(f"{path} {what}: train the model again.") from error
        if components.shape[:1] != (depth,) or references.ndim != 2 or references.shape[1:] != components.shape[1:]:
            raise CaptionlibError(f"{path} is of another encoder than this captioner's: train the model again.")
        return cls(components, references, threshold)


def mean_unit_features(features: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Average features (N, L, D) over the locations and scale them to length 1, for some rows (M,): (M, D) float32."""
    means = np.stack([np.asarray(features[row], "float32").mean(axis=0) for row in rows])
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """How well scores separate two sets: the area under the ROC curve (Hanley & McNeil 1982).

    Args:
        inside: (N,) scores of pictures like the training pictures.
        outside: (M,) scores of others.

    Returns:
        The share of pairs in which the picture of `outside` has the higher score, ties counted half; 0.5 is chance.
    """
    return float((np.sign(np.subtract.outer(outside, inside)) / 2 + 0.5).mean())
