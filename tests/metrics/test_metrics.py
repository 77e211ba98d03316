"""The scores equal the standard scorer's on the same words, hold their own laws, and refuse what cannot be scored."""

import json
import math
import subprocess
import sys
import zipfile
from random import Random

import nltk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.corpus.reader.wordnet import WordNetCorpusReader
from nltk.corpus.util import LazyCorpusLoader
from nltk.translate.bleu_score import corpus_bleu
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider as StandardCider
from pycocoevalcap.rouge.rouge import Rouge

from captionlib import metrics
from captionlib.data import toyscenes
from captionlib.errors import CaptionlibError

WORDS = st.sampled_from(["a", "dog", "runs", "on", "red", "the"])  # few words, so that n-grams meet and repeat
CORPUS = st.lists(
    st.tuples(st.lists(WORDS, max_size=9), st.lists(st.lists(WORDS, min_size=1, max_size=9), min_size=1, max_size=5)),
    min_size=1,
    max_size=6,
)
REFERENCES = {
    "dog": ["a dog runs on the grass", "the brown dog is running in a field", "a dog is running", "a brown dog runs"],
    "girl": ["a girl in a red dress sits on a bench", "a small girl is sitting", "a girl sits on a wooden bench"],
    "bikes": ["two men ride bikes down a hill", "two men are riding their bikes", "men on bikes go down a steep hill"],
    "surf": ["a man is surfing on a big wave", "a surfer rides a wave", "a man on a surfboard rides a big wave"],
}
HYPOTHESES = {
    "dog": "a brown dog is running on the grass",
    "girl": "a girl sits on a bench in a park",
    "bikes": "two men are riding bikes down a hill",
    "surf": "a man rides a wave on a surfboard",
}


def standard(scorer, corpus, **options):
    """(score of the set, scores of the pictures) by pycocoevalcap."""
    hypotheses = {i: [" ".join(words)] for i, (words, _) in enumerate(corpus)}
    references = {i: [" ".join(words) for words in people] for i, (_, people) in enumerate(corpus)}
    return scorer.compute_score(references, hypotheses, **options)


def split(hypotheses=HYPOTHESES, references=REFERENCES, edit=lambda words: words):
    return [(edit(hypotheses[n].split()), [edit(r.split()) for r in references[n]]) for n in hypotheses]


def bleu_of(corpus):
    return metrics.bleu(np.sum([metrics.bleu_counts(*pair) for pair in corpus], axis=0))


# The same numbers as the standard scorer, on the same words


@settings(max_examples=300, deadline=None)
@given(CORPUS)
def test_bleu_equals_the_standard_scorer(corpus):
    of_the_set, of_pictures = standard(Bleu(4), corpus, verbose=0)
    np.testing.assert_allclose(bleu_of(corpus), of_the_set, rtol=0, atol=1e-9)
    counts = np.array([metrics.bleu_counts(*pair) for pair in corpus])
    np.testing.assert_allclose(metrics.bleu(counts).T, of_pictures, rtol=0, atol=1e-9)


@settings(max_examples=300, deadline=None)
@given(CORPUS)
def test_rouge_l_equals_the_standard_scorer(corpus):
    _, of_pictures = standard(Rouge(), corpus)
    np.testing.assert_allclose([metrics.rouge_l(*pair) for pair in corpus], of_pictures, rtol=0, atol=1e-9)


@settings(max_examples=300, deadline=None)
@given(CORPUS)
def test_cider_equals_the_standard_scorer(corpus):
    hypotheses, references = zip(*corpus, strict=True)
    _, of_pictures = standard(StandardCider(), corpus)
    np.testing.assert_allclose(metrics.Cider(references)(hypotheses), of_pictures, rtol=0, atol=1e-9)


def test_bleu_equals_nltk():
    hypotheses, references = zip(*split(), strict=True)
    expected = [corpus_bleu(references, hypotheses, weights=[1 / n] * n) for n in range(1, 5)]
    np.testing.assert_allclose(bleu_of(split()), expected, atol=1e-9)


# Laws that a reader can check by hand


def test_a_caption_that_a_person_wrote_earns_everything():
    same = {name: captions[0] for name, captions in REFERENCES.items()}
    scores = metrics.score(same, {name: [caption] for name, caption in same.items()})
    for name in ("bleu_1", "bleu_4", "rouge_l"):
        assert scores[name] == pytest.approx(1, abs=1e-6)
    assert scores["cider"] == pytest.approx(10)


