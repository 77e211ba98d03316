"""Step 4, the decoder learns: teacher forcing with Keras `fit` (lessons 07 and 11).

After each epoch the decoder captions the validation pictures by itself, and the epoch whose captions score best is
kept: neither the loss nor teacher-forced accuracy knows how good a generated caption is.
"""

import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from tqdm.auto import tqdm

from captionlib import storage
from captionlib.errors import CaptionlibError
from captionlib.models import Decoder
from captionlib.models.decoder import load_weights, save_weights
from captionlib.text import PAD, START
from captionlib.training.batches import Batches
from captionlib.training.losses import MaskedCrossEntropy, Perplexity


class TeacherForcing(keras.Model):
    """A decoder as `fit` sees it: a batch of features and true words in, logits for the next words out."""

    def __init__(self, decoder: Decoder):
        """Wrap a decoder; its weights are the only ones."""
        super().__init__()
        self.decoder = decoder

    def call(self, batch):
        """{"features": (B, L, D), "tokens": (B·k, T)} to logits (B·k, T, V)."""
        return self.decoder(batch["features"], batch["tokens"])


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
        with storage.write_atomically(self.folder / "history.json") as temporary:
            temporary.write_text(json.dumps(self.history, indent=1))
        with storage.write_atomically(self.folder / "checkpoint.npz") as temporary:
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
