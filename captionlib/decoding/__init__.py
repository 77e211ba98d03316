"""Step 5, decoding: from logits to a caption. Greedy, sampling and beam search, for every decoder (lesson 09).

All three run as one compiled loop over a whole batch. They tile and reorder the leaves of a decoder's state along
axis 0 and know nothing else of a model. None of them chooses `<pad>`, `<start>` or `<unk>`; every caption has at least
one word and ends after at most `decoder.max_length` words.
"""

from captionlib import keras_settings  # noqa: F401 (before Keras is imported)

# isort: split
from captionlib.decoding.beam import beam_search
from captionlib.decoding.loop import Decoded
from captionlib.decoding.sampling import greedy, sample

__all__ = ["Decoded", "beam_search", "greedy", "sample"]
