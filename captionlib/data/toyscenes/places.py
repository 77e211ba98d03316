"""The places of ToyScenes: a meadow, a beach, a street, snow, a lake and the moon, painted as quiet backgrounds.

Lesson 00 composes scenes with them. The colours are paler than those of the objects, so that what matters stands out.
Lengths are in pixels of the 96 by 96 scene; the horizon lies near y = 45.
"""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

SIDE = 96  # a scene is SIDE x SIDE pixels
FINE = 4  # everything is drawn FINE times larger and then shrunk, which makes smooth edges


def blobs(pen, rng, count, x, y, width, height, fill):
    """Scatter ovals over a field: tufts, pebbles, craters, flakes. Ranges are (low, high) in pixels."""
    for _ in range(count):
        x0, y0, w, h = (low + rng.random_sample() * (high - low) for low, high in (x, y, width, height))
        pen.ellipse([v * FINE for v in (x0 - w / 2, y0 - h / 2, x0 + w / 2, y0 + h / 2)], fill=fill)


def ridge(pen, rng, y, swing, fill, step=0.05):
    """Fill everything below a soft line of hills around height `y`: meadow, dune, far shore."""
    phase, second = rng.random_sample(2) * 6.28
    xs = np.arange(0, SIDE + 1)
    ys = y + swing * (np.sin(xs * step + phase) + 0.5 * np.sin(xs * step * 2.3 + second)) / 1.5
    line = [(int(x * FINE), int(v * FINE)) for x, v in zip(xs, ys, strict=True)]
    pen.polygon([*line, (SIDE * FINE, SIDE * FINE), (0, SIDE * FINE)], fill=fill)


def clouds(pen, rng, fill, count=2):
    """Draw a few soft clouds into the sky."""
    for x, y in rng.random_sample((count, 2)) * (SIDE, 24) + (0, 5):
        for dx, dy, r in ((-7, 1, 3.5), (-2, -1, 5), (4, 0, 4.5), (9, 1.5, 3)):
            pen.ellipse([v * FINE for v in (x + dx - r, y + dy - r * 0.7, x + dx + r, y + dy + r * 0.7)], fill=fill)


def disc(pen, x, y, radius, fill):
    """Draw a sun or a planet."""
    pen.ellipse([v * FINE for v in (x - radius, y - radius, x + radius, y + radius)], fill=fill)


SKIES = {  # top and horizon of the sky
    "meadow": ((136, 196, 236), (226, 242, 246)),
    "beach": ((96, 190, 226), (250, 238, 210)),
    "street": ((178, 190, 222), (252, 222, 206)),
    "snow": ((158, 174, 204), (220, 228, 240)),
    "lake": ((188, 200, 234), (252, 232, 196)),
    "moon": ((22, 22, 52), (54, 50, 96)),
}


def meadow(pen, rng):
    """Rolling hills under a summer sky."""
    disc(pen, 12 + rng.random_sample() * 72, 10, 7, (255, 240, 176))
    clouds(pen, rng, (248, 252, 254), 3)
    ridge(pen, rng, 40, 4, (152, 198, 164))
    ridge(pen, rng, 45, 2, (176, 214, 132))
    ridge(pen, rng, 66, 2, (164, 206, 118))
    blobs(pen, rng, 60, (0, 96), (50, 96), (1, 2), (2, 4), (146, 190, 102))
    blobs(pen, rng, 14, (0, 96), (50, 96), (1.4, 2), (1.4, 2), (250, 250, 226))


def beach(pen, rng):
    """A bay with surf and warm sand."""
    disc(pen, 12 + rng.random_sample() * 72, 12, 8, (255, 248, 206))
    clouds(pen, rng, (254, 250, 240), 1)
    pen.rectangle((0, 43 * FINE, 96 * FINE, 96 * FINE), fill=(92, 188, 200))
    blobs(pen, rng, 26, (0, 96), (45, 62), (6, 14), (0.8, 1.2), (150, 216, 220))
    ridge(pen, rng, 65, 1.2, (248, 252, 248))
    ridge(pen, rng, 67, 1.2, (246, 226, 178))
    blobs(pen, rng, 70, (0, 96), (71, 96), (0.8, 1.6), (0.8, 1.4), (226, 200, 146))
    blobs(pen, rng, 5, (0, 96), (74, 95), (2, 3), (1.4, 2), (252, 244, 226))