def test_one_picture_alone_has_no_rare_words():
    assert metrics.score({"dog": "a dog"}, {"dog": ["a dog"]})["cider"] == 0


def test_a_references_object_scores_many_sets_of_captions():
    words, people = zip(*split(), strict=True)
    scorer = metrics.Cider(people)
    first, again = scorer(words), scorer(words)
    scorer([[]] * len(words))
    assert first.tolist() == again.tolist() == scorer(words).tolist()
    with pytest.raises(ValueError):
        scorer(words[:-1])


@pytest.mark.parametrize("lost", [{"dog"}, set(HYPOTHESES)])
def test_an_empty_caption_earns_nothing_and_breaks_nothing(lost):
    rows = metrics.per_picture({n: "" if n in lost else c for n, c in HYPOTHESES.items()}, REFERENCES)
    empty = [name in lost for name in HYPOTHESES]
    for name in ("rouge_l", "cider"):
        assert ((rows[name] == 0) == empty).all()
    scores = metrics.score(dict.fromkeys(HYPOTHESES, " . "), REFERENCES)
    assert all(value == 0 for value in scores.values()) and all(map(math.isfinite, scores.values()))


def test_order_of_pictures_and_references_does_not_matter():
    turned = {name: HYPOTHESES[name] for name in reversed(HYPOTHESES)}
    assert metrics.score(turned, {n: r[::-1] for n, r in REFERENCES.items()}) == pytest.approx(
        metrics.score(HYPOTHESES, REFERENCES)
    )


# Games that move a score without a better caption


def test_kept_start_and_end_words_or_full_stops_raise_bleu():
    honest = bleu_of(split())
    ends = bleu_of(split(edit=lambda words: ["startseq", *words, "endseq"]))
    stops = bleu_of(split(edit=lambda words: [*words, "."]))
    assert (ends > honest)[[0, 3]].all() and (stops > honest)[[0, 3]].all()  # BLEU-1 and BLEU-4


def test_fewer_references_lower_bleu():
    one = {name: captions[:1] for name, captions in REFERENCES.items()}
    assert (bleu_of(split(references=one)) < bleu_of(split())).all()


def test_one_sentence_for_all_pictures_fools_bleu_1_and_not_cider():
    constant = metrics.score(dict.fromkeys(HYPOTHESES, "a man is on a big wave"), REFERENCES)
    assert constant["bleu_1"] > 0.5
    assert constant["cider"] < 0.5 * metrics.score(HYPOTHESES, REFERENCES)["cider"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.bleu_counts("a dog", [["a", "dog"]]),
        lambda: metrics.bleu_counts(["a", "dog"], ["a dog"]),
        lambda: metrics.bleu_counts(["a", "dog"], "a dog"),
        lambda: metrics.rouge_l("a dog", [["a", "dog"]]),
        lambda: metrics.rouge_l(["a", "dog"], ["a dog"]),
        lambda: metrics.Cider([["a dog"]]),
        lambda: metrics.Cider([[["a", "dog"]]])(["a dog"]),
    ],
)
def test_letters_are_never_counted_as_words(call):
    with pytest.raises(CaptionlibError, match="not a? ?string"):
        call()


@pytest.fixture(scope="module")
def flickr8k_test(data_dir):
    """{picture: five captions} of the official test split."""
    with zipfile.ZipFile(data_dir / "flickr8k" / "Flickr8k_text.zip") as archive:
        rows = [line.split("\t") for line in archive.read("Flickr8k.token.txt").decode().splitlines()]
        names = archive.read("Flickr_8k.testImages.txt").decode().split()
    captions = {name: [] for name in names}
    for key, caption in rows:
        if (name := key.split("#")[0]) in captions:
            captions[name].append(caption)
    return captions


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("sentence", "bleu_1", "bleu_4", "cider"),
    [
        ("a man in a blue shirt is standing on a", 0.526, 0.081, 0.088),
        ("a man in a red shirt is standing in front of a building", 0.422, 0.0864, 0.093),
    ],
)
def test_one_sentence_for_all_of_flickr8k(flickr8k_test, sentence, bleu_1, bleu_4, cider):
    """What the standard scorer gave, by its own tokeniser."""
    found = metrics.score(dict.fromkeys(flickr8k_test, sentence), flickr8k_test)
    assert [found["bleu_1"], found["bleu_4"], found["cider"]] == pytest.approx([bleu_1, bleu_4, cider], abs=0.0006)


