"""What lesson 05 says about word vectors holds for three seeds; the measures do what they say."""

import numpy as np
import pytest

from captionlib.course.probes import word_vectors
from captionlib.course.scratch import skipgram
from captionlib.data import toyscenes
from captionlib.text import Tokenizer

pytestmark = pytest.mark.over_seeds

SEEDS = (5, 6, 7)
RAINBOW = ["red", "orange", "yellow", "green", "blue", "purple", "pink"]


class Lesson:
    """The captions of lesson 05 as ids, and its trainings."""

    def __init__(self):
        splits, _, self.captions = toyscenes.compose()
        self.names = splits["train"]
        self.tokenizer = Tokenizer.fit(self.captions[name][0] for name in self.names)
        self.words = self.tokenizer.vocabulary[4:]
        self.ids = {word: i for i, word in enumerate(self.words)}
        self.sentences = self.caption(0)
        self.centres, self.contexts = skipgram.pairs(self.sentences, window=2)
        self.trained = [self.train(seed) for seed in SEEDS]
        self.histories = [history for history, _ in self.trained]

    def train(self, seed):
        """The loop of the lesson: the history of the vectors, and the context table at the end."""
        rng = np.random.default_rng(seed)
        vectors, context = skipgram.initial_tables(len(self.words), rng)
        history = [vectors]
        for _ in range(6):
            for batch in skipgram.batches(self.centres, self.contexts, rng):
                vectors, context = skipgram.update(vectors, context, *batch, 0.0025)
            history.append(vectors)
        return np.array(history), context

    def caption(self, number):
        texts = [self.tokenizer.words(self.captions[name][number]) for name in self.names]
        return [[self.ids[word] for word in text if word in self.ids] for text in texts]

    def similar(self, sentences, seed=5):
        return skipgram.cosines(skipgram.train(sentences, len(self.words), seed)[-1])

    def of(self, similar, one, two):
        return similar[self.ids[one], self.ids[two]]


@pytest.fixture(scope="module")
def lesson():
    return Lesson()


def test_kinds_of_words_find_each_other_and_forms_of_a_verb_do_not(lesson):
    for history in lesson.histories:
        shares = word_vectors.shares_in_groups(history[-1], lesson.words)
        assert all(share > 0.8 > 0.3 > chance for share, chance in shares.values())
        similar = skipgram.cosines(history[-1])
        alike = ["red blue", "rabbit bunny", "big large", "big tiny", "left right"]
        every = similar[np.triu_indices(len(similar), 1)]
        assert min(lesson.of(similar, *pair.split()) for pair in alike) > 0.95 > np.quantile(every, 0.95) > 0.85
        assert np.quantile(every, 0.05) < lesson.of(similar, "runs", "running") < 0.8
        assert 0.5 < np.median(every) < 0.6 and lesson.of(similar, "red", "beach") < 0.4
        by_dot_product = skipgram.neighbours(history[-1] @ history[-1].T, lesson.ids["sits"], 6)
        assert not {lesson.words[i] for i in by_dot_product} & set(word_vectors.GROUPS["actions"])


def test_after_one_epoch_all_words_are_similar(lesson):
    for history in lesson.histories:
        similar = skipgram.cosines(history[1])
        assert np.median(similar[np.triu_indices(len(similar), 1)]) > 0.85
        assert lesson.of(similar, "red", "beach") > 0.8 and lesson.of(similar, "red", "blue") > 0.95
        red = skipgram.neighbours(similar, lesson.ids["red"], 5)  # the ranking is right already
        assert {lesson.words[i] for i in red} <= set(word_vectors.GROUPS["colours"])
        a = skipgram.neighbours(skipgram.cosines(history[-1]), lesson.ids["a"], 5)
        assert {lesson.words[i] for i in a} <= set(word_vectors.GROUPS["actions"])


def test_an_sets_orange_apart(lesson):
    without = [[lesson.ids["a"] if i == lesson.ids["an"] else i for i in ids] for ids in lesson.sentences]
    for history, seed in zip(lesson.histories, SEEDS, strict=True):
        assert lesson.of(skipgram.cosines(history[-1]), "red", "orange") < 0.85
        assert lesson.of(lesson.similar(without, seed), "red", "orange") > 0.95


def test_a_pair_that_never_occurs_is_improbable(lesson):
    for history, context in lesson.trained:
        red, others = lesson.ids["red"], [lesson.ids[word] for word in ("a", "tree", "blue", "red")]
        a, tree, blue, own = skipgram.sigmoid(history[-1][red] @ context[others].T)
        assert min(a, tree) > 0.15 and max(blue, own) < 0.01


def test_train_is_the_loop_of_the_lesson(lesson):
    np.testing.assert_array_equal(skipgram.train(lesson.sentences, len(lesson.words), SEEDS[0]), lesson.histories[0])


def test_only_captioners_have_the_rainbow(lesson):
    seven = [lesson.ids[word] for word in RAINBOW]

    def rank(table):
        return word_vectors.rank_of_ring(table[seven])[0]

    names = ("show_attend_tell", "transformer", "show_and_tell")
    assert max(rank(word_vectors.captioner_table(f"toyscenes_{name}", lesson.words)) for name in names) <= 5
    texts = [rank(skipgram.train(lesson.caption(number), len(lesson.words))[-1]) for number in (1, 2)]
    assert max(texts) > 40
    models = [rank(word_vectors.language_model(lesson.sentences, len(lesson.words), seed)) for seed in range(2)]
    assert max(models) > 40


def test_shuffled_captions_still_tell_kinds_apart(lesson):
    for history, seed in zip(lesson.histories, SEEDS, strict=True):
        rng = np.random.default_rng(seed)
        table = skipgram.train([rng.permutation(ids).tolist() for ids in lesson.sentences], len(lesson.words), seed)[-1]
        before, after = (word_vectors.shares_in_groups(each, lesson.words) for each in (history[-1], table))
        assert all(2 * chance < after[kind][0] < before[kind][0] for kind, (_, chance) in before.items())


def test_a_shift_of_the_rows_shows_at_boat(lesson):
    for history in lesson.histories:
        right, shifted = (skipgram.cosines(table) for table in (history[-1], np.roll(history[-1], 1, axis=0)))
        near = {
            name: skipgram.neighbours(table, lesson.ids["boat"], 5) for name, table in (("r", right), ("s", shifted))
        }
        assert lesson.words[near["r"][0]] == "sailboat" and lesson.words[near["s"][0]] != "sailboat"
        red = {lesson.words[i] for i in skipgram.neighbours(shifted, lesson.ids["red"], 5)}
        assert len(red & set(word_vectors.GROUPS["colours"])) >= 3


def test_a_share_counts_neighbours_of_the_group():
    similar = np.array([[1, 0.2, 0.9, 1], [0.2, 1, 0, 0], [0.9, 0, 1, 0], [1, 0, 0, 1]])
    assert word_vectors.share_in_group(similar, [0, 2, 3], 1) == (1, 2 / 3)
    assert word_vectors.share_in_group(similar, [0, 1], 2) == (1 / 4, 1 / 3)


@pytest.mark.parametrize("order, rank", [([0, 1, 2, 3, 4], 1), ([2, 3, 4, 0, 1], 1), ([0, 2, 4, 1, 3], 12)])
def test_a_ring_of_similar_neighbours_has_rank_1(order, rank):
    angles = np.linspace(0, 2 * np.pi, 5, endpoint=False)[order]
    table = np.column_stack([np.cos(angles), np.sin(angles)]) * np.array([[1], [5], [0.2], [3], [1]])
    assert word_vectors.rank_of_ring(table) == (rank, 12)
