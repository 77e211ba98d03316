"""Step 4, the decoder: three models under one contract (see `captionlib.models.decoder`; lessons 07, 08 and 12)."""

from captionlib import keras_settings  # noqa: F401 (before Keras is imported)
from captionlib.models.decoder import Decoder
from captionlib.models.show_and_tell import ShowAndTell
from captionlib.models.show_attend_tell import ShowAttendTell
from captionlib.models.transformer import TransformerCaptioner

MODELS = {"show_and_tell": ShowAndTell, "show_attend_tell": ShowAttendTell, "transformer": TransformerCaptioner}
__all__ = ["MODELS", "Decoder", "ShowAndTell", "ShowAttendTell", "TransformerCaptioner"]
