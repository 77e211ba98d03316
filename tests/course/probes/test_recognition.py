"""One crop per kind: the first of each, with its own prediction below."""

import numpy as np

from captionlib.course.probes import recognition
from captionlib.data.toyscenes.scene import KINDS


def test_the_first_crop_of_each_kind_is_shown_with_what_it_is_called():
    kinds = np.array([*range(15), *range(15)])
    images = np.repeat(np.arange(30, dtype=np.uint8), 32 * 32 * 3).reshape(30, 32, 32, 3)
    predicted = kinds.copy()
    predicted[KINDS.index("boat")] = KINDS.index("duck")
    figure = recognition.one_crop_per_kind(images, predicted, kinds, "New crops")
    shown = [int(np.asarray(axes.images[0].get_array()).max()) for axes in figure.axes]
    assert shown == [KINDS.index(kind) for kind in recognition.SHOWN]
    assert figure.findobj(lambda artist: getattr(artist, "get_text", str)() == "New crops: 97% correct")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts[:2] == ["“duck”", "a boat"] and texts.count("right") == 7
