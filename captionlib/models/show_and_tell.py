"""Step 4, the decoder: `ShowAndTell` gets the picture once, as one vector: the first state of its LSTM (lesson 07)."""

import keras
import tensorflow as tf

from captionlib.models.decoder import Decoder, repeat_rows


class ShowAndTell(Decoder):
    """CNN, mean over locations, LSTM (Vinyals et al. 2015); the picture is the first state (Tanti et al. 2018).

    Args:
        vocabulary_size: V.
        locations: L.
        depth: D.
        units: H, units of the LSTM.
        embedding: width of a word vector.
        dropout: share of features, embeddings and outputs dropped in training.
        max_length: the longest caption in words.
    """

    def __init__(self, vocabulary_size, locations, depth, units=512, embedding=256, dropout=0.3, max_length=20):
        """Make the layers and their weights."""
        super().__init__(vocabulary_size, locations, depth, units, dropout, max_length)
        self.settings["embedding"] = embedding
        self.normalise = keras.layers.LayerNormalization(name="normalise")
        self.to_state = keras.layers.Dense(2 * units, activation="tanh", name="to_state")
        self.embed = keras.layers.Embedding(vocabulary_size, embedding, name="embed")
        self.lstm = keras.layers.LSTM(units, return_sequences=True, name="lstm")
        self.build_all()

    def prepare(self, features):
        """(B, L, D) features to {"hidden": (B, H), "cell": (B, H)}."""
        mean = self.normalise(tf.reduce_mean(tf.cast(features, tf.float32), axis=1))  # (B, D)
        hidden, cell = tf.split(self.to_state(self.dropout(mean)), 2, axis=-1)
        return {"hidden": hidden, "cell": cell}

    def initial_state(self, memory):
        """The picture is the first state: the memory itself, (B, H) twice."""
        return dict(memory)

    def step(self, token, state, memory):
        """Read one token: (B·k,) to logits (B·k, V), the new state, and None, as there is no attention."""
        output, (hidden, cell) = self.lstm.cell(self.embed(token), [state["hidden"], state["cell"]])
        return self.to_logits(output), {"hidden": hidden, "cell": cell}, None

    def call(self, features, tokens, return_attention=False):
        """Teacher forcing: features (B, L, D) and tokens (B·k, T) to logits (B·k, T, V)."""
        memory = self.prepare(features)
        start = [repeat_rows(memory[name], tf.shape(tokens)[0]) for name in ("hidden", "cell")]
        states = self.lstm(self.dropout(self.embed(tokens)), initial_state=start)  # (B·k, T, H)
        logits = self.to_logits(self.dropout(states))
        return (logits, None) if return_attention else logits
