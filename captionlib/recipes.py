"""How each captioner is trained: the settings that were chosen on validation pictures, and the run itself (lesson 13).

The settings below are all there is to tune; docs/training_log.md lists what was tried, with the results.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np
from tqdm.auto import tqdm

from captionlib import __version__, decoding, metrics, storage
from captionlib.captioner import Captioner, folder_of
from captionlib.data import CaptionDataset, mirrored, toyscenes
from captionlib.data.images import resize
from captionlib.errors import CaptionlibError
from captionlib.models import MODELS
from captionlib.models.decoder import save_weights
from captionlib.text import SPECIALS, Tokenizer
from captionlib.training.batches import Batches, BatchesWithIds
from captionlib.training.fit import best_epoch, fit, is_undecided, start_from_frequencies
from captionlib.training.reproducible import reproducible
from captionlib.training.self_critical import Reward, SelfCritical, interpolate_weights
from captionlib.vision.encoders import Encoder, load_encoder
from captionlib.vision.features import FeatureStore
from captionlib.vision.out_of_distribution import OutOfDistribution, auroc

# Scenes: a small vocabulary, little to overfit.
SCENES = {
    "encoder": "toynet",
    "min_count": 1,  # words seen less often become <unk>; `fit_tokenizer` lowers it on small data
    "batch": 32,  # pictures per step
    "length_penalty": 0.0,  # of beam search
    "mirror": False,  # its captions say left and right
    "fit": {"epochs": 8, "learning_rate": 2e-3, "weight_decay": 1e-4},
    "self_critical": {"epochs": 6, "learning_rate": 1e-4, "weight_decay": 0.0},
}
# Photographs (Flickr8k, your own): strong regularisation, as 6,000 pictures are few, and a cosine that ends when the
# validation score peaks. Self-critical training then takes small steps: the decoder is good already.
PHOTOS = {
    "encoder": "efficientnet_lite2",
    "min_count": 5,
    "batch": 16,
    "length_penalty": 0.7,
    "mirror": True,  # half of an epoch's pictures are turned left to right
    "fit": {"epochs": 8, "learning_rate": 8e-4, "weight_decay": 2e-2, "label_smoothing": 0.1},
    "self_critical": {"epochs": 6, "learning_rate": 1e-4, "weight_decay": 0.0},
}
# Kind of pictures and model to all settings: "decoder" is for the model, "fit" for `captionlib.training.fit.fit` with
# teacher forcing (`train`), "self_critical" for the same function with self-critical training (`refine`).
RECIPES = {
    ("scenes", "show_and_tell"): {
        **SCENES, "decoder": {"units": 256, "embedding": 128, "max_length": 16, "dropout": 0.2}
    },
    ("scenes", "show_attend_tell"): {
        **SCENES, "decoder": {"units": 256, "embedding": 128, "max_length": 16, "dropout": 0.2}
    },
    ("scenes", "transformer"): {
        **SCENES, "decoder": {"units": 192, "layers": 2, "heads": 4, "max_length": 16, "dropout": 0.2}
    },
    ("photos", "show_and_tell"): {
        **PHOTOS, "decoder": {"units": 512, "embedding": 192, "max_length": 18, "dropout": 0.5}
    },
    ("photos", "show_attend_tell"): {
        **PHOTOS, "decoder": {"units": 512, "embedding": 192, "input_feeding": False, "max_length": 18, "dropout": 0.5}
    },
    ("photos", "transformer"): {
        **PHOTOS, "decoder": {"units": 256, "layers": 3, "heads": 4, "max_length": 18, "dropout": 0.5}
    },
}  # fmt: skip
KNOWN = 0.95  # share of the training captions' words that the vocabulary must hold
ABOUT = {
    "toyscenes": "ToyScenes, drawn by captionlib itself, with English captions (CC BY 4.0).",
    "flickr8k": "Flickr8k (Hodosh et al. 2013), with English captions: photographs of Flickr users, for research and "
    "teaching only, not ours to pass on; this folder holds no photograph and no caption of it.",
}


def recipe_for(dataset: CaptionDataset, model: str) -> dict:
    """The settings for a model on a data set.

    Raises:
        CaptionlibError: if there is no such model.
    """
    kind = "scenes" if dataset.scenes else "photos"
    if (kind, model) not in RECIPES:
        raise CaptionlibError(f"There is no model called {model!r} to train: use one of {', '.join(MODELS)}.")
    return RECIPES[kind, model]


def train(
    dataset: CaptionDataset,
    model: str,
    folder: Path,
    encoder: str | None = None,
    epochs: int | None = None,
    seed: int = 1,
    resume: bool = False,
    command: str = "recipes.train",
) -> Captioner:
    """Train a captioner from pictures and captions to a folder that `Captioner.load` opens.

    Args:
        dataset: pictures and captions; the vocabulary comes from `train` alone.
        model: a key of `MODELS`.
        folder: where to write; with `resume`, where an earlier run wrote.
        encoder: another encoder than the recipe's.
        epochs: another number of epochs than the recipe's.
        seed: of weights, order and dropout; the same seed gives the same model on the same machine.
        resume: go on after the last finished epoch.
        command: how to make the captioner again, for its model card.

    Returns:
        The captioner with the weights of its best epoch.

    Raises:
        CaptionlibError: if the folder holds another run, there is too little to learn from, or Ctrl-C stops it.
    """
    recipe = recipe_for(dataset, model)
    prepare_run(folder, folder, resume)
    tokenizer = fit_tokenizer(dataset, recipe["min_count"])
    check_captions(dataset, tokenizer, recipe["decoder"]["max_length"])
    with reproducible(seed), resumable(folder, folder):
        network = load_encoder(encoder or recipe["encoder"])
        store, turned = features(dataset, network, recipe["mirror"])
        decoder = MODELS[model](len(tokenizer), int(np.prod(network.grid)), network.depth, **recipe["decoder"])
        size = decoder.max_length, recipe["batch"], seed
        train_batches = Batches(dataset, "train", store, tokenizer, *size, turned)
        detector = OutOfDistribution.fit(rows(store, dataset, "train"), rows(store, dataset, "val"))
        captioner = Captioner(network, tokenizer, decoder, model, detector, recipe["length_penalty"])
        start_from_frequencies(decoder, np.concatenate(train_batches.tokens))
        settings = recipe["fit"] | ({"epochs": epochs} if epochs else {})
        history = fit_captioner(captioner, dataset, store, train_batches, folder, resume, settings, {"seed": seed})
    with storage.write_atomically(folder / "model_card.md") as temporary:
        apart = tell_apart(captioner, dataset, rows(store, dataset, "val"))
        text = card(captioner, dataset, folder, train_batches, history, f"`{command}`, seed {seed}", apart)
        temporary.write_text(text, encoding="utf8")
    return captioner


def refine(
    dataset: CaptionDataset,
    start: str | Path,
    folder: Path,
    epochs: int | None = None,
    seed: int = 1,
    resume: bool = False,
    command: str = "recipes.refine",
) -> Captioner:
    """Continue training a captioner on its own captions, see `captionlib.training.self_critical`.

    The epochs are kept in the folder `self_critical` inside `folder`.

    Args:
        dataset: the pictures and captions of the first training.
        start: name of a shipped captioner, or the folder of one you trained.
        folder: where to write; with `resume`, where an earlier run wrote.
        epochs: another number of epochs than the recipe's.
        seed: of the order, the dropout and the sampled captions.
        resume: go on after the last finished epoch.
        command: how to make the captioner again, for its model card.

    Returns:
        The captioner with the weights of its best epoch.

    Raises:
        CaptionlibError: as `train`; or there is no captioner `start`.
    """
    source, stage = folder_of(start), folder / "self_critical"
    prepare_run(folder, stage, resume)
    with reproducible(seed), resumable(folder, stage):
        captioner = Captioner.load(source)
        recipe = recipe_for(dataset, captioner.name)
        decoder, tokenizer = captioner.decoder, captioner.tokenizer
        check_captions(dataset, tokenizer, decoder.max_length)
        store, turned = features(dataset, captioner.encoder, recipe["mirror"])
        size = decoder.max_length, recipe["batch"], seed
        train_batches = BatchesWithIds(dataset, "train", store, tokenizer, *size, turned)
        people = [[metrics.tokenize(caption) for caption in dataset.captions[name]] for name in train_batches.names]
        trainer = SelfCritical(decoder, Reward(people, tokenizer), seed=seed)
        settings = recipe["self_critical"] | ({"epochs": epochs} if epochs else {})
        run = {"seed": seed, "starting weights": storage.digest(source / "decoder.weights.h5")[:8]}
        before = decoder.get_weights()
        history = fit_captioner(captioner, dataset, store, train_batches, stage, resume, settings, run, trainer)
        share, score = interpolate_weights(decoder, before, make_validator(captioner, dataset, store, beams=3))
    captioner.save_description(folder)
    save_weights(decoder, folder / "decoder.weights.h5")
    about = origin(source, f"{share:.0%}", f"{history[0]['score']} {score:.3f}")
    apart = tell_apart(captioner, dataset, rows(store, dataset, "val"))
    text = card(captioner, dataset, folder, train_batches, history, f"`{command}`, seed {seed}", apart)
    for name, content in {"model_card.md": text + about, "history.json": (stage / "history.json").read_text()}.items():
        with storage.write_atomically(folder / name) as temporary:
            temporary.write_text(content, encoding="utf8")
    return captioner


def prepare_run(folder: Path, stage: Path, resume: bool) -> None:
    """Refuse to overwrite another model, or to resume a run that has not finished an epoch.

    Args:
        folder: what the user named.
        stage: where the checkpoint of this kind of training lies, `folder` or a folder in it.
        resume: whether to go on with what is there.
    """
    begun = (stage / "checkpoint.npz").exists()
    parts = ("decoder.weights.h5", "checkpoint.npz", "self_critical/checkpoint.npz")
    taken = begun or any((folder / part).exists() for part in parts)
    if resume and taken and not begun:
        raise CaptionlibError(f"{folder} holds another model and no checkpoint.npz of this run: give the run's --out.")
    if resume and not begun:
        raise CaptionlibError(f"{folder} has no checkpoint.npz of a finished epoch: leave out --resume to start.")
    if taken and not resume:
        go_on = "add --resume to go on with it, or " if begun else ""
        raise CaptionlibError(f"{folder} holds a trained model: {go_on}give another --out.")


@contextmanager
def resumable(folder: Path, stage: Path) -> Iterator[None]:
    """Turn Ctrl-C into a sentence that says how to continue."""
    try:
        yield
    except KeyboardInterrupt:
        if (stage / "checkpoint.npz").exists():
            raise CaptionlibError(f"Stopped: the same command with --resume goes on from {folder}.") from None
        raise CaptionlibError("Stopped before the end of the first epoch: the same command begins again.") from None


def fit_tokenizer(dataset: CaptionDataset, min_count: int) -> Tokenizer:
    """Learn the vocabulary of the training captions.

    A minimum count that suits thousands of captions would leave hardly any words of a small data set: it is lowered
    until the vocabulary covers 95 % of all words in the captions. The number of words that are dropped is printed.

    Args:
        dataset: its split `train` is read.
        min_count: a word seen less often becomes `<unk>`.

    Returns:
        The tokenizer.

    Raises:
        CaptionlibError: if there is no training picture, or no word in their captions.
    """
    captions = [caption for name in dataset.names("train") for caption in dataset.captions[name]]
    words = Tokenizer(list(SPECIALS)).words
    counts = Counter(word for caption in captions for word in words(caption))
    if not counts:
        raise CaptionlibError(f"{dataset.name} has no caption with a word in its split train: add some to learn from.")
    while sum(n for n in counts.values() if n >= min_count) < KNOWN * counts.total():
        min_count -= 1
    tokenizer = Tokenizer.fit(captions, min_count)
    if dropped := len(counts) - (len(tokenizer) - len(SPECIALS)):
        tqdm.write(f"{dropped:,} of {len(counts):,} words are seen less than {min_count} times and become <unk>.")
    return tokenizer


def check_captions(dataset: CaptionDataset, tokenizer: Tokenizer, max_length: int) -> None:
    """Refuse captions that nothing can be learned from, before an hour is spent on features.

    Raises:
        CaptionlibError: if `train` or `val` has no picture, a caption has no word, or all captions are too long.
    """
    for split in ("train", "val"):
        captions = [caption for name in dataset.names(split) for caption in dataset.captions[name]]
        if min(len(tokenizer.encode(caption)) for caption in captions) > max_length + 2:
            raise CaptionlibError(f"{dataset.name} has only captions of over {max_length} words in its split {split}.")


def features(dataset: CaptionDataset, encoder: Encoder, mirror: bool) -> tuple[FeatureStore, FeatureStore | None]:
    """Features of the pictures for training and validation, and of the mirrored training pictures, if wanted."""
    store, turned = FeatureStore.extract(dataset, encoder, ["train", "val"]), mirrored(dataset)
    for split in ("train", "val"):
        if not store.usable(dataset.names(split)):
            raise CaptionlibError(f"The split {split} of {dataset.name} has no picture that opens: replace them.")
    return store, FeatureStore.extract(turned, encoder) if mirror and turned.splits["train"] else None


def rows(store: FeatureStore, dataset: CaptionDataset, split: str) -> list[np.ndarray]:
    """Features of a split's pictures, each (L, D), on disk until they are read."""
    return [store.features[name] for name in store.usable(dataset.names(split))]


