"""The decoder contract, held by all three models, and attention equal to Keras' own layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from captionlib.errors import CaptionlibError
from captionlib.models import MODELS
from captionlib.models.attention import AdditiveAttention, DotAttention, MultiHeadAttention
from captionlib.models.decoder import load_weights, save_weights
from captionlib.text import END, PAD, START

V, L, D = 40, 6, 10
VARIANTS = {
    "show_and_tell": {},
    "show_attend_tell": {"attention": "dot"},
    "show_attend_tell, additive": {"attention": "additive"},
    "show_attend_tell, without feeding": {"input_feeding": False},
    "transformer": {"heads": 2, "layers": 3},
}


def make(variant, **settings):
    keras.utils.set_random_seed(7)
    return MODELS[variant.split(",")[0]](V, L, D, units=16, max_length=9, **VARIANTS[variant], **settings)


@pytest.fixture(params=VARIANTS)
def decoder(request):
    return make(request.param)


@pytest.fixture
def batch():
    rng = np.random.default_rng(3)
    features = rng.normal(size=(2, L, D)).astype("float32")
    tokens = rng.integers(4, V, (6, 8)).astype("int32")  # three captions a picture
    tokens[:, 0] = START
    return features, tokens


def spread(decoder):
    """Large weights, so that differences show."""
    rng = np.random.default_rng(5)
    for weight in decoder.trainable_variables:
        weight.assign(rng.normal(size=weight.shape, scale=0.4))


def steps(decoder, features, tokens):
    """Logits and attention of `tokens`, one step after the other, rows of a picture sharing one memory."""
    memory = decoder.prepare(features)
    copies = len(tokens) // len(features)
    state = tf.nest.map_structure(lambda leaf: tf.repeat(leaf, copies, axis=0), decoder.initial_state(memory))
    logits, maps = [], []
    for t in range(tokens.shape[1]):
        out, state, attention = decoder.step(tf.constant(tokens[:, t]), state, memory)
        logits.append(out)
        maps.append(attention)
    return np.stack(logits, 1), None if maps[0] is None else np.stack(maps, 1)


def test_teacher_forcing_equals_stepping(decoder, batch):
    spread(decoder)
    logits, maps = decoder(*batch, return_attention=True)
    stepped, stepped_maps = steps(decoder, *batch)
    assert logits.shape == (6, 8, V)
    np.testing.assert_allclose(logits, stepped, rtol=1e-4, atol=1e-4)
    if maps is None:
        assert stepped_maps is None
    else:
        np.testing.assert_allclose(maps, stepped_maps, rtol=1e-4, atol=1e-5)


def test_captions_share_a_picture_as_if_it_were_given_for_each(decoder, batch):
    features, tokens = batch
    np.testing.assert_allclose(
        decoder(features, tokens), decoder(np.repeat(features, 3, axis=0), tokens), rtol=1e-4, atol=1e-5
    )


MAPS = {"show_and_tell": None, "transformer": 3 * 2}  # blocks × heads; one for every ShowAttendTell


@pytest.mark.parametrize("variant", VARIANTS)
def test_attention_is_one_array_that_sums_to_one_over_the_locations(variant, batch):
    attention = make(variant)(*batch, return_attention=True)[1]
    if (maps := MAPS.get(variant, 1)) is None:
        assert attention is None
    else:
        assert attention.shape == (6, 8, maps, L)
        np.testing.assert_allclose(tf.reduce_sum(attention, -1), 1, rtol=1e-5)


def test_the_output_bias_makes_words_as_likely_as_they_are_frequent(decoder, batch):
    decoder.to_logits.kernel.assign(tf.zeros_like(decoder.to_logits.kernel))
    frequencies = np.random.default_rng(0).dirichlet(np.ones(V)).astype("float32")
    decoder.set_output_bias(np.log(frequencies))
    np.testing.assert_allclose(tf.nn.softmax(decoder(*batch))[0, 0], frequencies, rtol=1e-4)
    assert (decoder.vocabulary_size, decoder.max_length) == (V, 9)


def test_no_word_sees_the_words_after_it(decoder, batch):
    spread(decoder)
    features, tokens = batch
    changed = tokens.copy()
    changed[:, 5:] = 4
    np.testing.assert_allclose(
        decoder(features, tokens)[:, :5], decoder(features, changed)[:, :5], rtol=1e-4, atol=1e-4
    )


def test_every_leaf_of_the_state_has_the_batch_first(decoder, batch):
    state = decoder.initial_state(decoder.prepare(batch[0]))
    assert {leaf.shape[0] for leaf in tf.nest.flatten(state)} == {2}


def test_config_makes_the_same_decoder(decoder, batch, tmp_path):
    twin = type(decoder)(**decoder.get_config())
    save_weights(decoder, tmp_path / "a.weights.h5")
    load_weights(twin, tmp_path / "a.weights.h5")
    np.testing.assert_allclose(decoder(*batch), twin(*batch), atol=5e-3)  # kept as float16
    assert [p.name for p in tmp_path.iterdir()] == ["a.weights.h5"]


def test_weights_of_another_decoder_are_refused(decoder, tmp_path):
    save_weights(decoder, tmp_path / "a.weights.h5")
    other = type(decoder)(**(decoder.get_config() | {"vocabulary_size": V + 1}))
    with pytest.raises(CaptionlibError, match="does not fit"):
        load_weights(other, tmp_path / "a.weights.h5")


def test_weights_that_are_not_numbers_are_refused(decoder, tmp_path):
    decoder.to_logits.bias.assign(np.full(V, np.nan))
    save_weights(decoder, tmp_path / "a.weights.h5")
    with pytest.raises(CaptionlibError, match="finite"):
        load_weights(type(decoder)(**decoder.get_config()), tmp_path / "a.weights.h5")


def test_every_weight_learns(decoder, batch):
    features, tokens = batch
    with tf.GradientTape() as tape:
        logits = decoder(features, tokens)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits))
    for weight, gradient in zip(
        decoder.trainable_variables, tape.gradient(loss, decoder.trainable_variables), strict=True
    ):
        values = tf.convert_to_tensor(gradient) if gradient is not None else tf.zeros(1)
        # softmax ignores what is added to all scores alike: a key's bias can never matter
        assert "to_key/bias" in weight.path or np.abs(values).max() > 0, weight.path


def test_doubly_stochastic_term_counts_only_steps_that_predict(batch):
    features, tokens = batch
    tokens[:, 4:] = [END, PAD, PAD, PAD]
    decoder = make("show_attend_tell", doubly_stochastic=0.5)
    _, attention = decoder(features, tokens, return_attention=True)
    expected = 0.5 * np.mean((1 - attention.numpy()[:, :4, 0].sum(1)) ** 2)
    np.testing.assert_allclose(decoder.losses[0], expected, rtol=1e-5)


def queries():
    rng = np.random.default_rng(1)
    return (rng.normal(size=shape).astype("float32") for shape in ((4, 8), (2, 5, 8), (2, 5, 7)))


def test_dot_attention_equals_keras():
    state, keys, values = queries()
    ours = DotAttention(8)
    context, weights = ours(state, keys, values)
    query = np.asarray(ours.to_query(state)).reshape(2, 2, 8) / 8**0.5
    theirs, scores = keras.layers.Attention()([query, values, keys], return_attention_scores=True)
    np.testing.assert_allclose(context, np.reshape(theirs, (4, 7)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights, np.reshape(scores, (4, 5)), rtol=1e-5, atol=1e-6)


def test_additive_attention_equals_keras():
    state, keys, values = queries()
    ours = AdditiveAttention(8)
    context, weights = ours(state, keys, values)
    query = np.asarray(ours.to_query(state)).reshape(2, 2, 8)
    layer = keras.layers.AdditiveAttention()
    layer.build([query.shape, values.shape, keys.shape])
    layer.scale.assign(ours.to_score.kernel[:, 0])
    theirs, scores = layer([query, values, keys], return_attention_scores=True)
    np.testing.assert_allclose(context, np.reshape(theirs, (4, 7)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights, np.reshape(scores, (4, 5)), rtol=1e-5, atol=1e-6)


def test_multi_head_attention_equals_keras():
    rng = np.random.default_rng(2)
    x, source = rng.normal(size=(3, 4, 8)).astype("float32"), rng.normal(size=(3, 6, 8)).astype("float32")
    ours, theirs = MultiHeadAttention(8, 2), keras.layers.MultiHeadAttention(2, 4)
    out, weights = ours(x, *ours.keys_values(source))
    theirs(x, source)
    for name, layer in (("query", ours.to_query), ("key", ours.to_key), ("value", ours.to_value)):
        dense = getattr(theirs, f"_{name}_dense")
        dense.kernel.assign(np.reshape(layer.kernel, (8, 2, 4)))
        dense.bias.assign(np.reshape(layer.bias, (2, 4)))
    theirs._output_dense.kernel.assign(np.reshape(ours.to_output.kernel, (2, 4, 8)))
    expected, scores = theirs(x, source, return_attention_scores=True)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(weights, scores, rtol=1e-4, atol=1e-6)


def test_the_lstm_step_equals_keras_cell():
    decoder = make("show_attend_tell")
    spread(decoder)
    rng = np.random.default_rng(4)
    word, hidden, cell, context = (rng.normal(size=(3, n)).astype("float32") for n in (256, 16, 16, 16))
    keras_cell = keras.layers.LSTMCell(16)
    keras_cell.build((3, 256 + 16))
    from_state, from_context = np.split(np.asarray(decoder.state_gates.kernel), 2)
    keras_cell.set_weights(
        [np.concatenate([decoder.word_gates.kernel, from_context]), from_state, np.asarray(decoder.word_gates.bias)]
    )
    expected, (_, expected_cell) = keras_cell(np.concatenate([word, context], 1), [hidden, cell])
    state = decoder.lstm_step(decoder.word_gates(word), {"hidden": hidden, "cell": cell, "context": context})
    np.testing.assert_allclose(state["hidden"], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(state["cell"], expected_cell, rtol=1e-4, atol=1e-5)
