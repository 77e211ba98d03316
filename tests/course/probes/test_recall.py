"""The recall task measures memory: guessing does not solve it, and distance makes it hard."""

import numpy as np
import pytest

from captionlib.course.probes import recall


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_the_gradients_pass_a_numerical_check(kind):
    rng = np.random.default_rng(0)
    weights = [weight.astype(float) for weight in recall.init_weights(kind, rng, 2.0)]
    x, first = recall.sentences(rng, 5, 4)
    x = x.astype(float)
    assert x.shape == (5, 5, 8) and (x[:, 0].argmax(-1) == first).all()
    _, dx, gradients = recall.accuracy_and_gradients(kind, weights, x, first)

    def loss():
        states = rerun(kind, weights, x)
        logits = states @ weights[3] + weights[4]
        return (np.log(np.exp(logits).sum(1)) - logits[np.arange(5), first]).mean()

    for array, gradient in zip([x, *weights], [dx, *gradients], strict=True):
        place = tuple(rng.integers(size) for size in array.shape)
        array[place] += 1e-5
        above = loss()
        array[place] -= 2e-5
        assert gradient[place] == pytest.approx((above - loss()) / 2e-5, rel=1e-6, abs=1e-8)
        array[place] += 1e-5


def rerun(kind, weights, x):
    """The last state (B, 16) by steps, another way than the code under test goes."""
    h = c = np.zeros((len(x), 16))
    for t in range(x.shape[1]):
        if kind == "rnn":
            h = recall.lstm.rnn_step(x[:, t], h, *weights[:3])
        else:
            h, c, _ = recall.lstm.lstm_step(x[:, t], h, c, *weights[:3])
    return h


def test_near_words_are_learned_and_an_untrained_network_guesses():
    assert recall.train("rnn", 5) > 0.9 and recall.train("lstm", 5, 1.0) > 0.9
    assert recall.train("rnn", 5, steps=0) < 0.4


@pytest.mark.parametrize("seed", range(3))
def test_gradients_vanish_in_the_order_that_lesson_06_shows(seed):
    norms = {bias: recall.gradient_norms("lstm", 40, bias, seed) for bias in (0, 1, 4)}
    plain = recall.gradient_norms("rnn", 40, seed=seed)
    assert plain.shape == (40,) and plain[0] == norms[0][0] == 1
    assert norms[0][19] < 1e-3 < norms[1][19] < 0.1 and 0.01 < plain[19] < 0.1 and norms[4][39] > 1
    assert norms[0][39] > 100 * 0.5**39  # along the cell state alone: the rest comes through the hidden state
    assert norms[1][9] > 0.1 and plain[9] > 0.1


def test_a_wider_plain_network_loses_less_and_bias_0_stays_last(monkeypatch):
    narrow = recall.gradient_norms("rnn", 40)[39]
    monkeypatch.setattr(recall, "UNITS", 64)
    plain, *gated = recall.gradient_norms("rnn", 40), *(recall.gradient_norms("lstm", 40, bias) for bias in (0, 1, 4))
    assert plain[39] > 2 * narrow and min(plain[39], gated[1][39], gated[2][39]) > 100 * gated[0][39]
