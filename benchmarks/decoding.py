"""How much faster is one compiled beam search over a batch than a Python loop over pictures?

    python benchmarks/decoding.py

The loop is what many tutorials write: one picture at a time, one step after the other, beams in Python lists. Both
find the same captions. The loop is timed on fewer pictures, and its time scaled up.
"""

import time

import keras
import numpy as np
import tensorflow as tf

from captionlib.decoding import beam_search
from captionlib.decoding.loop import NEG_INF, allowed_log_probs
from captionlib.models import ShowAttendTell
from captionlib.text import END, PAD, START

PICTURES, LOOPED, BEAMS = 1000, 40, 3
V, L, D, H = 2500, 49, 1280, 512


def looped_beam(decoder, features):
    """Beam search of one picture (L, D) in plain Python, mean log-probability per token: the best list of ids."""
    memory = decoder.prepare(features[None])
    beams, pool = [([START], 0.0, decoder.initial_state(memory))], [(NEG_INF, [])]
    for t in range(decoder.max_length + 1):
        grown = []
        for ids, score, state in beams:
            logits, new_state, _ = decoder.step(tf.constant(ids[-1:]), state, memory)
            log_probs = allowed_log_probs(logits, t, decoder.max_length)[0].numpy()
            pool.append(((score + log_probs[END]) / (t + 1), [*ids[1:], END]))
            log_probs[END] = NEG_INF
            for word in np.argsort(log_probs)[-BEAMS:]:
                grown.append(([*ids, int(word)], score + log_probs[word], new_state))
        beams = sorted(grown, key=lambda beam: -beam[1])[:BEAMS]
        if beams[0][1] / (decoder.max_length + 1) <= max(pool)[0]:
            break
    return max(pool)[1]


def main():
    """Time both and print the ratio."""
    keras.utils.set_random_seed(1)
    decoder = ShowAttendTell(V, L, D, H)
    rng = np.random.default_rng(0)
    for weight in decoder.trainable_variables:
        weight.assign(weight + rng.normal(size=weight.shape, scale=0.05))
    features = rng.normal(size=(PICTURES, L, D)).astype("float32")
    beam_search(decoder, features[:2], BEAMS)  # compile
    looped_beam(decoder, features[0])

    start = time.perf_counter()
    decoded = beam_search(decoder, features, BEAMS)
    ours = (time.perf_counter() - start) / PICTURES
    start = time.perf_counter()
    captions = [looped_beam(decoder, picture) for picture in features[:LOOPED]]
    loop = (time.perf_counter() - start) / LOOPED
    same = sum(ids == [int(i) for i in row if i != PAD] for ids, row in zip(captions, decoded.tokens, strict=False))
    print(f"batched {1 / ours:6.0f} pictures a second, {np.mean((decoded.tokens != PAD).sum(1)):.1f} tokens a caption")
    print(f"looped  {1 / loop:6.0f} pictures a second; {same} of {LOOPED} captions equal")
    print(f"ratio   {loop / ours:6.1f}")


if __name__ == "__main__":
    main()
