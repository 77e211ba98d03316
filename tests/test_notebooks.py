"""Every lesson is stored as a learner shall meet it: run top to bottom, small, described, free of traces."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
LESSONS = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
execute = importlib.util.module_from_spec(spec)
spec.loader.exec_module(execute)


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    return request.param


@pytest.fixture(scope="module")
def notebook(lesson):
    return nbformat.read(lesson, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_lessons():
    assert LESSONS and LESSONS[0].name == "00_start_here.ipynb"


def test_it_was_run_from_top_to_bottom_without_an_error(notebook):
    assert [cell.execution_count for cell in code_cells(notebook)] == list(range(1, len(code_cells(notebook)) + 1))
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert not [output for output in outputs if execute.WIDGET in output.get("data", {})]


def test_it_is_of_a_size_to_teach_with(lesson, notebook):
    assert len(notebook.cells) <= 48 and lesson.stat().st_size <= 2e6
    assert json.loads(execute.TIMES.read_text("utf8"))[lesson.stem] <= 60


def test_it_carries_the_projects_address_from_pyproject(lesson, notebook):
    stamped = nbformat.from_dict(notebook)
    before = [cell.source for cell in notebook.cells]
    execute.stamp(stamped, lesson.name)
    assert [cell.source for cell in stamped.cells] == before
    assert {"badges", "colab"} <= {cell.id for cell in notebook.cells}


def test_every_picture_has_a_description(notebook):
    for cell, after in zip(notebook.cells, notebook.cells[1:], strict=False):
        if any({"image/png", "image/jpeg"} & set(output.get("data", {})) for output in cell.get("outputs", [])):
            assert len(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")) > 20, cell.id
            assert after.cell_type == "markdown", f"no sentence below the figure of cell {cell.id}"


def test_it_has_what_every_lesson_has(notebook):
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in code_cells(notebook))
    for part in (
        "**You will make**",
        "**You will learn**",
        "**You need**",
        "**Time**",
        "## Take away",
        "## Further reading",
    ):
        assert part in prose
    assert "plots.six_steps(" in code and "widgets.quiz(" in code
    assert len(set(re.findall(r"exercises\.(\w+)\.check\(", code))) >= 2 and "★" in prose
    assert len(re.findall(r"[Gg]uess", prose)) >= 3
    assert "pitfall of the day" in prose
    take_away = prose.split("## Take away")[1].split("\n## ")[0]
    assert len(re.findall(r"^\d\. ", take_away, re.M)) == 5


def test_it_is_stored_in_one_canonical_form(lesson):
    flags = ["--verify", "--keep-output", "--keep-count", "--keep-id", "--extra-keys", execute.CHURN]
    child = subprocess.run([sys.executable, "-m", "nbstripout", *flags, str(lesson)], capture_output=True, text=True)
    assert child.returncode == 0, child.stdout
