"""Exercises of lesson 04: encode a caption, decode ids, and a masked loss in Keras."""

import keras
import numpy as np
import tensorflow as tf

from captionlib.course.exercises.exercise import Exercise, call, compare
from captionlib.text import SPECIALS

WORDS = [*SPECIALS, "a", "red", "boat", "cat", "is", "sailing"]


def encode(caption, ids):
    """Turn a caption into token ids, from <start> to <end>."""
    import string  # here, since `solution()` shows this function alone

    cleaned = "".join(letter for letter in caption.lower() if letter not in string.punctuation)
    return [1] + [ids.get(word, 3) for word in cleaned.split()] + [2]


def check_encode(mine):
    """Try captions with known words alone, with capitals and punctuation, and with a word that is out of vocabulary."""
    ids = {word: i for i, word in enumerate(WORDS)}
    for caption in ("a red boat", "A red, red boat.", "the cat is sailing a red boat", "a  cat"):
        got, expected = call(mine, caption, dict(ids)), encode(caption, ids)
        case = f"for {caption!r} and the ids {ids}, it gives"
        if not isinstance(got, list):
            return f"{case} {type(got).__name__}, but a list is expected"
        if wrong := [one for one in got if isinstance(one, bool) or not isinstance(one, int | np.integer)]:
            return f"{case} a list with {wrong[0]!r} in it, but ids are expected, whole numbers"
        if got == expected:
            continue
        if got[:1] != [1] or got[-1:] != [2]:
            return f"{case} {got}: a caption begins with <start>, which is 1, and ends with <end>, which is 2"
        if len(got) != len(expected):
            return f"{case} {len(got)} ids, but {len(expected)} are expected: <start>, one for each word, <end>"
        index = next(i for i, pair in enumerate(zip(got, expected, strict=True)) if pair[0] != pair[1])
        if expected[index] == 3:
            return f"{case} {got[index]} at position {index}, but that word is not in the vocabulary"
        return f"{case} {got[index]} at position {index}, but that word is known; has the caption been standardised?"
    return None


def decode(ids, vocabulary):
    """Turn token ids into a caption: the words up to the first <end>, without <pad> and <start>."""
    words = []
    for i in ids:
        if vocabulary[i] == "<end>":
            break
        if vocabulary[i] not in ("<pad>", "<start>"):
            words.append(vocabulary[i])
    return " ".join(words)


def check_decode(mine):
    """Try a whole caption, one with padding, one that goes on after <end>, one without <end>, and <unk>."""
    trials = [[1, 4, 5, 6, 2], [1, 4, 7, 2, 0, 0], [1, 4, 7, 2, 5, 6, 2], [1, 4, 5, 6], [1, 4, 3, 8, 9, 2], [1, 2]]
    for ids in trials:
        got, expected = call(mine, list(ids), list(WORDS)), decode(ids, WORDS)
        case = f"for {ids} it gives"
        if not isinstance(got, str):
            return f"{case} {type(got).__name__}, but one string is expected"
        if got == expected:
            continue
        if wrong := [word for word in ("<start>", "<end>", "<pad>") if word in got]:
            return f"{case} {got!r}, but {wrong[0]} is no word of the caption"
        if " ".join(got.split()) == expected:
            return f"{case} {got!r}: one space belongs between two words, and none elsewhere"
        if got.replace(" ", "") == expected.replace(" ", ""):
            return f"{case} {got!r}: where are the spaces?"
        if len(got.split()) > len(expected.split()):
            return f"{case} {got!r}, but the caption is over at the first <end>, which is 2"
        return f"{case} {got!r}: a word is missing. (A caption that reached the limit of length has no <end>.)"
    return None


