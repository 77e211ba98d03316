"""Recipes: what small data gets, what is refused before an hour goes into features, and what a run leaves behind."""

import inspect
import random
import shutil
import sys

import numpy as np
import pytest
from tensorflow.python.framework import config

from captionlib import cli, recipes
from captionlib.captioner import Captioner
from captionlib.data import CaptionDataset
from captionlib.errors import CaptionlibError
from captionlib.models import MODELS

SIX = ["A dog runs.", "Two red boats lie on a beach.", "A cat sleeps.", "A child eats cake.", "A dog.", "A boat."]


def photographs(captions=None, version="1", splits=None):
    names = [f"p{i}" for i in range(6)]
    captions = captions or [[caption] for caption in SIX]
    splits = splits or {"train": names[:4], "val": names[4:5], "test": names[5:]}
    images = np.random.default_rng(0).integers(0, 256, (6, 96, 96, 3), np.uint8)
    return CaptionDataset(
        "mine", version, splits, dict(zip(names, captions, strict=True)), lambda name: images[int(name[1])]
    )


@pytest.fixture(scope="module", autouse=True)
def small_decoder():
    """The recipe for photographs, with a decoder that trains in a moment."""
    recipe = recipes.RECIPES["photos", "show_and_tell"]
    small = recipe | {"decoder": {"units": 16, "embedding": 8, "max_length": 8, "dropout": 0.1}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(recipes.RECIPES, ("photos", "show_and_tell"), small)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Six photographs, one epoch, in a process that had other things to do; what was printed."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAPTIONLIB_CACHE", str(folder / "cache"))
        patch.setattr(sys, "argv", ["captionlib", "train", "--out", "/srv/somebody/secret"])
        random.seed(99)
        before = random.getstate(), np.random.get_state()[1].tolist(), config.is_op_determinism_enabled()
        recipes.train(photographs(), "show_and_tell", folder / "model", encoder="toynet", epochs=1)
        assert before == (random.getstate(), np.random.get_state()[1].tolist(), config.is_op_determinism_enabled())
    return folder / "model"


def train_again(folder, out, monkeypatch, dataset=None, **changes):
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(folder.parent / "cache"))
    given = {"encoder": "toynet", "epochs": 1} | changes
    return recipes.train(dataset or photographs(), "show_and_tell", out, **given)


def test_six_photographs_give_a_captioner_that_can_speak(trained):
    captioner = Captioner.load(trained)
    assert {"dog", "cake", "beach"} <= set(captioner.tokenizer.vocabulary)
    assert all(caption.text for caption in captioner.caption([photographs().open_image("p5")]))


def test_the_card_tells_what_taught_and_nothing_of_the_process(trained):
    card = (trained / "model_card.md").read_text("utf8")
    assert "Trained on 4 pictures with 4 captions.\n" in card and "recipes.train" in card
    assert "secret" not in card and str(trained.parent) not in card


def test_the_same_seed_gives_the_same_model_whatever_else_was_drawn(trained, tmp_path, monkeypatch):
    random.seed(7)
    again = train_again(trained, tmp_path / "again", monkeypatch).decoder.get_weights()
    first = Captioner.load(trained).decoder.get_weights()
    assert all((one == other).all() for one, other in zip(first, again, strict=True))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dataset": photographs(version="2")}, "pictures and captions of version 1, not 2"),
        (
            {"dataset": photographs([["A cow eats."], *([c] for c in SIX[1:])])},
            "vocabulary [0-9a-f]{8}, not [0-9a-f]{8}",
        ),
        ({"seed": 2}, "seed 1, not 2"),
        ({"epochs": 2}, "epochs 1, not 2"),
    ],
)
def test_resume_refuses_another_run_and_says_what_differs(change, says, trained, tmp_path, monkeypatch):
    shutil.copytree(trained, tmp_path / "model")
    with pytest.raises(CaptionlibError, match=f"started with {says}"):
        train_again(trained, tmp_path / "model", monkeypatch, resume=True, **change)
    assert (tmp_path / "model" / "tokenizer.json").read_bytes() == (trained / "tokenizer.json").read_bytes()


def test_a_common_vocabulary_keeps_the_minimum_count_of_the_recipe(capsys):
    """As Flickr8k's: nearly all that people write are common words, so that the rare ones can go."""
    many = [["a dog runs on green grass"] * 9 + ["zebra"], ["a cat"] * 9, *([["a dog"]] * 4)]
    tokenizer = recipes.fit_tokenizer(photographs(many), 5)
    assert "cat" in tokenizer.vocabulary and "zebra" not in tokenizer.vocabulary
    assert "1 of 8 words are seen less than 5 times and become <unk>" in capsys.readouterr().out


