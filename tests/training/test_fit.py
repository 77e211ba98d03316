"""Training: the loss counts words alone, the vocabulary is of train alone, and a killed run resumes exactly."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.python.framework import config

from captionlib import recipes
from captionlib.data import CaptionDataset, toyscenes
from captionlib.errors import CaptionlibError
from captionlib.models import MODELS, ShowAndTell
from captionlib.text import END, PAD, START, Tokenizer
from captionlib.training.batches import Batches
from captionlib.training.fit import TeacherForcing, best_epoch, fit, start_from_frequencies
from captionlib.training.losses import MaskedCrossEntropy, Perplexity
from captionlib.training.reproducible import reproducible
from captionlib.vision.features import FeatureStore


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 4), st.integers(1, 6), st.integers(0, 9), st.integers(0, 1000))
def test_loss_is_the_mean_over_words(rows, length, extra, seed):
    """Adding padding changes nothing, and Keras' own mean over valid tokens is the same number."""
    rng = np.random.default_rng(seed)
    words = rng.integers(1, 7, (rows, length))
    logits = rng.normal(size=(rows, length, 7)).astype("float32")
    padded = np.pad(words, [(0, 0), (0, extra)])
    padded_logits = np.concatenate([logits, rng.normal(size=(rows, extra, 7)).astype("float32")], 1)
    loss = MaskedCrossEntropy()(words, logits)
    assert float(MaskedCrossEntropy()(padded, padded_logits)) == pytest.approx(float(loss), rel=1e-5)
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
    mask = (padded != PAD).astype("float32")
    assert float(theirs(padded, padded_logits, sample_weight=mask)) == pytest.approx(float(loss), rel=1e-5)


def test_label_smoothing_equals_keras():
    rng = np.random.default_rng(0)
    words, logits = rng.integers(1, 7, (3, 5)), rng.normal(size=(3, 5, 7)).astype("float32")
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    expected = float(theirs(tf.one_hot(words, 7), logits))
    assert float(MaskedCrossEntropy(0.1)(words, logits)) == pytest.approx(expected, rel=1e-5)


def test_perplexity_of_knowing_nothing_is_the_size_of_the_vocabulary():
    metric = Perplexity()
    metric.update_state(np.array([[1, 2, 0]]), np.zeros((1, 3, 7), "float32"))
    metric.update_state(np.array([[3, 0, 0]]), np.zeros((1, 3, 7), "float32"))
    assert float(metric.result()) == pytest.approx(7.0, rel=1e-5)


def dataset(captions=None):
    words = ["red", "blue", "green", "dog", "cat", "bird", "runs", "sits", "jumps", "here", "there"]
    rng = np.random.default_rng(1)
    names = [f"p{i}" for i in range(24)]
    captions = captions or {n: [" ".join(rng.choice(words, rng.integers(2, 7))) for _ in range(3)] for n in names}
    splits = {"train": names[:16], "val": names[16:20], "test": names[20:]}
    return CaptionDataset("tiny", "1", splits, captions, lambda name: np.zeros((8, 8, 3), "uint8"))


def store(data):
    names = [name for split in data.splits.values() for name in split]
    features = np.random.default_rng(2).normal(size=(len(names), 4, 6)).astype("float16")
    return FeatureStore(dict(zip(names, features, strict=True)), {})


def test_about_half_of_an_epoch_is_mirrored_and_another_half_in_the_next():
    data = dataset()
    usual, names = store(data), data.splits["train"]
    turned = FeatureStore({name: -usual.features[name] for name in names[:12]}, {})
    tokenizer = Tokenizer.fit(c for n in names for c in data.captions[n])
    batches = Batches(data, "train", usual, tokenizer, 6, 4, 5, turned)
    seen = {}
    for step in range(40 * len(batches)):
        features = batches[step][0]["features"]
        np.testing.assert_array_equal(features, batches[step][0]["features"])  # the same when read again
        for name, mine in zip((names[i] for i in batches.chosen(step)), features, strict=True):
            mirror = np.array_equal(mine, -usual[[name]][0])
            assert mirror or np.array_equal(mine, usual[[name]][0])
            seen.setdefault(name, []).append(mirror)
    shares = {name: np.mean(mirrors) for name, mirrors in seen.items()}
    assert all(0.2 < shares[name] < 0.8 for name in names[:12]) and not any(shares[name] for name in names[12:])


def make_batches(data, split="train", max_length=6, batch=4, seed=5):
    tokenizer = Tokenizer.fit(c for n in data.splits["train"] for c in data.captions[n])
    return Batches(data, split, store(data), tokenizer, max_length, batch, seed), tokenizer


