"""Step 4, word vectors: do nearest neighbours share a category, and are colours in hue order (lesson 05)?

`language_model` is a control condition: it predicts the next word as the captioner does, and never gets an image.
"""

from itertools import permutations

import numpy as np

from captionlib import Captioner
from captionlib.course.scratch import skipgram
from captionlib.data.toyscenes import language

CATEGORIES = {
    "colours": language.COLOUR,
    "objects": language.NOUN,
    "places": language.PLACE,
    "actions": language.ACTION,
    "sizes": language.SIZE,
}


def share_in_category(similar: np.ndarray, category: list[int], count: int = 5) -> tuple[float, float]:
    """Measure whether the nearest neighbours of a category's words belong to the category.

    Args:
        similar: (V, V), the similarity of any two words.
        category: The ids of its words, at least two.
        count: How many nearest neighbours of each word count.

    Returns:
        The share of these neighbours that belong to the category, and chance level: the share among all other words.
    """
    share = np.mean([np.isin(skipgram.neighbours(similar, word, count), category).mean() for word in category])
    return float(share), (len(category) - 1) / (len(similar) - 1)


def shares_by_category(table: np.ndarray, words: list[str]) -> dict[str, tuple[float, float]]:
    """Measure for colours, objects, places, actions and sizes how many nearest neighbours share the category.

    Args:
        table: (V, E), the vectors.
        words: The V words.

    Returns:
        For each category what `share_in_category` returns.
    """
    similar, ids = skipgram.cosines(table), {word: i for i, word in enumerate(words)}
    return {
        name: share_in_category(similar, [ids[word] for word in category if word in ids])
        for name, category in CATEGORIES.items()
    }


def rank_of_ring(table: np.ndarray) -> tuple[int, int]:
    """Rank a circular order of words among all circular orders by the summed cosine of its adjacent pairs.

    Args:
        table: (N, E), the vectors of at least three words, in the order of the circle.

    Returns:
        The rank of this order, 1 for the largest sum, and how many orders there are: (N − 1)! / 2, for it does not
        matter where a circle begins and in which direction it is read.
    """
    similar = skipgram.cosines(table)  # (N, N)
    rings = [(0, *rest) for rest in permutations(range(1, len(table))) if rest[0] < rest[-1]]
    sums = similar[rings, np.roll(rings, -1, axis=1)].sum(axis=1)  # (rings,), the first is that of the given order
    return 1 + int((sums > sums[0] + 1e-9).sum()), len(rings)


def captioner_table(name: str, words: list[str]) -> np.ndarray:
    """Take the rows of a shipped captioner's embedding by word: its ids are not the lesson's.

    Args:
        name: What `Captioner.load` loads.
        words: V words of its vocabulary.

    Returns:
        (V, E), one row per word.
    """
    captioner = Captioner.load(name)
    [table] = captioner.decoder.embed.get_weights()
    return table[[captioner.tokenizer.ids[word] for word in words]]


def language_model(captions: list[list[int]], vocabulary_size: int, seed: int = 0) -> np.ndarray:
    """Train an LSTM to predict the next word of a caption without an image, and take its embedding.

    Args:
        captions: Token ids, one list per caption.
        vocabulary_size: V.
        seed: Of weights and the order of captions.

    Returns:
        The embedding after four epochs, (V, 128), as wide as that of the captioners with an LSTM.
    """
    import keras

    end, pad, longest = vocabulary_size, vocabulary_size + 1, max(map(len, captions))
    tokens = np.array([[end, *ids, end] + [pad] * (longest - len(ids)) for ids in captions])  # (N, T + 1)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.layers.Embedding(vocabulary_size + 2, 128),
            keras.layers.LSTM(64, return_sequences=True),
            keras.layers.Dense(vocabulary_size + 2),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=pad)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(tokens[:, :-1], tokens[:, 1:], batch_size=256, epochs=4, verbose=0)
    return model.layers[0].get_weights()[0][:vocabulary_size]
