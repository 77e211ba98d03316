"""Step 4, the decoder learns: pictures and their captions as batches for Keras `fit` (lessons 07 and 11).

One step sees B pictures with k captions each; the captions of a picture share its memory.
"""

import numpy as np
import tensorflow as tf

from captionlib.data import CaptionDataset
from captionlib.errors import CaptionlibError
from captionlib.text import PAD, START, Tokenizer
from captionlib.vision.features import FeatureStore

MOST_CAPTIONS = 5  # k is at most this


class Batches:
    """Pictures with their captions in the form that `fit` takes.

    For training every batch has the same shape: each epoch shows every picture once, in an order that depends on the
    seed and the epoch alone, except those left over for a last batch that is not full; k captions of each, the next k
    in the next epoch, and a picture with fewer repeats them. For validation every caption counts once: the
    last batch may be smaller, and a picture with more than k captions has several rows.

    Args:
        dataset: pictures and captions.
        split: which split.
        store: features of the pictures.
        tokenizer: its `train` vocabulary.
        max_length: captions with more words are left out, never cut: a cut caption has no `<end>`.
        batch: B, pictures per step.
        seed: of the order in training; None is for validation.
        mirrored: features of pictures flipped left to right; a random half of each epoch's pictures use them.

    Attributes:
        names: the picture of each row; pictures that cannot be opened or have only long captions are missing.
        tokens: for each row its captions, (captions, max_length + 2) int32.
        captions: how many captions are used.
        too_long: how many captions are left out because they are too long.
    """

    def __init__(
        self,
        dataset: CaptionDataset,
        split: str,
        store: FeatureStore,
        tokenizer: Tokenizer,
        max_length: int,
        batch: int,
        seed: int | None = None,
        mirrored: FeatureStore | None = None,
    ):
        """Encode all captions once."""
        self.store, self.batch, self.seed, self.mirrored = store, batch, seed, mirrored
        self.names, rows, self.captions, self.too_long = [], [], 0, 0
        for name in store.usable(dataset.names(split)):
            encoded = [tokenizer.encode(caption) for caption in dataset.captions[name]]
            short = [ids for ids in encoded if len(ids) <= max_length + 2]
            self.captions += len(short)
            self.too_long += len(encoded) - len(short)
            size = MOST_CAPTIONS if seed is None else max(1, len(short))
            for start in range(0, len(short), size):
                self.names.append(name)
                rows.append(short[start : start + size])
        if not self.names:
            raise CaptionlibError(f"No picture of the split {split!r} has a caption of at most {max_length} words.")
        self.k = min(MOST_CAPTIONS, max(map(len, rows)))
        self.tokens = [padded(row, max_length + 2, self.k if seed is None else len(row)) for row in rows]

    def __len__(self) -> int:
        """Steps per epoch; in training without a last batch that is not full."""
        steps = len(self.names) / self.batch
        return int(np.ceil(steps)) if self.seed is None else max(1, int(steps))

    def __getitem__(self, step: int):
        """One batch: {"features": (B, L, D) float16, "tokens": (B·k, T)} and the words to predict, (B·k, T).

        Args:
            step: counted from the beginning of the training, so that it says which epoch it belongs to.
        """
        chosen, epoch = self.chosen(step), step // len(self)
        tokens = [self.tokens[i] for i in chosen]
        tokens = np.concatenate(
            [row[(epoch * self.k + np.arange(self.k)) % len(row)] for row in tokens]
        )  # (B·k, T + 1)
        features = self.features([self.names[i] for i in chosen], step)
        return {"features": features, "tokens": tokens[:, :-1]}, tokens[:, 1:]

    def features(self, names: list[str], step: int) -> np.ndarray:
        """Features of a step's pictures, (B, L, D) float16; about half of them mirrored, if there are mirrored ones."""
        features = self.store[names]
        if self.mirrored is not None:
            turned = np.random.default_rng([self.seed, *divmod(step, len(self))]).random(len(names)) < 0.5
            for row, (name, turn) in enumerate(zip(names, turned, strict=True)):
                if turn and name in self.mirrored.features:
                    features[row] = self.mirrored.features[name]
        return features

    def chosen(self, step: int) -> np.ndarray:
        """Which rows this step uses: (B,) indices into `names`."""
        epoch, step = divmod(step, len(self))
        order = np.arange(len(self.names))
        if self.seed is not None:
            order = np.random.default_rng([self.seed, epoch]).permutation(order)
        return order[step * self.batch : (step + 1) * self.batch]

    def stream(self, first_epoch: int = 0, epochs: int = 1) -> tf.data.Dataset:
        """The steps of the epochs from `first_epoch` to before `epochs`, counted from 0, for `fit`.

        Not a `PyDataset` or a generator: when TensorFlow opens one of these, it sets M_MMAP_THRESHOLD to 128 KB for the
        whole process; then every larger tensor is mapped and paged in again. And `fit` waited up to 13 seconds
        between two epochs, as a stream that is tuned ends only when its tuner wakes.
        """
        axis_0 = (lambda size: None) if self.seed is None else int  # the last validation batch may be smaller
        kinds = tf.nest.map_structure(lambda a: tf.TensorSpec((axis_0(len(a)), *a.shape[1:]), a.dtype), self[0])
        types, shapes = zip(*((kind.dtype, kind.shape) for kind in tf.nest.flatten(kinds)), strict=True)

        def read(step):
            arrays = tf.numpy_function(lambda i: tf.nest.flatten(self[i]), [step], types)
            return tf.nest.pack_sequence_as(
                kinds, [tf.ensure_shape(*pair) for pair in zip(arrays, shapes, strict=True)]
            )

        options = tf.data.Options()
        options.autotune.enabled = False
        steps = tf.data.Dataset.range(first_epoch * len(self), epochs * len(self))
        return steps.map(read).prefetch(1).with_options(options)


class BatchesWithIds(Batches):
    """Batches that also say which pictures they hold, so that generated captions can be rewarded."""

    def __getitem__(self, step: int):
        """As `Batches`, and "pictures": (B,) int32, indices into `names`."""
        inputs, words = super().__getitem__(step)
        return inputs | {"pictures": self.chosen(step).astype("int32")}, words


def padded(captions: list[list[int]], length: int, rows: int) -> np.ndarray:
    """Token ids as (rows, length) int32; a row without a caption is `<start>` and `<pad>`, which no loss counts."""
    tokens = np.full((rows, length), PAD, "int32")
    tokens[:, 0] = START
    for row, ids in zip(tokens, captions, strict=False):
        row[: len(ids)] = ids
    return tokens
