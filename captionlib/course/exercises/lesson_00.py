"""Exercises of lesson 00: the size of an image, a first metric for captions, and a darker image."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, call, compare


def numbers_in_an_image():
    """Count the numbers of an image of one scene."""
    return 96 * 96 * 3  # rows, columns, and red, green, blue


def check_numbers(mine):
    """Name the common wrong counts."""
    if isinstance(mine, bool) or not isinstance(mine, (int, np.integer)):
        return f"a whole number is expected, and this is {mine!r}"
    if mine == numbers_in_an_image():
        return None
    common = {
        96 * 96: "that many pixels; how many numbers does one pixel hold?",
        96 * 3: "that many numbers are in one row; how many rows are there?",
        96 + 96 + 3: "that is a sum; 2 rows of 3 columns are 2 * 3 pixels",
    }
    return common.get(int(mine), f"{mine} is too {'small' if mine < numbers_in_an_image() else 'large'}")


def half_as_bright(image):
    """Halve every number of an image and keep it an image."""
    return image // 2  # whole numbers stay whole: (H, W, 3) uint8


def check_half(mine):
    """Try an image of two pixels, then a large one."""
    for image in (np.array([[[200, 100, 50], [0, 255, 2]]], np.uint8), np.full((96, 96, 3), 90, np.uint8)):
        before = image.copy()
        wrong = compare(call(mine, image), half_as_bright(before), tolerance=1)
        if wrong:
            return f"for an image of shape {image.shape} whose first pixel is {before[0, 0].tolist()}, {wrong}"
        mine(image)
        if (image != before).any():
            return "the image that it returns is right, but the one that was passed in has become darker, too"
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
        "a red boat sails": "; divide by the number of words in the caption",
        "sea": "; divide by the number of words in the caption",
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
    numbers_in_an_image,
    ["`image.shape` holds the rows, the columns, and the numbers per pixel.", "Multiply all three."],
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
darken = Exercise(
    check_half,
    half_as_bright,
    [
        "You need no loop: an operation on an array is done to each of its numbers.",
        "An image holds whole numbers, `uint8`. Look at `(image / 2).dtype`.",
        "Python has a division that stays whole, `7 // 2`; or convert the result with `.astype(np.uint8)`.",
    ],
)
