"""Step 4, the decoder learns: teacher forcing with Keras `fit` (lessons 07 and 11).

One step sees B pictures with k captions each; the captions of a picture share its memory. The loss is the mean over
words, never over padding. After each epoch the decoder captions the validation pictures by itself, and the epoch
whose captions score best is kept: neither the loss nor teacher-forced accuracy knows how good a spoken caption is.
"""

import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from captionlib.data import CaptionDataset, files
from captionlib.errors import CaptionlibError
from captionlib.models import Decoder
from captionlib.models.decoder import load_weights, save_weights
from captionlib.text import PAD, START, Tokenizer
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
    ):
        """Encode all captions once."""
        self.store, self.batch, self.seed, self.epoch = store, batch, seed, 0
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
        features = self.store[[self.names[i] for i in chosen]]
        return {"features": features, "tokens": tokens[:, :-1]}, tokens[:, 1:]

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


class TeacherForcing(keras.Model):
    """A decoder as `fit` sees it: a batch of features and true words in, logits for the next words out."""

    def __init__(self, decoder: Decoder):
        """Wrap a decoder; its weights are the only ones."""
        super().__init__()
        self.decoder = decoder

    def call(self, batch):
        """{"features": (B, L, D), "tokens": (B·k, T)} to logits (B·k, T, V)."""
        return self.decoder(batch["features"], batch["tokens"])


class MaskedCrossEntropy(keras.losses.Loss):
    """Cross-entropy a word, `<pad>` left out: the sum over words divided by the number of words.

    Args:
        label_smoothing: share of the target given to all words alike (Szegedy et al. 2016, sec. 7).
    """

    def __init__(self, label_smoothing: float = 0.0):
        """Keep the smoothing; the mean is taken here, so Keras reduces nothing."""
        super().__init__(reduction=None, name="masked_cross_entropy")
        self.label_smoothing = label_smoothing

    def call(self, words, logits):
        """Words (N, T) and logits (N, T, V) to a scalar."""
        words = tf.cast(words, tf.int32)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(words, logits)  # (N, T)
        if self.label_smoothing:
            uniform = tf.reduce_logsumexp(logits, axis=-1) - tf.reduce_mean(logits, axis=-1)  # (N, T)
            loss = (1 - self.label_smoothing) * loss + self.label_smoothing * uniform
        valid = tf.cast(words != PAD, loss.dtype)
        return tf.reduce_sum(loss * valid) / tf.reduce_sum(valid)


class Perplexity(keras.metrics.Mean):
    """exp of the mean cross-entropy a word, without smoothing: among how many words the decoder hesitates."""

    def update_state(self, words, logits, sample_weight=None):
        """Add words (N, T) and logits (N, T, V)."""
        words = tf.cast(words, tf.int32)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(words, logits)
        super().update_state(loss, sample_weight=tf.cast(words != PAD, loss.dtype))

    def result(self):
        """The perplexity so far."""
        return keras.ops.exp(super().result())


def start_from_frequencies(decoder: Decoder, tokens: np.ndarray) -> None:
    """Set the output bias to the words' log-frequencies: the first epochs need not learn which words are common.

    Args:
        decoder: a new decoder.
        tokens: token ids of the training captions, (N, T) or any other shape.
    """
    counts = np.bincount(tokens.ravel(), minlength=decoder.settings["vocabulary_size"]).astype("float32")
    counts[[PAD, START]] = 0
    decoder.to_logits.bias.assign(np.log((counts + 0.1) / (counts + 0.1).sum()))


