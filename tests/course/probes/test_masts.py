"""What lesson 01 says about kernels that look for a mast holds for other scenes, too."""

import numpy as np
import pytest

from captionlib.course.probes import masts
from captionlib.data import toyscenes

LINE, BAND = np.array([[1, -2, 1]] * 3), np.array([[1, 1, -1, -2, -1, 1, 1]] * 3)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.over_seeds) for seed in (2, 3))])
def test_a_narrow_line_hardly_beats_the_darkest_pixel_and_a_broad_band_finds_two_thirds(seed):
    scenes, images = masts.boats(200, seed)
    darkest = masts.hit_rate(np.array([[-1]]), scenes, images)
    hits = [masts.on_mast(scenes[0], row, column) for row in range(96) for column in range(96)]
    assert masts.chance_level(scenes[:1]) == np.mean(hits) and masts.chance_level(scenes) < 0.01
    assert 0.05 < darkest < masts.hit_rate(LINE, scenes, images) < 0.25
    assert 0.6 < masts.hit_rate(BAND, scenes, images) < 0.8


def test_the_mast_is_dark_and_ends_at_the_hull():
    scene = toyscenes.scene_from("lake", ("boat", "yellow", "big", "sails", "left", "back"))
    boat, image = scene["boat"], toyscenes.draw(scene).mean(axis=2)
    rows = [row for row in range(96) if masts.on_mast(scene, row, boat.x)]
    assert rows == list(range(boat.box[1], boat.box[1] + len(rows))) and boat.box[3] - rows[-1] > 8
    assert image[rows[2:], boat.x].max() < image[rows[2:], boat.x - 4].min()
    assert masts.on_mast(scene, rows[0], boat.x + 1) and not masts.on_mast(scene, rows[0], boat.x + 2)


def test_the_strongest_location_is_the_middle_of_the_patch():
    image = np.zeros((1, 12, 12))
    image[0, 5:8, 6:9] = 1
    assert masts.strongest_locations(np.ones((3, 3)), image) == [(6, 7)]