def masked_loss(targets, logits):
    """Mean cross-entropy per token, padding excluded: targets (B, T) and logits (B, T, V) to one number."""
    targets = keras.ops.cast(targets, "int32")  # (B, T); fit passes them as float32
    losses = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)  # (B, T), −log p
    mask = keras.ops.cast(targets != 0, losses.dtype)  # (B, T), 1 at non-padding positions, 0 at <pad>
    return keras.ops.sum(losses * mask) / keras.ops.sum(mask)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Logits (B, T, V) to log-probabilities (B, T, V)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def cross_entropy(targets: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Cross-entropy of each target (B, T), from logits (B, T, V)."""
    return -np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]


def wrong_loss(value: float, targets: np.ndarray, logits: np.ndarray) -> str | None:
    """Name a mistake in a masked loss of targets (B, T) and logits (B, T, V), or else say on which side it lies."""
    losses, mask = cross_entropy(targets, logits), targets != 0  # (B, T)
    count, (captions, length) = mask.sum(), targets.shape
    before = np.concatenate([np.ones((captions, 1), bool), mask[:, :-1]], axis=1)  # where no <pad> is read
    probs = np.exp(log_softmax(logits))
    as_probs = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=False)  # (B, T)
    later = cross_entropy(targets[:, 1:], logits[:, :-1]), mask[:, 1:]
    divided = f"is divided by {captions} × {length} positions, although only {count} of them are not padding"
    twice = "the targets were shifted once more, but they are shifted already: targets[:, t] belongs to logits[:, t]"
    mistakes = {
        losses.mean(): "it is the mean over all positions, <pad> included",
        (losses * mask).mean(): f"the losses of <pad> are gone, but the sum {divided}",
        (losses * mask).sum(): "it is the sum of the losses; divide it by the number of non-padding positions",
        (losses * mask).sum() / captions: "the sum is divided by the number of captions, not of non-padding positions",
        np.mean((losses * mask).sum(1) / mask.sum(1)): "it is a mean of the captions' means (a macro average), so that "
        "a target in a short caption counts more",
        (losses * before).sum()
        / before.sum(): "the first <pad> after each <end> counts: make the mask from the targets",
        losses[targets > 2].mean(): "<end> does not count, but it has to be learned, too",
        (later[0] * later[1]).sum() / later[1].sum(): twice,
        (later[0] * later[1]).mean(): twice,
        later[0].mean(): twice,
        float((as_probs * mask).numpy().sum() / count): "logits are taken for probabilities: from_logits=True",
        (cross_entropy(targets, probs) * mask).sum() / count: "the softmax is applied twice: the loss expects logits",
        -(losses * mask).sum() / count: "the sign is wrong: a loss is −log p",
    }
    right = (losses * mask).sum() / count
    if abs(value - right) < 1e-4:
        return None
    named = [reason for wrong, reason in mistakes.items() if abs(value - wrong) < 1e-4]
    if not named and np.isnan(value):
        return "it gives nan: does a logarithm get a logit? Logits can be negative; a softmax makes probabilities"
    direction = "large" if value > right else "small"
    return f"for {captions} captions of up to {length} tokens it gives {value:.4f}: " + (
        named[0] if named else f"too {direction}"
    )


def check_masked_loss(mine):
    """Try two batches: shape, value, gradient; then targets as Keras' fit hands them over."""
    batches = [[[5, 4, 2, 0, 0], [3, 2, 0, 0, 0]], [[4, 5, 6, 2], [3, 2, 0, 0], [4, 4, 2, 0]]]
    for seed, ids in enumerate(batches):
        targets = np.array(ids)  # (B, T)
        logits = np.random.default_rng(seed).normal(0, 2, size=(*targets.shape, 7)).astype("float32")  # (B, T, V)
        read = tf.constant(logits)
        with tf.GradientTape() as tape:
            tape.watch(read)
            loss = call(mine, tf.constant(targets, tf.int32), read)
        if np.ndim(loss) or not np.issubdtype(np.asarray(loss).dtype, np.number):
            shape = f"shape {np.shape(loss)}" if np.ndim(loss) else repr(loss)
            return f"one number for the whole batch is expected, and this is {shape}"
        if wrong := wrong_loss(float(loss), targets, logits.astype(float)):
            return wrong
        gradient = tape.gradient(loss, read) if tf.is_tensor(loss) else None
        if gradient is None:
            return "the value is right, but no gradient reaches the logits: use keras.ops where you use NumPy"
        gradient, mask = np.asarray(gradient), targets != 0
        if gradient[~mask].any():
            return "the value is right, but a gradient reaches the logits at <pad>"
        expected = np.exp(log_softmax(logits)) - np.eye(7)[targets]  # p − 1_y, lesson 02
        if wrong := compare(gradient, (expected * mask[..., None] / mask.sum()).astype("float32"), 1e-5):
            return f"the value is right, but its gradient is not: {wrong}"
    try:
        mine(tf.constant(targets, tf.float32), read)
    except Exception as error:  # whatever the learner's code makes of them
        raised = type(error).__name__
        return f"right for whole numbers, but fit passes targets as float32, and then it raises {raised}: cast them"
    return None


encode_caption = Exercise(
    check_encode,
    encode,
    [
        "Standardise first: caption.lower(), then without every character that is in string.punctuation; then split().",
        "ids.get(word, 3) is the id of a word, or 3 if the dictionary does not have it.",
        'cleaned = "".join(letter for letter in caption.lower() if letter not in string.punctuation); then the list '
        "[1] + … + [2].",
    ],
)
decode_ids = Exercise(
    check_decode,
    decode,
    [
        "Go through the ids in a loop; break at <end>.",
        "Skip <pad> and <start>, append every other word to a list.",
        '" ".join(words) puts one space between two words.',
    ],
)
masked_loss_in_keras = Exercise(
    check_masked_loss,
    masked_loss,
    [
        'First targets = keras.ops.cast(targets, "int32"). Then '
        "keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True) gives −log p, (B, T).",
        "mask = keras.ops.cast(targets != 0, losses.dtype) is 1 where no padding is. What is losses * mask?",
        "Add up losses * mask with keras.ops.sum, and divide by the sum of the mask: N.",
    ],
)
