"""What holds the project together: who imports whom, which versions fit, how quietly it starts, how large it is."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "captionlib"
MODULES = sorted(PACKAGE.rglob("*.py"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
UV_LOCK = tomllib.loads((ROOT / "uv.lock").read_text("utf8"))["package"]

# From the top down: a room imports from the rows below it, never from those above, and in its own row only from itself.
ROWS = [
    {"__main__"},
    {"cli"},
    {"course", "demo"},
    {"recipes", "doctor"},
    {"captioner"},
    {"training", "explain", "plots"},
    {"decoding", "metrics"},
    {"models"},
    {"vision"},
    {"data", "text"},
    {"storage", "quiet", "keras_settings"},
    {"errors"},
]
ROW = {room: number for number, rooms in enumerate(ROWS) for room in rooms}


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    """Yield every module a file imports, also inside functions, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import; the house writes `from captionlib.…`"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def run_python(*arguments, **env):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=clean | env, timeout=300)


def test_imports_go_downwards_only():
    for path in MODULES:
        room = room_of(path)
        if room == "__init__":  # the front door opens Captioner lazily
            continue
        for name in imports_of(path):
            if name.startswith("captionlib."):
                target = name.split(".")[1]
                target = {"Captioner": "captioner", "__version__": "errors"}.get(target, target)
                assert room == target or ROW[room] < ROW[target], f"{path} imports {target}, which is not below it"


def test_scratch_uses_numpy_alone():
    for path in (PACKAGE / "course" / "scratch").glob("*.py"):
        for name in imports_of(path):
            top = name.partition(".")[0]
            assert top == "numpy" or name.startswith("captionlib.course.scratch") or top in sys.stdlib_module_names


def test_no_module_imports_itself_by_a_detour():
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}
    needs = {}
    for module, path in files.items():
        named = {name if name in files else name.rpartition(".")[0] for name in imports_of(path)}
        needs[module] = named & files.keys() - {"captionlib"}
    TopologicalSorter(needs).prepare()  # raises CycleError, which names the cycle


def test_every_room_stands_in_the_table():
    assert {room_of(path) for path in MODULES} - {"__init__"} == set(ROW)


STEPS = {"data": 1, "vision": 2, "text": 3, "models": 4, "training": 4, "decoding": 5, "metrics": 6}


def test_every_module_opens_with_a_paragraph_and_the_six_steps_are_counted_alike():
    openings = {path: ast.get_docstring(ast.parse(path.read_text("utf8"))) or "" for path in MODULES}
    assert not [str(path) for path, text in openings.items() if not text], "modules without an opening paragraph"
    counted = {path: re.match(r"Step (\w+)", text) for path, text in openings.items() if room_of(path) in STEPS}
    wrong = {str(path): step[0] for path, step in counted.items() if step and step[1] != str(STEPS[room_of(path)])}
    assert not wrong, f"{wrong}; the steps are {STEPS}"
    told = {room_of(path) for path, step in counted.items() if step}
    assert told == set(STEPS), f"no module says which step it is: {set(STEPS) - told}"


@pytest.mark.parametrize("module", ["data", "text", "metrics", "course.scratch", "cli", "doctor", "course.lab"])
def test_starts_without_tensorflow(module):
    code = f"import sys, captionlib.{module}; print({{'tensorflow', 'keras'}} & set(sys.modules) or 'light')"
    child = run_python("-c", code)
    assert child.stdout == "light\n", child.stdout + child.stderr


def test_help_starts_without_tensorflow():
    child = run_python("-X", "importtime", "-m", "captionlib", "--help")
    assert child.returncode == 0 and "caption" in child.stdout
    imported = {
        line.rpartition("|")[2].strip() for line in child.stderr.splitlines() if line.startswith("import time:")
    }
    assert "captionlib.cli" in imported and not {"tensorflow", "keras"} & imported


def test_no_tensorflow_line_reaches_the_terminal():
    code = """if True:
        import captionlib, keras, tensorflow as tf
        model = keras.Sequential([keras.Input((3, 4)), keras.layers.LSTM(4)])
        model.compile("adam", "mse", jit_compile=False)
        model.fit(tf.ones((8, 3, 4)), tf.ones((8, 4)), verbose=0)
        print(tf.function(lambda x: 2 * x)(tf.ones(3)).numpy().sum())"""
    child = run_python("-c", code)
    assert (child.returncode, child.stdout, child.stderr) == (0, "6.0\n", "")


