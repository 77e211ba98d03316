"""The faults corpus: hostile and odd inputs, all in one process.

Each case makes its input in a folder and returns what to do with it. Whatever it is, the user gets one clear sentence
that names the file, nothing half-written stays behind, and nothing outside the folder is touched.
"""

import contextlib
import errno
import functools
import hashlib
import io
import json
import os
import pickle
import re
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
import warnings
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from captionlib import storage
from captionlib.data import CaptionDataset, flickr8k, load_dataset
from captionlib.data import folder as own_folder
from captionlib.data.images import open_image
from captionlib.errors import CaptionlibError

pytestmark = pytest.mark.filterwarnings("ignore")  # captionlib.data.images does, but pytest shows Pillow's warnings
CASES = {}
CONTENT = bytes(range(256)) * 2048  # what the server has: 512 KiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def fault(names, says, leaves=()):
    """Register a case: the sentence contains `names`, matches `says`; `leaves` are patterns of files it may leave."""

    def register(case):
        CASES[case.__name__] = pytest.param(case, names, says, leaves, id=case.__name__)
        return case

    return register


def listing(folder):
    """Every file below a folder with its digest, every link with its target, every folder."""
    return {
        path.relative_to(folder).as_posix(): os.readlink(path) if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file()
        else "folder"
        for path in folder.rglob("*")
    }  # fmt: skip


def is_one_sentence(text):
    return "\n" not in text and text.endswith(".") and text[0] != " " and not re.search(r"[.!?] +[A-Z]", text)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that a case may use, with a canary beside it."""
    (tmp_path / "canary").mkdir()
    (tmp_path / "canary" / "bird.txt").write_text("alive")
    (tmp_path / "inside").mkdir()
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path / "inside" / "cache"))
    monkeypatch.delenv("CAPTIONLIB_DATA", raising=False)
    return tmp_path / "inside"


# ── Pictures ────────────────────────────────────────────────────────────────────────────────────────────────────────


def picture(kind, size=(64, 48), **options):
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, kind, **options)
    return buffer.getvalue()


def png(width, height, *chunks, depth=8, colour=2):
    """A PNG that claims a size, whatever it holds."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*each) for each in chunks) + chunk(b"IEND", b"")


def bmp(width, height):
    return b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)


