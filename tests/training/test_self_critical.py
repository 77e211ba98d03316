"""Self-critical training: the reward is CIDEr-D, the better caption becomes likelier, padding is silent."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from captionlib import decoding, metrics, recipes
from captionlib.captioner import Captioner
from captionlib.decoding.sampling import generate
from captionlib.errors import CaptionlibError
from captionlib.models import ShowAndTell, ShowAttendTell, TransformerCaptioner
from captionlib.text import END, PAD, SPECIALS, START, Tokenizer
from captionlib.training.batches import BatchesWithIds
from captionlib.training.fit import fit
from captionlib.training.self_critical import Reward, SelfCritical, advantages, interpolate_weights, policy_loss
from training.test_fit import dataset, small_toyscenes, store

WORDS = ["a", "dog", "cat", "runs", "sits", "with", "ball"]
TOKENIZER = Tokenizer(["<pad>", "<start>", "<end>", "<unk>", *WORDS])
PEOPLE = [
    [["a", "dog", "runs"], ["a", "dog", "runs", "with", "a", "ball"]],
    [["a", "cat", "sits"], ["the", "cat", "sits", "here"]],
]


def padded(*captions):
    return TOKENIZER.encode_batch(captions)[:, 1:]


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 5), st.integers(0, 10**6))
def test_the_reward_is_cider_of_captions_that_end(samples, seed):
    """For every sample of every picture what `metrics.Cider` says when captions and references end in `<end>`."""
    rng = np.random.default_rng(seed)
    captions = [[list(rng.choice(WORDS, rng.integers(1, 8))) for _ in range(samples)] for _ in PEOPLE]
    tokens = padded(*(" ".join(words) for picture in captions for words in picture))
    rewards = Reward(PEOPLE, TOKENIZER)(tokens, np.array([0, 1])).reshape(2, samples)
    ended = [[[*words, "<end>"] for words in picture] for picture in PEOPLE]
    for sample in range(samples):
        expected = metrics.Cider(ended)([[*picture[sample], "<end>"] for picture in captions])
        np.testing.assert_allclose(rewards[:, sample], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("written", ["a man cannot swim", "ein café", "एक कुत्ता", "cannot cannot don’t", "fig 5 pp 4"])
def test_captions_and_references_are_cut_alike(written):
    """What people wrote earns the most when a model says it, whatever the tokenizer made of it."""
    people = [[metrics.tokenize(written)], [["a", "dog", "runs"]]]
    tokenizer = Tokenizer([*SPECIALS, *dict.fromkeys(written.split())])
    reward = Reward(people, tokenizer)
    tokens = np.array([[*(tokenizer.ids[word] for word in written.split()), END, PAD]])
    ended = [[[*picture[0], "<end>"]] for picture in people]
    assert reward(tokens, np.array([0])) == pytest.approx(metrics.Cider(ended).one(0, ended[0][0]))
    assert reward(tokens[:, :-2], np.array([0])) < reward(tokens, np.array([0]))  # without its end


def test_validation_cuts_captions_and_references_alike(monkeypatch):
    """A decoder that says what people wrote gets the highest CIDEr, 10, in Hindi and with "cannot" too."""
    written = [
        "एक कुत्ता घास पर दौड़ता है",
        "a man cannot swim here",
        "café cafe\u0301 über den Fluss",
        "two dogs run in snow",
    ]
    data = dataset({f"p{i}": [written[i % 4]] for i in range(24)})
    data.splits["val"] = ["p16", "p17", "p18", "p19"]
    tokenizer = Tokenizer.fit(written)
    tokens = tokenizer.encode_batch(written)[:, 1:]
    monkeypatch.setattr(decoding, "greedy", lambda *given: SimpleNamespace(tokens=tokens))
    captioner = SimpleNamespace(tokenizer=tokenizer, decoder=None)
    assert recipes.make_validator(captioner, data, store(data))()["cider"] == pytest.approx(10, abs=1e-6)


def test_pictures_are_rewarded_by_their_own_references():
    tokens = padded("a dog runs", "a cat sits")
    assert (Reward(PEOPLE, TOKENIZER)(tokens, np.array([0, 1])) > Reward(PEOPLE, TOKENIZER)(tokens, [1, 0]) + 1).all()


def test_a_caption_that_breaks_off_earns_less_than_one_that_stops_in_time():
    """Without `<end>` among the words it is the other way round, and captions learn to end in "with a"."""
    people = [[["a", "dog", "runs", "with", "a", "ball"], ["a", "dog", "runs"]], PEOPLE[1]]
    whole, broken = Reward(people, TOKENIZER)(padded("a dog runs", "a dog runs with a"), np.array([0]))
    assert whole > broken
    blind = metrics.Cider(people)
    assert blind.one(0, ["a", "dog", "runs"]) < blind.one(0, ["a", "dog", "runs", "with", "a"])


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 4), st.integers(2, 6), st.integers(0, 10**6))
def test_an_advantage_is_over_the_mean_of_the_siblings(pictures, samples, seed):
    rewards = np.random.default_rng(seed).uniform(0, 10, (pictures, samples)).astype("float32")
    got = advantages(rewards.ravel(), samples).numpy().reshape(pictures, samples)
    np.testing.assert_allclose(got.sum(axis=1), 0, atol=1e-4)
    others = np.array([[np.delete(row, i).mean() for i in range(samples)] for row in rewards])
    np.testing.assert_allclose(got, rewards - others, atol=1e-4)


def decoder_of(kind):
    keras.utils.set_random_seed(1)
    decoder = kind(len(TOKENIZER), 4, 6, units=16, max_length=5, dropout=0.0)
    for weight in decoder.trainable_variables:  # away from the start, where all words are alike
        weight.assign_add(np.random.default_rng(weight.shape[0]).normal(size=weight.shape, scale=0.3))
    return decoder


FEATURES = np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32")


def think(decoder, tokens):
    return decoder(FEATURES, np.pad(tokens[:, :-1], [(0, 0), (1, 0)], constant_values=START))


def log_probs(decoder, tokens):
    """Of whole captions, read off `policy_loss` one by one."""
    logits = think(decoder, tokens)
    rows = [(logits[i][None], row[None]) for i, row in enumerate(tokens)]
    return np.array([-float(policy_loss(*pair, tf.ones(1), 5)) * (pair[1] != PAD).sum() for pair in rows])


@pytest.mark.parametrize("kind", [ShowAndTell, ShowAttendTell, TransformerCaptioner])
def test_the_loss_weighs_the_log_probabilities_that_the_sampler_drew_from(kind):
    decoder = decoder_of(kind)

    def choose(log_probs, seed):
        return tf.random.stateless_categorical(log_probs, 1, seed, tf.int32)[:, 0]

    tokens, total, _ = generate(decoder, FEATURES, choose, tf.constant([3, 4], tf.int64), copies=2)
    tokens = np.pad(tokens, [(0, 0), (0, 6 - tokens.shape[1])])
    assert len({tuple(row) for row in tokens}) > 2  # copies of a picture are drawn independently
    np.testing.assert_allclose(log_probs(decoder, tokens), total, rtol=1e-4)


def test_padding_is_silent_and_the_end_is_not():
    decoder = decoder_of(ShowAttendTell)
    tokens = padded("a dog", "cat", "ball with", "a ball")
    weights = tf.constant([1.0, -1.0, 0.5, -0.5])
    logits = think(decoder, tokens)
    loss = float(policy_loss(logits, tokens, weights, 5))
    longer = np.pad(tokens, [(0, 0), (0, 2)])
    assert float(policy_loss(think(decoder, longer), longer, weights, 5)) == pytest.approx(loss, rel=1e-5)
    open_ended = np.where(tokens == END, PAD, tokens)
    assert float(policy_loss(logits, open_ended, weights, 5)) != pytest.approx(loss, rel=1e-3)


@pytest.mark.parametrize("kind", [ShowAndTell, ShowAttendTell, TransformerCaptioner])
def test_a_step_makes_the_better_caption_likelier_and_the_worse_one_less_likely(kind):
    decoder = decoder_of(kind)
    tokens = padded("a dog runs", "ball ball ball", "a cat sits", "with with with")
    before = log_probs(decoder, tokens)
    with tf.GradientTape() as tape:
        loss = policy_loss(think(decoder, tokens), tokens, tf.constant([1.0, -1.0, 1.0, -1.0]), 5)
    gradients = tape.gradient(loss, decoder.trainable_variables)
    for weight, gradient in zip(decoder.trainable_variables, gradients, strict=True):
        weight.assign_sub(0.01 * tf.convert_to_tensor(gradient))
    rise = log_probs(decoder, tokens) - before
    assert (rise[::2] > rise[1::2]).all() and rise[::2].sum() > 0 > rise[1::2].sum()


def test_a_decoder_learns_what_is_rewarded(tmp_path):
    """A reward for one word: after a few epochs nearly every word is that one. `fit` logs the rising mean."""
    data = dataset()
    tokenizer = Tokenizer.fit(c for n in data.splits["train"] for c in data.captions[n])
    train_batches, val_batches = (
        BatchesWithIds(data, split, store(data), tokenizer, 5, 4, 5) for split in ("train", "val")
    )
    decoder = ShowAndTell(len(tokenizer), 4, 6, units=32, embedding=16, dropout=0.1, max_length=5)
    seen = []

    def reward(tokens, pictures):
        seen.append((tokens.shape, pictures))
        return (tokens == tokenizer.ids["dog"]).mean(axis=1).astype("float32")

    settings = {"epochs": 12, "learning_rate": 1e-2, "patience": 12, "weight_decay": 0.0}
    trainer = SelfCritical(decoder, reward, samples=3)
    history = fit(
        decoder, train_batches, val_batches, lambda: {"made_up": len(seen)}, tmp_path, **settings, trainer=trainer
    )
    assert history[0]["loss"] > -0.2 > -0.5 > history[-1]["loss"]
    assert history[-1]["perplexity"] < history[0]["perplexity"] and "val_perplexity" in history[0]
    assert {shape for shape, _ in seen} == {(12, 6)}
    assert sorted(np.concatenate([pictures for _, pictures in seen[:4]])) == list(range(16))


def test_no_two_words_of_a_run_are_drawn_with_the_same_seed(monkeypatch):
    """Not even after 65,536 steps, where the number of a step meets that of a word."""
    seeds, draw = [], tf.random.stateless_categorical

    def recorded(logits, count, seed, dtype):
        assert seed.dtype == tf.int64
        seeds.append(tuple(np.array(seed)))
        return draw(logits, count, seed, dtype)

    monkeypatch.setattr(tf.random, "stateless_categorical", recorded)
    trainer = SelfCritical(decoder_of(ShowAndTell), reward=None, samples=2, seed=2**31 - 1)
    trainer.compile("sgd")
    for step in (0, 1, 2**16 - 1, 2**16, 2**16 + 1, 2 * 2**16):
        trainer.optimizer.iterations.assign(step)
        trainer.draw(FEATURES)
    assert len(set(seeds)) == len(seeds) >= 6 * 2


def test_interpolation_keeps_the_best_point_between_old_and_new_weights():
    decoder = decoder_of(ShowAndTell)
    before = [weight - 1 for weight in decoder.get_weights()]
    scores = {0.2: 0.1, 0.4: 0.6, 0.6: 0.5, 0.8: 0.2, 1.0: 0.0}
    start = before[0].flat[0]
    share_now = lambda: round(float(decoder.get_weights()[0].flat[0] - start), 1)  # noqa: E731
    assert interpolate_weights(decoder, before, lambda: {"made_up": scores[share_now()], "other": -1}) == (0.4, 0.6)
    for old, now in zip(before, decoder.get_weights(), strict=True):
        np.testing.assert_allclose(now, old + 0.4, atol=1e-5)


def test_an_interrupted_refinement_goes_on_exactly_and_its_folder_loads(tmp_path, monkeypatch):
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path / "cache"))
    data = small_toyscenes()
    recipes.train(data, "show_and_tell", tmp_path / "first", epochs=1)
    recipes.refine(data, tmp_path / "first", tmp_path / "whole", epochs=2)

    def stop_in_epoch_two(*given):
        validate, calls = make_validator(*given), []

        def scores():
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return validate()

        return scores

    make_validator = recipes.make_validator
    with monkeypatch.context() as patch, pytest.raises(CaptionlibError, match="--resume goes on"):
        patch.setattr(recipes, "make_validator", stop_in_epoch_two)
        recipes.refine(data, tmp_path / "first", tmp_path / "broken", epochs=2)
    recipes.refine(data, tmp_path / "first", tmp_path / "broken", epochs=2, resume=True)
    whole, broken = (Captioner.load(tmp_path / name).decoder.get_weights() for name in ("whole", "broken"))
    assert all((one == other).all() for one, other in zip(whole, broken, strict=True))
    card = (tmp_path / "broken" / "model_card.md").read_text("utf8")
    assert card.startswith("# broken") and "## Where it began" in card and "### first" in card
    recipes.refine(data, tmp_path / "first", tmp_path / "broken", epochs=2, resume=True)  # nothing is left to do
    again = Captioner.load(tmp_path / "broken").decoder.get_weights()
    assert all((one == other).all() for one, other in zip(whole, again, strict=True))
    with pytest.raises(CaptionlibError, match="holds a trained model"):
        recipes.refine(data, tmp_path / "first", tmp_path / "broken")
    with pytest.raises(CaptionlibError, match="no model called"):
        recipes.refine(data, tmp_path / "nowhere", tmp_path / "new")