def tell_apart(captioner: Captioner, dataset: CaptionDataset, val: list[np.ndarray]) -> str:
    """Area under the ROC curve of its validation pictures, features (L, D) each, against pictures of other kinds."""
    rng, side = np.random.default_rng(0), captioner.encoder.input_size
    outside = {"noise": [rng.integers(0, 256, (*side, 3), np.uint8) for _ in range(50)]}
    if not dataset.scenes:
        scenes = [toyscenes.random_scene(Random(f"outside-{i}")) for i in range(100)]
        outside["drawn scenes"] = [resize(toyscenes.draw(scene), side) for scene in scenes]
    inside = captioner.detector(val)
    found = {kind: captioner.detector(captioner.encoder(np.stack(images))) for kind, images in outside.items()}
    return ", ".join(f"{kind} {auroc(inside, distances):.3f}" for kind, distances in found.items())


def fit_captioner(
    captioner: Captioner,
    dataset: CaptionDataset,
    store: FeatureStore,
    train_batches: Batches,
    folder: Path,
    resume: bool,
    settings: dict,
    run: dict,
    trainer: SelfCritical | None = None,
) -> list[dict]:
    """Train on `train_batches`, validate on the validation pictures; the folder can be loaded after the first epoch."""
    decoder, tokenizer = captioner.decoder, captioner.tokenizer
    val_batches = Batches(dataset, "val", store, tokenizer, decoder.max_length, train_batches.batch)
    if not resume:  # a resumed run has them already, and must not overwrite those of another run
        captioner.save_description(folder)
    vocabulary = json.dumps([tokenizer.split, tokenizer.vocabulary])
    run = {
        "data set": dataset.name,
        "pictures and captions of version": dataset.version,
        "model": captioner.name,
        "encoder": f"{captioner.encoder.name} {captioner.encoder.version}",
        "vocabulary": hashlib.sha256(vocabulary.encode()).hexdigest()[:8],
        "batch": train_batches.batch,
        "mirror": train_batches.mirrored is not None,
        "captionlib": __version__,
        **decoder.get_config(),
        **settings,
        **run,
    }
    validate = make_validator(captioner, dataset, store)
    more = {"run": run, "resume": resume, "trainer": trainer}
    return fit(decoder, train_batches, val_batches, validate, folder, **settings, **more)


