"""Beside the six steps: refuse settings of the user's own Keras that the networks here do not work with.

The packages that use TensorFlow import this module first: TensorFlow and Keras read these settings while they are
imported, and fail half-way with some of them. No lesson teaches it; lesson 00 runs the doctor, which checks the same.
"""

import json
import os
import sys
from pathlib import Path

from captionlib.errors import CaptionlibError

NEEDED = {"backend": "tensorflow", "image_data_format": "channels_last", "floatx": "float32"}


def check() -> None:
    """Compare Keras' settings with what captionlib needs.

    Raises:
        CaptionlibError: the environment or keras.json asks for another backend, image layout or precision; the sentence
            says where, and what to do.
    """
    wrong = []
    for name, (value, source) in settings().items():
        if value != NEEDED[name]:
            wrong.append(f"{source} sets {name} to {value!r}, and captionlib needs {NEEDED[name]!r}")
    if wrong:
        raise CaptionlibError(f"{'; '.join(wrong)}: change or remove it, then start Python again.")


def settings() -> dict[str, tuple[object, str]]:
    """Find out Keras' settings: from Keras when it is imported already, else from where it will read them.

    Returns:
        {name: (value, who sets it)} for the names in `NEEDED`.

    Raises:
        CaptionlibError: keras.json holds something that Keras cannot read.
    """
    file = keras_json()
    if keras := sys.modules.get("keras"):
        anybody = f"your program, KERAS_BACKEND or {file}"
        return {name: (getattr(keras.config, name)(), anybody) for name in NEEDED}
    try:
        stored = json.loads(file.read_text("utf8"))
    except (OSError, ValueError):  # Keras, too, goes on with its defaults
        stored = {}
    if not isinstance(stored, dict):
        raise CaptionlibError(f"{file} holds no settings of Keras: delete it.")
    found = {name: (stored.get(name, needed), str(file)) for name, needed in NEEDED.items()}
    if backend := os.environ.get("KERAS_BACKEND"):
        found["backend"] = backend, "the environment variable KERAS_BACKEND"
    return found


def keras_json() -> Path:
    """Return the file that Keras keeps its settings in, by the rule of keras/src/backend/config.py."""
    home = os.path.expanduser("~")
    home = home if os.access(home, os.W_OK) else "/tmp"
    return Path(os.path.expanduser(os.environ.get("KERAS_HOME", os.path.join(home, ".keras")))) / "keras.json"


check()
