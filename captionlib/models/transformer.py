"""Step 4, the decoder: `TransformerCaptioner` attends to all words so far and to the picture (lesson 12)."""

import keras
import tensorflow as tf

from captionlib.models.attention import MultiHeadAttention
from captionlib.models.decoder import Decoder


class Block(keras.layers.Layer):
    """One decoder layer, normalised before each part (Xiong et al. 2020, fig. 1b).

    Args:
        units: H.
        heads: heads of both attentions.
        dropout: share dropped after each part in training.
    """

    def __init__(self, units: int, heads: int, dropout: float, **kwargs):
        """Make the layers."""
        super().__init__(**kwargs)
        self.norms = [keras.layers.LayerNormalization(name=f"norm_{part}") for part in ("self", "cross", "mlp")]
        self.self_attention = MultiHeadAttention(units, heads, name="self_attention")
        self.cross_attention = MultiHeadAttention(units, heads, name="cross_attention")
        self.mlp_hidden = keras.layers.Dense(4 * units, activation="gelu", name="mlp_hidden")
        self.mlp_output = keras.layers.Dense(units, name="mlp_output")
        self.dropout = keras.layers.Dropout(dropout)

    def call(self, x, picture, visible, past):
        """Read words.

        Args:
            x: (B·k, T, H).
            picture: keys and values of the locations, each (B, heads, L, H / heads).
            visible: 1 where a word may attend to an earlier one, broadcast to (B·k, heads, T, N).
            past: a function from this layer's normalised input to (keys, values) of all words it may attend to.

        Returns:
            (B·k, T, H) and the weights over the locations (B·k, T, heads, L).
        """
        normal = self.norms[0](x)
        mixed, _ = self.self_attention(normal, *past(normal), visible)
        x += self.dropout(mixed)
        seen, weights = self.attend_to_picture(self.norms[1](x), *picture)
        x += self.dropout(seen)
        return x + self.dropout(self.mlp_output(self.mlp_hidden(self.norms[2](x)))), weights

    def attend_to_picture(self, x, keys, values):
        """Cross-attention with the k rows of a picture side by side, so that its keys and values are never copied."""
        rows, length = tf.shape(x)[0], tf.shape(x)[1]
        pictures, heads, locations = tf.shape(keys)[0], keys.shape[1], keys.shape[2]
        seen, weights = self.cross_attention(tf.reshape(x, (pictures, -1, x.shape[-1])), keys, values)
        weights = tf.reshape(weights, (pictures, heads, -1, length, locations))  # (B, heads, k, T, L)
        weights = tf.reshape(tf.transpose(weights, (0, 2, 3, 1, 4)), (rows, length, heads, locations))
        return tf.reshape(seen, tf.shape(x)), weights


class TransformerCaptioner(Decoder):
    """CNN and a pre-norm Transformer decoder (Vaswani et al. 2017; Xiong et al. 2020) with a cache for decoding.

    Args:
        vocabulary_size: V.
        locations: L.
        depth: D.
        units: H, the width of every layer.
        layers: number of blocks.
        heads: heads of every attention; H is a multiple.
        dropout: share dropped in training.
        max_length: the longest caption in words.
    """

    def __init__(self, vocabulary_size, locations, depth, units=256, layers=2, heads=4, dropout=0.2, max_length=20):
        """Make the layers and their weights."""
        super().__init__(vocabulary_size, locations, depth, units, dropout, max_length)
        self.settings |= {"layers": layers, "heads": heads}
        self.heads = heads
        self.to_value = keras.layers.Dense(units, activation="relu", name="to_value")
        self.location = keras.layers.Embedding(locations, units, name="location")
        self.normalise = keras.layers.LayerNormalization(name="normalise")
        self.embed = keras.layers.Embedding(vocabulary_size, units, name="embed")
        self.position = keras.layers.Embedding(max_length + 2, units, name="position")
        self.blocks = [Block(units, heads, dropout, name=f"block_{i}") for i in range(layers)]
        self.final_norm = keras.layers.LayerNormalization(name="final_norm")
        self.build_all()

    def prepare(self, features):
        """(B, L, D) features to keys and values of the locations for each block, (B, heads, L, H / heads)."""
        values = self.to_value(self.dropout(tf.cast(features, tf.float32)))
        values = self.normalise(values + self.location(tf.range(self.settings["locations"])))  # (B, L, H)
        return {block.name: block.cross_attention.keys_values(values) for block in self.blocks}

    def initial_state(self, memory):
        """No word read yet: empty caches (B, heads, max_length + 2, H / heads) and position (B,) 0."""
        shape = tf.shape(memory[self.blocks[0].name][0])  # B, heads, L, H / heads
        empty = tf.zeros((shape[0], self.heads, self.max_length + 2, self.settings["units"] // self.heads))
        caches = {f"{block.name}_{kind}": empty for block in self.blocks for kind in ("keys", "values")}
        return {"position": tf.zeros(shape[:1], tf.int32), **caches}

    def step(self, token, state, memory):
        """Read one token: (B·k,) to logits (B·k, V), the new state and attention (B·k, blocks · heads, L)."""
        slots = tf.range(self.max_length + 2)
        here = (slots == state["position"][:, None])[:, None, :, None]  # (B·k, 1, slots, 1): where this word is kept
        visible = (slots <= state["position"][:, None])[:, None, None]  # (B·k, 1, 1, slots)
        new = {"position": state["position"] + 1}
        x = (self.embed(token) + self.position(state["position"]))[:, None]  # (B·k, 1, H)
        maps = []
        for block in self.blocks:

            def past(normal, block=block):
                for kind, tensor in zip(("keys", "values"), block.self_attention.keys_values(normal), strict=True):
                    name = f"{block.name}_{kind}"
                    new[name] = tf.where(here, tensor, state[name])
                return new[f"{block.name}_keys"], new[f"{block.name}_values"]

            x, weights = block(x, memory[block.name], visible, past=past)
            maps.append(weights[:, 0])  # (B·k, heads, L)
        return self.to_logits(self.final_norm(x[:, 0])), new, tf.concat(maps, axis=1)

    def call(self, features, tokens, return_attention=False):
        """Teacher forcing: features (B, L, D) and tokens (B·k, T), T ≤ max_length + 2, to logits (B·k, T, V).

        With `return_attention` also the weights, (B·k, T, blocks · heads, L).
        """
        memory = self.prepare(features)
        length = tf.shape(tokens)[1]
        visible = tf.linalg.band_part(tf.ones((length, length)), -1, 0)  # (T, T): the causal mask
        x = self.dropout(self.embed(tokens) + self.position(tf.range(length)))  # (B·k, T, H)
        maps = []
        for block in self.blocks:
            x, weights = block(x, memory[block.name], visible, past=block.self_attention.keys_values)
            maps.append(weights)  # (B·k, T, heads, L)
        logits = self.to_logits(self.dropout(self.final_norm(x)))
        return (logits, tf.concat(maps, axis=2)) if return_attention else logits
