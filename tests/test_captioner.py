"""The shipped captioners and the command, as a user meets them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captionlib import cli, metrics
from captionlib.captioner import Captioner, folder_of, shipped
from captionlib.data import CaptionDataset, flickr8k, toyscenes
from captionlib.errors import CaptionlibError
from captionlib.storage import PRETRAINED
from captionlib.vision.features import FeatureStore

FOR_SCENES = ["toyscenes_show_and_tell", "toyscenes_show_attend_tell", "toyscenes_transformer"]


@pytest.fixture(scope="module")
def scenes():
    splits, truth, _ = toyscenes.compose()
    names = splits["test"][:150]
    return [truth[name] for name in names], [toyscenes.draw(truth[name]) for name in names]


def run(*words):
    """The command in a process of its own."""
    return subprocess.run([sys.executable, "-m", "captionlib", *map(str, words)], capture_output=True, text=True)


def run_here(monkeypatch, capfd, *words):
    """The command in this process: exit code and what it printed."""
    monkeypatch.setattr(sys, "argv", ["captionlib", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return left.value.code or 0, *capfd.readouterr()


def test_all_models_are_shipped():
    assert shipped() == ["flickr8k_show_attend_tell", *FOR_SCENES]


def test_your_folder_comes_before_a_shipped_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = FOR_SCENES[1]
    assert folder_of(name) == PRETRAINED / name
    (tmp_path / name).mkdir()
    assert folder_of(name) == PRETRAINED / name, "an empty folder, such as one of pictures, is no captioner"
    (tmp_path / name / "config.json").write_text("{}")
    assert folder_of(name).resolve() == tmp_path / name


@pytest.mark.parametrize("words", [".", "..", "./", "", "toynet"])
def test_only_the_name_of_a_captioner_opens_a_shipped_folder(words, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(CaptionlibError) as caught:
        Captioner.load(words)
    assert str(PRETRAINED) not in str(caught.value)
    assert str(caught.value).startswith(("There is no model called toynet", f"{Path(words)} holds no config.json"))


@pytest.mark.parametrize(("name", "least"), zip(FOR_SCENES, (0.35, 0.85, 0.75), strict=True))
def test_captions_of_scenes_are_true(name, least, scenes):
    captioner = Captioner.load(name)
    said = {str(i): caption.text for i, caption in enumerate(captioner.caption(scenes[1]))}
    score = metrics.truth_score(said, dict(zip(said, scenes[0], strict=True)))
    assert score["wholly_true"] >= least
    assert len(set(said.values())) > 100, "the model says the same of everything"


def test_a_caption_and_its_attention_fit_together(scenes):
    captioner = Captioner.load("toyscenes_show_attend_tell")
    for caption in captioner.caption(scenes[1][:5]):
        assert caption.tokens[-1] == "<end>" and caption.text.split() == caption.tokens[:-1]
        assert caption.attention.shape == (len(caption.tokens), 12, 12)
        np.testing.assert_allclose(caption.attention.sum((1, 2)), 1, rtol=1e-4)
        assert caption.log_prob < 0


def test_files_and_images_give_the_same_caption(scenes, tmp_path):
    captioner = Captioner.load("toyscenes_show_attend_tell")
    Image.fromarray(scenes[1][0]).save(tmp_path / "scene.png")
    (from_file,), (from_image,) = captioner.caption([tmp_path / "scene.png"]), captioner.caption([scenes[1][0]])
    assert from_file.text == from_image.text
    assert captioner.caption([]) == []


def test_saved_and_loaded_again_it_says_the_same(scenes, tmp_path):
    captioner = Captioner.load("toyscenes_show_and_tell")
    captioner.save_description(tmp_path)
    weights = PRETRAINED / "toyscenes_show_and_tell" / "decoder.weights.h5"
    (tmp_path / "decoder.weights.h5").write_bytes(weights.read_bytes())
    again = Captioner.load(tmp_path)
    assert [c.text for c in again.caption(scenes[1][:20])] == [c.text for c in captioner.caption(scenes[1][:20])]


@pytest.mark.parametrize("name", ["toyscenes_show_and_tell", "toyscenes_show_attend_tell"])
def test_evaluate_scores_what_it_reports(name, tmp_path, monkeypatch):
    """The scores are those of the captions in the result; pointing is of attention, or of saliency without it."""
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path))
    splits, truth, captions = toyscenes.compose()
    few = {"train": splits["train"][:5], "test": splits["test"][:40]}
    dataset = CaptionDataset("few", "1", few, captions, lambda n: toyscenes.draw(truth[n]), truth)
    result = Captioner.load(name).evaluate(dataset, "test", beam=2)
    said = {row["picture"]: row["caption"] for row in result["captions"]}
    references = {row["picture"]: row["references"] for row in result["captions"]}
    assert list(said) == few["test"]
    assert metrics.score(said, references).items() <= result["scores"].items()
    assert result["scores"]["wholly_true"] == metrics.truth_score(said, truth)["wholly_true"]
    assert 0.05 < result["scores"]["pointing_chance"] < 0.4 and result["scores"]["pointing_nouns"] > 30
    for score, (low, high) in result["intervals"].items():
        assert low <= result["scores"][score] <= high
    with pytest.raises(CaptionlibError, match="no split"):
        Captioner.load(name).evaluate(dataset, "validation")


def test_the_command_captions_pictures_and_marks_one_unlike_the_training_pictures(scenes, tmp_path, monkeypatch, capfd):
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    for i, image in enumerate([*scenes[1][:2], noise]):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    (tmp_path / "broken.jpg").write_text("no picture")
    paths = [tmp_path / "0.png", tmp_path / "broken.jpg", tmp_path / "1.png", tmp_path / "2.png"]
    done = run("caption", *paths, "--model", FOR_SCENES[1], "--attention", tmp_path / "maps.png")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split(": ")[0] for line in lines] == [str(paths[i]) for i in (0, 2, 3)]
    unlike = "   (unlike its training pictures: do not believe it)"
    assert [line.endswith(unlike) for line in lines] == [False, False, True]
    assert done.stderr.count("\n") == 1 and "broken.jpg" in done.stderr
    assert Image.open(tmp_path / "maps.png").width > 300
    rows = json.loads(run_here(monkeypatch, capfd, "caption", *paths, "--model", FOR_SCENES[1], "--json")[1])
    said = {line.removesuffix(unlike).split(": ", 1)[1] for line in lines}
    assert {row.get("caption") for row in rows} == said | {None}
    assert [row.get("out_of_distribution") for row in rows] == [False, False, True, None]
    assert rows[2]["distance"] > max(row["distance"] for row in rows[:2])


def test_a_picture_unlike_the_training_pictures_is_marked(scenes):
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    captioner = Captioner.load(FOR_SCENES[1])
    *known, strange = captioner.caption([*scenes[1][:40], noise])
    assert sum(caption.out_of_distribution for caption in known) < 8
    assert strange.out_of_distribution and strange.distance > max(caption.distance for caption in known)


def test_the_demo_page_holds_everything(tmp_path, monkeypatch, capfd):
    code, _, err = run_here(monkeypatch, capfd, "demo", "--out", tmp_path / "page.html", "--scenes", "2")
    page = (tmp_path / "page.html").read_text(encoding="utf8")
    assert (code, err) == (0, "")
    assert page.count('<img alt="') == 2 and "http" not in page
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_the_command_scores_files(tmp_path):
    (tmp_path / "h.json").write_text('{"a": "A dog runs.", "b": "a cat"}')
    (tmp_path / "r.json").write_text('{"a": ["a dog runs", "the dog is running"], "b": ["a black cat"]}')
    done = run("score", tmp_path / "h.json", "--references", tmp_path / "r.json", "--json", tmp_path / "out.json")
    scores = json.loads((tmp_path / "out.json").read_text())["scores"]
    assert done.returncode == 0 and scores["bleu_1"] > 0.8 and "bleu_4" in done.stdout


def test_words_that_are_no_command_exit_with_2():
    assert run("paint").returncode == 2
    assert run("train").returncode == 2


@pytest.mark.real_data
def test_the_flickr8k_model_describes_photographs(data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path))
    whole = flickr8k.load(data_dir)
    splits = {"train": whole.splits["train"][:20], "val": whole.splits["val"][:100]}
    dataset = CaptionDataset("flickr8k", "part", splits, whole.captions, whole.open_image)
    captioner = Captioner.load("flickr8k_show_attend_tell")
    scores = captioner.evaluate(dataset, "val")["scores"]
    assert scores["bleu_4"] > 0.14 and scores["cider"] > 0.35


@pytest.mark.real_data
def test_the_flickr8k_vocabulary_is_of_train_alone(data_dir):
    whole = flickr8k.load(data_dir)
    tokenizer = Captioner.load("flickr8k_show_attend_tell").tokenizer
    counts = {}
    for name in whole.splits["train"]:
        for caption in whole.captions[name]:
            for word in tokenizer.words(caption):
                counts[word] = counts.get(word, 0) + 1
    assert set(tokenizer.vocabulary[4:]) == {word for word, count in counts.items() if count >= 5}


@pytest.mark.real_data
def test_the_store_of_flickr8k(data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path))
    whole = flickr8k.load(data_dir)
    small = CaptionDataset("flickr8k", "part", {"test": whole.splits["test"][:70]}, whole.captions, whole.open_image)
    captioner = Captioner.load("flickr8k_show_attend_tell")
    store = FeatureStore.extract(small, captioner.encoder)
    assert store[small.splits["test"]].shape == (70, 81, 1280) and not store.broken
