"""Step 4, the decoder: the LSTM that captions ToyScenes, in NumPy, so that a learner can operate it (lesson 06).

It has the weights of a `ShowAndTell` captioner and says the same words; a test holds the two together. Unlike the
original it tells every gate at every word, and lets a hand hold a gate.
"""

from dataclasses import dataclass

import numpy as np

from captionlib.course.scratch.lstm import GATES, lstm_step


@dataclass(frozen=True)
class Speaker:
    """A decoder without a picture of its own: whoever calls brings the first state.

    Attributes:
        vocabulary: The V words, the special ones first: <pad>, <start>, <end>, <unk>.
        vectors: (V, X), one word vector a row.
        W: (X, 4 H).
        U: (H, 4 H).
        b: (4 H,).
        out: (H, V), state to logits.
        shift: (V,).
    """

    vocabulary: list[str]
    vectors: np.ndarray
    W: np.ndarray
    U: np.ndarray
    b: np.ndarray
    out: np.ndarray
    shift: np.ndarray

    @classmethod
    def of(cls, captioner) -> "Speaker":
        """Take the weights of a captioner whose decoder is a `ShowAndTell`."""
        decoder = captioner.decoder
        layers = (decoder.embed, decoder.lstm, decoder.to_logits)
        return cls(captioner.tokenizer.vocabulary, *(w for layer in layers for w in layer.get_weights()))

    def read(self, words: list[str], start: tuple[np.ndarray, np.ndarray], held: dict | None = None, at=None) -> dict:
        """Read words and tell everything.

        Args:
            words: T of them, <start> first; an unknown one is read as <unk>.
            start: The first state and the first cell, each (H,).
            held: Gates to hold, as `lstm_step` takes them.
            at: At which word to hold them, from 0; at every word when None.

        Returns:
            The gates i, f, g and o, the cell c and the state h, each (T, H), and the odds of the next word, (T, V).
        """
        told = {name: [] for name in (*GATES, "c", "h", "odds")}
        h, c = start
        for t, word in enumerate(words):
            token = self.vocabulary.index(word if word in self.vocabulary else "<unk>")
            grip = held if at in (None, t) else None
            h, c, gates = lstm_step(self.vectors[token], h, c, self.W, self.U, self.b, grip)
            raised = np.exp((logits := h @ self.out + self.shift) - logits.max())  # (V,)
            for name, value in (gates | {"c": c, "h": h, "odds": raised / raised.sum()}).items():
                told[name].append(value)
        return {name: np.stack(values) for name, values in told.items()}

    def go_on(self, words: list[str], start: tuple, held: dict | None = None, at=None, most: int = 12) -> list[str]:
        """Read words, then say the likeliest next word, read it, and so on until <end>.

        Args:
            words: T of them, <start> first.
            start: The first state and the first cell, each (H,).
            held: Gates to hold.
            at: At which word to hold them, from 0; at every word when None, the words it says included.
            most: How many words at most.

        Returns:
            The words that it says, without <end>.
        """
        return self.say(self.read(words, start, held, at), held if at is None else None, most)

    def say(self, told: dict, held: dict | None = None, most: int = 12) -> list[str]:
        """Say the likeliest next word, read it, and so on until <end>, after what was read.

        Args:
            told: What `read` returned.
            held: Gates to hold at each word that it says.
            most: How many words at most.

        Returns:
            The words that it says, without <end>.
        """
        said = []
        while len(said) < most:
            word = self.vocabulary[int(told["odds"][-1].argmax())]
            if word == "<end>":
                break
            said.append(word)
            told = self.read([word], (told["h"][-1], told["c"][-1]), held)
        return said


def tells(values: np.ndarray, yes: np.ndarray) -> np.ndarray:
    """Ask each unit: of a moment with yes and a moment with no, in what share of all such pairs are you higher at yes?

    Args:
        values: (N, H), such as the cells at N moments.
        yes: (N,) of bool, the answer at each moment.

    Returns:
        (H,), 1 for a unit that always knows, 0.5 for one that knows nothing (the area under the ROC curve; Hanley and
        McNeil 1982).
    """
    ranks = values.argsort(axis=0).argsort(axis=0)  # (N, H), how many moments are lower
    count = yes.sum()
    won = ranks[yes].sum(axis=0) - count * (count - 1) / 2  # not counting the yes that are lower than another yes
    return won / (count * (~yes).sum())