@pytest.mark.real_data
def test_people_against_people_on_flickr8k(flickr8k_test):
    """Each caption against the other four of its picture: the mean over which one is left out."""
    found = []
    for k in range(5):
        said = {name: captions[k] for name, captions in flickr8k_test.items()}
        others = {name: captions[:k] + captions[k + 1 :] for name, captions in flickr8k_test.items()}
        scores = metrics.score(said, others)
        found.append([scores[name] for name in ("bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "cider")])
    expected = [0.647, 0.457, 0.314, 0.2135, 0.495, 0.820]
    np.testing.assert_allclose(np.mean(found, axis=0), expected, atol=0.0006)


# METEOR needs a corpus that few machines have


def test_without_wordnet_meteor_is_absent_and_the_hint_names_the_command(monkeypatch):
    monkeypatch.setattr(nltk.data, "path", [])
    monkeypatch.setattr(nltk.corpus, "wordnet", LazyCorpusLoader("wordnet", WordNetCorpusReader, None))
    assert not metrics.meteor_available()
    assert "meteor" not in metrics.score(HYPOTHESES, REFERENCES)
    assert "python -m nltk.downloader wordnet" in metrics.METEOR_HINT


def test_with_wordnet_meteor_is_the_mean_over_pictures(monkeypatch):
    monkeypatch.setattr("captionlib.metrics.report.meteor_available", lambda: True)
    same = {name: captions[0] for name, captions in REFERENCES.items()}
    references = {name: [caption] for name, caption in same.items()}  # equal words ask no WordNet
    rows = metrics.per_picture(same | {"dog": ""}, references)["meteor"]
    assert rows[0] == 0 and (rows[1:] > 0.99).all()
    assert metrics.score(same | {"dog": ""}, references)["meteor"] == pytest.approx(rows.mean())


# Intervals


def test_interval_of_a_share_is_as_wide_as_the_textbook_says():
    low, high = metrics.bootstrap([0, 1] * 200)
    assert low < 0.5 < high
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.15)


def test_interval_of_bleu_is_that_of_whole_resampled_sets():
    rows = metrics.per_picture(HYPOTHESES, REFERENCES)["bleu"]
    draws = np.random.default_rng(3).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), 200)
    scores = [metrics.bleu(np.repeat(rows, draw, axis=0).sum(axis=0)) for draw in draws]
    found = metrics.bootstrap(rows, metrics.bleu, resamples=200, seed=3)
    assert found.shape == (2, 4)
    np.testing.assert_allclose(found, np.percentile(scores, [2.5, 97.5], axis=0))


def test_diversity_counts_words_different_pairs_repetitions_and_copies():
    found = metrics.diversity(["A dog runs.", "a dog runs", "a dog"], ["A dog runs !", "two cats"])
    assert found == {"length": 8 / 3, "distinct_1": 3 / 8, "distinct_2": 2 / 5, "repeated": 0, "copied": 2 / 3}
    said = ["a white and white dog", "a dog by a dog", "a man in the snow in a hat", "a bike, a bicycle", "", "the the"]
    assert metrics.diversity(said)["repeated"] == 2 / 6


# What cannot be scored is refused in one sentence


@pytest.mark.parametrize(
    ("hypotheses", "references", "says"),
    [
        (["a dog"], {"1": ["a dog"]}, "captions must be a dictionary"),
        ({"1": "a dog"}, ["a dog"], "references must be a dictionary"),
        ({}, {}, "at least one"),
        ({"1": ["a dog"]}, {"1": ["a dog"]}, "caption of 1 must be a string, not list"),
        ({"1": None}, {"1": ["a dog"]}, "caption of 1"),
        ({"1": "a dog"}, {"1": "a dog"}, "references of 1"),
        ({"1": "a dog"}, {"1": []}, "references of 1"),
        ({"1": "a dog"}, {"1": ["a dog", 5]}, "references of 1"),
        ({"1": "a dog", "2": "a cat"}, {"1": ["a dog"]}, r"1 of 2 ids have no references \(first 2\)"),
        ({"1": "a dog"}, {"1": ["a dog"], "7": ["a"], "8": ["a"]}, r"2 of 3 ids have no caption \(first 7, 8\)"),
    ],
)
def test_refuses_what_cannot_be_scored(hypotheses, references, says):
    with pytest.raises(CaptionlibError, match=says) as fault:
        metrics.score(hypotheses, references)
    assert "\n" not in str(fault.value)


