"""Exercises of lesson 00: the size of a picture, a darker picture, and a first score for a caption."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, call, compare


def numbers_in_a_picture():
    """Count the numbers of one scene."""
    return 96 * 96 * 3  # rows, columns, and red, green, blue


def check_numbers(mine):
    """Name the common wrong counts."""
    if isinstance(mine, bool) or not isinstance(mine, (int, np.integer)):
        return f"a whole number is expected, and this is {mine!r}"
    if mine == numbers_in_a_picture():
        return None
    common = {96 * 96: "that many pixels; how many numbers does one pixel hold?", 96 * 3: "that is one row"}
    return common.get(int(mine), f"{mine} is too {'small' if mine < numbers_in_a_picture() else 'large'}")


def half_as_bright(image):
    """Halve every number of a picture and keep it a picture."""
    return image // 2  # whole numbers stay whole: (H, W, 3) uint8


def check_half(mine):
    """Try a picture of four pixels, then a large one."""
    for image in (np.array([[[200, 100, 50], [0, 255, 2]]], np.uint8), np.full((96, 96, 3), 90, np.uint8)):
        before = image.copy()
        wrong = compare(call(mine, image), half_as_bright(before), tolerance=1)
        if wrong:
            return f"for a picture of shape {image.shape} whose first pixel is {before[0, 0].tolist()}, {wrong}"
        mine(image)
        if (image != before).any():
            return "the picture that comes out is right, but the one that was passed in has become dark, too"
    return None


def share_of_words(caption, reference):
    """Compute the share of a caption's words that occur in the reference, from 0 to 1."""
    said = caption.split()
    known = set(reference.split())
    return sum(word in known for word in said) / max(len(said), 1)  # a caption without words scores 0


def check_share(mine):
    """Try a few captions; the last ones hold the usual traps."""
    reference = "a red ship sails on the sea"
    trials = {
        "a red boat sails": "",
        "sea": "",
        "a a a a": "; each word of the caption counts, also the second time",
        "a a cat": "; each word of the caption counts, also the second time",
        "a red hip": "; hip stands inside the word ship and is not a word of the reference",
        "": "; a caption without words has no right words",
    }
    for caption, advice in trials.items():
        got, expected = call(mine, caption, reference), share_of_words(caption, reference)
        if isinstance(got, bool) or not isinstance(got, (int, float, np.number)):
            return f"it gives {got!r}, and a number is expected"
        if not abs(got - expected) <= 1e-6:
            direction = "large" if got > expected else "small"
            return f"for {caption!r} against {reference!r} it gives {got:.3g}, too {direction}{advice}"
    return None


count_numbers = Exercise(
    check_numbers,
    numbers_in_a_picture,
    ["`image.shape` says how many rows, columns and numbers a pixel there are.", "Multiply all three."],
)
darken = Exercise(
    check_half,
    half_as_bright,
    [
        "You need no loop: an operation on an array is done to each of its numbers.",
        "A picture holds whole numbers, `uint8`. Look at `(image / 2).dtype`.",
        "Python has a division that stays whole, `7 // 2`; or turn the result back with `.astype(np.uint8)`.",
    ],
)
share = Exercise(
    check_share,
    share_of_words,
    [
        "`caption.split()` gives a list of words.",
        "Count the caption's words that are in `reference.split()`, then divide by how many words the caption has.",
        "An empty caption has 0 words: divide by `max(number, 1)`.",
    ],
)
