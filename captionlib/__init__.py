"""captionlib: a photograph becomes a sentence in six steps.

picture → vision → features → decoder → decoding → caption, with metrics to judge it. Each step is one module, each
module names the lesson that teaches it, and `captionlib.Captioner` runs all six.
"""

from captionlib.quiet import keep_tensorflow_quiet

__version__ = "0.1.0"

keep_tensorflow_quiet()


def __getattr__(name):
    """Import Captioner, and TensorFlow with it, only when somebody asks for it (PEP 562)."""
    if name == "Captioner":
        from captionlib.captioner import Captioner

        return Captioner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
