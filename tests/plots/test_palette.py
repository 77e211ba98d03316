"""The five role colours stay apart: for colour-blind readers, in grey print, and from the paper."""

from itertools import combinations

import numpy as np
import pytest

from captionlib.plots.palette import COMPARED, INK, LETTERS, PAPER, QUIET, ROLES

# Machado, Oliveira and Fernandes 2009, table 1, severity 1.0; they work on linear RGB.
SIGHT = {
    "full": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour):
    """Linear RGB (3,) of "#rrggbb"."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIELAB (3,) of linear RGB under D65."""
    x, y, z = np.cbrt(np.maximum(XYZ @ rgb / [0.95047, 1, 1.08883], 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one, other):
    """WCAG 2.2 contrast ratio."""
    low, high = sorted((XYZ[1] @ linear(one), XYZ[1] @ linear(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("sight", SIGHT)
def test_roles_stay_apart_for_every_reader(sight):
    seen = {role: lab(np.clip(SIGHT[sight] @ linear(colour), 0, 1)) for role, colour in ROLES.items()}
    distance = {(a, b): np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(seen, 2)}
    assert min(distance.values()) >= 20, min(distance, key=distance.get)


@pytest.mark.parametrize("sight", SIGHT)
def test_compared_things_stay_apart_for_every_reader(sight):
    """The first four, which charts use together, farther than the last two."""
    seen = [lab(np.clip(SIGHT[sight] @ linear(colour), 0, 1)) for colour in COMPARED]
    distances = {(a, b): np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(range(len(COMPARED)), 2)}
    assert min(distance for (_, b), distance in distances.items() if b < 4) >= 15, distances
    assert min(distances.values()) >= 10, distances


def test_roles_stay_apart_in_grey_print():
    lightness = sorted(lab(linear(colour))[0] for colour in ROLES.values())
    assert np.diff(lightness).min() >= 10


def test_letters_can_be_read():
    assert contrast(INK, PAPER) >= 7 and contrast(QUIET, PAPER) >= 4.5
    assert all(contrast(letters, ROLES[role]) >= 4.5 for role, letters in LETTERS.items())
