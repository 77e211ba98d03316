"""The `captionlib` command: every step of the course from a terminal. It only reads arguments and prints results.

TensorFlow is imported inside the commands that need it, so that `captionlib --help` answers at once.
"""

import json
import re
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from captionlib.errors import CaptionlibError

app = typer.Typer(
    help="A photograph becomes a sentence in six steps.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Out = Annotated[Path, typer.Option(help="Folder to write the trained model to.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="At most this many epochs; by default those of the recipe.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The same seed gives the same model.")]
Resume = Annotated[bool, typer.Option(help="Continue after the last finished epoch.")]
DataDir = Annotated[Path | None, typer.Option(help="Folder with flickr8k/; or set CAPTIONLIB_DATA.")]
Data = Annotated[str, typer.Option(help="toyscenes, flickr8k, or a folder with pictures and captions.csv.")]
Beam = Annotated[int, typer.Option(min=1, max=50, help="How many partial captions beam search keeps; 1 is greedy.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write scores and captions to this file.")]
UNLIKE = "   (unlike its training pictures: do not believe it)"
ModelName = StrEnum("ModelName", ["show_and_tell", "show_attend_tell", "transformer"])


@app.command()
def doctor():
    """Check that this machine is ready for the course."""
    from captionlib import doctor

    raise typer.Exit(0 if doctor.run() else 1)


@app.command()
def data(name: Annotated[str, typer.Argument(help="toyscenes, flickr8k or a folder.")], data_dir: DataDir = None):
    """Download a data set if necessary, check it, and print what is in it."""
    from captionlib.data import flickr8k, load_dataset

    if name == "flickr8k":
        flickr8k.download(data_dir)
        flickr8k.verify(data_dir)
    dataset = load_dataset(name, data_dir)
    print(f"{dataset.name}, version {dataset.version}")
    for split, names in dataset.splits.items():
        print(f"  {split:6} {len(names):6,} pictures {sum(len(dataset.captions[n]) for n in names):7,} captions")


@app.command()
def features(data: Data = "toyscenes", encoder: str = "toynet", data_dir: DataDir = None):
    """Compute the features of a data set once and keep them."""
    from captionlib.data import load_dataset
    from captionlib.vision.encoders import load_encoder
    from captionlib.vision.features import FeatureStore

    network = load_encoder(encoder)
    store = FeatureStore.extract(load_dataset(data, data_dir), network)
    rows, columns = network.grid
    print(f"{len(store.features):,} pictures, {rows * columns} locations of {network.depth} features each")
    for name, reason in store.broken.items():
        print(f"left out {name}: {reason}")


@app.command()
def train(
    model: Annotated[ModelName, typer.Option(help="Which decoder.")],
    out: Out,
    data: Data = "toyscenes",
    encoder: Annotated[
        str | None, typer.Option(help="toynet, efficientnet_lite0 to 2 or a keras.applications network.")
    ] = None,
    epochs: Epochs = None,
    seed: Seed = 1,
    resume: Resume = False,
    data_dir: DataDir = None,
):
    """Train a captioner; Ctrl-C stops it, --resume continues."""
    from captionlib import recipes
    from captionlib.data import load_dataset

    recipes.train(load_dataset(data, data_dir), str(model), out, encoder, epochs, seed, resume, as_typed())
    print(f"Trained: {out}. Try: captionlib evaluate {out} --data {data}")


@app.command()
def refine(
    model: Annotated[str, typer.Argument(help="Name of a shipped model, or its folder.")],
    out: Out,
    data: Data = "toyscenes",
    epochs: Epochs = None,
    seed: Seed = 1,
    resume: Resume = False,
    data_dir: DataDir = None,
):
    """Continue training a captioner on its own captions, rewarded by CIDEr-D (self-critical training)."""
    from captionlib import recipes
    from captionlib.data import load_dataset

    recipes.refine(load_dataset(data, data_dir), model, out, epochs, seed, resume, as_typed())
    print(f"Trained: {out}. Try: captionlib evaluate {out} --data {data}")


def as_typed() -> str:
    """The command as it was typed, for a model card: each path cut to its last part, and without --resume."""
    words = [re.sub(r"^(--[\w-]+=)?.*[/\\](?=.)", r"\1", word.rstrip("/\\")) for word in sys.argv[1:]]
    return shlex.join(["captionlib", *(word for word in words if word != "--resume")])


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="Name of a shipped model, or its folder.")],
    data: Data = "toyscenes",
    split: str = "test",
    beam: Beam = 3,
    json_file: Json = None,
    data_dir: DataDir = None,
):
    """Caption a split and score the captions."""
    from captionlib.captioner import Captioner
    from captionlib.data import load_dataset

    report(Captioner.load(model).evaluate(load_dataset(data, data_dir), split, beam), json_file)


