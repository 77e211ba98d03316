"""One page that shows what the course is about: new scenes, their captions, and the attention of each word."""

import base64
import html
from pathlib import Path
from random import Random

from captionlib import __version__, plots, storage
from captionlib.captioner import Captioner
from captionlib.data import toyscenes

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>captionlib: scenes and captions</title>
<style>
body {{ font: 17px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
h2 {{ font-size: 1.2rem; margin: 2.5rem 0 .2rem }} p {{ margin: .2rem 0 }} img {{ max-width: 100% }}
.no {{ color: #a33000 }} .yes {{ color: #1b6e3c }}
</style></head><body>
<h1>What the captioner says of scenes it has never seen</h1>
<p>{model}, captionlib {version}, seed {seed}. Under each caption: one panel per word, in its own
colours where that word looked and grey elsewhere.</p>
{scenes}
</body></html>
"""


def write_page(out: Path, model: str, scenes: int, seed: int) -> None:
    """Caption newly drawn scenes and write one HTML page.

    Args:
        out: the HTML file; it needs no other file.
        model: a captioner for scenes.
        scenes: how many.
        seed: of the scenes.
    """
    captioner = Captioner.load(model)
    drawn = [toyscenes.random_scene(Random(f"demo-{seed}-{i}")) for i in range(scenes)]
    images = [toyscenes.draw(scene) for scene in drawn]
    sections = []
    for scene, image, caption in zip(drawn, images, captioner.caption(images), strict=True):
        verdict = toyscenes.truth(caption.text, scene)
        wrong = [" ".join(statement) for statement in verdict.false] + verdict.not_understood
        judged = '<p class="yes">Every statement is true.</p>'
        if not verdict.wholly_true:
            judged = f'<p class="no">Not true: {html.escape(", ".join(wrong)) or "it says nothing"}.</p>'
        if caption.attention is None:
            figure = plots.captioned(image, caption.text)
        else:
            figure = plots.attention_strip(image, caption.tokens, caption.attention)
        source = base64.b64encode(figure.png()).decode()
        text = html.escape(caption.text)
        alt = f"The scene, and a map of attention for each word of: {text}"
        sections.append(f'<h2>{text}</h2>{judged}<img alt="{alt}" src="data:image/png;base64,{source}">')
    page = PAGE.format(model=html.escape(model), version=__version__, seed=seed, scenes="\n".join(sections))
    with storage.write_atomically(out) as temporary:
        temporary.write_text(page, encoding="utf8")
