"""How each captioner is trained: the settings that were chosen on validation pictures, and the run itself (lesson 13).

The settings below are all there is to tune; docs/training_log.md tells what was tried and what it gave.
"""

import sys
from pathlib import Path

import numpy as np

from captionlib import __version__, decoding, metrics, storage, training
from captionlib.captioner import Captioner, folder_of
from captionlib.data import CaptionDataset, mirrored
from captionlib.errors import CaptionlibError
from captionlib.models import MODELS
from captionlib.models.decoder import save_weights
from captionlib.text import Tokenizer
from captionlib.training import self_critical
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
    "mirror": False,  # its captions say left and right
    "fit": {"epochs": 8, "learning_rate": 2e-3, "weight_decay": 1e-4},
}
PHOTOS = {
    "encoder": "efficientnet_lite2",
    "min_count": 5,
    "batch": 16,
    "decoder": {"max_length": 18, "dropout": 0.5},
    "length_penalty": 0.7,
    "mirror": True,
    "fit": {"epochs": 8, "learning_rate": 8e-4, "weight_decay": 2e-2, "label_smoothing": 0.1},
}
# After that, with its own captions: small steps, for its words are good already and only their choice is mended.
SELF_CRITICAL = {"epochs": 6, "learning_rate": 1e-4, "weight_decay": 0.0}
SIZES = {
    ("scenes", "show_and_tell"): {"units": 256, "embedding": 128},
    ("scenes", "show_attend_tell"): {"units": 256, "embedding": 128},
    ("scenes", "transformer"): {"units": 192, "layers": 2, "heads": 4},
    ("photos", "show_and_tell"): {"units": 512, "embedding": 192},
    ("photos", "show_attend_tell"): {"units": 512, "embedding": 192, "input_feeding": False},
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

    Returns:
        The captioner with the weights of its best epoch.

    Raises:
        CaptionlibError: if the folder holds another run, or was stopped with Ctrl-C.
    """
    recipe = SCENES if dataset.scenes else PHOTOS
    begin(folder, seed, resume)
    eyes = load_encoder(encoder or recipe["encoder"])
    store = FeatureStore.extract(dataset, eyes, ["train", "val"])
    captions = [caption for name in dataset.splits["train"] for caption in dataset.captions[name]]
    tokenizer = Tokenizer.fit(captions, recipe["min_count"])
    locations, depth = int(np.prod(eyes.grid)), eyes.depth
    size = SIZES["scenes" if dataset.scenes else "photos", model]
    decoder = MODELS[model](len(tokenizer), locations, depth, **recipe["decoder"], **size)
    captioner = Captioner(eyes, tokenizer, decoder, model, recipe["length_penalty"])
    turned = FeatureStore.extract(mirrored(dataset), eyes, ["train"]) if recipe["mirror"] else None
    learn = training.Batches(dataset, "train", store, tokenizer, decoder.max_length, recipe["batch"], seed, turned)
    training.start_from_frequencies(decoder, learn.tokens)
    settings = recipe["fit"] | ({"epochs": epochs} if epochs else {})
    history = fit(captioner, dataset, store, learn, folder, resume, settings)
    with storage.write_atomically(folder / "model_card.md") as temporary:
        temporary.write_text(card(captioner, dataset, folder, seed, history), encoding="utf8")
    return captioner


def refine(
    dataset: CaptionDataset,
    start: str | Path,
    folder: Path,
    epochs: int | None = None,
    seed: int = 1,
    resume: bool = False,
) -> Captioner:
    """Go on training a captioner with its own captions, see `captionlib.training.self_critical`.

    The epochs are kept in the folder `self_critical` inside `folder`.

    Args:
        dataset: pictures and captions, those of the first training.
        start: name of a shipped captioner, or the folder of one you trained.
        folder: where to write; with `resume`, where an earlier run wrote.
        epochs: another number of epochs than the recipe's.
        seed: of the order, the dropout and the captions drawn.
        resume: go on after the last finished epoch.

    Returns:
        The captioner with the weights of its best epoch.

    Raises:
        CaptionlibError: as `train`; or there is no captioner `start`.
    """
    recipe = SCENES if dataset.scenes else PHOTOS
    begin(folder, seed, resume)
    captioner = Captioner.load(start)
    decoder, tokenizer = captioner.decoder, captioner.tokenizer
    store = FeatureStore.extract(dataset, captioner.encoder, ["train", "val"])
    turned = FeatureStore.extract(mirrored(dataset), captioner.encoder, ["train"]) if recipe["mirror"] else None
    size = decoder.max_length, recipe["batch"], seed
    learn = self_critical.Pictures(dataset, "train", store, tokenizer, *size, turned)
    people = [[metrics.tokenize(caption) for caption in dataset.captions[name]] for name in learn.names]
    teacher = self_critical.SelfCritical(decoder, self_critical.Reward(people, tokenizer), seed=seed)
    settings = SELF_CRITICAL | ({"epochs": epochs} if epochs else {})
    before, stage = decoder.get_weights(), folder / "self_critical"
    history = fit(captioner, dataset, store, learn, stage, resume, settings | {"teacher": teacher})
    share, score = self_critical.walk_back(decoder, before, judge(captioner, dataset, store, beams=3))
    captioner.save_description(folder)
    save_weights(decoder, folder / "decoder.weights.h5")
    first = folder_of(start) / "model_card.md"
    about = f"""- **Self-critical.** It began as the captioner below; kept are {share:.0%} of the way from its weights
  to those of the best epoch, with {history[0]["score"]} {score:.3f} on the validation pictures (beam 3).

## Where it began

##{first.read_text(encoding="utf8") if first.exists() else f" {start}"}"""
    texts = {"model_card.md": card(captioner, dataset, folder, seed, history) + about}
    for name, text in (texts | {"history.json": (stage / "history.json").read_text()}).items():
        with storage.write_atomically(folder / name) as temporary:
            temporary.write_text(text, encoding="utf8")
    return captioner


def begin(folder: Path, seed: int, resume: bool) -> None:
    """Refuse a folder that holds another run; from here on the same seed gives the same numbers."""
    if not resume and any((folder / name).exists() for name in ("decoder.weights.h5", "self_critical")):
        raise CaptionlibError(f"{folder} holds a trained model: add --resume to go on with it, or give another --out.")
    import tensorflow as tf

    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def fit(
    captioner: Captioner,
    dataset: CaptionDataset,
    store: FeatureStore,
    learn: training.Batches,
    folder: Path,
    resume: bool,
    settings: dict,
) -> list[dict]:
    """`training.fit`, judged on the validation pictures; the folder can be loaded after the first epoch."""
    check = training.Batches(dataset, "val", store, captioner.tokenizer, captioner.decoder.max_length, learn.batch)
    if not resume:  # a resumed run has these already, and must not spoil another one's
        captioner.save_description(folder)
    scores = judge(captioner, dataset, store)
    try:
        return training.fit(captioner.decoder, learn, check, scores, folder, resume=resume, **settings)
    except KeyboardInterrupt:
        raise CaptionlibError(f"Stopped. The same command with --resume goes on from {folder}.") from None


def judge(captioner: Captioner, dataset: CaptionDataset, store: FeatureStore, beams: int = 1):
    """A function that captions the validation pictures and scores them: by truth where it is known."""
    names = store.usable(dataset.splits["val"])
    features = np.asarray(store[names])
    cider = metrics.Cider([[metrics.tokenize(caption) for caption in dataset.captions[name]] for name in names])

    def scores() -> dict[str, float]:
        search = (decoding.beam_search, beams, captioner.length_penalty) if beams > 1 else (decoding.greedy,)
        decoded = search[0](captioner.decoder, features, *search[1:])
        said = [captioner.tokenizer.decode(ids) for ids in decoded.tokens]
        result = {"cider": float(cider([metrics.tokenize(caption) for caption in said]).mean())}
        if dataset.scenes:
            truth = metrics.truth_score(dict(zip(names, said, strict=True)), dataset.scenes)
            result = {"wholly_true": truth["wholly_true"]} | result
        return result

    return scores


def card(captioner: Captioner, dataset: CaptionDataset, folder: Path, seed: int, history: list[dict]) -> str:
    """The model card in Markdown: data and its licence, command, seed, scores, limits."""
    best = max(history, key=lambda entry: entry[entry["score"]])
    kind = "the scenes that captionlib draws" if dataset.scenes else "photographs like those it was trained on"
    command = " ".join(["captionlib", *sys.argv[1:]]) if {"train", "refine"} & {*sys.argv} else "captionlib.recipes"
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