def make_validator(captioner: Captioner, dataset: CaptionDataset, store: FeatureStore, beams: int = 1):
    """Make a function that captions the validation pictures and scores them, by truth where it is known."""
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


def card(
    captioner: Captioner,
    dataset: CaptionDataset,
    folder: Path,
    train_batches: Batches,
    history: list[dict],
    command: str,
    apart: str,
) -> str:
    """The model card in Markdown: data and its licence, command, seed, scores, limits."""
    best = best_epoch(history)
    equal = "; all epochs scored alike, so the validation loss decided" if is_undecided(history) else ""
    kind = "the scenes that captionlib draws" if dataset.scenes else "photographs like those it was trained on"
    long = train_batches.too_long
    left_out = f"; {long:,} with more than {captioner.decoder.max_length} words were left out" if long else ""
    return f"""# {folder.resolve().name}

A captioner: `{captioner.name}` with {captioner.decoder.count_params():,} weights on features of the frozen
encoder `{captioner.encoder.name}` (version {captioner.encoder.version}), made with captionlib {__version__}.

- **Data.** {ABOUT.get(dataset.name, "Your own photographs.")}
  Trained on {len(set(train_batches.names)):,} pictures with {train_batches.captions:,} captions{left_out}.
- **Command.** {command}; {len(history)} epochs in {sum(e["seconds"] for e in history) / 60:.0f} minutes.
- **Scores on the validation pictures** (greedy, epoch {best["epoch"]}{equal}):
  {best["score"]} {best[best["score"]]:.3f}, perplexity {best["val_perplexity"]:.2f}.
  All epochs stand in `history.json`.
- **Unlike its training pictures.** Marked are pictures at a distance above {captioner.detector.threshold:.3f}, which
  5 % of the validation pictures have. Area under the ROC curve, validation pictures against others (0.5 is chance):
  {apart}.
- **Limits.** It speaks of {kind}. It names what it has often seen, and
  repeats the habits of the people who wrote its captions. Do not use it to judge people, or where a wrong word does
  harm.
"""


def origin(source: Path, share: str, score: str) -> str:
    """The end of a refined captioner's card: what self-critical training did, and the card of where it began."""
    first = source / "model_card.md"
    return f"""- **Self-critical.** It began as the captioner below; its weights lie {share} of the way from there
  to those of the best epoch, with {score} on the validation pictures (beam 3).

## Where it began

##{first.read_text(encoding="utf8") if first.exists() else f" {source.resolve().name}"}"""
