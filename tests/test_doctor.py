"""The doctor says `ok` on a good machine, and one sentence with what to do for each thing that is wrong."""

import subprocess
import types

import pytest

from captionlib import doctor


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """TensorFlow's own check takes ten seconds; the tests below run it once."""
    answer = types.SimpleNamespace(returncode=0, stdout="2.21.0 0\n", stderr="")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: answer)
    return answer


def faults(capsys):
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("fault")]


def test_a_good_machine_is_told_so(monkeypatch, capsys):
    monkeypatch.undo()
    assert doctor.run()
    out = capsys.readouterr().out
    assert all(line.startswith("ok ") for line in out.splitlines()[:-1]) and "TensorFlow 2." in out


def test_a_package_outside_its_range_is_named(monkeypatch, capsys):
    true_version = doctor.installed
    monkeypatch.setattr(
        doctor, "installed", lambda name: {"ipywidgets": "9.1", "seaborn": None}.get(name, true_version(name))
    )
    assert not doctor.run()
    told = faults(capsys)
    assert [line.split()[1] for line in told] == ["ipywidgets", "seaborn"] and all("make lab" in line for line in told)
    assert "9.1" in told[0] and "absent" in told[1]


def test_a_base_install_needs_no_package_of_the_course(monkeypatch, capsys, tmp_path):
    true_version = doctor.installed
    other = {"jupyterlab": None, "seaborn": None, "ipywidgets": "9.1"}
    monkeypatch.setattr(doctor, "installed", lambda name: other[name] if name in other else true_version(name))
    monkeypatch.setattr(doctor, "LESSONS", tmp_path / "absent.ipynb")
    assert not doctor.run()
    assert [line.split()[1] for line in faults(capsys)] == ["ipywidgets"]  # what is there must fit


@pytest.mark.parametrize(
    "home, word", [("", "there is no home folder"), ("file/ann", "cannot write to the home folder")]
)
def test_a_user_without_a_home_folder_is_told_which_variable_to_set(monkeypatch, capsys, tmp_path, home, word):
    pwd = pytest.importorskip("pwd")

    def nobody(_):
        raise KeyError("no such user")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.delenv("HOME", raising=False)
    if home:
        (tmp_path / "file").touch()
        monkeypatch.setenv("HOME", str(tmp_path / home))
    assert not doctor.run()  # CAPTIONLIB_CACHE is set; without it, too:
    monkeypatch.delenv("CAPTIONLIB_CACHE")
    assert not doctor.run()
    told = faults(capsys)
    assert [word in line and "HOME" in line for line in told] == ([True, True, False] if home else [True, True])


@pytest.mark.parametrize(
    "child, word",
    [
        (types.SimpleNamespace(returncode=-4, stdout="", stderr=""), "AVX"),
        (types.SimpleNamespace(returncode=1, stdout="", stderr="ImportError: DLL load failed"), "DLL load failed"),
        (subprocess.TimeoutExpired("python", 180), "3 minutes"),
    ],
)
def test_a_tensorflow_that_fails_is_reported_and_not_suffered(monkeypatch, capsys, child, word):
    def run(*_, **__):
        if isinstance(child, Exception):
            raise child
        return child

    monkeypatch.setattr(doctor.subprocess, "run", run)
    assert not doctor.run()
    assert len(told := faults(capsys)) == 1 and word in told[0]


def test_a_half_fetched_model_is_named(monkeypatch, capsys, tmp_path):
    model = tmp_path / "toyscenes_show_attend_tell"
    model.mkdir()
    for name in ("model_card.md", "config.json", "tokenizer.json", "decoder.weights.h5", "out_of_distribution.npz"):
        (model / name).write_text("x")
    monkeypatch.setattr(doctor, "PRETRAINED", tmp_path)
    assert doctor.run()
    (model / "decoder.weights.h5").write_text("")
    (model / "tokenizer.json").unlink()
    capsys.readouterr()
    assert not doctor.run()
    assert "toyscenes_show_attend_tell lacks tokenizer.json, decoder.weights.h5" in faults(capsys)[0]


def test_folders_that_cannot_be_used_are_named(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("CAPTIONLIB_DATA", str(tmp_path / "absent"))
    assert not doctor.run()
    told = faults(capsys)
    assert len(told) == 2 and "CAPTIONLIB_CACHE" in told[0] and "CAPTIONLIB_DATA" in told[1]