def test_scores_two_json_files(tmp_path):
    for name, content in (("said.json", HYPOTHESES), ("wrote.json", REFERENCES)):
        (tmp_path / name).write_text(json.dumps(content))
    found = metrics.score_files(tmp_path / "said.json", tmp_path / "wrote.json")
    assert found == metrics.score(HYPOTHESES, REFERENCES)


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"1": "a"', b"\xff\xfe", b"[" * 100_000, b'"a dog"'])
def test_refuses_a_file_that_is_no_dictionary_in_json(tmp_path, content):
    path = tmp_path / "said.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CaptionlibError) as fault:
        metrics.score_files(path, path)
    assert "\n" not in str(fault.value)


# ToyScenes, where the truth is known


def scenes(count=40):
    rng = Random(5)
    return {f"scene_{i}": toyscenes.random_scene(rng) for i in range(count)}


def test_truth_score_of_the_scenes_own_captions_and_of_swapped_ones():
    drawn = scenes()
    captions = {name: toyscenes.describe(scene, Random(1))[0] for name, scene in drawn.items()}
    own = metrics.truth_score(captions, drawn)
    assert own["wholly_true"] == 1 and own["false"] == own["not_understood"] == 0 < own["true"]
    swapped = metrics.truth_score(dict(zip(captions, reversed(captions.values()), strict=True)), drawn)
    assert swapped["wholly_true"] < 0.2 and swapped["false"] > 0
    strange = metrics.truth_score(dict.fromkeys(captions, "a quixotic zeppelin"), drawn)
    assert strange["wholly_true"] == 0 and strange["not_understood"] > 0


def test_pointing_score_hits_where_the_named_object_is():
    grid, drawn = (12, 12), scenes()
    words = {name: ["a", *(thing.kind for thing in scene.objects), "here"] for name, scene in drawn.items()}

    def looking(where):
        """One-hot attention, (T, 144) a picture: at each word the cell that `where` picks."""
        rows = {}
        for name, said in words.items():
            kinds = [toyscenes.noun_of(word) for word in said]
            cells = [where(toyscenes.cells_of(drawn[name], kind, grid)) if kind else (0, 0) for kind in kinds]
            rows[name] = np.eye(144)[[row * 12 + column for row, column in cells]]
        return rows

    everywhere = {(row, column) for row in range(12) for column in range(12)}
    rng = Random(2)
    on, off = looking(lambda cells: rng.choice(sorted(cells))), looking(lambda cells: min(everywhere - cells))
    blind = looking(lambda cells: rng.choice(sorted(everywhere)))
    nouns = sum(len(scene.objects) for scene in drawn.values())
    assert metrics.pointing_score(words, on, drawn, grid)["hits"] == 1
    assert metrics.pointing_score(words, off, drawn, grid)["hits"] == 0
    found = metrics.pointing_score(words, blind, drawn, grid)
    assert found["nouns"] == nouns
    assert 0 < found["chance"] < 0.5
    assert found["hits"] == pytest.approx(found["chance"], abs=4 * math.sqrt(0.25 / nouns))


def test_pointing_score_counts_only_nouns_of_the_scene():
    scene = toyscenes.scene_from("meadow", ("cat", "red", "big", "sits"))
    words = {"one": ["a", "red", "cat", "and", "a", "boat"]}
    found = metrics.pointing_score(words, {"one": np.ones((6, 4))}, {"one": scene}, (2, 2))
    assert found["nouns"] == 1
    assert metrics.pointing_score({"one": ["a"]}, {"one": np.ones((1, 4))}, {"one": scene}, (2, 2))["nouns"] == 0


def test_scoring_needs_no_tensorflow():
    program = "import sys, captionlib.metrics; print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).split() == ["False", "False"]