def fit(
    decoder: Decoder,
    train: Batches,
    val: Batches,
    judge: Callable[[], dict[str, float]],
    folder: Path,
    *,
    epochs: int,
    learning_rate: float = 1e-3,
    warmup: float = 0.05,
    weight_decay: float = 1e-4,
    label_smoothing: float = 0.0,
    clip: float = 5.0,
    patience: int = 3,
    resume: bool = False,
    teacher: TeacherForcing | None = None,
) -> list[dict]:
    """Train a decoder and leave its best epoch in `folder` and in the decoder.

    Writes `decoder.weights.h5` (best epoch), `history.json`, and `checkpoint.npz`, from which `resume` goes on.

    Args:
        decoder: a new decoder.
        train: batches to learn from.
        val: batches for the validation loss.
        judge: captions the validation pictures and returns scores; the first one decides which epoch is best.
        folder: where to write.
        epochs: at most so many; the cosine ends there (Loshchilov & Hutter 2017).
        learning_rate: the highest.
        warmup: share of all steps in which the rate rises from zero.
        weight_decay: of AdamW (Loshchilov & Hutter 2019).
        label_smoothing: see `MaskedCrossEntropy`.
        clip: largest norm of all gradients together (Pascanu et al. 2013).
        patience: stop after so many epochs without a better score.
        resume: go on from `folder`'s checkpoint, after the last finished epoch, as if nothing had happened.
        teacher: another way to train the decoder than teacher forcing, such as `SelfCritical`.

    Returns:
        The history, a dict an epoch.

    Raises:
        CaptionlibError: if `resume` finds no checkpoint, or one of another model.
    """
    teacher = teacher or TeacherForcing(decoder)
    rate = rising_then_falling(learning_rate, epochs * len(train), warmup)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=weight_decay, global_clipnorm=clip)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "embeddings"])
    loss, metrics = MaskedCrossEntropy(label_smoothing), [Perplexity(name="perplexity")]
    teacher.compile(optimizer, loss, metrics=metrics, jit_compile=False)
    optimizer.build(teacher.trainable_variables)
    keeper = KeepBest(teacher, judge, folder, patience)
    if resume:
        keeper.restore()
    done = len(keeper.history)
    turn = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: setattr(train, "epoch", epoch))
    plan = {"initial_epoch": done, "epochs": done if keeper.is_over() else epochs, "callbacks": [turn, keeper]}
    teacher.fit(train.stream(), validation_data=val.stream(), shuffle=False, verbose=0, **plan)
    load_weights(decoder, folder / "decoder.weights.h5")
    return keeper.history


def rising_then_falling(highest: float, steps: int, warmup: float):
    """A learning rate that rises from zero for a share `warmup` of all steps, then falls to zero along a cosine."""
    rising = max(1, int(steps * warmup))
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, int(steps * (1 - warmup))), warmup_target=highest, warmup_steps=rising
    )


class KeepBest(keras.callbacks.Callback):
    """After each epoch: score spoken captions, keep the best weights, write history and checkpoint, show progress."""

    def __init__(self, teacher: TeacherForcing, judge: Callable, folder: Path, patience: int):
        """Start with an empty history."""
        super().__init__()
        self.teacher, self.judge, self.folder, self.patience = teacher, judge, folder, patience
        self.history: list[dict] = []

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock and a progress bar."""
        self.start = time.perf_counter()
        self.bar = tqdm(total=self.params["steps"], desc=f"epoch {epoch + 1} of {self.params['epochs']}", unit="step")

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar."""
        self.bar.update()
        self.bar.set_postfix(loss=f"{logs['loss']:.3f}", refresh=False)

    def on_epoch_end(self, epoch, logs=None):
        """Judge, keep, write."""
        scores = self.judge()
        entry = {"epoch": epoch + 1} | {k: float(v) for k, v in (logs | scores).items()}
        entry |= {"score": next(iter(scores)), "seconds": round(time.perf_counter() - self.start, 1)}
        self.history.append(entry)
        self.bar.set_postfix(loss=f"{logs['loss']:.3f}", **{name: f"{value:.3f}" for name, value in scores.items()})
        self.bar.close()
        if self.best_epoch() == epoch + 1:
            save_weights(self.teacher.decoder, self.folder / "decoder.weights.h5")
        with files.write_atomically(self.folder / "history.json") as temporary:
            temporary.write_text(json.dumps(self.history, indent=1))
        with files.write_atomically(self.folder / "checkpoint.npz") as temporary:
            values = {f"variable_{i}": v.numpy() for i, v in enumerate(self.state())}
            np.savez(temporary, history=np.array(json.dumps(self.history)), **values)
        self.teacher.stop_training = self.is_over()

    def state(self) -> list:
        """All that a resumed run needs: weights, the seeds of dropout, and the optimizer's moments."""
        return [*self.teacher.decoder.variables, *self.teacher.optimizer.variables]

    def best_epoch(self) -> int:
        """The first epoch with the highest score, 0 before any."""
        best = max(self.history, key=lambda entry: entry[entry["score"]], default={"epoch": 0})
        return best["epoch"]

    def is_over(self) -> bool:
        """Whether the score has not risen for `patience` epochs."""
        return len(self.history) - self.best_epoch() >= self.patience

    def restore(self) -> None:
        """Go back to the end of the last finished epoch."""
        path = self.folder / "checkpoint.npz"
        try:
            with np.load(path, allow_pickle=False) as saved:
                values = [saved[f"variable_{i}"] for i in range(len(saved.files) - 1)]
                history = json.loads(str(saved["history"]))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise CaptionlibError(f"{path} is no checkpoint to resume from: train without --resume.") from error
        state = self.state()
        if [v.shape for v in state] != [tuple(value.shape) for value in values]:
            raise CaptionlibError(f"{path} is of another model: use the same --data, --model and --encoder as before.")
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
        self.history = history