@app.command()
def score(
    hypotheses: Annotated[Path, typer.Argument(help='JSON: {"id": "caption"}.')],
    references: Annotated[Path, typer.Option(help='JSON: {"id": ["caption", "caption"]}.')],
    json_file: Json = None,
):
    """Score anybody's captions against references."""
    from captionlib import metrics

    report({"scores": metrics.score_files(hypotheses, references)}, json_file)


@app.command()
def caption(
    pictures: Annotated[list[Path], typer.Argument(help="Picture files.")],
    model: Annotated[str, typer.Option(help="Name of a shipped model, or a folder.")] = "flickr8k_show_attend_tell",
    beam: Beam = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    attention: Annotated[Path | None, typer.Option(help="Write each word's attention map to this PNG.")] = None,
):
    """Caption pictures. A picture that cannot be opened is named, the others are captioned, and the exit code is 1."""
    from captionlib.captioner import Captioner
    from captionlib.data.images import open_image

    captioner = Captioner.load(model)
    images, faults = {}, {}
    for picture in pictures:
        try:
            images[picture] = open_image(picture)
        except CaptionlibError as error:
            faults[picture] = str(error)
    captions = dict(zip(images, captioner.caption(list(images.values()), beam), strict=True))
    if as_json:
        rows = [
            {"picture": str(p), "caption": c.text, "log_prob": c.log_prob, "distance": c.distance,
             "out_of_distribution": c.out_of_distribution}
            for p, c in captions.items()
        ]  # fmt: skip
        print(json.dumps(rows + [{"picture": str(p), "error": why} for p, why in faults.items()], indent=1))
    else:
        for picture, said in captions.items():
            print(f"{picture}: {said.text}{UNLIKE if said.out_of_distribution else ''}")
    if attention and captions:
        draw_attention(attention, images, captions)
    for why in faults.values():
        print(f"captionlib: {why}", file=sys.stderr)
    raise typer.Exit(1 if faults else 0)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("demo.html"),
    model: Annotated[str, typer.Option(help="Name of a shipped model, or a folder.")] = "toyscenes_show_attend_tell",
    scenes: Annotated[int, typer.Option(min=1, max=100, help="How many scenes.")] = 6,
    seed: int = 1,
):
    """Caption new scenes and write one page with their captions and attention."""
    from captionlib import demo

    demo.write_page(out, model, scenes, seed)
    print(f"Open {out} in a browser.")


def draw_attention(path: Path, images: dict, captions: dict) -> None:
    """Write one PNG with a row of attention maps for each picture."""
    from captionlib import plots, storage

    strips = [(images[p], c.tokens, c.attention) for p, c in captions.items() if c.attention is not None]
    if not strips:
        raise CaptionlibError("This model has no attention: use a model that has, or leave out --attention.")
    with storage.write_atomically(path) as temporary:
        plots.attention_strips(strips).savefig(temporary, format="png", dpi=110)


def report(result: dict, json_file: Path | None) -> None:
    """Print scores, and write everything to a JSON file if one is named."""
    from captionlib import storage
    from captionlib.metrics import METEOR_HINT

    spread = result.get("intervals", {})
    for name, value in result["scores"].items():
        between = "   between {:.4f} and {:.4f} (95 %)".format(*spread[name]) if name in spread else ""
        print(f"{name:20} {value:.4f}{between}" if isinstance(value, float) else f"{name:20} {value}")
    if "meteor" not in result["scores"]:
        print(METEOR_HINT, file=sys.stderr)
    if json_file:
        with storage.write_atomically(json_file) as temporary:
            temporary.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf8")


def main() -> None:
    """Run the command; an error that the user can fix is one sentence on stderr and exit code 1."""
    try:
        sys.exit(app(standalone_mode=True))
    except CaptionlibError as error:
        sys.exit(f"captionlib: {error}")
    except KeyboardInterrupt:
        sys.exit("captionlib: stopped; nothing half-written is left.")
    except OSError as error:
        sys.exit(f"captionlib: {error.filename or 'the disk'}: {error.strerror}; nothing half-written is left.")


if __name__ == "__main__":
    main()
