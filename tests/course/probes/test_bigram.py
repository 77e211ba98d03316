"""The bigram baseline: its value where it can be counted on paper, and on ToyScenes' captions."""

import numpy as np

from captionlib.course.probes.bigram import bigram_loss
from captionlib.data import toyscenes
from captionlib.text import Tokenizer


def test_shares_of_two_followers_and_no_padding():
    train = np.array([[1, 4, 2, 0], [1, 4, 2, 0], [1, 4, 4, 2]])  # after 4: 2 three times, 4 once
    val = np.array([[1, 4, 2, 0, 0, 0]])  # 1 → 4 is certain, 4 → 2 has probability 3/4; padding counts nowhere
    assert abs(bigram_loss(train, val, 5, added=1e-9) + np.log(0.75) / 2) < 1e-6


def test_a_bigram_is_far_better_than_uniform_on_captions_and_train_and_val_agree():
    splits, _, captions = toyscenes.compose()
    train, val = ([text for name in splits[split] for text in captions[name]] for split in ("train", "val"))
    tokenizer = Tokenizer.fit(train)
    tokens, others = tokenizer.encode_batch(train), tokenizer.encode_batch(val)
    on_train, on_val = bigram_loss(tokens, tokens, 105), bigram_loss(tokens, others, 105)
    assert round(on_val, 2) == 2.06 and on_train < on_val < on_train + 0.03
