"""Step 4, the decoder: `ShowAttendTell` attends to the picture again for every word (lesson 08).

Fast for one reason: nothing that does not depend on the word is computed per word. Keys and values are made once per
picture; the words' part of the LSTM gates, the vocabulary projection and, without input feeding, the attention once for
the whole sequence. Only what depends on the word before is in the loop; benchmarks/training_step.py measures it.
"""

import keras
import tensorflow as tf

from captionlib.models.attention import AdditiveAttention, DotAttention
from captionlib.models.decoder import Decoder, is_word_step, repeat_rows


class ShowAttendTell(Decoder):
    """CNN, LSTM and soft attention (Xu et al. 2015), with a learned vector for each location of the grid.

    The LSTM reads a word, then its new hidden state is the query of the attention (after the LSTM, as Lu et al. 2017,
    sec. 2.2, found better than before it). A learned gate scales the context vector (Xu et al., sec. 4.2.1, beta).
    Word, hidden state and context vector together give the next word ("deep output", Xu et al., eq. 7).

    Args:
        vocabulary_size: V.
        locations: L.
        depth: D.
        units: H, units of the LSTM and of the context vector.
        embedding: width of a word vector.
        dropout: share of features, embeddings and outputs dropped in training.
        max_length: the longest caption in words.
        attention: `additive` (as Xu et al.) or `dot` (much faster).
        input_feeding: whether the context vector also enters the LSTM with the next word (Luong et al. 2015, sec. 3.3):
            the LSTM then receives what was attended to, and training is slower.
        doubly_stochastic: weight of the penalty that pushes the attention of each location to sum to 1 over the words
            (Xu et al., eq. 14, lambda).
    """

    def __init__(
        self,
        vocabulary_size,
        locations,
        depth,
        units=512,
        embedding=256,
        dropout=0.3,
        max_length=20,
        attention="dot",
        input_feeding=True,
        doubly_stochastic=0.0,
    ):
        """Make the layers and their weights."""
        super().__init__(vocabulary_size, locations, depth, units, dropout, max_length)
        self.settings |= {"embedding": embedding, "attention": attention, "input_feeding": input_feeding}
        self.settings["doubly_stochastic"] = doubly_stochastic
        self.input_feeding, self.doubly_stochastic = input_feeding, doubly_stochastic
        self.to_value = keras.layers.Dense(units, activation="relu", name="to_value")
        self.location = keras.layers.Embedding(locations, units, name="location")
        self.normalise = keras.layers.LayerNormalization(name="normalise")
        self.to_key = keras.layers.Dense(units, use_bias=False, name="to_key")
        self.to_state = keras.layers.Dense(2 * units, activation="tanh", name="to_state")
        self.embed = keras.layers.Embedding(vocabulary_size, embedding, name="embed")
        self.attention = {"additive": AdditiveAttention, "dot": DotAttention}[attention](units, name="attention")
        self.gate = keras.layers.Dense(units, activation="sigmoid", name="gate")
        self.word_gates = keras.layers.Dense(4 * units, bias_initializer=forget_bias(units), name="word_gates")
        self.state_gates = keras.layers.Dense(4 * units, use_bias=False, name="state_gates")
        self.to_output = keras.layers.Dense(units, activation="tanh", name="to_output")
        self.build_all()

    def prepare(self, features):
        """(B, L, D) features to {"values": (B, L, H), "keys": (B, L, H), "mean": (B, H)}."""
        values = self.to_value(self.dropout(tf.cast(features, tf.float32)))
        values = self.normalise(values + self.location(tf.range(self.settings["locations"])))  # (B, L, H)
        return {"values": values, "keys": self.to_key(values), "mean": tf.reduce_mean(values, axis=1)}

    def initial_state(self, memory):
        """Hidden and cell state (B, H) each, from the mean over locations (Xu et al., sec. 3.1.2); no context yet."""
        hidden, cell = tf.split(self.to_state(memory["mean"]), 2, axis=-1)
        return {"hidden": hidden, "cell": cell} | ({"context": tf.zeros_like(hidden)} if self.input_feeding else {})

    def lstm_step(self, word, state):
        """The LSTM: the word's part of the gates (B·k, 4H) and the old state to the new state."""
        before = tf.concat([state["hidden"], state["context"]], axis=-1) if self.input_feeding else state["hidden"]
        into, forget, candidate, out = tf.split(word + self.state_gates(before), 4, axis=-1)  # Keras' order
        cell = tf.sigmoid(forget) * state["cell"] + tf.sigmoid(into) * tf.tanh(candidate)
        return state | {"hidden": tf.sigmoid(out) * tf.tanh(cell), "cell": cell}

    def attend(self, hidden, memory):
        """Gated attention: hidden state (B·k, H) to context vector (B·k, H) and weights (B·k, L)."""
        context, weights = self.attention(hidden, memory["keys"], memory["values"])
        return context * self.gate(hidden), weights

    def output(self, embedded, hidden, context):
        """Deep output (Xu et al., eq. 7): word, state and context, (…, E), (…, H) and (…, H), to logits (…, V)."""
        mixed = self.to_output(self.dropout(tf.concat([embedded, hidden, context], axis=-1)))
        return self.to_logits(self.dropout(mixed))

    def step(self, token, state, memory):
        """Read one token: (B·k,) to logits (B·k, V), the new state and attention (B·k, 1, L)."""
        embedded = self.embed(token)
        state = self.lstm_step(self.word_gates(embedded), state)
        context, weights = self.attend(state["hidden"], memory)
        state |= {"context": context} if self.input_feeding else {}
        return self.output(embedded, state["hidden"], context), state, weights[:, None]

    def call(self, features, tokens, return_attention=False):
        """Teacher forcing: features (B, L, D), tokens (B·k, T) to logits (B·k, T, V), attention (B·k, T, 1, L)."""
        memory = self.prepare(features)
        state = {name: repeat_rows(leaf, tf.shape(tokens)[0]) for name, leaf in self.initial_state(memory).items()}
        embedded = self.dropout(self.embed(tokens))  # (B·k, T, E)
        words = self.word_gates(embedded)  # (B·k, T, 4H)
        hidden, attended = [], []
        for word in tf.unstack(words, num=tokens.shape[1], axis=1):  # unrolled: a fifth faster than a while loop
            state = self.lstm_step(word, state)
            if self.input_feeding:
                attended.append(self.attend(state["hidden"], memory))
                state |= {"context": attended[-1][0]}
            hidden.append(state["hidden"])
        hidden = tf.stack(hidden, axis=1)  # (B·k, T, H)
        if self.input_feeding:
            context, weights = (tf.stack(parts, axis=1) for parts in zip(*attended, strict=True))
        else:  # nothing waits for the context: all words attend at once
            attended = self.attend(tf.reshape(hidden, (-1, hidden.shape[-1])), memory)  # (B·k·T, H), (B·k·T, L)
            context, weights = (tf.reshape(x, (tf.shape(tokens)[0], -1, x.shape[-1])) for x in attended)
        if self.doubly_stochastic:
            total = tf.reduce_sum(weights * is_word_step(tokens)[..., None], axis=1)  # (B·k, L)
            self.add_loss(self.doubly_stochastic * tf.reduce_mean((1.0 - total) ** 2))
        logits = self.output(embedded, hidden, context)
        return (logits, weights[:, :, None]) if return_attention else logits


def forget_bias(units: int):
    """Initial biases of the four gates (4H,): 1 for the forget gate (Jozefowicz et al. 2015, sec. 2.2), else 0."""
    return keras.initializers.Constant([0.0] * units + [1.0] * units + [0.0] * (2 * units))
