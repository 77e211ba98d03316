"""A captioner's memory of its training pictures: near ones score low, strangers high, and a damaged file is refused."""

import numpy as np
import pytest

from captionlib.errors import CaptionlibError
from captionlib.vision import out_of_distribution
from captionlib.vision.out_of_distribution import OutOfDistribution, auroc

N, L, D = 400, 6, 96


def features(seed, count=N, directions=8, shift=0.0):
    """Features whose means lie near a plane of 8 directions, the same ones for every seed."""
    basis = np.random.default_rng(0).normal(size=(directions, D))
    rng = np.random.default_rng(seed)
    means = rng.random((count, directions)) @ basis + shift * rng.normal(size=(count, D))
    return (means[:, None] + 0.3 * rng.normal(size=(count, L, D))).astype("float16")


@pytest.fixture(scope="module")
def detector():
    return OutOfDistribution.fit(features(1), features(2))


def test_strangers_score_higher_than_pictures_of_the_same_kind(detector):
    same, strange = detector(features(3)), detector(features(4, shift=2.0))
    assert same.shape == (N,) and auroc(same, strange) > 0.99
    assert 0.02 < (same > detector.threshold).mean() < 0.09  # 5 % of the validation pictures


def test_scores_are_the_mean_distance_to_the_nearest_training_pictures():
    train = features(1, count=30)
    detector = OutOfDistribution.fit(train, features(2, count=20))
    units = train.astype("float32").mean(1)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    other = features(5, count=7)
    mine = other.astype("float32").mean(1)
    mine /= np.linalg.norm(mine, axis=1, keepdims=True)
    expected = 1 - np.sort(mine @ units.T, axis=1)[:, -out_of_distribution.NEIGHBOURS :].mean(1)
    assert detector.components.shape == (D, 30)  # as many directions as pictures: nothing is lost but rounding
    in_the_plane = np.linalg.norm(mine @ detector.components.astype("float32"), axis=1)
    assert (in_the_plane < 1.001).all()
    np.testing.assert_allclose(detector(other), expected, atol=0.01)


def test_scores_do_not_depend_on_the_company(detector):
    three = features(6, count=3)
    np.testing.assert_allclose(detector(three), [detector(three[i : i + 1])[0] for i in range(3)], atol=1e-6)


def test_a_saved_detector_is_small_and_the_same(detector, tmp_path):
    detector.save(tmp_path / "out_of_distribution.npz")
    loaded = OutOfDistribution.load(tmp_path / "out_of_distribution.npz", D)
    np.testing.assert_array_equal(loaded(features(7)), detector(features(7)))
    assert loaded.threshold == detector.threshold
    components, references = (
        np.zeros((1280, out_of_distribution.COMPONENTS)),
        np.zeros((out_of_distribution.PICTURES, out_of_distribution.COMPONENTS)),
    )
    assert 2 * (components.size + references.size) < 1e6


@pytest.mark.parametrize("content", [b"", b"text", None])
def test_a_damaged_file_is_one_sentence(detector, tmp_path, content):
    path = tmp_path / "out_of_distribution.npz"
    detector.save(path)
    path.write_bytes(path.read_bytes()[:2000] if content is None else content)
    with pytest.raises(CaptionlibError, match="out_of_distribution.npz"):
        OutOfDistribution.load(path, D)
    path.unlink()
    with pytest.raises(CaptionlibError, match="out_of_distribution.npz is missing"):
        OutOfDistribution.load(path, D)


def test_another_encoders_file_is_refused(detector, tmp_path):
    detector.save(tmp_path / "out_of_distribution.npz")
    with pytest.raises(CaptionlibError, match="another encoder"):
        OutOfDistribution.load(tmp_path / "out_of_distribution.npz", D + 1)


def test_auroc_counts_pairs_and_half_of_the_ties():
    rng = np.random.default_rng(0)
    inside, outside = rng.integers(0, 5, 30), rng.integers(1, 7, 20)
    pairs = [(o > i) + 0.5 * (o == i) for i in inside for o in outside]
    assert auroc(inside, outside) == pytest.approx(np.mean(pairs))
