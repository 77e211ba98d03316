"""Draw the README's picture: `python docs/figures/make.py`."""

from pathlib import Path

from captionlib import Captioner, plots
from captionlib.data import toyscenes

scene = toyscenes.scene_from("snow", ("house", "red", "big", "stands"), ("fox", "red", "small", "runs"))
image = toyscenes.draw(scene)  # (96, 96, 3)
caption = Captioner.load("toyscenes_show_attend_tell").caption([image])[0]
figure = plots.attention_strip(image, caption.tokens, caption.attention)
Path(__file__).with_name("attention.png").write_bytes(figure.png(sharpness=1))
print(caption.text)
