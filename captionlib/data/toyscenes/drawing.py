"""The picture side of ToyScenes: every kind of object in every pose, drawn with Pillow.

Lesson 00 composes scenes with it. A pose is a short list of shapes on a 100 by 100 square that looks to the right and
stands on the line y = 100. One shape is `form fill numbers…`: `o` an oval in a box x0 y0 x1 y1, `p` a polygon, `s` a
stroke (its width, then its points). Fills: c the object's colour, d darker, l lighter, and the fixed ones of `FILLS`.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from captionlib.data.toyscenes.places import FINE, backdrop

INK = (52, 42, 60)
COLOURS = {
    "red": (224, 50, 50),
    "orange": (247, 142, 30),
    "yellow": (253, 220, 60),
    "green": (42, 150, 76),
    "blue": (48, 104, 214),
    "purple": (138, 66, 180),
    "pink": (248, 150, 192),
    "white": (252, 250, 246),
}
NAMELESS = (  # colours without a word: ToyNet trains with them too, so that a shape is a shape in any colour
    *((44, 44, 50), (140, 140, 146), (120, 76, 44), (22, 140, 150), (172, 222, 60), (34, 40, 112), (122, 22, 42)),
    *((226, 44, 172), (132, 200, 248), (192, 172, 240), (252, 204, 164), (120, 120, 44), (150, 232, 192)),
    (250, 112, 104),
)
PAINTS = COLOURS | {str(paint): paint for paint in NAMELESS}
FILLS = {
    "k": INK,
    "w": (255, 253, 248),
    "b": (134, 92, 62),  # bark, doors, planks
    "g": (96, 140, 70),  # stems
    "s": (226, 148, 62),  # beaks, lamps
    "y": (196, 226, 240),  # window panes
    "v": (224, 240, 246),  # waves
    "m": (72, 62, 78),  # motion marks
}
WAVES = "; s v 7 0 95 12 90 25 96 38 90 50 96 62 90 75 96 88 90 100 95"
SLEEP = "; s m 5 62 8 80 8 62 26 80 26; s m 4 86 26 97 26 86 37 97 37"
POSES = {
    "cat sits": "s c 11 32 92 14 88 7 70 14 54; o c 22 46 78 100; o c 24 12 84 60; p c 27 32 27 2 50 18; p c 58 18"
    " 81 2 81 32; o l 40 66 64 96; o k 40 31 49 42; o k 60 31 69 42; o b 51 43 59 49; s k 2 66 48 92 44; s k 2 66 51"
    " 92 54; s k 2 42 48 18 44; s k 2 42 51 18 54",
    "cat runs": "s c 10 26 54 10 40 6 18; s d 11 36 66 26 92; s d 11 64 66 66 92; s c 11 32 64 12 86; s c 11 70 64"
    " 92 86; o c 20 40 82 74; o c 60 20 98 56; p c 62 34 64 8 80 24; p c 82 24 95 8 97 34; o k 74 33 81 42; o k 88"
    " 33 95 42; o b 82 43 89 48",
    "cat sleeps": "o c 6 50 92 100; p c 54 66 56 46 70 58; p c 78 58 92 46 94 66; o c 52 54 97 96; s k 4 60 72 66"
    " 76 71 72; s k 4 79 72 84 76 90 72; o b 72 78 79 83; s d 10 14 84 34 95 54 95" + SLEEP,
    "fox sits": "p c 34 98 8 92 0 66 10 44 22 40 34 66; p w 1 72 0 62 10 44 22 40 18 54; p c 38 44 70 44 82 100 30"
    " 100; p c 32 16 76 16 100 42 72 58 40 50; p c 32 24 34 0 52 17; p c 58 17 72 0 78 24; p w 68 40 100 42 72 58 58"
    " 52; o k 92 37 100 46; o k 63 25 72 36; p w 54 56 70 56 66 84; o k 44 91 60 100; o k 66 91 82 100",
    "fox runs": "p c 30 48 16 26 2 30 0 48 10 62 28 66; p w 16 26 2 30 0 48 6 54 12 42; s d 10 38 66 30 94; s d 10"
    " 62 66 66 94; s c 10 32 64 12 90; s c 10 70 62 92 88; o c 20 40 78 74; p c 58 24 82 24 100 46 80 60 60 54; p c"
    " 58 30 60 4 74 25; p c 74 25 84 6 88 30; p w 78 46 100 46 80 60 70 54; o k 93 41 100 50; o k 76 32 83 41",
    "fox sleeps": "o c 6 48 90 100; p c 56 66 58 44 70 58; p c 72 58 82 44 88 64; p c 54 60 86 60 98 84 76 94 56"
    " 84; p w 78 84 98 84 76 94 68 90; o k 92 79 99 87; s k 4 68 72 74 77 80 73; s d 18 14 80 28 92 44 92; s w 16 46"
    " 92 58 91" + SLEEP,
    "rabbit sits": "o w 2 70 28 96; o c 12 48 76 100; o c 32 0 50 50; o c 54 0 72 50; o l 37 8 45 42; o l 59 8 67"
    " 42; o c 32 34 84 76; o k 60 48 69 59; o b 78 55 86 62; o l 48 86 84 100; s k 2 74 62 94 58; s k 2 74 65 94 68",
    "rabbit runs": "s c 15 70 38 44 8; s c 15 80 36 64 4; o w 4 42 30 68; s d 12 34 72 26 94; s c 15 28 70 8 92; s"
    " c 12 72 74 92 92; o c 14 38 80 84; o c 58 32 98 72; o k 80 44 88 54; o b 92 50 99 57",
    "horse stands": "s d 10 20 48 8 58 7 84; s d 9 34 64 34 95; s d 9 64 64 64 95; s c 10 24 62 23 95; s c 10 73 62"
    " 74 95; o c 14 40 80 72; p c 58 54 66 14 86 20 82 62; p c 66 8 84 8 100 30 94 40 76 32; p c 70 12 72 0 80 10; s"
    " d 9 67 12 59 26 57 46; o k 79 16 86 24; s k 10 23 93 23 96; s k 10 74 93 74 96",
    "horse runs": "s d 10 20 46 6 42 2 60; s d 9 32 62 20 92; s d 9 66 64 84 92; s c 10 24 60 5 84; s c 10 74 58 95"
    " 78; o c 14 38 80 70; p c 58 52 66 12 86 18 82 60; p c 66 8 84 8 100 30 94 40 76 32; p c 70 12 72 0 80 10; s d"
    " 9 67 12 57 22 50 40; o k 79 16 86 24; s k 10 4 84 6 87; s k 10 94 78 96 81",
    "duck sits": "p c 2 44 26 60 18 84; o c 8 50 84 96; p c 56 36 88 36 82 70 48 68; o c 52 8 92 50; p s 88 22 100"
    " 30 100 38 88 40; o k 72 20 81 31; o d 22 60 62 86; s s 7 42 94 42 97 50 97; s s 7 58 94 58 97 66 97",
    "duck flies": "p c 0 50 26 56 24 72; o c 18 46 70 80; s c 17 60 62 80 46; o c 66 26 92 54; p s 88 36 100 40 100"
    " 45 88 48; o k 78 34 85 42; p c 28 60 6 4 34 14 60 58; p d 36 60 34 24 62 60",
    "bird sits": "p d 0 88 30 52 40 74; o c 16 26 84 88; o l 50 54 80 84; o d 20 44 60 74; p s 82 42 100 50 82 58;"
    " o k 62 38 72 50; s b 5 44 86 42 98; s b 5 60 86 60 98",
    "bird flies": "p c 0 40 28 54 26 70 2 66; p d 46 54 66 2 82 10 76 56; o c 18 42 86 80; p c 30 58 10 2 32 8 62"
    " 54; p s 84 54 100 60 84 67; o k 68 50 77 60; o l 50 62 78 78",
    "ball": "o c 8 16 92 100; p l 37 18 50 16 63 18 56 58 63 98 50 100 37 98 44 58; o d 40 48 60 68; o w 22 30 36 42",
    "balloon floats": "s k 3 50 78 43 86 55 92 48 100; o c 16 0 84 74; p d 42 80 50 70 58 80; o l 28 12 44 32",
    "kite flies": "s k 3 50 74 38 84 56 91 44 100; p c 50 0 88 34 50 78 12 34; p l 50 0 88 34 50 34; p l 12 34 50"
    " 34 50 78; s k 2 50 0 50 78; s k 2 12 34 88 34; p d 34 78 38 86 30 88; p d 44 82 38 86 46 90; p d 60 86 54 92"
    " 62 96",
    "boat sails": "s b 5 48 2 48 66; p c 54 4 54 58 94 58; p c 42 14 42 58 12 58; p c 2 66 98 66 82 98 18 98; p l 4"
    " 70 96 70 94 76 7 76" + WAVES,
    "car": "p c 2 66 6 58 22 54 36 30 70 30 84 54 98 60 98 88 2 88; p y 38 36 50 36 50 54 29 54; p y 56 36 68 36 77"
    " 54 56 54; o k 12 74 40 100; o k 62 74 90 100; o w 21 82 32 93; o w 71 82 82 93; o s 90 62 98 70; s d 4 44 66"
    " 60 66",
    "house stands": "p c 12 44 88 44 88 100 12 100; p d 0 48 22 12 78 12 100 48; p b 42 64 60 64 60 100 42 100; p y"
    " 20 56 35 56 35 72 20 72; p y 67 56 82 56 82 72 67 72; s k 3 27 56 27 72; s k 3 74 56 74 72; o s 54 80 58 84",
    "tree stands": "p b 42 60 58 60 64 100 36 100; o c 4 24 56 76; o c 44 24 96 76; o c 18 0 82 60; o l 28 12 46"
    " 26; o d 58 50 74 62; o d 22 50 36 62; o l 64 32 76 42",
    "flower stands": "s g 8 50 50 50 98; p g 50 92 62 70 84 66 76 84; p g 50 96 40 78 18 74 26 90; o c 34 0 66 32;"
    " o c 34 34 66 66; o c 14 6 44 36; o c 56 6 86 36; o c 14 28 44 58; o c 56 28 86 58; o s 38 20 62 46",
    "box stands": "p c 2 36 74 36 74 100 2 100; p l 2 36 26 14 98 14 74 36; p d 74 36 98 14 98 78 74 100; s d 4 4"
    " 58 72 58; s d 4 4 80 72 80; s k 3 38 38 38 98; s b 7 12 38 12 98; s b 7 64 38 64 98",
}
POSES["duck swims"] = POSES["duck sits"].split("; s s 7")[0] + WAVES
MOVING = ("runs", "drives", "rolls")  # drawn with lines behind; the rest of the square is squeezed to make room
LIFTED = ("jumps", "bounces")  # drawn above their shadow, with small lines under them


@cache
def shapes(kind: str, action: str) -> list[tuple[str, str, list[int]]]:
    """Read the pose of a kind in an action from `POSES`: (form, fill, numbers) for every shape, back to front."""
    stretched = action.replace("jumps", "runs")
    text = POSES.get(f"{kind} {stretched}") or POSES[kind]
    read = [(form, fill, list(map(int, numbers))) for form, fill, *numbers in map(str.split, text.split(";"))]
    at, percent = (17, 83) if action in MOVING else (6, 88) if action == "jumps" else (0, 100)
    for form, _, numbers in read:
        first = 1 if form == "s" else 0
        numbers[first:] = [at + v * percent // 100 for v in numbers[first:]]
    if action in MOVING:
        lines = [(4, 50, 15), (0, 66, 14), (4, 82, 15)]
        read += [("s", "m", [6, x0, y, x1, y]) for x0, y, x1 in lines]
    return read


@cache
def extent(kind: str, action: str) -> tuple[int, int, int, int]:
    """Return the box (x0, y0, x1, y1) that a pose fills on its 100 by 100 square, in whole numbers."""
    if action == "jumps":  # turned when drawn
        return 0, 0, 100, 100
    xs, ys = [], []
    for form, _, numbers in shapes(kind, action):
        width, points = (numbers[0] // 2, numbers[1:]) if form == "s" else (0, numbers)
        xs += [x + side for x in points[::2] for side in (-width, width)]
        ys += [y + side for y in points[1::2] for side in (-width, width)]
    return max(min(xs), 0), max(min(ys), 0), min(max(xs), 100), min(max(ys), 100)


def shade(colour: tuple[int, int, int], towards: int, percent: int) -> tuple[int, int, int]:
    """Mix a colour with `percent` of a grey level: 0 darkens, 255 lightens."""
    return tuple((value * (100 - percent) + towards * percent) // 100 for value in colour)


@cache
def sprite(kind: str, action: str, colour: str, pixels: int, faces_left: bool) -> Image.Image:
    """Draw one object as RGBA, its 100 by 100 square `pixels` wide, with 4 pixels of margin on every side."""
    main, darker = PAINTS[colour], 0.85 if colour == "white" else 0.72
    fills = FILLS | {
        "c": main,
        "d": tuple(int(v * darker) for v in main),
        "l": shade(main, 255, 55) if colour != "white" else (232, 230, 232),
    }
    width = (pixels + 8) * FINE
    image = Image.new("RGBA", (width, width), INK + (0,))
    pen = ImageDraw.Draw(image)
    unit = pixels * FINE / 100
    for edge in (FINE * 0.75, 0):  # first everything a little larger in ink, then the colours on top: an outline
        for form, fill, numbers in shapes(kind, action):
            paint = INK if edge else fills[fill]
            if edge and fill in "kmv":
                continue
            stroke, points = (numbers[0], numbers[1:]) if form == "s" else (0, numbers)
            points = [4 * FINE + v * unit for v in points]
            if form == "o":
                x0, y0, x1, y1 = points
                pen.ellipse((x0 - edge, y0 - edge, x1 + edge, y1 + edge), fill=paint)
                continue
            if form == "p":
                pen.polygon(points, fill=paint)
                points = points + points[:2]
            if form == "s" or edge:
                across = max(stroke * unit, 2.6 if form == "s" else 0) + 2 * edge
                pen.line(points, fill=paint, width=round(across), joint="curve")
                for x, y in zip(points[::2], points[1::2], strict=True):
                    pen.ellipse((x - across / 2, y - across / 2, x + across / 2, y + across / 2), fill=paint)
    if action == "jumps":
        image = image.rotate(16, Image.Resampling.BICUBIC)
    image = image.reduce(FINE)
    light = np.linspace(1.07, 0.9, image.height)[:, None, None]  # light falls from above
    shaded = np.asarray(image).copy()
    shaded[..., :3] = np.clip(shaded[..., :3] * light, 0, 255)
    image = Image.fromarray(shaded)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if faces_left else image


@cache
def shadow(width: int, strength: int) -> Image.Image:
    """Draw the soft shadow that ties an object to its ground."""
    image = Image.new("L", (width + 6, 10), 0)
    ImageDraw.Draw(image).ellipse((3, 3, width + 2, 6), fill=strength)
    return image.filter(ImageFilter.GaussianBlur(1.2))


def draw(scene) -> np.ndarray:
    """Draw a scene.

    Args:
        scene: a `toyscenes.Scene`.

    Returns:
        (96, 96, 3) uint8 RGB. Versions of Pillow differ in a few edge points; captions and truth never differ.
    """
    image = backdrop(scene.place, scene.look).copy()
    for thing in sorted(scene.objects, key=lambda thing: (thing.y, thing.lift)):  # near objects hide those behind
        x0, y0, x1, y1 = thing.box
        if thing.action not in ("flies", "floats", "swims", "sails") and not thing.on:
            wide = (x1 - x0) * (70 if thing.lift else 95) // 100
            under = shadow(wide, 70 if thing.lift else 110)
            image.paste(INK, (thing.x - under.width // 2, thing.y - 6), under)
        if thing.action in LIFTED:
            pen = ImageDraw.Draw(image)
            for x in (thing.x - 5, thing.x, thing.x + 5):
                pen.line((x, y1 + 2, x, thing.y - 4), fill=FILLS["m"])
        figure = sprite(thing.kind, thing.action, thing.colour, thing.pixels, thing.faces == "left")
        image.paste(figure, (thing.x - figure.width // 2, thing.y - thing.lift - figure.height + 4), figure)
    return np.asarray(image)