def test_a_fault_inside_tensorflow_is_still_told(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no such processor')")
    child = run_python("-c", "import captionlib, tensorflow", PYTHONPATH=str(tmp_path))
    assert child.returncode == 1 and child.stderr.endswith("ImportError: no such processor\n")


def requirements(*extras):
    lines = PYPROJECT["dependencies"] + [d for e in extras for d in PYPROJECT["optional-dependencies"][e]]
    return [Requirement(line) for line in lines]


def test_colab_has_all_but_what_lesson_cells_install_there():
    """A lesson's first cell must not replace anything that Colab preinstalls, and must bring what Colab lacks."""
    freeze = (ROOT / "tests" / "colab_freeze.txt").read_text("utf8")
    preinstalled = dict(re.findall(r"^([\w.-]+)==(\S+)$", freeze, re.M))
    wanted = {requirement.name: requirement.specifier for requirement in requirements("course")}
    lacking = wanted.keys() - preinstalled.keys() - {"jupyterlab"}  # Colab is its own
    cell = re.search(r"%pip install -q --no-deps (.*) git\+", (ROOT / "notebooks" / "execute.py").read_text("utf8"))
    assert set(cell[1].split()) == lacking
    assert "tensorflow" in wanted.keys() & preinstalled.keys()
    for name in wanted.keys() & preinstalled.keys():
        assert wanted[name].contains(preinstalled[name], prereleases=True), name


def test_the_locks_agree_with_each_other_and_with_pyproject():
    exported = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements.lock").read_text("utf8"), re.M)
    locked = [(package["name"], package["version"]) for package in UV_LOCK if package["name"] != "captionlib"]
    assert sorted(exported) == sorted(locked) and len(locked) > 100
    own = next(package for package in UV_LOCK if package["name"] == "captionlib")["metadata"]["requires-dist"]
    extras = PYPROJECT["optional-dependencies"]
    wanted = {(canonicalize_name(r.name), r.specifier) for r in requirements(*extras)}
    assert {(entry["name"], Requirement(f"x{entry.get('specifier', '')}").specifier) for entry in own} == wanted
    versions = {name: [v for n, v in locked if n == name] for name, _ in wanted}
    assert all(specifier.contains(version) for name, specifier in wanted for version in versions[name])


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this copy of the project is not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0")[:-1] if (ROOT / name).is_file()]


def test_no_file_carries_a_path_of_one_machine():
    for path in tracked_files():
        if path.suffix in (".png", ".jpg", ".h5", ".npz", ".npy") or path.name == "uv.lock":
            continue
        text = path.read_text("utf8")
        assert not (found := re.search(r"/(?:work|root|home)/[\w.-]+|pypi\.org|python[h]osted", text)), (
            f"{path}: {found[0]}"
        )
        if path.relative_to(ROOT).as_posix() != ".ci/run":
            assert not re.search(r"\.\./shared", text), f"{path} knows where the real data lie"


def test_a_function_fits_on_a_screen():
    functions = [(path, node) for path in MODULES for node in ast.walk(ast.parse(path.read_text("utf8")))]
    functions = [(path, node) for path, node in functions if isinstance(node, ast.FunctionDef)]
    assert not {f"{path}: {node.name}" for path, node in functions if node.end_lineno - node.lineno >= 60}


def folder_bytes(*patterns):
    folders = {folder for pattern in patterns for folder in (PACKAGE / "pretrained").glob(pattern)}
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def test_shipped_weights_are_small():
    assert 0 < folder_bytes("toynet*") <= 2e6
    assert 0 < folder_bytes("toynet*", "toyscenes_*") <= 9e6
    assert 0 < folder_bytes("flickr8k_show_attend_tell") <= 13e6


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_clean(command):
    child = subprocess.run([sys.executable, "-m", "ruff", *command, "-q", str(ROOT)], capture_output=True, text=True)
    assert child.returncode == 0, child.stdout + child.stderr
