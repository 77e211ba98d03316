"""Training: the loss counts words alone, the vocabulary is of train alone, and a killed run resumes exactly."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from captionlib import recipes, training
from captionlib.data import CaptionDataset, toyscenes
from captionlib.errors import CaptionlibError
from captionlib.models import ShowAndTell
from captionlib.text import END, PAD, START, Tokenizer
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
    loss = training.MaskedCrossEntropy()(words, logits)
    assert float(training.MaskedCrossEntropy()(padded, padded_logits)) == pytest.approx(float(loss), rel=1e-5)
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
    mask = (padded != PAD).astype("float32")
    assert float(theirs(padded, padded_logits, sample_weight=mask)) == pytest.approx(float(loss), rel=1e-5)


def test_label_smoothing_equals_keras():
    rng = np.random.default_rng(0)
    words, logits = rng.integers(1, 7, (3, 5)), rng.normal(size=(3, 5, 7)).astype("float32")
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    expected = float(theirs(tf.one_hot(words, 7), logits))
    assert float(training.MaskedCrossEntropy(0.1)(words, logits)) == pytest.approx(expected, rel=1e-5)


def test_perplexity_of_knowing_nothing_is_the_size_of_the_vocabulary():
    metric = training.Perplexity()
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
    batches = training.Batches(data, "train", usual, tokenizer, 6, 4, 5, turned)
    seen = {}
    for batches.epoch in range(40):
        for step in range(len(batches)):
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
    return training.Batches(data, split, store(data), tokenizer, max_length, batch, seed), tokenizer


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
    again.epoch = 1
    assert (first[0][1] != again[0][1]).any()
    streamed = [words for _, words in again.stream().as_numpy_iterator()]
    assert len(streamed) == len(again) and all((again[i][1] == streamed[i]).all() for i in range(len(again)))


def test_long_captions_are_left_out_never_cut():
    data = dataset({f"p{i}": ["dog " * 9, "cat sits", "bird runs"] for i in range(24)})
    batches, tokenizer = make_batches(data, max_length=4)
    assert (batches.tokens == END).any(-1).all()
    assert tokenizer.ids["dog"] not in batches.tokens


def test_a_split_with_only_long_captions_is_refused():
    with pytest.raises(CaptionlibError, match="at most 1 words"):
        make_batches(dataset({f"p{i}": ["dog cat bird"] for i in range(24)}), max_length=1)


def test_output_bias_starts_from_word_frequencies():
    decoder = ShowAndTell(8, 4, 6, units=8)
    training.start_from_frequencies(decoder, np.array([[START, 4, 4, 4, 5, END, PAD]]))
    odds = tf.nn.softmax(decoder.to_logits.bias).numpy()
    assert odds[4] == pytest.approx(3.1 / 5.8, rel=1e-4) and odds[START] == odds[PAD] < 0.02


def test_a_decoder_can_learn_five_pictures_by_heart(tmp_path):
    data = dataset()
    data.splits["train"][:] = data.splits["train"][:4]
    batches, tokenizer = make_batches(data)
    decoder = ShowAndTell(len(tokenizer), 4, 6, units=64, embedding=32, dropout=0.0)
    settings = {"epochs": 60, "learning_rate": 1e-2, "patience": 60}
    check, _ = make_batches(data, "val")
    keras.utils.set_random_seed(1)
    history = training.fit(decoder, batches, check, lambda: {"epoch_number": len(batches)}, tmp_path, **settings)
    assert history[-1]["perplexity"] < 2.5 < 4 < history[0]["perplexity"]
    assert {p.name for p in tmp_path.iterdir()} == {"decoder.weights.h5", "history.json", "checkpoint.npz"}


RUN = """
import sys
from pathlib import Path
import keras, tensorflow as tf
from captionlib import training
from captionlib.models import ShowAttendTell
from training.test_fit import dataset, make_batches
folder, resume = Path(sys.argv[1]), sys.argv[2] == "resume"
keras.utils.set_random_seed(3)
tf.config.experimental.enable_op_determinism()
data = dataset()
batches, tokenizer = make_batches(data)
val, _ = make_batches(data, "val")
decoder = ShowAttendTell(len(tokenizer), 4, 6, units=16, embedding=8, dropout=0.3, max_length=6)
scores = iter([0.1, 0.2, 0.3, 0.25, 0.4, 0.2, 0.1])
judge = lambda: {"made_up": next(scores)}
if resume:
    for _ in range(len(__import__("json").loads((folder / "history.json").read_text()))):
        next(scores)
training.fit(decoder, batches, val, judge, folder, epochs=5, patience=9, resume=resume)
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


def test_resume_without_a_checkpoint_or_with_another_model_is_refused(tmp_path):
    data = dataset()
    batches, tokenizer = make_batches(data)
    check, _ = make_batches(data, "val")

    def fit(units, resume):
        decoder = ShowAndTell(len(tokenizer), 4, 6, units=units, embedding=8)
        training.fit(decoder, batches, check, lambda: {"made_up": 1.0}, tmp_path, epochs=1, resume=resume)

    with pytest.raises(CaptionlibError, match="no checkpoint"):
        fit(8, resume=True)
    fit(8, resume=False)
    with pytest.raises(CaptionlibError, match="another model"):
        fit(16, resume=True)
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(CaptionlibError, match="no checkpoint"):
        fit(8, resume=True)


def test_training_stops_when_the_score_stops_rising(tmp_path):
    data = dataset()
    batches, tokenizer = make_batches(data)
    check, _ = make_batches(data, "val")
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.9])
    decoder = ShowAndTell(len(tokenizer), 4, 6, units=8, embedding=8)
    history = training.fit(decoder, batches, check, lambda: {"made_up": next(scores)}, tmp_path, epochs=9, patience=2)
    assert [e["made_up"] for e in history] == [0.1, 0.5, 0.4, 0.3]


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