def street(pen, rng):
    """Pale house fronts, a pavement and a road with a dashed line."""
    clouds(pen, rng, (254, 240, 234), 1)
    x = -int(rng.random_sample() * 10)
    for tone, width, top in zip(rng.randint(0, 14, 12), rng.randint(10, 18, 12), rng.randint(21, 34, 12), strict=True):
        front = (206 + tone, 192 + tone // 2, 196 - tone // 2)
        pen.rectangle((x * FINE, top * FINE, (x + width) * FINE - 3, 52 * FINE), fill=front)
        for wx in range(x + 2, x + width - 2, 4):
            for wy in range(top + 3, 46, 6):
                pen.rectangle((wx * FINE, wy * FINE, (wx + 2) * FINE, (wy + 3) * FINE), fill=(236, 222, 200))
        x += width
    pen.rectangle((0, 48 * FINE, 96 * FINE, 96 * FINE), fill=(196, 192, 192))
    for x in range(rng.randint(0, 12), 96, 12):
        pen.line((x * FINE, 48 * FINE, (x - 6) * FINE, 63 * FINE), fill=(182, 178, 180), width=3)
    pen.rectangle((0, 63 * FINE, 96 * FINE, 65 * FINE), fill=(222, 218, 214))
    pen.rectangle((0, 65 * FINE, 96 * FINE, 96 * FINE), fill=(138, 138, 148))
    for x in range(rng.randint(-16, 0), 96, 20):
        pen.rectangle((x * FINE, 78 * FINE, (x + 10) * FINE, 80 * FINE), fill=(232, 230, 222))
    blobs(pen, rng, 40, (0, 96), (66, 96), (0.8, 1.4), (0.8, 1.2), (124, 124, 134))


def snow(pen, rng):
    """White slopes, far pines, falling flakes."""
    ridge(pen, rng, 38, 5, (198, 210, 228))
    for x, y in rng.random_sample((9, 2)) * (96, 6) + (0, 44):
        for part in range(3):
            w, top = 2.5 + part * 1.2, y - 13 + part * 4
            corners = ((x, top), (x - w, top + 6), (x + w, top + 6))
            pen.polygon([(px * FINE, py * FINE) for px, py in corners], fill=(142, 166, 176))
    ridge(pen, rng, 47, 2, (236, 242, 250))
    ridge(pen, rng, 68, 2, (226, 234, 246))
    blobs(pen, rng, 16, (0, 96), (52, 96), (6, 14), (1, 1.6), (214, 224, 240))
    blobs(pen, rng, 50, (0, 96), (0, 60), (1.2, 2), (1.2, 2), (250, 252, 255))


def lake(pen, rng):
    """Still water between hills and a reedy shore, early in the morning."""
    disc(pen, 12 + rng.random_sample() * 72, 26, 8, (255, 244, 214))
    ridge(pen, rng, 36, 5, (168, 176, 206))
    ridge(pen, rng, 41, 3, (132, 164, 160))
    pen.rectangle((0, 45 * FINE, 96 * FINE, 96 * FINE), fill=(148, 180, 214))
    blobs(pen, rng, 16, (0, 96), (47, 64), (8, 20), (0.8, 1.4), (184, 206, 228))
    ridge(pen, rng, 67, 1.5, (150, 152, 98))
    ridge(pen, rng, 69, 1.5, (190, 192, 124))
    blobs(pen, rng, 50, (0, 96), (73, 96), (1, 2), (1.6, 3), (168, 170, 102))
    for x in rng.random_sample(12) * 96:
        top = (62 + rng.random_sample() * 4) * FINE
        pen.line((x * FINE, 72 * FINE, x * FINE + 4, top), fill=(128, 132, 84), width=3)


def moon(pen, rng):
    """Grey dust, craters, stars, and the Earth far away."""
    blobs(pen, rng, 60, (0, 96), (0, 42), (0.6, 1.4), (0.6, 1.4), (236, 232, 250))
    x = 14 + rng.random_sample() * 68
    disc(pen, x, 12, 7.5, (104, 160, 206))
    for dx, dy, r in ((-2, -2, 3), (2.5, 2.5, 2.6), (3, -3, 1.6)):
        disc(pen, x + dx, 12 + dy, r, (168, 204, 172))
    ridge(pen, rng, 41, 4, (124, 120, 132))
    ridge(pen, rng, 47, 2, (182, 178, 180))
    ridge(pen, rng, 70, 2, (172, 168, 172))
    for cx, cy in rng.random_sample((9, 2)) * (96, 42) + (0, 52):
        w = 2.5 + (cy - 50) / 9
        for shift, fill in ((0.7, (204, 200, 200)), (0, (148, 144, 150))):
            box = (cx - w, cy - w * 0.4 + shift, cx + w, cy + w * 0.4 + shift)
            pen.ellipse([v * FINE for v in box], fill=fill)


PAINTERS = {"meadow": meadow, "beach": beach, "street": street, "snow": snow, "lake": lake, "moon": moon}


@cache
def backdrop(place: str, look: int) -> Image.Image:
    """Paint a place; `look` (0 to 15) moves its clouds, hills and pebbles."""
    # RandomState, because NumPy froze its stream for good: a later NumPy draws the same pebbles.
    rng = np.random.RandomState(look + 100)
    top, horizon = (np.array(colour) for colour in SKIES[place])
    share = np.clip(np.arange(SIDE * FINE) / (46 * FINE), 0, 1)[:, None, None]
    sky = np.broadcast_to(top * (1 - share) + horizon * share, (SIDE * FINE, SIDE * FINE, 3))
    image = Image.fromarray(sky.astype(np.uint8))
    PAINTERS[place](ImageDraw.Draw(image), rng)
    grain = rng.random_sample((SIDE, SIDE, 1)) * 8 - 4  # paper is never quite smooth
    light = np.interp(np.arange(SIDE), (0, 45, 95), (1.0, 1.03, 0.95))[:, None, None]
    return Image.fromarray(np.clip(np.asarray(image.reduce(FINE)) * light + grain, 0, 255).astype(np.uint8))
