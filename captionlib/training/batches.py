"""Step 4, the decoder learns: pictures and their captions as batches for Keras `fit` (lessons 07 and 11).

One step sees B pictures with k captions each; the captions of a picture share its memory.
"""

import numpy as np
import tensorflow as tf

from captionlib.data import CaptionDataset
from captionlib.errors import CaptionlibError
from captionlib.text import PAD, Tokenizer
from captionlib.vision.features import FeatureStore


class Batches:
    """Pictures with their captions as `fit` wants them, in an order that depends on the seed and the epoch alone.

    Args:
        dataset: pictures and captions.
        split: which split.
        store: features of the pictures.
        tokenizer: its `train` vocabulary.
        max_length: captions with more words are left out, never cut: a cut caption has no `<end>`.
        batch: B, pictures a step.
        seed: of the order; None keeps the order of the data set.
        mirrored: features of pictures turned left to right; half of an epoch's pictures, drawn anew, come from there.
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
        self.store, self.batch, self.seed, self.epoch, self.mirrored = store, batch, seed, 0, mirrored
        self.names, rows = [], []
        most = min(5, max(len(captions) for captions in dataset.captions.values()))
        for name in store.usable(dataset.splits[split]):
            short = [ids for c in dataset.captions[name] if len(ids := tokenizer.encode(c)) <= max_length + 2]
            if short:
                self.names.append(name)
                rows += [(short * most)[i] for i in range(most)]  # a picture with fewer captions shows them again
        if not self.names:
            raise CaptionlibError(f"No picture of the split {split!r} has a caption of at most {max_length} words.")
        self.tokens = np.full((len(rows), max_length + 2), PAD, "int32")
        for row, ids in zip(self.tokens, rows, strict=True):
            row[: len(ids)] = ids
        self.tokens = self.tokens.reshape(len(self.names), most, -1)  # (N, k, T + 1)

    def __len__(self) -> int:
        """Steps an epoch; a last batch that is not full is left out, so that every step has the same shape."""
        return max(1, len(self.names) // self.batch)

    def __getitem__(self, step: int):
        """One batch: {"features": (B, L, D) float16, "tokens": (B·k, T)} and the words to say, (B·k, T)."""
        chosen = self.chosen(step)
        tokens = self.tokens[chosen].reshape(-1, self.tokens.shape[-1])  # (B·k, T + 1)
        features = self.features([self.names[i] for i in chosen], step)
        return {"features": features, "tokens": tokens[:, :-1]}, tokens[:, 1:]

    def features(self, names: list[str], step: int) -> np.ndarray:
        """Features of a step's pictures, (B, L, D) float16; about half of them mirrored, if there are mirrored ones."""
        features = self.store[names]
        if self.mirrored is not None:
            turned = np.random.default_rng([self.seed, self.epoch, step]).random(len(names)) < 0.5
            for row, (name, turn) in enumerate(zip(names, turned, strict=True)):
                if turn and name in self.mirrored.features:
                    features[row] = self.mirrored.features[name]
        return features

    def chosen(self, step: int) -> np.ndarray:
        """Which pictures this step shows: (B,) numbers in `names`."""
        order = np.arange(len(self.names))
        if self.seed is not None:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(order)
        return order[step * self.batch : (step + 1) * self.batch]

    def stream(self) -> tf.data.Dataset:
        """All steps of the epoch that `epoch` says, for `fit`.

        Not a `PyDataset` or a generator: when TensorFlow opens one of these, it sets M_MMAP_THRESHOLD to 128 KB for the
        whole process; then every larger tensor is mapped and paged in anew. And `fit` waited up to 13 seconds
        between two epochs, as a stream that is tuned ends only when its tuner wakes.
        """
        kinds = tf.nest.map_structure(lambda array: tf.TensorSpec(array.shape, array.dtype), self[0])
        types, shapes = zip(*((kind.dtype, kind.shape) for kind in tf.nest.flatten(kinds)), strict=True)

        def read(step):
            arrays = tf.numpy_function(lambda i: tf.nest.flatten(self[i]), [step], types)
            return tf.nest.pack_sequence_as(
                kinds, [tf.ensure_shape(*pair) for pair in zip(arrays, shapes, strict=True)]
            )

        options = tf.data.Options()
        options.autotune.enabled = False
        return tf.data.Dataset.range(len(self)).map(read).prefetch(1).with_options(options)
