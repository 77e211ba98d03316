"""Draw every figure that README and report show: `python docs/figures/make.py`.

The photographs need the public encoder's weights (CAPTIONLIB_DATA, or a network the first time). What the captioners
said is kept in docs/results/captions.json, so that tests can ask them again.
"""

import io
import json
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from captionlib import Captioner, plots
from captionlib.course import figures
from captionlib.data import toyscenes

HERE = Path(__file__).parent
SAID = HERE.parent / "results" / "captions.json"
DRAWINGS = ["whole_architecture", "how_the_cnn_works", "how_the_lstm_works", "how_attention_works"]
DRAWINGS += ["how_the_transformer_works"]


def photographs() -> dict[str, np.ndarray]:
    """The middle squares of three openly licensed photographs that scikit-image ships, each (300, 300, 3)."""
    squares = {}
    for name in ("chelsea", "coffee", "astronaut"):
        photo = getattr(skimage.data, name)()
        side = min(photo.shape[:2])
        top, left = ((size - side) // 2 for size in photo.shape[:2])
        square = Image.fromarray(photo[top : top + side, left : left + side])
        squares[name] = np.asarray(square.resize((300, 300), Image.Resampling.LANCZOS))
    return squares


def judged(captioner: Captioner) -> dict[str, list]:
    """Caption the first 200 scenes of `test`: name to [caption, its false statements]."""
    splits, scenes, _ = toyscenes.compose()
    names = splits["test"][:200]
    captions = captioner.caption([toyscenes.draw(scenes[name]) for name in names])
    said = zip(names, (caption.text for caption in captions), strict=True)
    return {
        name: [text, [" ".join(claim) for claim in toyscenes.truth(text, scenes[name]).false]] for name, text in said
    }


def keep(figure: plots.Figure, name: str) -> None:
    """Write a figure that shows pictures as a JPEG, which is small."""
    image = Image.open(io.BytesIO(figure.png(sharpness=1.25))).convert("RGB")
    image.save(HERE / f"{name}.jpg", quality=85, subsampling=0, optimize=True)


def main() -> None:
    """Draw all of them."""
    for name in DRAWINGS:
        getattr(figures, name)().save(HERE / f"{name}.png")
    captioner = Captioner.load("toyscenes_show_attend_tell")
    car = ("car", "purple", "big", "stands", "left", "front")
    bird = ("bird", "green", "small", "sits", "right", "front")
    image = toyscenes.draw(toyscenes.scene_from("meadow", car, bird))  # (96, 96, 3)
    caption = captioner.caption([image])[0]
    figure = plots.attention_strip(image, caption.tokens, caption.attention)
    (HERE / "attention.png").write_bytes(figure.png(sharpness=1))

    scenes, said = toyscenes.compose()[1], judged(captioner)
    first, wrong = list(said)[:8], [name for name, (_, false) in said.items() if false][:4]
    true = sum(not said[name][1] for name in first)
    for names, title, file in [
        (
            first,
            f"The first eight scenes of the test split: {true} captions without a false word, and much left out",
            "scenes",
        ),
        (wrong, "The first four captions of the test split that say something false", "scenes_false"),
    ]:
        below = [said[n][0] + (f" (false: {'; '.join(said[n][1])})" if file == "scenes_false" else "") for n in names]
        keep(plots.gallery([toyscenes.draw(scenes[name]) for name in names], below, title), file)

    photos = photographs()
    captions = Captioner.load("flickr8k_show_attend_tell").caption(list(photos.values()))
    told = [caption.text for caption in captions]
    keep(plots.gallery(list(photos.values()), told, "Three photographs unlike those it learned from"), "photographs")
    looked = captions[-1]
    keep(plots.attention_strip(photos["astronaut"], looked.tokens[:-1], looked.attention[:-1]), "photograph_attention")
    shown = {name: said[name][0] for name in [*first, *wrong]}
    kept = {"toyscenes_show_attend_tell": shown, "flickr8k_show_attend_tell": dict(zip(photos, told, strict=True))}
    SAID.write_text(json.dumps(kept, indent=1) + "\n", "utf8")
    print(SAID.read_text("utf8"))


if __name__ == "__main__":
    main()
