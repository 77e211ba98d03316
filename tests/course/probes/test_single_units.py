"""Single units of the LSTM: what is recorded is what was read, and an intervention changes what is said."""

import numpy as np
import pytest

from captionlib import Captioner
from captionlib.course.probes import single_units
from captionlib.course.probes.numpy_decoder import NumpyDecoder


@pytest.fixture(scope="module")
def decoder():
    return NumpyDecoder.from_captioner(captioner())


def captioner():
    return Captioner.load("toyscenes_show_and_tell")


@pytest.fixture(scope="module")
def drawn():
    return single_units.random_scenes(captioner(), 60, seed=1)


def test_initial_states_are_those_of_the_captioner(drawn):
    scenes, starts = drawn
    image = single_units.toyscenes.draw(scenes[7])
    memory = captioner().decoder.prepare(captioner().encoder(image[None]))
    for mine, name in zip(starts[7], ("hidden", "cell"), strict=True):
        np.testing.assert_allclose(mine, memory[name][0], rtol=1e-3, atol=1e-5)
    assert len(scenes) == len(starts) == 60


def test_a_record_has_one_cell_state_per_word(decoder, drawn):
    seen = single_units.record(decoder, *drawn, seed=1)
    begins = np.flatnonzero(seen["position"] == 0)
    assert len(begins) == 60 and (seen["word"][begins] == "<start>").all()
    assert seen["cells"].shape == (len(seen["word"]), 256)
    first = decoder.read(list(seen["word"][: begins[1]]), drawn[1][0])["c"]
    assert (seen["cells"][: begins[1]] == first).all()
    assert (seen["place"][: begins[1]] == drawn[0][0].place).all()
    assert seen["before_noun"][seen["word"] == "red"].all() and not seen["before_noun"][seen["word"] == "is"].any()


def test_a_colour_read_while_the_cell_state_is_frozen_is_said_again(decoder, drawn):
    share = {
        at: np.mean([single_units.repeats_colour(decoder, start, at) for start in drawn[1]]) for at in (None, 0, 1)
    }
    assert share[None] < 0.4 and share[1] < 0.4 and share[0] > 0.6


def test_patching_no_unit_changes_nothing_and_all_units_give_the_donors_answer(decoder, drawn):
    receivers, donors = drawn[1][:2], drawn[1][2:4]
    words, targets = ["<start>", "a"], ["red", "blue"]
    indices = [decoder.vocabulary.index(word) for word in targets]

    def probability(units):
        return single_units.probability_after_patching(decoder, receivers, donors, units, words, targets)

    def mean(starts):
        return np.mean([decoder.read(words, start)["probs"][-1, indices].sum() for start in starts])

    before = [np.array(start) for start in receivers]
    assert probability([]) == pytest.approx(mean(receivers)) and probability(range(256)) == pytest.approx(mean(donors))
    assert all((np.array(start) == old).all() for start, old in zip(receivers, before, strict=True))


def test_unit_207_differs_most_between_lake_and_meadow_and_is_neither_enough_nor_needed(decoder, drawn):
    lakes, meadows = (single_units.starts_at(place, *drawn, 6) for place in ("lake", "meadow"))
    assert len(lakes) == len(meadows) == 6
    order = single_units.most_different_first(meadows, lakes)
    words, targets = ["<start>", "a", "red", "cat", "is", "sitting", "by", "the"], ["lake", "pond"]

    def probability(units):
        return single_units.probability_after_patching(decoder, meadows, lakes, units, words, targets)

    assert order[0] == 207 and probability([207]) < 0.05 and probability(order[1:]) > 0.8
    assert probability(order[:8]) < 0.3 and probability(order[:64]) > 0.6