NOT_A_PICTURE, DAMAGED, TOO_LARGE = "is not a picture in", "is damaged", "claims .*pixels"
for case_name, content, sentence in [
    ("text named jpg", b"This is not a picture.", NOT_A_PICTURE),
    ("html error page", b"<!DOCTYPE html><title>404</title>", NOT_A_PICTURE),
    ("svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', NOT_A_PICTURE),
    ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", NOT_A_PICTURE),
    ("postscript that would start ghostscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", NOT_A_PICTURE),
    ("heic from a phone", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64, NOT_A_PICTURE),
    ("zip named jpg", b"PK\x03\x04" + b"\0" * 60, NOT_A_PICTURE),
    ("only the first bytes of a jpeg", b"\xff\xd8\xff", f"{NOT_A_PICTURE}|{DAMAGED}"),
    ("zero bytes", b"", "is empty"),
    ("jpeg cut off", picture("JPEG")[:-500], DAMAGED),
    ("progressive jpeg cut off", picture("JPEG", progressive=True)[:-500], DAMAGED),
    ("png cut off", picture("PNG")[:-500], DAMAGED),
    ("webp cut off", picture("WEBP")[:-500], f"{NOT_A_PICTURE}|{DAMAGED}"),
    ("gif cut off", picture("GIF")[:-500], DAMAGED),
    ("bmp cut off", picture("BMP")[:-500], DAMAGED),
    ("tiff cut off", picture("TIFF")[:-500], f"{NOT_A_PICTURE}|{DAMAGED}"),
    ("png with a flipped bit", picture("PNG").replace(b"IDAT", b"IDAU", 1), f"{NOT_A_PICTURE}|{DAMAGED}"),
    ("png bomb of 2500 megapixels", png(50_000, 50_000, (b"IDAT", zlib.compress(b"\0" * 10**6))), TOO_LARGE),
    ("png that claims 2 to the 31 squared", png(2**31 - 1, 2**31 - 1), TOO_LARGE),
    ("bmp that claims 150 megapixels", bmp(15_000, 10_000), TOO_LARGE),
    ("gif that claims the largest size", b"GIF89a" + b"\xff" * 4 + b"\0\0\0" + b"," + b"\0" * 20, TOO_LARGE),
    ("png of zero width", png(0, 9, (b"IDAT", zlib.compress(b""))), f"{NOT_A_PICTURE}|{DAMAGED}|{TOO_LARGE}"),
    ("bmp of zero height", bmp(9, 0), f"{NOT_A_PICTURE}|{DAMAGED}|{TOO_LARGE}"),
    ("png with a text bomb", png(2, 2, (b"zTXt", b"a\0\0" + zlib.compress(b"a" * 10**8)),
                                 (b"IDAT", zlib.compress(b"\0" * 14))), f"{NOT_A_PICTURE}|{DAMAGED}"),
]:  # fmt: skip

    def case(folder, content=content):
        (folder / "cat.jpg").write_bytes(content)
        return lambda: open_image(folder / "cat.jpg")

    case.__name__ = case_name
    fault("cat.jpg", sentence)(case)


@fault("cat.jpg", "does not exist")
def missing_picture(folder):
    return lambda: open_image(folder / "cat.jpg")


@fault("cat.jpg", "is a folder")
def folder_named_like_a_picture(folder):
    (folder / "cat.jpg").mkdir()
    return lambda: open_image(folder / "cat.jpg")


@fault("cat.jpg", "is not a regular file")
def pipe_that_would_block_for_ever(folder):
    os.mkfifo(folder / "cat.jpg")
    return lambda: open_image(folder / "cat.jpg")


@fault("cat.jpg", "does not exist")
def link_to_nowhere(folder):
    (folder / "cat.jpg").symlink_to(folder / "dog.jpg")
    return lambda: open_image(folder / "cat.jpg")


@fault("A cat sat", "does not exist")
def caption_given_as_a_path(folder):
    return lambda: open_image("A cat sat on a mat and " * 50)


@fault("cat.tif", "does not say which value is white")
def picture_of_floating_point_numbers(folder):
    Image.fromarray(np.ones((4, 4), np.float32)).save(folder / "cat.tif")
    return lambda: open_image(folder / "cat.tif")


# ── Archives ────────────────────────────────────────────────────────────────────────────────────────────────────────


def archive_case(name, members, says, change=lambda content: content, names="a.zip"):
    """Register a case that reads Flickr8k from a zip of `members`, after `change` has been done to its bytes."""

    def case(folder):
        (folder / "flickr8k").mkdir()
        path = folder / "flickr8k" / "a.zip"
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            warnings.simplefilter("ignore")  # zipfile warns about a name that stands twice
            for member, content in members:
                archive.writestr(member, content)
        path.write_bytes(change(path.read_bytes()))
        return lambda: load_dataset("flickr8k", folder)

    case.__name__ = name
    fault(names, says)(case)


def set_encrypted_flag(content):
    flags = content.index(b"PK\x01\x02") + 8
    return content[:flags] + b"\x01" + content[flags + 1 :]


# Nothing is ever unpacked: members are read by their bare names, so a hostile name is only a name, whose content is
# then refused. (That nothing appears outside the folder is asserted for every case.)
TOKENS = "Flickr8k.token.txt"
link = zipfile.ZipInfo(TOKENS)
link.external_attr = 0o120777 << 16
captions = (TOKENS, "cat.jpg#0\tA cat .\n" * 100)
NOT_THE_FILE = "is not the file that Flickr8k's authors published"
for hostile in (f"../canary/{TOKENS}", f"a/../../canary/{TOKENS}", f"/tmp/{TOKENS}", f"C:/canary/{TOKENS}"):
    archive_case(f"zip with {hostile}", [(hostile, captions[1])], NOT_THE_FILE, names=TOKENS)
archive_case("zip with backslashes", [(f"..\\canary\\{TOKENS}", captions[1])], "is missing", names=TOKENS)
archive_case("zip with a link", [(link, "../canary/bird.txt")], NOT_THE_FILE, names=TOKENS)
archive_case("zip with a name twice", [captions, captions], NOT_THE_FILE, names=TOKENS)
archive_case("zip with a file as a folder", [(TOKENS, "file"), (f"{TOKENS}/b", "file")], NOT_THE_FILE, names=TOKENS)
archive_case("zip cut off", [captions], "is not a whole zip", lambda content: content[:-30])
archive_case("zip without bytes", [captions], "is not a whole zip", lambda content: b"")
archive_case("zip that is a web page", [captions], "is not a whole zip", lambda content: b"<html>Log in</html>")
archive_case("zip with a flipped bit", [captions], "is damaged", lambda content: content[:60] + b"?" + content[61:])
archive_case("zip with a password", [captions], "is damaged .*encrypted", set_encrypted_flag)


# ── Data sets ───────────────────────────────────────────────────────────────────────────────────────────────────────


def csv_case(name, content, says, names="captions.csv"):
    """Register a case that loads a folder with one picture, cat.png, and captions.csv."""

    def case(folder):
        (folder / "photos").mkdir()
        (folder / "photos" / "cat.png").write_bytes(picture("PNG"))
        (folder / "dog.png").write_bytes(picture("PNG", (9, 9)))
        (folder / "photos" / "captions.csv").write_bytes(content.encode() if isinstance(content, str) else content)
        return lambda: own_folder.load(folder / "photos")

    case.__name__ = name
    fault(names, says)(case)


csv_case("csv without bytes", "", "no column picture")
csv_case("csv without rows", "picture,caption\n", "no rows")
csv_case("csv without its header", "cat.png,A cat.\n", "no column picture")
csv_case("csv without captions", "picture,text\ncat.png,A cat.\n", "no column caption")
csv_case("csv with semicolons", "picture;caption\ncat.png;A cat.\n", "no column picture")
csv_case("csv with an unquoted comma", "picture,caption\ncat.png,A cat, asleep.\n", "Line 2 .* too many commas")
csv_case("csv with an empty caption", "picture,caption\ncat.png,A cat.\ncat.png,  \n", "Line 3 .* has no caption")
csv_case("csv with a short row", "picture,caption\ncat.png\n", "Line 2 .* has no caption")
csv_case("csv with an empty picture", "picture,caption\n,A cat.\n", "Line 2 .* has no picture")
csv_case("csv with an absent picture", "picture,caption\ncow.png,A cow.\n", "Line 2 .* 'cow.png', which is not there")
csv_case("csv with a folder as picture", "picture,caption\n.,A cat.\n", "Line 2 .* which is not there")
csv_case("csv with a path that leads out", "picture,caption\n../dog.png,A dog.\n", "'../dog.png', which lies outside")
csv_case("csv with an absolute path", f"picture,caption\n{Path(__file__)},A test.\n", "which lies outside")
csv_case("csv with a name no file can have", "picture,caption\ncat\0.png,A cat.\n", "which is not there")
csv_case(
    "csv with caption and picture exchanged",
    f"picture,caption\n{'A cat on a mat and ' * 30},cat.png\n",
    "which is not there",
)
csv_case("csv with an unknown split", "picture,caption,split\ncat.png,A cat.,dev\n", "the split 'dev', not train")
csv_case("csv with two splits of a picture", "picture,caption,split\ncat.png,A.,train\ncat.png,B.,test\n",
         "Line 3 .* gives cat.png the split test, but it is in train already")  # fmt: skip
csv_case("csv in latin 1", "picture,caption\ncat.png,Café.\n".encode("latin-1"), "not UTF-8")
csv_case("csv in utf 16", "picture,caption\ncat.png,A cat.\n".encode("utf-16"), "not UTF-8")
csv_case("csv with an open quote", 'picture,caption\ncat.png,"A cat.\n', "not a readable CSV")
csv_case("csv with an endless cell", "picture,caption\ncat.png," + "A cat. " * 30_000, "not a readable CSV")


@fault("captions.csv", "is missing")
def folder_without_a_csv(folder):
    return lambda: load_dataset(folder)


@fault("coco", "no data set or folder")
def data_set_that_does_not_exist(folder):
    return lambda: load_dataset("coco")


@fault("cat.png", NOT_A_PICTURE)
def broken_picture_in_a_folder(folder):
    (folder / "cat.png").write_text("no picture")
    (folder / "captions.csv").write_text("picture,caption\ncat.png,A cat.\n")
    return lambda: load_dataset(folder).open_image("cat.png")


@fault("nowhere", "does not exist")
def data_folder_that_does_not_exist(folder):
    return lambda: load_dataset("flickr8k", folder / "nowhere")


@fault("Flickr8k.token.txt", "captionlib data flickr8k")
def flickr8k_that_is_not_here(folder):
    return lambda: load_dataset("flickr8k", folder)


@fault("Flickr8k_Dataset.zip", "is not a whole zip")
def flickr8k_whose_download_was_a_web_page(folder):
    (folder / "flickr8k").mkdir()
    (folder / "flickr8k" / "Flickr8k_Dataset.zip").write_text("<html>Please log in</html>")
    return lambda: load_dataset("flickr8k", folder)


@fault("Flickr8k.token.txt", "is not the file that Flickr8k's authors published")
def flickr8k_with_other_captions(folder):
    (folder / "flickr8k").mkdir()
    (folder / "flickr8k" / "Flickr8k.token.txt").write_text("cat.jpg#0\tA cat .\n")
    return lambda: load_dataset("flickr8k", folder)


@fault("Flickr8k.token.txt in", "is damaged .*claims")
def flickr8k_with_a_bomb_for_its_captions(folder):
    (folder / "flickr8k").mkdir()
    with zipfile.ZipFile(folder / "flickr8k" / "text.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Flickr8k.token.txt", b"\0" * (flickr8k.MAX_FILE_BYTES + 1))
    return lambda: load_dataset("flickr8k", folder)


# ── Downloads ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT; the first word of the path says how badly."""

    def do_GET(self):
        way = self.path.split("/")[1]
        asked = self.headers["Range"] if way != "no-range" else None
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        self.server.asked.append(start)
        if way in ("404", "503"):
            return self.answer(int(way), {})
        if way == "moved":
            return self.answer(302, {"Location": "/whole/a.bin"})
        if start >= len(CONTENT):
            return self.answer(416, {"Content-Range": f"bytes */{len(CONTENT)}"})
        span = {"Content-Range": f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"} if asked else {}
        self.answer(206 if asked else 200, {"Content-Length": len(CONTENT) - start} | span)
        whole = asked or way not in ("cut", "reset", "interrupted")
        self.wfile.write(CONTENT[start:] if whole else CONTENT[: len(CONTENT) // 2])
        if way == "interrupted" and not asked:
            time.sleep(0.3)  # let the client write what it has
            for _ in range(10):  # Ctrl-C while it waits for more; a busy machine may swallow one
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
                if select.select([self.connection], [], [], 2.0)[0]:  # the client is gone
                    break
        if way == "reset" and not asked:  # no orderly end but an RST, as from a router that restarts
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()

    def answer(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()

    def log_message(self, *words):
        """Keep quiet."""


@functools.cache
def server():
    """A server of CONTENT on this machine; `asked` holds the first byte that each request asked for."""
    it = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    it.daemon_threads, it.asked = True, []
    threading.Thread(target=it.serve_forever, daemon=True).start()
    return it


def fetch(way, sha256=SHA256):
    return storage.fetch("weights/a.bin", f"http://127.0.0.1:{server().server_port}/{way}/a.bin", sha256)


PART = "inside/cache/data/weights/a.bin.part"


@fault("a.bin", "answered 404 Not Found; put a copy at")
def download_of_a_file_that_is_gone(folder):
    return lambda: fetch("404")


@fault("a.bin", "answered 503 Service Unavailable")
def download_from_a_busy_server(folder):
    return lambda: fetch("503")


@fault("a.bin", "is not the expected file .* and was removed")
def download_of_another_file(folder):
    return lambda: fetch("whole", "0" * 64)


@fault("a.bin", "broke off after 0.[123] MB; run the same command again", [PART])
def download_that_breaks_off(folder):
    return lambda: fetch("cut")


@fault("a.bin", "broke off after 0.[123] MB|cannot be reached", [PART])
def download_whose_connection_is_reset(folder):
    return lambda: fetch("reset")


@fault("a.bin", "cannot be reached; check the network")
def download_without_a_network(folder):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    return lambda: storage.fetch("weights/a.bin", f"http://127.0.0.1:{port}/a.bin", None)


@fault("a.bin", "cannot be reached; check the network")
def download_from_an_unknown_host(folder):
    return lambda: storage.fetch("weights/a.bin", "http://captionlib.invalid/a.bin", None)


@fault("a.bin", "is damaged or another version")
def local_copy_of_another_file(folder):
    (folder / "cache" / "data" / "weights").mkdir(parents=True)
    (folder / "cache" / "data" / "weights" / "a.bin").write_bytes(CONTENT[:-1])
    return lambda: fetch("whole")


@fault("a.bin", "because the disk is full; make room")
def download_onto_a_full_disk(folder):
    (folder / "cache" / "data" / "weights").mkdir(parents=True)
    (folder / "cache" / "data" / "weights" / "a.bin.part").symlink_to("/dev/full")
    return lambda: fetch("whole")


@fault("a.bin", "could not be written")
def download_where_the_cache_is_a_file(folder):
    (folder / "cache").write_text("a file")
    return lambda: fetch("whole")


@fault("report.json", "because the disk is full; make room")
def writing_onto_a_full_disk(folder):
    def write():
        with storage.write_atomically(folder / "report.json") as path:
            path.write_text("half")
            with open("/dev/full", "w") as full:
                full.write("the other half")

    return write


@fault("report.json", "could not be written .*; choose a folder")
def writing_below_a_file(folder):
    (folder / "out").write_text("a file")

    def write():
        with storage.write_atomically(folder / "out" / "report.json") as path:
            path.write_text("whole")

    return write


# ── Captioners ──────────────────────────────────────────────────────────────────────────────────────────────────────


class TinyEncoder:
    """Stands in for a network: the mean colours of four quarters."""

    name, version, input_size, grid, depth = "toynet", "1", (8, 8), (2, 2), 3

    def __call__(self, images):
        quarters = images.reshape(-1, 2, 4, 2, 4, 3).mean((2, 4)) / 255  # (B, 2, 2, 3)
        return quarters.reshape(-1, 4, 3).astype("float32")  # (B, L, D)


@functools.cache
def tiny_captioner():
    """The files of a captioner that knows four words and has learned nothing."""
    from captionlib.captioner import Captioner
    from captionlib.models import MODELS
    from captionlib.models.decoder import save_weights
    from captionlib.text import Tokenizer
    from captionlib.vision.out_of_distribution import OutOfDistribution

    decoder = MODELS["show_attend_tell"](8, 4, 3, units=8, embedding=4, max_length=6)
    seen = list(np.random.default_rng(0).random((20, 4, 3), "float32"))
    detector = OutOfDistribution.fit(seen, seen)
    captioner = Captioner(TinyEncoder(), Tokenizer.fit(["a red cat sleeps"]), decoder, "show_attend_tell", detector)
    with tempfile.TemporaryDirectory() as folder:
        captioner.save_description(Path(folder))
        save_weights(decoder, Path(folder) / "decoder.weights.h5")
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def write_captioner(folder):
    folder.mkdir()
    for name, content in tiny_captioner().items():
        (folder / name).write_bytes(content)
    return folder


def load_captioner(folder):
    from captionlib.captioner import Captioner

    with mock.patch("captionlib.captioner.load_encoder", lambda name: TinyEncoder()):
        return Captioner.load(folder)


def captioner_case(name, change, says, names="model"):
    """Register a case that loads a captioner after `change` has been done to its folder."""

    def case(folder):
        change(write_captioner(folder / "model"))
        return lambda: load_captioner(folder / "model")

    case.__name__ = name
    fault(names, says)(case)


def edit(path, change):
    about = json.loads(path.read_text())
    change(about)
    path.write_text(json.dumps(about))


def set_weights(path, change):
    import h5py

    with h5py.File(path, "r+") as weights:
        found = []
        weights.visititems(lambda name, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
        change(max(found, key=lambda item: item.size))


def swap_for_a_larger_decoder(folder):
    from captionlib.models import MODELS
    from captionlib.models.decoder import save_weights

    save_weights(MODELS["show_attend_tell"](8, 4, 3, units=16, embedding=4), folder / "decoder.weights.h5")


class Bomb:
    """A pickle that would leave a mark."""

    def __reduce__(self):
        return os.mkdir, ("captionlib-was-unpickled",)


PICKLE = pickle.dumps(Bomb())
JSON, WORDS, WEIGHTS = "config.json", "tokenizer.json", "decoder.weights.h5"
captioner_case("model without config", lambda m: (m / JSON).unlink(), "holds no config.json")
captioner_case("model without tokenizer", lambda m: (m / WORDS).unlink(), "holds no tokenizer.json")
captioner_case("model without weights", lambda m: (m / WEIGHTS).unlink(), "holds no decoder.weights.h5")
captioner_case("config of no bytes", lambda m: (m / JSON).write_text(""), "does not describe a captioner", JSON)
captioner_case("config that is not json", lambda m: (m / JSON).write_text("{"), "does not describe a captioner", JSON)
captioner_case("config that is a list", lambda m: (m / JSON).write_text("[]"), "does not describe a captioner", JSON)
captioner_case("config that is not text", lambda m: (m / JSON).write_bytes(b"\xff" * 9), "not describe", JSON)
captioner_case("config that nests without end", lambda m: (m / JSON).write_text("[" * 100_000), "not describe", JSON)
captioner_case("config without a decoder", lambda m: edit(m / JSON, lambda c: c.pop("decoder")), "not describe", JSON)
captioner_case("config with another model", lambda m: edit(m / JSON, lambda c: c.update(model="gpt")), "model 'gpt'")
captioner_case("config with a model that is no word", lambda m: edit(m / JSON, lambda c: c.update(model=[])), "model")
captioner_case("config with negative units", lambda m: edit(m / JSON, lambda c: c["decoder"].update(units=-1)),
               "settings that show_attend_tell cannot use", JSON)  # fmt: skip
captioner_case("config with an unknown setting", lambda m: edit(m / JSON, lambda c: c["decoder"].update(wings=2)),
               "settings that show_attend_tell cannot use .*wings", JSON)  # fmt: skip
captioner_case("config with units in words", lambda m: edit(m / JSON, lambda c: c["decoder"].update(units="many")),
               "settings that show_attend_tell cannot use", JSON)  # fmt: skip
captioner_case("config with another encoder", lambda m: edit(m / JSON, lambda c: c["encoder"].update(version="0")),
               "trained on toynet version 0")  # fmt: skip
captioner_case("tokenizer that is not json", lambda m: (m / WORDS).write_text("words"), "is not a tokenizer", WORDS)
captioner_case("tokenizer that is a list", lambda m: (m / WORDS).write_text("[]"), "is not a tokenizer", WORDS)
captioner_case("tokenizer with another word", lambda m: edit(m / WORDS, lambda t: t["vocabulary"].append("dog")),
               "tokenizer.json has 9 words, config.json 8")  # fmt: skip
captioner_case("tokenizer without special tokens", lambda m: edit(m / WORDS, lambda t: t["vocabulary"].reverse()),
               "begins with <pad> <start> <end> <unk>", WORDS)  # fmt: skip
captioner_case("weights cut off", lambda m: (m / WEIGHTS).write_bytes(tiny_captioner()[WEIGHTS][:-3000]),
               DAMAGED, WEIGHTS)  # fmt: skip
captioner_case("weights of no bytes", lambda m: (m / WEIGHTS).write_bytes(b""), DAMAGED, WEIGHTS)
captioner_case("weights that are text", lambda m: (m / WEIGHTS).write_text("weights"), DAMAGED, WEIGHTS)
captioner_case("weights that are a pickle", lambda m: (m / WEIGHTS).write_bytes(PICKLE), DAMAGED, WEIGHTS)
captioner_case(
    "weights of another shape", swap_for_a_larger_decoder, "holds [0-9,]+ numbers, [0-9,]+ are needed", WEIGHTS
)
captioner_case("weights that are not numbers",
               lambda m: set_weights(m / WEIGHTS, lambda w: w.write_direct(np.full(w.shape, np.nan, w.dtype))),
               "not finite", WEIGHTS)  # fmt: skip


UNLIKE = "out_of_distribution.npz"
captioner_case("model without its detector", lambda m: (m / UNLIKE).unlink(), f"holds no {UNLIKE}")
captioner_case("detector that is a pickle", lambda m: (m / UNLIKE).write_bytes(PICKLE), "is damaged", UNLIKE)
captioner_case("detector cut off", lambda m: (m / UNLIKE).write_bytes(tiny_captioner()[UNLIKE][:-300]), DAMAGED, UNLIKE)
captioner_case("detector of another encoder",
               lambda m: np.savez(m / UNLIKE, components=np.zeros((9, 2)), references=np.zeros((5, 2)), threshold=1),
               "another encoder", UNLIKE)  # fmt: skip


@fault("model", "holds no config.json")
def empty_folder_as_a_model(folder):
    (folder / "model").mkdir()
    return lambda: load_captioner(folder / "model")


@fault("show_and_dance", "no model called")
def model_that_does_not_exist(folder):
    return lambda: load_captioner("show_and_dance")


# ── The command ─────────────────────────────────────────────────────────────────────────────────────────────────────


def run(*words):
    """Run a command in this process; return (exit code, what it printed, what it said on stderr)."""
    from captionlib import cli

    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        for module in ("captioner", "recipes", "vision.encoders"):
            stack.enter_context(mock.patch(f"captionlib.{module}.load_encoder", lambda *_: TinyEncoder()))
        stack.enter_context(mock.patch.object(sys, "argv", ["captionlib", *map(str, words)]))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        end = stack.enter_context(pytest.raises(SystemExit))
        cli.main()
    code = end.value.code
    return (
        (1, out.getvalue(), err.getvalue() + code) if isinstance(code, str) else (code, out.getvalue(), err.getvalue())
    )


def command_case(name, prepare, says, names):
    """Register a case that runs the command whose words `prepare` makes."""

    def case(folder):
        words = prepare(folder)

        def act():
            code, _, err = run(*words)
            assert code == 1 and "Traceback" not in err
            (sentence,) = [line for line in err.splitlines() if line.startswith("captionlib: ")]
            raise CaptionlibError(sentence.removeprefix("captionlib: "))

        return act

    case.__name__ = name
    finished = ["inside/cache/features/*/features.npy", "inside/cache/features/*/store.json"]  # of use next time
    fault(names, says, finished)(case)


def photos_folder(folder, pictures=6, rows=None):
    """A folder of pictures with captions and splits; the last third is test, the third before it is val."""
    (folder / "photos").mkdir()
    lines = ["picture,caption,split"]
    for number in range(pictures):
        (folder / "photos" / f"{number}.png").write_bytes(picture("PNG", (9 + number, 9)))
        lines.append(f"{number}.png,A red cat sleeps.,{('train', 'val', 'test')[3 * number // pictures]}")
    (folder / "photos" / "captions.csv").write_text("\n".join(rows or lines) + "\n")
    return folder / "photos"


def file(folder, name, content="a file"):
    (folder / name).write_text(content)
    return folder / name


def two_pictures(folder):
    (folder / "good.png").write_bytes(picture("PNG"))
    return ["caption", folder / "good.png", file(folder, "bad.png"), "--model", write_captioner(folder / "model")]


def score(hypotheses, references='{"1": ["A cat."]}'):
    return lambda folder: [
        "score",
        file(folder, "h.json", hypotheses),
        "--references",
        file(folder, "r.json", references),
    ]


def evaluate(*more, rows=None):
    return lambda folder: [
        "evaluate", write_captioner(folder / "model"), "--data", photos_folder(folder, rows=rows), *more
    ]  # fmt: skip


def train(*more, prepare=lambda folder: None, rows=None):
    def words(folder):
        prepare(folder)
        return ["train", "--model", "show_and_tell", "--data", photos_folder(folder, rows=rows), "--epochs", "1",
                "--out", folder / "out", *more]  # fmt: skip

    return words


def checkpoint(content):
    def prepare(folder):
        (folder / "out").mkdir()
        (folder / "out" / "checkpoint.npz").write_bytes(content)

    return prepare


def cache_that_is_a_file(folder):
    file(folder, "cache")
    return ["features", "--data", photos_folder(folder)]


def pickled_checkpoint():
    buffer = io.BytesIO()
    np.savez(buffer, history=np.array(["[]"]), variable_0=np.array([Bomb()], dtype=object))
    return buffer.getvalue()


command_case("command with a broken picture among others", two_pictures, NOT_A_PICTURE, "bad.png")
command_case("command with an unknown model", lambda f: ["caption", file(f, "a.png"), "--model", "x"], "no model", "x")
command_case("command with unknown data", lambda f: ["data", "coco"], "no data set", "coco")
command_case(
    "command with an unknown data folder", lambda f: ["data", "flickr8k", "--data-dir", f / "no"], "exist", "no"
)
command_case(
    "score of an absent file", lambda f: ["score", f / "h.json", "--references", f / "r.json"], "cannot", "h.json"
)
command_case("score of no json", score("{"), "cannot be read as JSON", "h.json")
command_case("score of a list", score("[]"), "must be a dictionary", "captions")
command_case("score of numbers", score('{"1": 7}'), "must be a string, not int", "caption of 1")
command_case("score of nothing", score("{}"), "at least one picture", "captions")
command_case("score without a reference", score('{"1": "A cat.", "2": "A dog."}'), "no references", "2")
command_case(
    "score with a sentence for references",
    score('{"1": "A cat."}', '{"1": "A cat."}'),
    "must be a list",
    "references of 1",
)
command_case("evaluate an unknown split", evaluate("--split", "dev"), "no split 'dev'", "photos")
command_case("evaluate into a folder that is a file", lambda f: evaluate("--json", file(f, "out") / "r.json")(f),
             "could not be written", "r.json")  # fmt: skip
command_case(
    "evaluate an empty split",
    evaluate(rows=["picture,caption,split", "0.png,A cat.,train"]),
    "The split test of photos is empty; it takes three .*are 1 in all",
    "photos",
)
command_case(
    "train into a folder that is a file", train(prepare=lambda f: file(f, "out")), "could not be written", "out"
)
command_case("train over a model", train(prepare=lambda f: write_captioner(f / "out")), "holds a trained model", "out")
command_case(
    "train without pictures to check with",
    train(rows=["picture,caption", "0.png,A cat.", "1.png,A cat."]),
    "The split val of photos is empty; it takes three .*are 2 in all",
    "photos",
)
command_case("resume from nothing", train("--resume"), "has no checkpoint", "checkpoint.npz")
command_case("resume from text", train("--resume", prepare=checkpoint(b"text")), "no checkpoint", "checkpoint.npz")
command_case("resume from a pickle", train("--resume", prepare=checkpoint(PICKLE)), "no checkpoint", "checkpoint.npz")
command_case("resume from pickled arrays", train("--resume", prepare=checkpoint(pickled_checkpoint())),
             "no checkpoint", "checkpoint.npz")  # fmt: skip
command_case(
    "features where the cache is a file", cache_that_is_a_file, "Not a directory|could not be written", "cache"
)


@fault("features", "because the disk is full")
def features_onto_a_full_disk(folder):
    """A memory map that outgrows the disk would end Python with SIGBUS, so its room must be taken beforehand."""
    dataset = own_folder.load(photos_folder(folder))

    def act():
        from captionlib.vision.features import FeatureStore

        with mock.patch("os.posix_fallocate", side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))):
            FeatureStore.extract(dataset, TinyEncoder())

    return act


def test_evaluating_needs_the_split_it_scores_and_no_other(folder):
    names = [f"{i}" for i in range(3)]
    dataset = CaptionDataset("tiny", "1", {"test": names}, dict.fromkeys(names, ["A red cat sleeps."]), plain)
    result = load_captioner(write_captioner(folder / "model")).evaluate(dataset, "test")
    assert [row["picture"] for row in result["captions"]] == names


def plain(name):
    return np.zeros((8, 8, 3), np.uint8)


# ── The tests ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("case, names, says, leaves", CASES.values())
def test_a_fault_gives_one_clear_sentence_and_leaves_nothing(case, names, says, leaves, folder):
    act = case(folder)
    before = listing(folder.parent)
    with pytest.raises(CaptionlibError) as caught:
        act()
    text = str(caught.value)
    assert names in text
    assert re.search(says, text), text
    assert is_one_sentence(text), text
    after = listing(folder.parent)
    new = {path for path in after.keys() - before.keys() if after[path] != "folder"}
    leaves = (*leaves, "inside/cache/locks/*.lock")  # empty files
    assert all(any(fnmatch(path, pattern) for pattern in leaves) for path in new), new
    assert before.items() <= after.items()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_whatever_is_done_to_a_picture_it_opens_or_is_refused(kind):
    content, rng = np.frombuffer(picture(kind), np.uint8), np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = content.copy()
        damaged[rng.integers(0, rng.choice([100, content.size]), 5)] = rng.integers(0, 256, 5)
        try:
            image = open_image(damaged[: rng.integers(content.size // 2, 2 * content.size)].tobytes(), "cat.jpg")
            assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        except CaptionlibError as error:
            assert is_one_sentence(str(error)) and "cat.jpg" in str(error)
            refused += 1
    assert refused > 0


def test_the_corpus_is_large_enough():
    assert len(CASES) >= 40


def test_a_broken_picture_does_not_stop_the_others(folder):
    code, out, err = run(*two_pictures(folder))
    assert code == 1
    assert [line.split(": ")[0] for line in out.splitlines()] == [str(folder / "good.png")]


@pytest.mark.parametrize("words", [
    ["caption"], ["caption", "a.png", "--beam", "0"], ["train", "--model", "gpt", "--out", "o"], ["dance"], ["--dance"],
    ["train", "--model", "transformer"], ["evaluate", "x", "--beam", "many"], ["demo", "--scenes", "1000000"],
])  # fmt: skip
def test_a_command_with_wrong_words_says_how_it_is_used(folder, words):
    code, out, err = run(*words)
    assert code == 2 and "Usage: " in err and "Traceback" not in err


def break_off(folder):
    """Start a download that breaks off; return how many bytes have arrived."""
    with pytest.raises(CaptionlibError):
        fetch("cut")
    server().asked.clear()
    return (folder.parent / PART).stat().st_size


def test_a_broken_download_goes_on_where_it_stopped(folder):
    arrived = break_off(folder)
    assert len(CONTENT) // 4 < arrived < len(CONTENT)
    assert fetch("cut").read_bytes() == CONTENT
    assert server().asked == [arrived]  # only the rest was transferred
    assert not (folder.parent / PART).exists()
    fetch("404")  # from now on the local copy is used


def test_a_download_begins_again_where_the_server_cannot_go_on(folder):
    break_off(folder)
    assert fetch("no-range").read_bytes() == CONTENT


def test_a_part_that_is_whole_already_is_not_downloaded_again(folder):
    break_off(folder)
    (folder.parent / PART).write_bytes(CONTENT)
    assert fetch("whole", None).read_bytes() == CONTENT
    assert server().asked == [len(CONTENT)]


def test_two_downloads_of_one_file_at_once_are_one_download(folder):
    server().asked.clear()
    with ThreadPoolExecutor(4) as pool:
        for path in pool.map(fetch, ["whole"] * 4):
            assert path.read_bytes() == CONTENT
    assert server().asked == [0]


def test_a_part_of_a_longer_file_is_thrown_away(folder):
    break_off(folder)
    (folder.parent / PART).write_bytes(CONTENT + b"more")
    assert fetch("whole", None).read_bytes() == CONTENT


def test_a_download_follows_a_moved_address(folder):
    break_off(folder)
    assert fetch("moved").read_bytes() == CONTENT


def test_ctrl_c_leaves_a_part_that_goes_on(folder):
    with pytest.raises(KeyboardInterrupt):
        fetch("interrupted")
    left = {path for path, kind in listing(folder.parent).items() if kind != "folder" and "/locks/" not in path}
    assert left == {"canary/bird.txt", PART}
    assert fetch("interrupted").read_bytes() == CONTENT
