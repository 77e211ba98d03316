"""Flickr8k, on a tiny archive with all the quirks of the real one, and on the real one where it is present."""

import hashlib
import io
import pickle
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from captionlib.data import flickr8k
from captionlib.errors import CaptionlibError

NAMES = [f"{number}_{number:010x}.jpg" for number in range(1, 11)]
TEXTS = {
    # Two keys without a picture, as in the real file.
    "Flickr8k.token.txt": [
        f"{name}#{number}\tCaption {number} of {name} ."
        for name in [*NAMES, "2258277193_586949ec62.jpg", "2258277193_586949ec62.jpg.1"]
        for number in range(5)
    ],
    "Flickr_8k.trainImages.txt": NAMES[:6],
    "Flickr_8k.devImages.txt": NAMES[6:8],
    "Flickr_8k.testImages.txt": NAMES[8:9],
}


def picture(name):
    buffer = io.BytesIO()
    Image.new("RGB", (20, 10), (int(name.split("_")[0]) * 20, 0, 0)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def contents(line_end="\n"):
    """Every file of the public archives by its path, with what macOS and Windows add."""
    files = {f"Flicker8k_Dataset/{name}": picture(name) for name in NAMES}
    files |= {f"__MACOSX/Flicker8k_Dataset/._{name}": b"not a picture" for name in NAMES}
    files |= {name: "".join(line + line_end for line in lines).encode() for name, lines in TEXTS.items()}
    return files


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A data folder, and the digests and the count of the tiny set in place of the real ones."""
    digests = {name: hashlib.sha256("".join(f"{x}\n" for x in lines).encode()) for name, lines in TEXTS.items()}
    monkeypatch.setattr(flickr8k, "DIGESTS", {name: digest.hexdigest() for name, digest in digests.items()})
    monkeypatch.setattr(flickr8k, "PICTURES", len(NAMES))
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CAPTIONLIB_DATA", raising=False)
    (tmp_path / "data" / "flickr8k").mkdir(parents=True)
    return tmp_path / "data"


def pack(data, files, name):
    with zipfile.ZipFile(data / "flickr8k" / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)


def lay_out(data, files):
    for path, content in files.items():
        (data / "flickr8k" / path).parent.mkdir(parents=True, exist_ok=True)
        (data / "flickr8k" / path).write_bytes(content)


def check(dataset):
    assert dataset.splits == {"train": NAMES[:6], "val": NAMES[6:8], "test": NAMES[8:9]}
    assert dataset.captions == {name: [f"Caption {n} of {name} ." for n in range(5)] for name in NAMES}
    for name in NAMES:
        image = dataset.open_image(name)
        assert image.shape == (10, 20, 3)
        assert abs(int(image[0, 0, 0]) - int(name.split("_")[0]) * 20) <= 3


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_layout_gives_the_same_data_set(copy, line_end):
    texts = {path: content for path, content in contents(line_end).items() if path.endswith(".txt")}
    photographs = {path: content for path, content in contents().items() if path.endswith(".jpg")}
    pack(copy, photographs, "Flickr8k_Dataset.zip")
    pack(copy, texts, "Flickr8k_text.zip")
    zipped = flickr8k.load(copy)
    check(zipped)
    shutil.rmtree(copy / "flickr8k")
    lay_out(copy, contents(line_end))
    unpacked = flickr8k.load(copy)
    check(unpacked)
    shutil.rmtree(copy / "flickr8k")
    lay_out(copy, {path.replace("Flicker8k_Dataset", "Images"): content for path, content in photographs.items()})
    pack(copy, texts, "archive.zip")
    mixed = flickr8k.load(copy)
    check(mixed)
    assert zipped.version == unpacked.version == mixed.version
    assert flickr8k.verify(copy) == len(NAMES)


def test_the_zip_wins_over_a_folder_whose_unpacking_stopped(copy):
    lay_out(copy, {f"Flicker8k_Dataset/{NAMES[0]}": picture(NAMES[0])[:100]})
    pack(copy, contents(), "all.zip")
    check(flickr8k.load(copy))


def test_the_version_follows_the_pictures(copy):
    pack(copy, contents(), "all.zip")
    version = flickr8k.load(copy).version
    pack(copy, contents() | {f"Flicker8k_Dataset/{NAMES[0]}": picture("9_larger") + b"\0" * 100}, "all.zip")
    assert flickr8k.load(copy).version != version


@pytest.mark.parametrize("layout", [lay_out, lambda data, files: pack(data, files, "all.zip")])
def test_an_edit_of_the_same_size_is_another_version(copy, layout):
    layout(copy, contents())
    version = flickr8k.load(copy).version
    edited = picture(NAMES[0])[:-1] + b"\0"
    layout(copy, contents() | {f"Flicker8k_Dataset/{NAMES[0]}": edited})
    assert len(edited) == len(picture(NAMES[0])) and flickr8k.load(copy).version != version


def test_loose_pictures_are_read_for_their_version_once(copy, monkeypatch):
    lay_out(copy, contents())
    version = flickr8k.load(copy).version
    monkeypatch.setattr(flickr8k.zlib, "crc32", lambda content: pytest.fail("read again"))
    assert flickr8k.load(copy).version == version


@pytest.mark.parametrize("damage", ["", "{", "[]", '"text"'])
def test_a_damaged_memory_of_checksums_is_made_again(copy, damage):
    lay_out(copy, contents())
    version, memory = flickr8k.load(copy).version, copy.parent / "cache" / "flickr8k-crc32.json"
    whole = memory.read_text()
    memory.write_text(damage)
    assert flickr8k.load(copy).version == version and memory.read_text() == whole


@pytest.mark.parametrize("layout", [lay_out, lambda data, files: pack(data, files, "all.zip")])
def test_it_pickles(copy, layout):
    layout(copy, contents())
    dataset = flickr8k.load(copy)
    again = pickle.loads(pickle.dumps(dataset))
    for name in NAMES:
        assert np.array_equal(again.open_image(name), dataset.open_image(name))
    assert (again.splits, again.captions, again.version) == (dataset.splits, dataset.captions, dataset.version)


def test_threads_may_read_one_zip_at_once(copy):
    pack(copy, contents(), "all.zip")
    dataset = flickr8k.load(copy)
    with ThreadPoolExecutor(8) as pool:
        for name, image in zip(NAMES * 30, pool.map(dataset.open_image, NAMES * 30), strict=True):
            assert np.array_equal(image, dataset.open_image(name))


def test_faults_of_a_copy(copy):
    with pytest.raises(CaptionlibError, match="token.txt is missing"):
        flickr8k.load(copy)
    files = contents()
    pack(copy, {path: content for path, content in files.items() if NAMES[3] not in path}, "all.zip")
    with pytest.raises(CaptionlibError, match=f"1 of its pictures are missing, the first is {NAMES[3]}"):
        flickr8k.load(copy)
    pack(copy, {path: content for path, content in files.items() if NAMES[9] not in path}, "all.zip")
    flickr8k.load(copy)  # this picture is in no split
    with pytest.raises(CaptionlibError, match="9 of its 10 pictures are there"):
        flickr8k.verify(copy)
    pack(copy, files | {f"Flicker8k_Dataset/{NAMES[3]}": picture(NAMES[3])[:300]}, "all.zip")
    with pytest.raises(CaptionlibError, match=f"1 of 10 pictures of Flickr8k do not open; the first: {NAMES[3]} is"):
        flickr8k.verify(copy)
    pack(
        copy, files | {"Flickr8k.token.txt": files["Flickr8k.token.txt"].replace(b"Caption", b"CAPTION", 1)}, "all.zip"
    )
    with pytest.raises(CaptionlibError, match="Flickr8k.token.txt is not the file"):
        flickr8k.load(copy)


@pytest.mark.real_data
def test_the_real_flickr8k(data_dir):
    dataset = flickr8k.load(data_dir)
    assert {split: len(names) for split, names in dataset.splits.items()} == {"train": 6000, "val": 1000, "test": 1000}
    assert len(set().union(*dataset.splits.values())) == 8000
    assert len(dataset.captions) == 8091
    assert {len(captions) for captions in dataset.captions.values()} == {5}
    assert dataset.captions["997722733_0cb5439472.jpg"][4] == "A rock climber practices on a rock climbing wall ."
    assert flickr8k.verify(data_dir) == 8091