def test_batches_pair_each_caption_with_its_picture():
    data = dataset()
    batches, tokenizer = make_batches(data)
    features = store(data)
    seen = []
    for step in range(len(batches)):
        inputs, targets = batches[step]
        assert inputs["features"].shape == (4, 4, 6) and inputs["tokens"].shape == targets.shape == (12, 7)
        for i, (read, said) in enumerate(zip(inputs["tokens"], targets, strict=True)):
            name = next(n for n in data.splits["train"] if (features[[n]][0] == inputs["features"][i // 3]).all())
            assert read[0] == START and (read[1:] == said[:-1]).all() and END in said
            assert tokenizer.decode(said) in data.captions[name]
            seen.append((name, tokenizer.decode(said)))
    assert len(set(seen)) >= 40  # an epoch shows (nearly) every caption once; a few are equal by chance


def test_the_order_depends_on_seed_and_epoch_alone():
    data = dataset()
    first, _ = make_batches(data)
    again, _ = make_batches(data)
    assert (first[0][1] == again[0][1]).all()
    steps = len(first)
    assert (first[0][1] != first[steps][1]).any()
    streamed = [words for _, words in again.stream(1, 3).as_numpy_iterator()]
    assert len(streamed) == 2 * steps == 8
    assert all((first[steps + i][1] == words).all() for i, words in enumerate(streamed))


def test_long_captions_are_left_out_never_cut():
    data = dataset({f"p{i}": ["dog " * 9, "cat sits", "bird runs"] for i in range(24)})
    batches, tokenizer = make_batches(data, max_length=4)
    tokens = np.concatenate(batches.tokens)
    assert (tokens == END).any(-1).all() and tokenizer.ids["dog"] not in tokens
    assert (batches.captions, batches.too_long) == (32, 16)


def test_all_captions_are_used_beyond_five_too():
    """A picture with seven shows five per epoch, the next five in the next; one with a single caption repeats it."""
    data = dataset({f"p{i}": [f"dog {w}" for w in "abcdefg"[: 7 if i < 8 else 1]] for i in range(24)})
    batches, tokenizer = make_batches(data)
    assert batches.k == 5
    shown = [tokenizer.decode(row) for step in range(2 * len(batches)) for row in batches[step][1]]
    assert Counter(shown) == {"dog a": 8 * 2 + 8 * 10} | {f"dog {w}": 8 * (2 if w in "bc" else 1) for w in "bcdefg"}


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_the_validation_loss_is_the_mean_over_all_tokens_of_all_captions(kind):
    """Held against a plain computation, caption by caption; the last batch is smaller, pictures differ in captions."""
    data = dataset()
    for i, name in enumerate(data.splits["val"] + data.splits["test"]):
        data.captions[name] = ["dog", "cat sits here", "a bird jumps"] * i + ["red dog runs there now"]
    data.splits["val"] += data.splits["test"]
    data.splits["test"] = []
    val, tokenizer = make_batches(data, "val", batch=3, seed=None)
    assert val.captions == sum(len(data.captions[name]) for name in data.splits["val"]) and len(val) == 8
    decoder = kind(len(tokenizer), 4, 6, units=8, max_length=6)
    trainer = TeacherForcing(decoder)
    trainer.compile("sgd", MaskedCrossEntropy(), metrics=[Perplexity(name="perplexity")], jit_compile=False)
    got = trainer.evaluate(val.stream(), verbose=0, return_dict=True)
    losses = []
    for name in data.splits["val"]:
        for caption in data.captions[name]:
            ids = np.array([tokenizer.encode(caption)])
            log_probs = tf.nn.log_softmax(decoder(store(data)[[name]].astype("float32"), ids[:, :-1])).numpy()
            losses += [-log_probs[0, t, word] for t, word in enumerate(ids[0, 1:])]
    assert got["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert got["perplexity"] == pytest.approx(np.exp(np.mean(losses)), rel=1e-5)


def test_a_split_with_only_long_captions_is_refused():
    with pytest.raises(CaptionlibError, match="at most 1 words"):
        make_batches(dataset({f"p{i}": ["dog cat bird"] for i in range(24)}), max_length=1)


def test_output_bias_starts_from_word_frequencies():
    decoder = ShowAndTell(8, 4, 6, units=8)
    start_from_frequencies(decoder, np.array([[START, 4, 4, 4, 5, END, PAD]]))
    probs = tf.nn.softmax(decoder.to_logits.bias).numpy()
    assert probs[4] == pytest.approx(3.1 / 5.8, rel=1e-4) and probs[START] == probs[PAD] < 0.02


def test_a_decoder_can_learn_five_pictures_by_heart(tmp_path):
    data = dataset()
    data.splits["train"][:] = data.splits["train"][:4]
    batches, tokenizer = make_batches(data)
    decoder = ShowAndTell(len(tokenizer), 4, 6, units=64, embedding=32, dropout=0.0)
    settings = {"epochs": 60, "learning_rate": 1e-2, "patience": 60}
    val, _ = make_batches(data, "val")
    keras.utils.set_random_seed(1)
    history = fit(decoder, batches, val, lambda: {"epoch_number": len(batches)}, tmp_path, **settings)
    assert history[-1]["perplexity"] < 2.5 < 4 < history[0]["perplexity"]
    assert {p.name for p in tmp_path.iterdir()} == {"decoder.weights.h5", "history.json", "checkpoint.npz"}


RUN = """
import sys
from pathlib import Path
from captionlib.training.fit import fit
from captionlib.training.reproducible import reproducible
from captionlib.models import ShowAttendTell
from training.test_fit import dataset, make_batches
folder, resume = Path(sys.argv[1]), sys.argv[2] == "resume"
data = dataset()
batches, tokenizer = make_batches(data)
val, _ = make_batches(data, "val")
scores = iter([0.1, 0.2, 0.3, 0.25, 0.4, 0.2, 0.1])
validate = lambda: {"made_up": next(scores)}
if resume:
    for _ in range(len(__import__("json").loads((folder / "history.json").read_text()))):
        next(scores)
with reproducible(3):
    decoder = ShowAttendTell(len(tokenizer), 4, 6, units=16, embedding=8, dropout=0.3, max_length=6)
    fit(decoder, batches, val, validate, folder, epochs=5, patience=9, resume=resume)
"""


def run(folder, how):
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.Popen([sys.executable, "-c", RUN, str(folder), how], stderr=subprocess.DEVNULL, env=here)


def test_a_killed_run_resumes_to_the_same_losses(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(whole, "new").wait(300) == 0
    process = run(killed, "new")
    deadline = time.time() + 300
    while not (killed / "checkpoint.npz").exists() and time.time() < deadline and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(json.loads((killed / "history.json").read_text()))
    assert 1 <= done < 5, "the run ended before it could be killed"
    assert run(killed, "resume").wait(300) == 0
    losses = [[e["loss"] for e in json.loads((f / "history.json").read_text())] for f in (whole, killed)]
    assert len(losses[0]) == 5
    np.testing.assert_allclose(losses[0], losses[1], rtol=0, atol=1e-6)
    assert (whole / "decoder.weights.h5").read_bytes() == (killed / "decoder.weights.h5").read_bytes()


@pytest.mark.filterwarnings("error::UserWarning")  # Keras warns of streams that it would like to shuffle
def test_training_stops_when_the_score_stops_rising(tmp_path):
    data = dataset()
    batches, tokenizer = make_batches(data)
    val, _ = make_batches(data, "val")
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.9])
    decoder = ShowAndTell(len(tokenizer), 4, 6, units=8, embedding=8)
    history = fit(decoder, batches, val, lambda: {"made_up": next(scores)}, tmp_path, epochs=9, patience=2)
    assert [e["made_up"] for e in history] == [0.1, 0.5, 0.4, 0.3]


def entry(epoch, score, loss):
    return {"epoch": epoch, "cider": score, "val_loss": loss, "score": "cider"}


def test_the_best_epoch_has_the_highest_score_then_the_lowest_loss_then_comes_first():
    history = [entry(1, 0.0, 2.0), entry(2, 0.0, 1.5), entry(3, 0.0, 1.7), entry(4, 0.0, 1.5)]
    assert best_epoch(history)["epoch"] == 2
    assert best_epoch([*history, entry(5, 0.1, 9.0)])["epoch"] == 5


def test_where_the_score_cannot_tell_the_loss_decides_and_stops(tmp_path, capsys):
    """A constant score, as CIDEr is with one validation picture, must not keep the first epoch for ever."""
    data = dataset()
    batches, tokenizer = make_batches(data)
    val, _ = make_batches(data, "val", seed=None)
    decoder = ShowAndTell(len(tokenizer), 4, 6, units=8, embedding=8)
    settings = {"epochs": 9, "patience": 1, "learning_rate": 0.05}
    history = fit(decoder, batches, val, lambda: {"cider": 0.0}, tmp_path, **settings)
    losses = [e["val_loss"] for e in history]
    assert 1 < int(np.argmin(losses)) + 1 == best_epoch(history)["epoch"] < 9
    assert len(history) in (9, best_epoch(history)["epoch"] + 1)  # it stopped after one epoch that was no better
    assert "scores of all epochs are equal" in capsys.readouterr().out


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A folder after one epoch of seed 1, and how to resume it as another run."""
    folder = tmp_path_factory.mktemp("checkpoint")
    data = dataset()
    batches, tokenizer = make_batches(data)
    val, _ = make_batches(data, "val", seed=None)

    def train(into, resume=True, units=8, **run):
        decoder = ShowAndTell(len(tokenizer), 4, 6, units=units, embedding=8)
        return fit(decoder, batches, val, lambda: {"made_up": 1.0}, into, epochs=1, run=run, resume=resume)

    train(folder, resume=False, seed=1, rate=0.1)
    return folder, train


def test_a_second_model_of_the_same_kind_resumes_in_one_process(checkpoint):
    folder, train = checkpoint
    assert len(train(folder, seed=1, rate=0.1)) == 1


@pytest.mark.parametrize(
    ("run", "says"),
    [({"seed": 2, "rate": 0.1}, "seed 1, not 2"), ({"seed": 1, "rate": 0.2}, "rate 0.1, not 0.2"),
     ({"rate": 0.1}, "seed 1, not None"), ({"seed": 1, "rate": 0.1, "new": "x"}, "new None, not x"),
     ({"seed": 1, "rate": 0.1, "units": 16}, r"variable .*kernel.*\[\d+, \d+\].*, not")],
)  # fmt: skip
def test_a_checkpoint_of_another_run_is_refused_with_the_difference(checkpoint, run, says):
    folder, train = checkpoint
    with pytest.raises(CaptionlibError, match=f"started with {says}"):
        train(folder, **run)


def damaged(content):
    """Ways in which a file breaks, each with a name."""
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 255
    array, strings, few = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(array, np.zeros(3))
    np.savez(strings, about=np.array("{"), variable_0=np.zeros(3))
    np.savez(few, about=np.array('{"run": {}, "variables": [["a", [1], "float32"]], "history": []}'))
    return {"empty": b"", "text": b"text", "cut": content[: len(content) // 2], "flipped": bytes(flipped),
            "one array": array.getvalue(), "no JSON": strings.getvalue(), "array missing": few.getvalue()}  # fmt: skip


def test_a_damaged_checkpoint_is_one_sentence(checkpoint, tmp_path):
    folder, train = checkpoint
    with pytest.raises(CaptionlibError, match="no checkpoint"):
        train(tmp_path)
    for way, content in damaged((folder / "checkpoint.npz").read_bytes()).items():
        (tmp_path / "checkpoint.npz").write_bytes(content)
        with pytest.raises(CaptionlibError, match=r"checkpoint\.npz is damaged or no checkpoint: [^.]+\.$"):
            train(tmp_path, seed=1, rate=0.1)
            pytest.fail(f"{way} was taken")


@pytest.mark.parametrize("was_on", [False, True])
def test_reproducible_leaves_the_process_as_it_found_it(was_on):
    if was_on:
        config.enable_op_determinism()
    tf.random.set_seed(5)
    random.seed(5)
    np.random.seed(5)
    expected = random.Random(5).random(), np.random.RandomState(5).rand(), float(tf.random.uniform([]))
    tf.random.set_seed(5)
    try:
        with pytest.raises(KeyError), reproducible(3):
            assert config.is_op_determinism_enabled()
            keras.layers.Dense(3).build((1, 2))  # draws a seed
            raise KeyError
        assert config.is_op_determinism_enabled() == was_on
        assert (random.random(), np.random.rand(), float(tf.random.uniform([]))) == expected
    finally:
        config.disable_op_determinism()


def small_toyscenes():
    whole = toyscenes.load()
    splits = {split: names[:n] for (split, names), n in zip(whole.splits.items(), (60, 20, 20, 20), strict=True)}
    return CaptionDataset("toyscenes", "small", splits, whole.captions, whole.open_image, whole.scenes)


def test_the_vocabulary_is_of_train_alone(tmp_path, monkeypatch):
    """A word that stands only in val and test captions must not be in the vocabulary of a trained captioner."""
    data = small_toyscenes()
    data.captions.update({n: ["a zebra sits"] for s in ("val", "test") for n in data.splits[s]})
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path / "cache"))
    captioner = recipes.train(data, "show_and_tell", tmp_path / "model", epochs=1)
    assert "zebra" not in captioner.tokenizer.vocabulary
    assert set(captioner.tokenizer.vocabulary[4:]) == {
        w for n in data.splits["train"] for c in data.captions[n] for w in captioner.tokenizer.words(c)
    }
    names = {p.name for p in (tmp_path / "model").iterdir()}
    assert names >= {"config.json", "tokenizer.json", "decoder.weights.h5", "model_card.md", "history.json"}
    with pytest.raises(CaptionlibError, match="--resume"):
        recipes.train(data, "show_and_tell", tmp_path / "model", epochs=1)
