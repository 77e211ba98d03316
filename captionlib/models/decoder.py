"""Step 4, the decoder: features and the words so far become logits for the next word.

This is the contract that `ShowAndTell`, `ShowAttendTell` and `TransformerCaptioner` follow (lessons 07, 08 and 12),
so that training, decoding and the figures are written once:

    memory = decoder.prepare(features)                   once per picture: whatever does not depend on the words
    state  = decoder.initial_state(memory)               a dict; every leaf has the batch as axis 0
    logits, state, attention = decoder.step(token, state, memory)        one word: logits (B·k, V)
    logits = decoder(features, tokens)                   teacher forcing: (B·k, T, V)
    logits, attention = decoder(features, tokens, return_attention=True)
    decoder.vocabulary_size, decoder.max_length, decoder.set_output_bias(log_frequencies)

Training and decoding use nothing else of a decoder. Rows of tokens may be a multiple of the pictures: the five captions
of a picture in training, or the beams of a picture in decoding, stand next to each other and share one memory.

Attention is one array of weights that sum to 1 over the L locations, or None for a decoder without attention: (B·k,
maps, L) from `step` and (B·k, T, maps, L) in teacher forcing. `ShowAttendTell` has one map, `TransformerCaptioner` one
per block and head, those of the first block first.
"""

from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf

from captionlib import storage
from captionlib.errors import CaptionlibError
from captionlib.text import END, PAD


class Decoder(keras.Model):
    """What the three captioners share: the embedding, the vocabulary projection and their settings.

    Args:
        vocabulary_size: V.
        locations: L, the number of locations in the feature grid.
        depth: D, the number of features at each location.
        units: H, the width of the state.
        dropout: share of features, embeddings and outputs set to zero in training.
        max_length: the longest caption in words; decoding ends there.
    """

    def __init__(self, vocabulary_size: int, locations: int, depth: int, units: int, dropout: float, max_length: int):
        """Keep the settings; a subclass adds its layers, then calls `build_all`."""
        super().__init__()
        self.settings = {
            "vocabulary_size": vocabulary_size,
            "locations": locations,
            "depth": depth,
            "units": units,
            "dropout": dropout,
            "max_length": max_length,
        }
        self.vocabulary_size, self.max_length = vocabulary_size, max_length
        self.dropout = keras.layers.Dropout(dropout)
        self.to_logits = keras.layers.Dense(vocabulary_size, name="to_logits")

    def get_config(self) -> dict:
        """The settings that make the same decoder again."""
        return dict(self.settings)

    def build_all(self) -> None:
        """Create every weight by one call on zeros, so that weights can be loaded and steps taken."""
        features = tf.zeros((1, self.settings["locations"], self.settings["depth"]))
        self(features, tf.zeros((1, 2), tf.int32))

    def set_output_bias(self, log_frequencies) -> None:
        """Start from the words' log-frequencies, (V,): the first epochs need not learn which words are common."""
        self.to_logits.bias.assign(log_frequencies)

    def prepare(self, features):
        """Compute what does not depend on the words: (B, L, D) features to the memory, a dict of tensors."""
        raise NotImplementedError(f"{type(self).__name__} has no prepare.")

    def initial_state(self, memory) -> dict:
        """The state before the first word; every leaf has B as axis 0."""
        raise NotImplementedError(f"{type(self).__name__} has no initial_state.")

    def step(self, token, state, memory):
        """Read one token.

        Args:
            token: (B·k,) int32, the last token of each row.
            state: what the step before returned, or `initial_state`, repeated k times.
            memory: of B pictures.

        Returns:
            Logits (B·k, V), the new state, and attention, (B·k, maps, L) or None.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step.")


def repeat_rows(tensor, rows):
    """Repeat each of the B rows k times so that there are `rows` = B·k; the copies stand side by side."""
    return tf.repeat(tensor, rows // tf.shape(tensor)[0], axis=0)


def is_word_step(tokens):
    """Which steps predict a word or `<end>`: (B, T) input tokens to a (B, T) mask, 1.0 until `<end>` has been read."""
    return tf.cast((tokens != PAD) & (tokens != END), tf.float32)


def save_weights(decoder: Decoder, path: Path) -> None:
    """Write a decoder's weights as float16 `.weights.h5`: half the size, and no caption changes."""
    with storage.write_atomically(path) as temporary:
        decoder.save_weights(temporary)
        with h5py.File(temporary) as full, h5py.File(temporary.with_name("half.h5"), "w") as half:

            def copy(name, item):
                if isinstance(item, h5py.Dataset):
                    half.create_dataset(name, data=item[()].astype("float16"))
                else:
                    half.require_group(name).attrs.update(item.attrs)

            half.attrs.update(full.attrs)
            full.visititems(copy)
        temporary.with_name("half.h5").replace(temporary)


def load_weights(decoder: Decoder, path: Path) -> None:
    """Read what `save_weights` wrote.

    Raises:
        CaptionlibError: if the file is broken, is of another decoder, or holds numbers that are not finite.
    """
    sizes = []
    try:
        with h5py.File(path) as file:
            file.visititems(lambda name, item: sizes.append(item.size) if isinstance(item, h5py.Dataset) else None)
    except OSError as error:
        raise CaptionlibError(f"{path} is damaged or no file of weights: copy or train the model again.") from error
    held, needed = sum(sizes), decoder.count_params()
    if held != needed:
        raise CaptionlibError(f"{path} does not fit its config.json: it holds {held:,} numbers, {needed:,} are needed.")
    try:
        decoder.load_weights(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaptionlibError(f"{path} does not fit its config.json: it is of another model.") from error
    if not all(np.isfinite(weight.numpy()).all() for weight in decoder.weights):
        raise CaptionlibError(f"{path} holds weights that are not finite numbers: copy or train the model again.")