@pytest.mark.parametrize(
    "captions", [[[caption] for caption in SIX], [["A dog stands on the grass."] * 3] * 6], ids=["six", "twelve alike"]
)
def test_few_captions_lower_the_minimum_count(captions, capsys):
    """The vocabulary holds at least 95 % of what people wrote, and what it leaves out is said."""
    data = photographs(captions)
    tokenizer = recipes.fit_tokenizer(data, 5)
    ids = [i for name in data.splits["train"] for c in data.captions[name] for i in tokenizer.encode(c)[1:-1]]
    assert np.mean([i > 3 for i in ids]) >= 0.95
    assert ("become <unk>" in capsys.readouterr().out) == (3 in ids)


NAMES = [f"p{i}" for i in range(6)]


@pytest.mark.parametrize(
    ("dataset", "says"),
    [
        (photographs(splits={"train": NAMES, "val": [], "test": []}), "split val of mine is empty"),
        (photographs(splits={"train": NAMES}), "no split 'val'"),
        (photographs(splits={"train": [], "val": NAMES}), "split train of mine is empty"),
        (photographs([["!!!"]] * 6), "no caption with a word in its split train"),
        (photographs([["..."] if i == 4 else ["A dog."] for i in range(6)]), "has no word"),
        (photographs([["dog " * 30]] * 6), "only captions of over 8 words in its split train"),
    ],
)
def test_what_cannot_work_is_refused_before_features_are_computed(dataset, says, tmp_path, monkeypatch):
    monkeypatch.setattr(recipes, "load_encoder", lambda name: pytest.fail("the encoder was loaded"))
    with pytest.raises(CaptionlibError, match=says):
        recipes.train(dataset, "show_and_tell", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(CaptionlibError, match="no model called 'gpt' to train"):
        recipes.train(photographs(), "gpt", tmp_path / "out")


@pytest.mark.parametrize("stage", ["", "self_critical"], ids=["train", "refine"])
def test_a_folder_is_begun_resumed_or_refused_by_one_rule(stage, tmp_path):
    """Whichever of the two ways is refused, its sentence names the way that works."""
    tell = lambda resume: recipes.prepare_run(tmp_path, tmp_path / stage, resume)  # noqa: E731
    (tmp_path / "self_critical").mkdir()
    (tmp_path / stage / "config.json").touch()  # stopped in the first epoch
    tell(resume=False)
    with pytest.raises(CaptionlibError, match="leave out --resume"):
        tell(resume=True)
    (tmp_path / stage / "checkpoint.npz").touch()  # stopped later
    tell(resume=True)
    with pytest.raises(CaptionlibError, match="add --resume"):
        tell(resume=False)
    (tmp_path / stage / "checkpoint.npz").unlink()
    other = tmp_path / ("self_critical" if not stage else "") / "checkpoint.npz"  # of the other kind of training
    for part in (other, tmp_path / "decoder.weights.h5"):
        part.touch()
        for resume in (False, True):
            with pytest.raises(CaptionlibError, match="give (another|the run's) --out") as caught:
                tell(resume)
            assert "--resume" not in str(caught.value)
        part.unlink()


@pytest.mark.parametrize("epochs_done", [0, 1])
def test_ctrl_c_says_how_to_go_on(epochs_done, tmp_path):
    if epochs_done:
        (tmp_path / "checkpoint.npz").touch()
    how = "with --resume goes on" if epochs_done else "the same command begins again"
    with pytest.raises(CaptionlibError, match=how), recipes.resumable(tmp_path, tmp_path):
        raise KeyboardInterrupt


def test_there_is_a_recipe_for_every_model_with_settings_that_it_knows():
    assert {model for _, model in recipes.RECIPES} == set(MODELS) and len(recipes.RECIPES) == 2 * len(MODELS)
    for (_, model), recipe in recipes.RECIPES.items():
        inspect.signature(MODELS[model]).bind(9, 4, 6, **recipe["decoder"])


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (["--data", "/srv/me/my photos", "--out", "runs/mine/"], "--data 'my photos' --out mine"),
        ([r"--out=C:\Users\me\runs\a", "--resume", "--seed", "2"], "--out=a --seed 2"),
        (["--out=/a=b/c"], "--out=c"),
    ],
)
def test_a_command_is_shown_without_the_folders_of_its_author(typed, shown, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/captionlib", "train", *typed])
    assert cli.as_typed() == f"captionlib train {shown}"
