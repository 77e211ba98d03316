"""Exercises of lesson 04: make a vocabulary, and take a mean that masks the padding."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, call


def vocabulary_of(captions, min_count):
    """List the words seen at least `min_count` times, the most frequent first, ties by alphabet."""
    from collections import Counter  # here, since `solution()` shows this function alone

    counts = Counter(word for caption in captions for word in caption.split())
    return sorted((word for word in counts if counts[word] >= min_count), key=lambda word: (-counts[word], word))


def check_vocabulary(mine):
    """Try three captions whose words tie, then a smallest count that a word just reaches."""
    captions = ["the red cat", "a red red boat", "a cat"]
    for min_count in (1, 2, 3, 9):
        words, expected = call(mine, list(captions), min_count), vocabulary_of(captions, min_count)
        asked = f"for {captions} and min_count {min_count}"
        if not isinstance(words, list):
            return f"it gives {type(words).__name__}, and a list is expected"
        if wrong := [word for word in words if not isinstance(word, str)]:
            return f"{asked}, the list holds {wrong[0]!r}, and words alone are expected"
        if strange := [word for word in words if word not in " ".join(captions).split()]:
            return f"{asked}, the list holds {strange[0]!r}, which is not a word of the captions"
        if missing := sorted(set(expected) - set(words)):
            return f"{asked}, {missing[0]!r} is missing; how often does it occur?"
        if extra := [word for word in words if word not in expected]:
            return f"{asked}, {extra[0]!r} should not be there; how often does it occur?"
        if len(words) > len(expected):
            return f"{asked}, a word is in the list twice"
        if words != expected:
            index = next(i for i, word in enumerate(words) if word != expected[i])
            rule = "frequent words come first, and words seen equally often in alphabetical order"
            return f"{asked}, {words[index]!r} should not stand at position {index}; {rule}"
    return None


def mean_over_words(losses, tokens):
    """Average the losses of all tokens of a batch, `<pad>` masked out."""
    words = tokens != 0  # (B, T), False where the token is <pad>
    return (losses * words).sum() / words.sum()


def check_mean(mine):
    """Try two captions of different lengths; each batch of losses tests one of the rules."""
    tokens = np.array([[7, 2, 0, 0], [5, 3, 9, 2]])  # 3 is <unk>, 2 is <end>
    trials = {
        "every loss 1": np.ones((2, 4)),
        "a loss of 1 at words and 50 under the padding": np.where(tokens == 0, 50.0, 1.0),
        "a loss of 6 at both <end> and 0 elsewhere": np.where(tokens == 2, 6.0, 0.0),
        "a loss of 6 at <unk> and 0 elsewhere": np.where(tokens == 3, 6.0, 0.0),
        "a loss of 6 in the shorter caption and 0 in the longer": np.repeat([[6.0], [0.0]], 4, axis=1),
    }
    for name, losses in trials.items():
        got, expected = call(mine, losses, tokens), mean_over_words(losses, tokens)
        if isinstance(got, bool) or np.ndim(got) or not np.issubdtype(np.asarray(got).dtype, np.number):
            shape = f"shape {np.shape(got)}" if np.ndim(got) else repr(got)
            return f"one number for the whole batch is expected, and this is {shape}"
        if not abs(got - expected) <= 1e-6:
            return f"for tokens {tokens.tolist()}, with {name}, it gives {got:.4g}, too {direction(got, expected)}"
    return None


def direction(got, expected):
    """Say on which side of the right number another lies."""
    return "small" if got < expected else "large"


make_vocabulary = Exercise(
    check_vocabulary,
    vocabulary_of,
    [
        "`Counter(words)` from `collections` counts every word of a list.",
        "Keep the words with `counts[word] >= min_count`.",
        "`sorted(…, key=lambda word: (-counts[word], word))` puts large counts first, and ties in alphabetical order.",
    ],
)
mean_loss = Exercise(
    check_mean,
    mean_over_words,
    [
        "`tokens != 0` is True where a word stands. What is `losses * (tokens != 0)`?",
        "Add up the losses of the words. How many words are there? Not B × T.",
    ],
)
