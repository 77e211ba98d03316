"""Step 4, the decoder learns: teacher forcing with Keras `fit` (lessons 07 and 11).

After each epoch the decoder captions the validation pictures by itself, and the epoch whose captions score best is
kept: neither the loss nor teacher-forced accuracy measures how good a generated caption is. The loss breaks ties.
"""

import json
import re
import time
import zipfile
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from captionlib import storage
from captionlib.errors import CaptionlibError
from captionlib.models import Decoder
from captionlib.models.decoder import load_weights, save_weights
from captionlib.text import PAD, START
from captionlib.training.batches import Batches
from captionlib.training.losses import MaskedCrossEntropy, Perplexity

WARMUP = 0.05  # share of all steps in which the learning rate rises
CLIP = 5.0  # largest norm of all gradients together (Pascanu et al. 2013)


class TeacherForcing(keras.Model):
    """A decoder wrapped for `fit`: a batch of features and true words in, logits for the next words out."""

    def __init__(self, decoder: Decoder):
        """Wrap a decoder; its weights are the only ones."""
        super().__init__()
        self.decoder = decoder

    def call(self, batch):
        """{"features": (B, L, D), "tokens": (B·k, T)} to logits (B·k, T, V)."""
        return self.decoder(batch["features"], batch["tokens"])

    def test_step(self, data):
        """Validate on a batch: "loss" is the mean cross-entropy of all tokens so far, however many a batch holds."""
        batch, words = data
        logits = self(batch, training=False)
        tokens = tf.reduce_sum(tf.cast(words != PAD, tf.float32))
        self.metrics[0].update_state(self.loss(words, logits), sample_weight=tokens)  # Keras' "loss"
        return self.compute_metrics(batch, words, logits)


def start_from_frequencies(decoder: Decoder, tokens: np.ndarray) -> None:
    """Set the output bias to the words' log-frequencies: the first epochs need not learn which words are common.

    Args:
        decoder: a new decoder.
        tokens: token ids of the training captions, (N, T) or any other shape.
    """
    counts = np.bincount(tokens.ravel(), minlength=decoder.vocabulary_size).astype("float32")
    counts[[PAD, START]] = 0
    decoder.set_output_bias(np.log((counts + 0.1) / (counts + 0.1).sum()))


def fit(
    decoder: Decoder,
    train_batches: Batches,
    val_batches: Batches,
    validate: Callable[[], dict[str, float]],
    folder: Path,
    *,
    epochs: int,
    learning_rate: float = 1e-3,
    weight_decay: float = 1e-4,
    label_smoothing: float = 0.0,
    patience: int = 3,
    run: dict | None = None,
    resume: bool = False,
    trainer: TeacherForcing | None = None,
) -> list[dict]:
    """Train a decoder and leave its best epoch in `folder` and in the decoder.

    Writes `decoder.weights.h5` (best epoch), `history.json`, and `checkpoint.npz`, from which `resume` continues.

    Args:
        decoder: a new decoder.
        train_batches: batches to learn from.
        val_batches: batches for the validation loss.
        validate: captions the validation pictures and returns scores; the first one decides which epoch is best.
        folder: where to write.
        epochs: at most this many; the cosine ends there (Loshchilov & Hutter 2017).
        learning_rate: the highest.
        weight_decay: of AdamW (Loshchilov & Hutter 2019).
        label_smoothing: see `MaskedCrossEntropy`.
        patience: stop after this many epochs that are no better than the best one.
        run: what the checkpoint belongs to, such as {"seed": 1}: numbers and strings. `resume` refuses another run's.
        resume: continue from `folder`'s checkpoint, after the last finished epoch, to the same results.
        trainer: another way to train the decoder than teacher forcing, such as `SelfCritical`.

    Returns:
        The history, one dict per epoch.

    Raises:
        CaptionlibError: if `resume` finds no checkpoint, or one of another run; it says what differs.
    """
    trainer = trainer or TeacherForcing(decoder)
    rate = warmup_then_cosine(learning_rate, epochs * len(train_batches))
    compile_trainer(trainer, rate, weight_decay, label_smoothing)
    keeper = KeepBest(trainer, validate, folder, patience, run or {})
    if resume:
        keeper.restore()
    done = len(keeper.history)
    if done < epochs and not keeper.is_over():
        batches, steps = train_batches.stream(done, epochs), {"initial_epoch": done, "epochs": epochs}
        steps |= {"steps_per_epoch": len(train_batches), "shuffle": False, "verbose": 0}
        trainer.fit(batches, validation_data=val_batches.stream(), callbacks=[keeper], **steps)
    load_weights(decoder, folder / "decoder.weights.h5")
    return keeper.history


