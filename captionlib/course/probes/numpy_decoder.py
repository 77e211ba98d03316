"""Step 4, the decoder: the LSTM that captions ToyScenes, in NumPy, so that a learner can intervene (lesson 06).

It has the weights of a `ShowAndTell` captioner and says the same words; a test compares the two. Unlike the original it
records every gate at every word, and its gates can be clamped to a constant.
"""

from dataclasses import dataclass

import numpy as np

from captionlib.course.scratch.attention import softmax
from captionlib.course.scratch.lstm import GATES, lstm_step, lstm_step_backward


@dataclass(frozen=True)
class NumpyDecoder:
    """A decoder that never sees the picture: the caller passes the initial state, which a captioner makes of it.

    Attributes:
        vocabulary: The V words, the special ones first: <pad>, <start>, <end>, <unk>.
        embeddings: (V, X), one word vector per row.
        W: (X, 4 H).
        U: (H, 4 H).
        b: (4 H,).
        W_z: (H, V), hidden state to logits.
        b_z: (V,).
    """

    vocabulary: list[str]
    embeddings: np.ndarray
    W: np.ndarray
    U: np.ndarray
    b: np.ndarray
    W_z: np.ndarray
    b_z: np.ndarray

    @classmethod
    def from_captioner(cls, captioner) -> "NumpyDecoder":
        """Copy the weights of a captioner whose decoder is a `ShowAndTell`."""
        decoder = captioner.decoder
        layers = (decoder.embed, decoder.lstm, decoder.to_logits)
        return cls(captioner.tokenizer.vocabulary, *(w for layer in layers for w in layer.get_weights()))

    def read(self, words: list[str], start: tuple[np.ndarray, np.ndarray], clamp: dict | None = None, at=None) -> dict:
        """Read words and record everything.

        Args:
            words: T of them, <start> first; one that is out of vocabulary is read as <unk>.
            start: The initial hidden state and cell state, each (H,).
            clamp: Gates to clamp, as `lstm_step` takes them.
            at: At which word to clamp them, from 0; at every word when None.

        Returns:
            The trace: gates i, f, g and o, cell state c and hidden state h, each (T, H), and the probabilities of the
            next word, probs (T, V).
        """
        trace = {name: [] for name in (*GATES, "c", "h", "probs")}
        h, c = start
        for t, x in enumerate(self.word_vectors(words)):
            clamp_now = clamp if at in (None, t) else None
            h, c, gates = lstm_step(x, h, c, self.W, self.U, self.b, clamp_now)
            for name, value in (gates | {"c": c, "h": h, "probs": softmax(h @ self.W_z + self.b_z)}).items():
                trace[name].append(value)
        return {name: np.stack(values) for name, values in trace.items()}

    def word_vectors(self, words: list[str]) -> np.ndarray:
        """Look up T words, (T, X); one that is out of vocabulary is read as <unk>."""
        tokens = [self.vocabulary.index(word if word in self.vocabulary else "<unk>") for word in words]
        return self.embeddings[tokens]

    def word_gradients(self, words: list[str], start: tuple, trace: dict, clamp: dict | None = None, at=None):
        """Compute how much each word that was read matters for the most probable next word, by backpropagation.

        Args:
            words: T of them, <start> first.
            start: The initial hidden state and cell state, each (H,).
            trace: What `read` returned for them, with the same clamp.
            clamp: Gates that were clamped; no gradient goes through a clamped gate.
            at: At which word, from 0; at every word when None.

        Returns:
            The gradient of the logarithm of that word's probability with respect to each word vector, (T, X).
        """
        x, dx = self.word_vectors(words), []
        h, c = (
            np.vstack([first, trace[name]])[:, None] for name, first in zip("hc", start, strict=True)
        )  # (T+1, 1, H)
        probs = trace["probs"][-1]
        dh = (self.W_z @ (np.eye(len(probs))[probs.argmax()] - probs))[None]  # (1, H), through log softmax and W_z
        dc = np.zeros_like(dh)
        for t in reversed(range(len(words))):
            gates = {name: trace[name][t][None] for name in GATES}
            clamped = clamp if clamp and at in (None, t) else {}
            learns = np.repeat(
                [name not in clamped for name in GATES], dh.shape[1]
            )  # (4 H,) what is clamped is constant
            dx_t, dh, dc, *_ = lstm_step_backward(
                dh, dc, x[t][None], h[t], c[t], c[t + 1], gates, self.W * learns, self.U * learns
            )
            dx.append(dx_t[0])
        return np.stack(dx[::-1])

    def complete(
        self, words: list[str], start: tuple, clamp: dict | None = None, at=None, max_words: int = 12
    ) -> list[str]:
        """Read words and complete the sentence by greedy decoding.

        Args:
            words: T of them, <start> first.
            start: The initial hidden state and cell state, each (H,).
            clamp: Gates to clamp.
            at: At which word to clamp them, from 0; at every word when None, those it adds included.
            max_words: How many words it adds at most.

        Returns:
            The words that it adds, without <end>.
        """
        return self.greedy(self.read(words, start, clamp, at), clamp if at is None else None, max_words)

    def greedy(self, trace: dict, clamp: dict | None = None, max_words: int = 12) -> list[str]:
        """Decode greedily after the words that were read: the most probable next word, again and again, until <end>.

        Args:
            trace: What `read` returned.
            clamp: Gates to clamp at each word that it adds.
            max_words: How many words at most.

        Returns:
            The words that it adds, without <end>.
        """
        added = []
        while len(added) < max_words:
            word = self.vocabulary[int(trace["probs"][-1].argmax())]
            if word == "<end>":
                break
            added.append(word)
            trace = self.read([word], (trace["h"][-1], trace["c"][-1]), clamp)
        return added
