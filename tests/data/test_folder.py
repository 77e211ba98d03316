"""A folder of one's own photographs. Faulty folders stand in tests/test_faults.py."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from captionlib.data import load_dataset
from captionlib.data.folder import SPLITS, deal, load


@pytest.fixture
def folder(tmp_path):
    """Thirty pictures of thirty plain colours."""
    (tmp_path / "trip").mkdir()
    for number in range(30):
        Image.new("RGB", (4, 3), (8 * number, 0, 0)).save(tmp_path / "trip" / f"{number}.png")
    return tmp_path


def write(folder, *rows, header="picture,caption", encoding="utf-8"):
    (folder / "captions.csv").write_bytes("\n".join([header, *rows, ""]).encode(encoding))


def test_several_captions_a_picture_and_given_splits(folder):
    write(folder, 'trip/0.png,"A dog, wet.",train', "trip/1.png,A cat.,test", "trip/0.png,Ein Hündchen.,train",
          header="picture,caption,split")  # fmt: skip
    dataset = load_dataset(folder)
    assert dataset.splits == {"train": ["trip/0.png"], "val": [], "test": ["trip/1.png"]}
    assert dataset.captions == {"trip/0.png": ["A dog, wet.", "Ein Hündchen."], "trip/1.png": ["A cat."]}
    assert dataset.open_image("trip/1.png").tolist() == [[[8, 0, 0]] * 4] * 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_what_spreadsheets_make_of_it(folder, encoding):
    write(folder, "trip\\0.png, Café.\r", header="picture, caption\r", encoding=encoding)
    assert load(folder).captions == {"trip/0.png": ["Café."]}


def test_pictures_are_dealt_out_by_content_not_by_name_or_order(folder):
    rows = [f"trip/{number}.png,Number {number}." for number in range(30)]
    write(folder, *rows)
    first = load(folder)
    assert {split: len(names) for split, names in first.splits.items()} == {"train": 24, "val": 3, "test": 3}
    write(folder, *reversed(rows))
    again = load(folder)
    assert {split: set(names) for split, names in again.splits.items()} == {
        split: set(names) for split, names in first.splits.items()
    }


def test_a_copy_under_another_name_gets_the_same_split(folder):
    for number in range(30):
        shutil.copy(folder / "trip" / f"{number}.png", folder / f"copy {number}.png")
    write(folder, *[f"{name},A caption." for n in range(30) for name in (f"trip/{n}.png", f"copy {n}.png")])
    splits = load(folder).splits
    for names in splits.values():
        assert {f"trip/{n}.png" in names for n in range(30) if f"copy {n}.png" in names} <= {True}
    assert sum(map(len, splits.values())) == 60


def test_the_version_follows_captions_and_pictures(folder):
    write(folder, "trip/0.png,A dog.")
    versions = {load(folder).version, load(folder).version}
    assert len(versions) == 1
    write(folder, "trip/0.png,A cat.")
    versions.add(load(folder).version)
    shutil.copy(folder / "trip/1.png", folder / "trip/0.png")
    versions.add(load(folder).version)
    assert len(versions) == 3


@given(st.sets(st.text("0123456789abcdef", min_size=1, max_size=4)))
def test_everyone_is_dealt_to_one_split_and_no_split_is_empty_from_three_on(digests):
    dealt = deal(sorted(digests))
    assert dealt.keys() == digests
    if len(digests) >= 3:
        assert set(dealt.values()) == set(SPLITS)
        assert list(dealt.values()).count("val") == list(dealt.values()).count("test")
