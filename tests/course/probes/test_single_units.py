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


def test_freezing_at_the_noun_makes_it_repeat_and_the_controls_do_not(decoder, drawn):
    share = {at: np.mean([single_units.repeats_noun(decoder, start, at) for start in drawn[1]]) for at in (None, -1, 0)}
    assert share[None] < 0.12 and share[-1] < 0.25 and share[0] > 0.65


def test_exchanging_no_unit_changes_nothing_and_all_units_give_the_donors_answer(decoder, drawn):
    receiver, donor = drawn[1][:2]
    words, targets = ["<start>", "a"], ["red", "blue"]

    def probability(start, units):
        return single_units.probability_after_exchange(decoder, start, donor, np.array(units, int), words, targets)

    alone = [decoder.read(words, start)["probs"][-1] for start in (receiver, donor)]
    indices = [decoder.vocabulary.index(word) for word in targets]
    assert probability(receiver, []) == pytest.approx(alone[0][indices].sum())
    assert probability(receiver, range(256)) == pytest.approx(alone[1][indices].sum())
    assert receiver[1] is drawn[1][0][1]  # the receiver itself is left alone
