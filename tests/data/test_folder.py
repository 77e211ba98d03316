"""A folder of one's own photographs. Faulty folders stand in tests/test_faults.py."""

import os
import pickle
import shutil
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from captionlib.data import load_dataset
from captionlib.data.folder import SPLITS, assign_splits, load
from captionlib.errors import CaptionlibError


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


def test_pictures_are_assigned_by_content_not_by_name_or_order(folder):
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


def test_an_edit_that_keeps_size_and_time_is_another_picture(folder):
    path = folder / "trip" / "0.bmp"
    Image.new("RGB", (400, 300), (1, 2, 3)).save(path)  # 360 kB, and the edit is in the last row
    write(folder, "trip/0.bmp,A wall.")
    before, times = load(folder), path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 255
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size and load(folder).version != before.version


def test_one_picture_has_one_name_however_it_is_spelled(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    folder = folder.relative_to(folder.parent)
    spelled = ["trip/0.png", "./trip/0.png", "trip//0.png", "trip/../trip/0.png", (folder / "trip/0.png").absolute()]
    write(folder, *[f"{name},Caption {i}." for i, name in enumerate(spelled)], "trip/1.png,Another.")
    dataset = load(folder)
    assert dataset.captions == {"trip/0.png": [f"Caption {i}." for i in range(5)], "trip/1.png": ["Another."]}
    assert sorted(dataset.splits["train"]) == ["trip/0.png", "trip/1.png"]


def test_an_empty_split_says_why(folder):
    write(folder, "trip/0.png,A dog.", "trip/1.png,A cat.")
    dataset = load(folder)
    assert dataset.names("train") == ["trip/0.png", "trip/1.png"]
    with pytest.raises(CaptionlibError, match=r"The split val of .* is empty; it takes three .*are 2 in all"):
        dataset.names("val")


def test_it_pickles(folder):
    write(folder, "trip/0.png,A dog.", "trip/7.png,A cat.")
    again = pickle.loads(pickle.dumps(load(folder)))
    assert again.splits == load(folder).splits and again.open_image("trip/7.png")[0, 0].tolist() == [56, 0, 0]


digests = st.text("0123456789abcdef", min_size=1, max_size=4)


@given(st.sets(digests), st.dictionaries(digests, st.sampled_from(SPLITS)))
def test_every_picture_gets_one_split_and_none_stays_empty_that_could_be_filled(free, given):
    free -= given.keys()
    split_of = assign_splits(free | given.keys(), given)
    assert split_of.keys() == free | given.keys() and given.items() <= split_of.items()
    missing, total = set(SPLITS) - set(given.values()), len(split_of)
    filled = set(split_of.values()) - set(given.values())
    if total >= 3:
        assert len(filled) == min(len(missing), len(free))
    if not given:
        sizes = Counter(split_of.values())
        assert sizes["val"] == sizes["test"] == (max(1, round(total / 10)) if total >= 3 else 0)
