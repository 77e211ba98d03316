"""Step 4, the decoder: `ShowAttendTell` looks at the picture anew for every word (lesson 08).

Fast for one reason: nothing that does not depend on the word is computed per word. Keys and values are made once a
picture; the words' part of the LSTM gates, the vocabulary projection and, without feeding, the attention once for the
whole sequence. Only what must wait for the word before stands in the loop (benchmarks/training_step.py measures it).
"""

import keras
import tensorflow as tf

from captionlib.models.attention import AdditiveAttention, DotAttention, LoopMatmul
from captionlib.models.decoder import Decoder, is_word_step, repeat_rows


@keras.saving.register_keras_serializable("captionlib")
class ShowAttendTell(Decoder):
    """CNN, LSTM and soft attention (Xu et al. 2015), with a learned vector for each place of the grid.

    The LSTM reads a word, then its new state asks where to look (after the LSTM, as Lu et al. 2017, sec. 2.2, found
    better than before it); word, state and context together give the next word ("deep output", Xu et al., eq. 7).

    Args:
        vocabulary_size: V.
        places: L.
        depth: D.
        units: H, units of the LSTM and of the context.
        embedding: width of a word vector.
        dropout: share of features, embeddings and outputs dropped in training.
        max_length: the longest caption in words.
        attention: `additive` (as Xu et al.) or `dot` (much faster).
        gate: whether a learned gate scales the context (Xu et al., sec. 4.2.1, beta).
        feed: whether the context also enters the LSTM with the next word (Luong et al. 2015, sec. 3.3): the LSTM then
            knows what it has seen, and training is slower.
        doubly_stochastic: weight of the term that asks every place to be looked at once (Xu et al., eq. 14, lambda).
    """

    def __init__(
        self,
        vocabulary_size,
        places,
        depth,
        units=512,
        embedding=256,
        dropout=0.3,
        max_length=20,
        attention="dot",
        gate=True,
        feed=True,
        doubly_stochastic=0.0,
    ):
        """Make the layers and their weights."""
        super().__init__(vocabulary_size, places, depth, units, dropout, max_length)
        self.settings |= {"embedding": embedding, "attention": attention, "gate": gate, "feed": feed}
        self.settings["doubly_stochastic"] = doubly_stochastic
        self.feed, self.doubly_stochastic = feed, doubly_stochastic
        self.to_value = keras.layers.Dense(units, activation="relu", name="to_value")
        self.place = keras.layers.Embedding(places, units, name="place")
        self.normalise = keras.layers.LayerNormalization(name="normalise")
        self.to_key = keras.layers.Dense(units, use_bias=False, name="to_key")
        self.to_state = keras.layers.Dense(2 * units, activation="tanh", name="to_state")
        self.embed = keras.layers.Embedding(vocabulary_size, embedding, name="embed")
        self.attend = {"additive": AdditiveAttention, "dot": DotAttention}[attention](units, name="attend")
        self.gate = keras.layers.Dense(units, activation="sigmoid", name="gate") if gate else None
        self.word_gates = keras.layers.Dense(4 * units, bias_initializer=forget_bias(units), name="word_gates")
        self.state_gates = keras.layers.Dense(4 * units, use_bias=False, name="state_gates")
        self.to_output = keras.layers.Dense(units, activation="tanh", name="to_output")
        self.build_all()

    def prepare(self, features):
        """(B, L, D) features to {"values": (B, L, H), "keys": (B, L, H), "mean": (B, H)}."""
        values = self.to_value(self.dropout(tf.cast(features, tf.float32)))
        values = self.normalise(values + self.place(tf.range(self.settings["places"])))  # (B, L, H)
        return {"values": values, "keys": self.to_key(values), "mean": tf.reduce_mean(values, axis=1)}

    def initial_state(self, memory):
        """Hidden and cell state (B, H) each, from the mean over places (Xu et al., sec. 3.1.2); nothing seen yet."""
        hidden, cell = tf.split(self.to_state(memory["mean"]), 2, axis=-1)
        return {"hidden": hidden, "cell": cell} | ({"context": tf.zeros_like(hidden)} if self.feed else {})

    def recur(self, word, state):
        """The LSTM: the word's part of the gates (B·k, 4H) and the old state to the new state."""
        before = tf.concat([state["hidden"], state["context"]], axis=-1) if self.feed else state["hidden"]
        into, forget, candidate, out = tf.split(word + self.state_gates(before), 4, axis=-1)  # Keras' order
        cell = tf.sigmoid(forget) * state["cell"] + tf.sigmoid(into) * tf.tanh(candidate)
        return state | {"hidden": tf.sigmoid(out) * tf.tanh(cell), "cell": cell}

    def look(self, hidden, memory, **products):
        """Where to look, and what is there: (B·k, H) to context (B·k, H) and attention (B·k, L)."""
        context, attention = self.attend(hidden, memory["keys"], memory["values"], **products)
        return (context * self.gate(hidden) if self.gate else context), attention

    def output(self, embedded, hidden, context):
        """Deep output (Xu et al., eq. 7): word, state and context, (…, E), (…, H), (…, H), to logits (…, V)."""
        mixed = self.to_output(self.dropout(tf.concat([embedded, hidden, context], axis=-1)))
        return self.to_logits(self.dropout(mixed))

    def step(self, token, state, memory):
        """Read one word: token (B·k,) to logits (B·k, V), the new state and attention (B·k, L)."""
        embedded = self.embed(token)
        state = self.recur(self.word_gates(embedded), state)
        context, attention = self.look(state["hidden"], memory)
        state |= {"context": context} if self.feed else {}
        return self.output(embedded, state["hidden"], context), state, attention

    def call(self, features, tokens, return_attention=False):
        """Teacher forcing: features (B, L, D) and tokens (B·k, T) to logits (B·k, T, V), attention (B·k, T, L)."""
        memory = self.prepare(features)
        state = {name: repeat_rows(leaf, tf.shape(tokens)[0]) for name, leaf in self.initial_state(memory).items()}
        embedded = self.dropout(self.embed(tokens))  # (B·k, T, E)
        words = self.word_gates(embedded)  # (B·k, T, 4H)
        hidden, looks = [], []
        products = {name: LoopMatmul(tokens.shape[1]) for name in ("by_keys", "by_values")}
        for word in tf.unstack(words, num=tokens.shape[1], axis=1):  # unrolled: a fifth faster than a while loop
            state = self.recur(word, state)
            if self.feed:
                looks.append(self.look(state["hidden"], memory, **products))
                state |= {"context": looks[-1][0]}
            hidden.append(state["hidden"])
        hidden = tf.stack(hidden, axis=1)  # (B·k, T, H)
        if self.feed:
            context, attention = (tf.stack(parts, axis=1) for parts in zip(*looks, strict=True))
        else:  # all words look at once
            looks = self.look(tf.reshape(hidden, (-1, hidden.shape[-1])), memory)  # (B·k·T, H), (B·k·T, L)
            context, attention = (tf.reshape(x, (tf.shape(tokens)[0], -1, x.shape[-1])) for x in looks)
        if self.doubly_stochastic:
            looked = tf.reduce_sum(attention * is_word_step(tokens)[..., None], axis=1)  # (B·k, L)
            self.add_loss(self.doubly_stochastic * tf.reduce_mean((1.0 - looked) ** 2))
        logits = self.output(embedded, hidden, context)
        return (logits, attention) if return_attention else logits


def forget_bias(units: int):
    """Initial biases of the four gates (4H,): 1 for the forget gate (Jozefowicz et al. 2015, sec. 2.2), else 0."""
    return keras.initializers.Constant([0.0] * units + [1.0] * units + [0.0] * (2 * units))
