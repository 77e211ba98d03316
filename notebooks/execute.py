"""`make notebooks`: run the lessons that are stale, top to bottom, and store clean outputs and rounded times.

A lesson is stale when its cells, the lock, or a captionlib file that it imports changed since it was run.
Name lessons to run them whether stale or not: `python notebooks/execute.py notebooks/00_start_here.ipynb`.
"""

import ast
import hashlib
import json
import math
import os
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
TIMES = HERE / "times.json"  # seconds on two processor cores, rounded up to fives
CHURN = "metadata.widgets cell.metadata.execution metadata.language_info.version"
BADGES = "Open this lesson in [Colab]({colab}) or [Binder]({binder}), or on your own machine with `make lab`."
COLAB = """\
# Google Colab fetches captionlib here; elsewhere this cell does nothing.
import importlib.util

if importlib.util.find_spec("captionlib") is None:
    %pip install -q --no-deps git+{address}"""
WIDGET = "application/vnd.jupyter.widget-view+json"  # names a model that lives only as long as its kernel


def imports(code: str) -> set[str]:
    """Name all modules that code imports, as dotted names; an imported name counts as one too."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def captionlib_files(code: str) -> list[Path]:
    """List the captionlib files that code imports, and those that they import, and so on."""
    found, waiting = set(), {name for name in imports(code) if name.startswith("captionlib")}
    while waiting:
        path = PROJECT / waiting.pop().replace(".", "/")
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file() and file not in found:
                found.add(file)
                waiting |= {name for name in imports(file.read_text("utf8")) if name.startswith("captionlib")}
    return sorted(found)


def state(notebook: nbformat.NotebookNode) -> str:
    """Condense everything a lesson's outputs depend on into a short digest."""
    cells = [[cell.cell_type, cell.source] for cell in notebook.cells]
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    code = TransformerManager().transform_cell(code)  # %pip and the like become Python
    sources = [path.read_bytes() for path in [PROJECT / "requirements.lock", *captionlib_files(code)]]
    return hashlib.sha256(b"\0".join([json.dumps(cells).encode(), *sources])).hexdigest()[:16]


def stamp(notebook: nbformat.NotebookNode, name: str) -> None:
    """Write the project's address, which stands in pyproject.toml alone, into the cells `badges` and `colab`."""
    address = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf8"))["project"]["urls"]["Repository"]
    repository = address.removeprefix("https://github.com/")
    colab = f"https://colab.research.google.com/github/{repository}/blob/main/notebooks/{name}"
    binder = f"https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/notebooks/{name}"
    stamped = {"badges": BADGES.format(colab=colab, binder=binder), "colab": COLAB.format(address=address)}
    for cell in notebook.cells:
        cell.source = stamped.get(cell.id, cell.source)


def execute(path: Path, notebook: nbformat.NotebookNode) -> float:
    """Run a lesson as a learner without real data has it, and write it back with its outputs.

    Args:
        path: The lesson.
        notebook: Its content; filled with outputs.

    Returns:
        Seconds.
    """
    began = time.monotonic()
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", record_timing=False, store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(HERE)}},
    ).execute()  # fmt: skip
    seconds = time.monotonic() - began
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    notebook.metadata["captionlib"] = {"run_with": state(notebook)}
    temporary = path.with_suffix(".part.ipynb")
    nbformat.write(notebook, temporary)
    strip = [sys.executable, "-m", "nbstripout", "--keep-output", "--keep-count", "--keep-id", "--extra-keys", CHURN]
    subprocess.run([*strip, str(temporary)], check=True)
    os.replace(temporary, path)
    return seconds


def main() -> None:
    """Run what is named, or what is stale, and say how long each took."""
    os.environ.pop("CAPTIONLIB_DATA", None)
    named = [Path(name) for name in sys.argv[1:]]
    times = json.loads(TIMES.read_text("utf8")) if TIMES.exists() else {}
    for path in named or sorted(HERE.glob("[0-9][0-9]_*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        stamp(notebook, path.name)
        if not named and notebook.metadata.get("captionlib", {}).get("run_with") == state(notebook):
            print(f"{path.name}: fresh")
            continue
        seconds = execute(path, notebook)
        times[path.stem] = 5 * math.ceil(seconds / 5)
        TIMES.write_text(json.dumps(times, indent=1, sort_keys=True) + "\n", "utf8")
        print(f"{path.name}: {seconds:.0f} s")


if __name__ == "__main__":
    main()
