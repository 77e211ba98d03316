"""Glossary and notation: what is there is complete, in order, in the field's words, and every link leads somewhere."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = {name: (ROOT / "docs" / name).read_text("utf8") for name in ("glossary.md", "notation.md")}
NOTEBOOKS = {path.name[:2] for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
ENTRY = re.compile(r"^### (.+)\n\n((?:.+\n)+)\n→ (?:\[lesson (\d\d)\]|lesson (\d\d))\n", re.M)
ENTRIES = {term: text for term, text, *_ in ENTRY.findall(PAGES["glossary.md"])}

FIELD = """activation, attention weights, backpropagation, backward pass, baseline, candidate, cell state, centre word,
    chain rule, chance level, channel, clamping, class score, context vector, context window, context word,
    cross-entropy, divergence, feature map, forget gate, forward pass, gradient, hidden state, inference mode,
    input gate, intervention, key, learning rate, linear probe, location, loss, median, negative sample,
    out-of-vocabulary word, output gate, overshoot, plateau, pointing game, probability, query, random baseline,
    random sample, receptive field, saturation, seed, step size, training mode, upstream gradient, value, variance"""
PRIVATE = """asleep, awake, blame, blamed, by lot, dart, lest, mend, mended, odds, outvote, place, places, read-out,
    rival, shall, shelf, thousand million, thus, vote, votes, walk back"""


# Ten terms per lesson that a paper or the Keras documentation uses for what it teaches, and a learner will search for.
TAUGHT = {
    "00": """encoder, decoder, features, token, vocabulary, logits, softmax, greedy decoding, attention weights,
        reference, prefix, test set, threshold, out of distribution""",
    "01": """kernel, channel, feature map, bias, activation function, ReLU, stride, padding, pooling,
        receptive field""",
    "02": """cross-entropy, chain rule, backpropagation, upstream gradient, local gradient, computation graph,
        topological order, stochastic gradient descent, bias correction, gradient check""",
    "03": """batch normalisation, training mode, inference mode, class score, class activation map, shortcut learning,
        data augmentation, fine-tuning, feature map, ImageNet, test set, learning-rate schedule, logits,
        translation invariance""",
    "04": """token, tokenizer, vocabulary, standardisation, special token, subword, Zipf's law,
        mask, padding, target""",
    "05": """one-hot vector, embedding, skip-gram, context word, negative sample, sigmoid, dot product,
        cosine similarity, nearest neighbours, principal component""",
    "06": """recurrent neural network, hidden state, cell state, LSTM, forget gate, input gate, output gate,
        vanishing gradient, backpropagation through time, gradient clipping""",
}


def anchor(heading):
    """What GitHub and MyST make of a heading."""
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")


def anchors(page):
    return [anchor(heading) for heading in re.findall(r"^#+ (.+)", page, re.M)]


def test_every_term_is_there_once_in_order_with_two_or_three_sentences_and_its_lesson():
    page = PAGES["glossary.md"]
    headings = re.findall(r"^### (.+)", page, re.M)
    assert headings == list(ENTRIES), "an entry is: heading, paragraph, → lesson"
    assert len(headings) >= 90 and len(set(anchors(page))) == len(anchors(page))
    assert headings == sorted(headings, key=lambda term: re.sub(r"[^a-z0-9]", " ", term.lower()))
    for term, text in ENTRIES.items():
        sentences = re.split(r"(?<=[.?!]) +(?=[^a-z(])", " ".join(text.split()))
        assert len(sentences) in (2, 3) and text.rstrip().endswith("."), f"{term}: {sentences}"


def test_the_terms_that_the_lessons_promise_have_an_entry():
    assert set(re.split(r",\s+", FIELD)) <= set(ENTRIES)


@pytest.mark.parametrize("lesson", TAUGHT)
def test_what_a_learner_will_search_for_stands_in_the_lesson_and_in_the_glossary(lesson):
    (path,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
    cells = json.loads(path.read_text("utf8"))["cells"]
    prose = " ".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown").lower()
    terms = re.split(r",\s+", TAUGHT[lesson])
    assert len(terms) >= 10 and set(terms) <= set(ENTRIES), set(terms) - set(ENTRIES)
    assert not [term for term in terms if term.lower() not in prose]


def test_a_term_with_capitals_has_an_anchor_that_jupyterlab_finds_too():
    for term in ENTRIES:  # JupyterLab keeps capitals in a heading's anchor, GitHub and MyST do not
        if anchor(term) != term.replace(" ", "-"):
            assert f'<a id="{anchor(term)}"></a>\n\n### {term}\n' in PAGES["glossary.md"], term


@pytest.mark.parametrize("name", PAGES)
def test_every_link_resolves(name):
    page = PAGES[name]
    for file, target in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page):
        assert not file or (ROOT / "docs" / file).is_file(), file
        assert not target or target in anchors(PAGES[file or name]), target
    defined = dict(re.findall(r"^\[((?:lesson )?\d\d)\]: (.+)", page, re.M))
    used = set(re.findall(r"\[((?:lesson )?\d\d)\](?!:)", page))
    assert used <= set(defined), f"no notebook is named for {used - set(defined)}"
    for label, file in defined.items():
        assert (ROOT / "docs" / file).is_file() and Path(file).name.startswith(label[-2:]), file
    plain = re.findall(r"(?<!\[)lesson (\d\d)\b(?!\])|\| (\d\d) \|", page)
    unlinked = {number for pair in plain for number in pair} & NOTEBOOKS
    assert not unlinked, f"these lessons exist now: write [lesson NN], with brackets, and name the notebook: {unlinked}"


def test_every_letter_means_one_thing():
    rows = re.findall(r"^\| (\$.+?\$(?:, \$.+?\$)*) \|", PAGES["notation.md"], re.M)
    letters = Counter(letter for row in rows for letter in re.findall(r"\$.+?\$", row))
    assert len(letters) >= 80 and not [letter for letter, count in letters.items() if count > 1]
    tables = re.findall(r"(?:^\|.+\n)+", PAGES["notation.md"], re.M)
    for table in tables:  # a bar inside a formula would break the row
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_the_sizes_are_those_of_the_shipped_captioner():
    told = dict(re.findall(r"^\| \$(\w)\$ \|.*\| (\d+) \| [^|]+ \| [^|]* \|$", PAGES["notation.md"], re.M))
    config = ROOT / "captionlib" / "pretrained" / "toyscenes_show_attend_tell" / "config.json"
    settings = json.loads(config.read_text())["decoder"]
    names = {"V": "vocabulary_size", "D": "depth", "H": "units", "E": "embedding"}
    assert {letter: int(told[letter]) for letter in names} == {letter: settings[key] for letter, key in names.items()}
    assert int(told["T"]) == settings["max_length"] + 1 and int(told["L"]) in settings.values()


@pytest.mark.parametrize("name", PAGES)
def test_it_speaks_the_fields_language(name):
    words = "|".join(re.split(r",\s+", PRIVATE))
    assert not re.findall(rf"\b(?:{words})\b", " ".join(PAGES[name].split()), re.I)
    assert "\\," not in PAGES[name] and "\\;" not in PAGES[name], "GitHub takes the backslash away inside a formula"
