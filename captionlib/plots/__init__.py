"""What the command draws, and the visual language of every figure: it takes data and returns a `Figure`."""

from captionlib.plots.attention import attention_overlay, attention_strip, attention_strips
from captionlib.plots.captions import captioned, gallery
from captionlib.plots.palette import INK, MAP, PALE, PAPER, QUIET, ROLES, Figure, house_style

__all__ = [
    "Figure", "INK", "MAP", "PALE", "PAPER", "QUIET", "ROLES", "attention_overlay", "attention_strip",
    "attention_strips", "captioned", "gallery", "house_style",
]  # fmt: skip
