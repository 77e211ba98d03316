"""Settings of the user's own Keras that captionlib does not work with: one sentence, before anything is imported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from captionlib import doctor, keras_settings
from captionlib.errors import CaptionlibError

PACKAGE = Path(keras_settings.__file__).parent
EVERY_MODULE = """if True:
    import importlib, sys
    from captionlib.errors import CaptionlibError
    refused = set()
    for name in sys.argv[1:]:
        try:
            importlib.import_module(name)
        except CaptionlibError as error:
            refused.add(str(error))
    assert not {"tensorflow", "keras"} & set(sys.modules)
    print(*refused, sep="\\n")"""


@pytest.fixture
def user(monkeypatch, tmp_path):
    """`user(settings, backend)` has these in keras.json and in KERAS_BACKEND, and has not imported Keras."""

    def has(settings, backend=""):
        (tmp_path / "keras.json").write_text(settings if isinstance(settings, str) else json.dumps(settings))
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        monkeypatch.setenv("KERAS_BACKEND", backend)
        monkeypatch.delitem(sys.modules, "keras", raising=False)
        return str(tmp_path / "keras.json")

    return has


@pytest.mark.parametrize("name, value", [
    ("backend", "jax"), ("image_data_format", "channels_first"),
    ("floatx", "float16"), ("floatx", "bfloat16"), ("floatx", "float64"), ("floatx", 7),
])  # fmt: skip
def test_another_setting_in_keras_json_is_named_with_its_file(user, name, value):
    file = user({"epsilon": 1e-7, name: value})
    with pytest.raises(CaptionlibError) as caught:
        keras_settings.check()
    assert str(caught.value).startswith(f"{file} sets {name} to {value!r}, and captionlib needs ")


def test_the_environment_goes_before_keras_json(user):
    user({}, backend="torch")
    with pytest.raises(CaptionlibError, match="KERAS_BACKEND sets backend to 'torch', and captionlib needs 'tensorf"):
        keras_settings.check()
    user({"backend": "torch"}, backend="tensorflow")
    keras_settings.check()


@pytest.mark.parametrize("content", [{}, "", "{", {"floatx": "float32", "image_data_format": "channels_last"}])
def test_ordinary_settings_pass(user, content):
    user(content)
    keras_settings.check()


def test_a_file_that_holds_a_list_is_named(user):
    file = user("[]")
    with pytest.raises(CaptionlibError, match="holds no settings of Keras") as caught:
        keras_settings.check()
    assert file in str(caught.value)


def test_what_a_program_has_set_counts_once_keras_is_imported():
    import keras

    keras.config.set_floatx("float16")
    try:
        with pytest.raises(CaptionlibError, match="your program.* sets floatx to 'float16'"):
            keras_settings.check()
    finally:
        keras.config.set_floatx("float32")
    keras_settings.check()


def test_every_module_that_needs_keras_refuses_before_it_imports_it(tmp_path):
    """With bfloat16 in keras.json, TensorFlow itself fails half-way with an AssertionError."""
    (tmp_path / "keras.json").write_text('{"floatx": "bfloat16"}')
    modules = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in PACKAGE.rglob("*.py")]
    modules = [name.removesuffix(".__init__") for name in modules if not name.endswith("__main__")]
    child = subprocess.run([sys.executable, "-c", EVERY_MODULE, *modules], capture_output=True, text=True,
                           env=os.environ | {"KERAS_HOME": str(tmp_path)})  # fmt: skip
    assert child.returncode == 0, child.stderr
    (sentence,) = child.stdout.splitlines()
    assert "sets floatx to 'bfloat16'" in sentence


def test_the_command_says_one_sentence_and_the_doctor_the_same(user, capsys):
    user({}, backend="torch")
    for words in (["caption", "a.jpg"], ["train", "--model", "transformer", "--out", "o"], ["demo"]):
        child = subprocess.run([sys.executable, "-m", "captionlib", *words], capture_output=True, text=True)
        assert child.returncode == 1 and child.stdout == ""
        assert child.stderr.startswith("captionlib: ") and child.stderr.count("\n") == 1, child.stderr
    assert [well for well, _ in doctor.lines_of(doctor.tensorflow)] == [False]
    assert child.stderr == f"captionlib: {next(doctor.lines_of(doctor.tensorflow))[1]}\n"