def compile_trainer(trainer: TeacherForcing, rate, weight_decay: float, label_smoothing: float) -> None:
    """Give a trainer its loss, its metric and AdamW, whose variables exist from here on."""
    optimizer = keras.optimizers.AdamW(rate, weight_decay=weight_decay, global_clipnorm=CLIP)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "embeddings"])
    loss, metrics = MaskedCrossEntropy(label_smoothing), [Perplexity(name="perplexity")]
    trainer.compile(optimizer, loss, metrics=metrics, jit_compile=False)
    optimizer.build(trainer.trainable_variables)


def warmup_then_cosine(highest: float, steps: int):
    """A learning rate that rises from zero in the first `WARMUP` of all steps, then falls to zero along a cosine."""
    rising = max(1, int(steps * WARMUP))
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, int(steps * (1 - WARMUP))), warmup_target=highest, warmup_steps=rising
    )


def best_epoch(history: list[dict]) -> dict:
    """The entry of the best epoch: the highest score, among equals the lowest validation loss, then the earliest."""
    return max(history, key=lambda entry: (entry[entry["score"]], -entry["val_loss"]))


def is_undecided(history: list[dict]) -> bool:
    """Whether the score is the same after every epoch, as CIDEr is with a single validation picture."""
    return len(history) > 1 and len({entry[entry["score"]] for entry in history}) == 1


class KeepBest(keras.callbacks.Callback):
    """After each epoch: score generated captions, keep the best weights, write history and checkpoint."""

    def __init__(self, trainer: TeacherForcing, validate: Callable, folder: Path, patience: int, run: dict):
        """Start with an empty history."""
        super().__init__()
        self.trainer, self.validate, self.folder, self.patience = trainer, validate, folder, patience
        self.run = json.loads(json.dumps(run))  # as it will come back from a checkpoint
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
        """Validate, keep, write. The checkpoint comes last: an epoch without it is repeated by `resume`."""
        scores = self.validate()
        entry = {"epoch": epoch + 1} | {k: float(v) for k, v in (logs | scores).items()}
        entry |= {"score": next(iter(scores)), "seconds": round(time.perf_counter() - self.start, 1)}
        self.history.append(entry)
        self.bar.set_postfix(loss=f"{logs['loss']:.3f}", **{name: f"{value:.3f}" for name, value in scores.items()})
        self.bar.close()
        if best_epoch(self.history) is entry:
            save_weights(self.trainer.decoder, self.folder / "decoder.weights.h5")
        with storage.write_atomically(self.folder / "history.json") as temporary:
            temporary.write_text(json.dumps(self.history, indent=1))
        with storage.write_atomically(self.folder / "checkpoint.npz") as temporary:
            about = {"run": self.run, "variables": self.description(), "history": self.history}
            values = {f"variable_{i}": v.numpy() for i, v in enumerate(self.variables())}
            np.savez(temporary, about=np.array(json.dumps(about)), **values)
        self.trainer.stop_training = self.is_over()

    def on_train_end(self, logs=None):
        """Print a note if all epochs have the same score."""
        if is_undecided(self.history):
            tqdm.write(
                "The validation scores of all epochs are equal; the one with the lowest validation loss is kept."
            )

    def variables(self) -> list:
        """All that a resumed run needs: weights, the seeds of dropout, and the optimizer's moments."""
        return [*self.trainer.decoder.variables, *self.trainer.optimizer.variables]

    def description(self) -> list[list]:
        """Name, shape and type of each of `variables`; without the numbers that Keras gives to a second model."""
        return [[re.sub(r"_\d+", "", v.path), list(v.shape), str(v.numpy().dtype)] for v in self.variables()]

    def is_over(self) -> bool:
        """Whether the last `patience` epochs were no better than the best one."""
        return bool(self.history) and len(self.history) - best_epoch(self.history)["epoch"] >= self.patience

    def restore(self) -> None:
        """Go back to the end of the last finished epoch."""
        path = self.folder / "checkpoint.npz"
        try:
            with np.load(path, allow_pickle=False) as saved:
                about = json.loads(str(saved["about"]))
                values = [saved[f"variable_{i}"] for i in range(len(about["variables"]))]
            history, run = about["history"], about["run"]
            before = [
                [name, list(a.shape), str(a.dtype)] for (name, *_), a in zip(about["variables"], values, strict=True)
            ]
            best_epoch(history)
            changed = [(name, run.get(name), self.run.get(name)) for name in run | self.run]
        except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile,
                RuntimeError, MemoryError, RecursionError) as error:  # fmt: skip
            raise CaptionlibError(f"{path} is damaged or no checkpoint: train again to another --out.") from error
        changed += [("variable", then, now) for then, now in zip_longest(before, self.description())]
        for name, then, now in changed:
            if then != now:
                raise CaptionlibError(
                    f"{self.folder} was started with {name} {then}, not {now}: "
                    "use what it was started with, or train to another --out without --resume."
                )
        for variable, value in zip(self.variables(), values, strict=True):
            variable.assign(value)
        self.history = history
