"""All six steps in one object: a `Captioner` takes picture files and returns captions (lesson 00 starts with it).

A trained captioner is a folder: `config.json` says what it is made of, `tokenizer.json` holds its words,
`decoder.weights.h5` its weights (float16), `out_of_distribution.npz` what its training pictures look like,
`model_card.md` where they come from and what they can do.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from captionlib import metrics, storage
from captionlib.data import CaptionDataset
from captionlib.data.images import open_image, resize
from captionlib.decoding import beam_search, greedy
from captionlib.errors import CaptionlibError
from captionlib.explain.saliency import saliency
from captionlib.models import MODELS, Decoder
from captionlib.models.decoder import load_weights
from captionlib.text import END, Tokenizer
from captionlib.vision.encoders import Encoder, load_encoder
from captionlib.vision.features import FeatureStore
from captionlib.vision.out_of_distribution import OutOfDistribution

PARTS = ("config.json", "tokenizer.json", "decoder.weights.h5", "out_of_distribution.npz")


@dataclass(frozen=True)
class Caption:
    """What the captioner says about a picture.

    Attributes:
        text: the caption.
        tokens: its words, and `<end>` last.
        log_prob: log-probability of the whole caption.
        attention: (T, rows, cols), the attention weights of each of the T tokens; each map sums to 1 (for a Transformer
            it is the mean over layers and heads). None for a model without attention.
        distance: how unlike the training pictures the picture is, to be read against the captioner's threshold, see
            `captionlib.vision.out_of_distribution`.
        out_of_distribution: whether the distance is above the captioner's threshold: then do not believe the caption.
    """

    text: str
    tokens: list[str]
    log_prob: float
    attention: np.ndarray | None
    distance: float
    out_of_distribution: bool


@dataclass(frozen=True)
class Captioner:
    """Encoder, tokenizer and decoder that were trained together.

    Attributes:
        encoder: picture to features.
        tokenizer: words to ids.
        decoder: features and words to the next word.
        name: which of `MODELS` the decoder is.
        detector: scores how unlike the training pictures a picture is.
        length_penalty: of beam search, chosen on the validation pictures.
    """

    encoder: Encoder
    tokenizer: Tokenizer
    decoder: Decoder
    name: str
    detector: OutOfDistribution
    length_penalty: float = 1.0

    @classmethod
    def load(cls, name_or_dir: str | Path) -> "Captioner":
        """Load a captioner that is shipped, by name, or one you trained, by its folder.

        Args:
            name_or_dir: such as `toyscenes_show_attend_tell`, or a folder; a folder with a `config.json` comes first.

        Returns:
            The captioner, ready to use.

        Raises:
            CaptionlibError: if there is no such model, or its parts do not fit together; the sentence says which.
        """
        folder = folder_of(name_or_dir)
        for part in PARTS:
            if not (folder / part).is_file():
                raise CaptionlibError(f"{folder} holds no {part}: give a folder that captionlib train has finished.")
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf8"))
            model, settings, about = str(config["model"]), config["decoder"], config["encoder"]
            name, version, penalty = about["name"], about["version"], float(config["length_penalty"])
            size, grid = int(settings["vocabulary_size"]), (settings["locations"], settings["depth"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            what = f"{type(error).__name__}: {error}"
            raise CaptionlibError(f"{folder / 'config.json'} does not describe a captioner ({what}).") from error
        if model not in MODELS:
            raise CaptionlibError(f"{folder} wants the model {model!r}; this captionlib has {', '.join(MODELS)}.")
        tokenizer = Tokenizer.load(folder / "tokenizer.json")
        if len(tokenizer) != size:
            raise CaptionlibError(
                f"{folder} does not fit: tokenizer.json has {len(tokenizer)} words, config.json {size}."
            )
        encoder = load_encoder(name)
        if (version, grid) != (encoder.version, (int(np.prod(encoder.grid)), encoder.depth)):
            raise CaptionlibError(
                f"{folder} was trained on {name} version {version} with (locations, depth) {grid}; this captionlib has "
                f"version {encoder.version} with {(int(np.prod(encoder.grid)), encoder.depth)}: train it again."
            )
        try:
            decoder = MODELS[model](**settings)
        except (TypeError, ValueError, KeyError) as error:
            what = str(error).split("\n")[0].split(". ")[0]  # of Keras, the first sentence
            raise CaptionlibError(f"{folder / 'config.json'} has settings that {model} cannot use ({what}).") from error
        load_weights(decoder, folder / "decoder.weights.h5")
        detector = OutOfDistribution.load(folder / "out_of_distribution.npz", encoder.depth)
        return cls(encoder, tokenizer, decoder, model, detector, penalty)

    def save_description(self, folder: Path) -> None:
        """Write everything but the weights and the card, which training writes beside it."""
        config = {
            "model": self.name,
            "encoder": {"name": self.encoder.name, "version": self.encoder.version},
            "decoder": self.decoder.get_config(),
            "length_penalty": self.length_penalty,
        }
        with storage.write_atomically(folder / "config.json") as temporary:
            temporary.write_text(json.dumps(config, indent=1) + "\n")
        self.tokenizer.save(folder / "tokenizer.json")
        self.detector.save(folder / "out_of_distribution.npz")

    def caption(self, pictures: Sequence, beam: int = 3) -> list[Caption]:
        """Caption pictures.

        Args:
            pictures: paths of picture files, or images (H, W, 3) uint8 RGB.
            beam: how many partial captions beam search keeps; 1 is greedy.

        Returns:
            One `Caption` per picture, in order.

        Raises:
            CaptionlibError: if a picture cannot be opened.
        """
        images = [p if isinstance(p, np.ndarray) else open_image(p) for p in pictures]
        if not images:
            return []
        batches = [images[i : i + 64] for i in range(0, len(images), 64)]
        size = self.encoder.input_size
        features = np.concatenate([self.encoder(np.stack([resize(im, size) for im in batch])) for batch in batches])
        return self.caption_features(features, beam)

    def caption_features(self, features: np.ndarray, beam: int = 3) -> list[Caption]:
        """Caption pictures whose features (N, L, D) are known."""
        if beam == 1:
            decoded = greedy(self.decoder, features)
        else:
            decoded = beam_search(self.decoder, features, beam, self.length_penalty)
        maps = None if decoded.attention is None else decoded.attention.mean(axis=2)  # (N, T, L)
        distances = self.detector(features)  # (N,)
        captions = []
        for i, ids in enumerate(decoded.tokens):
            length = int(np.argmax(ids == END)) + 1
            looked = None if maps is None else maps[i, :length].reshape(length, *self.encoder.grid)
            words = [self.tokenizer.vocabulary[j] for j in ids[:length]]
            unlike = float(distances[i]), bool(distances[i] > self.detector.threshold)
            captions.append(Caption(self.tokenizer.decode(ids), words, float(decoded.log_probs[i]), looked, *unlike))
        return captions

    def evaluate(self, dataset: CaptionDataset, split: str, beam: int = 3) -> dict:
        """Caption a split and score it.

        Args:
            dataset: with references, and for ToyScenes with the truth.
            split: which split.
            beam: beams of the search.

        Returns:
            {"scores": {name: value}, "intervals": {name: [low, high]}, "captions": [{"picture", "caption",
            "references"}]}; pictures that cannot be opened are left out. For ToyScenes the share of wholly true
            captions and the pointing score are among the scores: of attention, or of saliency without attention.

        Raises:
            CaptionlibError: there is no such split, or it has no picture that opens.
        """
        store = FeatureStore.extract(dataset, self.encoder, [split])
        names = store.usable(dataset.splits[split])
        if not names:
            raise CaptionlibError(f"The split {split} of {dataset.name} has no picture that opens: use another split.")
        features = store[names]
        captions = self.caption_features(features, beam)
        said = {name: caption.text for name, caption in zip(names, captions, strict=True)}
        references = {name: dataset.captions[name] for name in names}
        rows = metrics.per_picture(said, references)
        intervals = {"cider": metrics.bootstrap(rows["cider"])}
        low, high = metrics.bootstrap(rows["bleu"], metrics.bleu)
        intervals["bleu_4"] = low[3], high[3]
        trained_on = [caption for name in dataset.splits.get("train", ()) for caption in dataset.captions[name]]
        scores = metrics.score(said, references) | metrics.diversity(list(said.values()), trained_on)
        if dataset.scenes:
            scores |= metrics.truth_score(said, dataset.scenes)
            true = [metrics.truth_score({n: said[n]}, dataset.scenes)["wholly_true"] for n in names]
            intervals["wholly_true"] = metrics.bootstrap(np.array(true))
            pointed = self.pointing(names, features, captions, dataset)
            scores |= {f"pointing_{kind}": value for kind, value in pointed.items()}
        return {
            "scores": scores,
            "intervals": {name: [float(low), float(high)] for name, (low, high) in intervals.items()},
            "captions": [{"picture": n, "caption": said[n], "references": references[n]} for n in names],
        }

    def pointing(self, names: list[str], features, captions: list[Caption], dataset: CaptionDataset) -> dict:
        """The pointing score of captions of scenes: of attention, or of saliency where the model has none."""
        maps = [caption.attention for caption in captions]
        if maps[0] is None:
            maps = saliency(self.decoder, features, [self.tokenizer.encode(c.text) for c in captions])
        words = {name: caption.tokens for name, caption in zip(names, captions, strict=True)}
        looked = {
            name: m[: len(words[name])].reshape(len(words[name]), -1) for name, m in zip(names, maps, strict=True)
        }
        return metrics.pointing_score(words, looked, dataset.scenes, self.encoder.grid)


def folder_of(name_or_dir: str | Path) -> Path:
    """Find the folder of a captioner: one you trained, by its path, or a shipped one, by its name.

    A folder with a `config.json` comes first, even if a shipped captioner has the same name.

    Raises:
        CaptionlibError: if there is no such model.
    """
    folder = Path(name_or_dir)
    if (folder / "config.json").is_file():
        return folder
    if str(name_or_dir) in shipped():  # a name alone: with a separator or a dot it is a path
        return storage.PRETRAINED / name_or_dir
    if not folder.is_dir():
        raise CaptionlibError(f"There is no model called {name_or_dir}: use a folder or one of {', '.join(shipped())}.")
    return folder


def shipped() -> list[str]:
    """Names of the captioners that come with captionlib."""
    return sorted(folder.parent.name for folder in storage.PRETRAINED.glob("*/tokenizer.json"))
