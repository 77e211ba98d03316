"""How each captioner is trained: the settings that were chosen on validation pictures, and the run itself (lesson 13).

The settings below are all there is to tune; docs/training_log.md tells what was tried and what it gave.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from captionlib import __version__, decoding, metrics, training
from captionlib.captioner import Captioner
from captionlib.data import CaptionDataset, files
from captionlib.errors import CaptionlibError
from captionlib.models import MODELS
from captionlib.text import Tokenizer
from captionlib.vision.encoders import load_encoder
from captionlib.vision.features import FeatureStore

# Scenes: a small vocabulary, little to overfit. Photographs: strong regularisation, as 6,000 pictures are few, and a
# cosine that ends when the validation score peaks.
SCENES = {
    "encoder": "toynet",
    "min_count": 1,
    "batch": 32,
    "decoder": {"max_length": 16, "dropout": 0.2},
    "length_penalty": 0.0,
    "fit": {"epochs": 8, "learning_rate": 2e-3, "weight_decay": 1e-4},
}
PHOTOS = {
    "encoder": "mobilenet_v2",
    "min_count": 5,
    "batch": 16,
    "decoder": {"max_length": 18, "dropout": 0.5},
    "length_penalty": 0.7,
    "fit": {"epochs": 6, "learning_rate": 8e-4, "weight_decay": 2e-2, "label_smoothing": 0.1},
}
SIZES = {
    ("scenes", "show_and_tell"): {"units": 256, "embedding": 128},
    ("scenes", "show_attend_tell"): {"units": 256, "embedding": 128},
    ("scenes", "transformer"): {"units": 192, "layers": 2, "heads": 4},
    ("photos", "show_and_tell"): {"units": 512, "embedding": 192},
    ("photos", "show_attend_tell"): {"units": 512, "embedding": 192, "feed": False},
    ("photos", "transformer"): {"units": 256, "layers": 3, "heads": 4},
}
ABOUT = {
    "toyscenes": "ToyScenes, drawn by captionlib itself (CC BY 4.0).",
    "flickr8k": "Flickr8k (Hodosh et al. 2013): photographs of Flickr users, for research and teaching only, not ours "
    "to pass on; this folder holds no photograph and no caption of it.",
}


def train(
    dataset: CaptionDataset,
    model: str,
    folder: Path,
    encoder: str | None = None,
    epochs: int | None = None,
    seed: int = 1,
    resume: bool = False,
    data_dir: Path | None = None,
) -> Captioner:
    """Train a captioner from pictures and captions to a folder that `Captioner.load` opens.

    Args:
        dataset: pictures and captions; the vocabulary is of `train` alone.
        model: a key of `MODELS`.
        folder: where to write; with `resume`, where an earlier run wrote.
        encoder: another encoder than the recipe's.
        epochs: another number of epochs than the recipe's.
        seed: of weights, order and dropout; the same seed gives the same model on the same machine.
        resume: go on after the last finished epoch.
        data_dir: where to look for the encoder's weights.

    Returns:
        The captioner with the weights of its best epoch.

    Raises:
        CaptionlibError: if the folder holds another run, or was stopped with Ctrl-C.
    """
    recipe = SCENES if dataset.scenes else PHOTOS
    if not resume and any((folder / name).exists() for name in ("checkpoint.npz", "decoder.weights.h5")):
        raise CaptionlibError(f"{folder} holds a trained model: add --resume to go on with it, or give another --out.")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    eyes = load_encoder(encoder or recipe["encoder"], data_dir)
    store = FeatureStore.extract(dataset, eyes)
    captions = [caption for name in dataset.splits["train"] for caption in dataset.captions[name]]
    tokenizer = Tokenizer.fit(captions, recipe["min_count"])
    places, depth = store.features.shape[1:]
    size = SIZES["scenes" if dataset.scenes else "photos", model]
    decoder = MODELS[model](len(tokenizer), places, depth, **recipe["decoder"], **size)
    captioner = Captioner(eyes, tokenizer, decoder, model, recipe["length_penalty"])

    def batches(split, seed=None):
        length = decoder.max_length
        return training.Batches(dataset, split, store, tokenizer, length, recipe["batch"], seed)

    learn, check = batches("train", seed), batches("val")
    training.start_from_frequencies(decoder, learn.tokens)
    if not resume:  # a resumed run has these already, and must not spoil another one's
        captioner.save_description(folder)
    settings = recipe["fit"] | ({"epochs": epochs} if epochs else {})
    try:
        history = training.fit(
            decoder, learn, check, judge(captioner, dataset, store), folder, **settings, resume=resume
        )
    except KeyboardInterrupt:
        raise CaptionlibError(f"Stopped. The same command with --resume goes on from {folder}.") from None
    with files.write_atomically(folder / "model_card.md") as temporary:
        temporary.write_text(card(captioner, dataset, folder, seed, history), encoding="utf8")
    return captioner


def judge(captioner: Captioner, dataset: CaptionDataset, store: FeatureStore):
    """A function that captions the validation pictures greedily and scores them: by truth where it is known."""
    names = store.usable(dataset.splits["val"])
    features = np.asarray(store[names])
    cider = metrics.Cider([[metrics.ptb_tokenize(caption) for caption in dataset.captions[name]] for name in names])

    def scores() -> dict[str, float]:
        decoded = decoding.greedy(captioner.decoder, features)
        said = [captioner.tokenizer.decode(ids) for ids in decoded.tokens]
        result = {"cider": float(cider([caption.split() for caption in said]).mean())}
        if dataset.scenes:
            truth = metrics.truth_score(dict(zip(names, said, strict=True)), dataset.scenes)
            result = {"wholly_true": truth["wholly_true"]} | result
        return result

    return scores


def card(captioner: Captioner, dataset: CaptionDataset, folder: Path, seed: int, history: list[dict]) -> str:
    """The model card in Markdown: data and its licence, command, seed, scores, limits."""
    best = max(history, key=lambda entry: entry[entry["score"]])
    kind = "the scenes that captionlib draws" if dataset.scenes else "photographs like those it was trained on"
    command = " ".join(["captionlib", *sys.argv[1:]]) if "train" in sys.argv else "captionlib.recipes.train"
    return f"""# {folder.name}

A captioner in English: `{captioner.name}` with {captioner.decoder.count_params():,} weights on features of the frozen
encoder `{captioner.encoder.name}` (version {captioner.encoder.version}), made with captionlib {__version__}.

- **Data.** {ABOUT.get(dataset.name, "Your own photographs.")} {len(dataset.splits["train"]):,} training pictures.
- **Command.** `{command}`, seed {seed}; {len(history)} epochs in {sum(e["seconds"] for e in history) / 60:.0f} minutes.
- **Scores on the validation pictures** (greedy, epoch {best["epoch"]}): {best["score"]} {best[best["score"]]:.3f},
  perplexity {best["val_perplexity"]:.2f}. All epochs stand in `history.json`.
- **Limits.** It speaks of {kind} and has no idea when a picture is something else. It names what it
  has often seen, and repeats the habits of the people who wrote its captions. Do not use it to judge people, or where a
  wrong word does harm.
"""
