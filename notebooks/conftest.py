"""nbval runs the lessons as JupyterLab does, and compares what a lesson says, not what its libraries warn of. A lesson
that takes twice its time fails."""

import os

import psutil
import pytest
from nbval.plugin import IPyNbFile

# Twice what a lesson may take, in seconds of the processor: the clock runs on while other tests have their turn.
LIMIT = 120

os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # the kernels inherit these
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")

setup_with_pytest_in_sight = IPyNbFile.setup


def setup(notebook):
    """Start the kernel without PYTEST_CURRENT_TEST, in whose presence ipykernel loses child processes' lines."""
    current = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        setup_with_pytest_in_sight(notebook)
    finally:
        if current is not None:
            os.environ["PYTEST_CURRENT_TEST"] = current


IPyNbFile.setup = setup


def pytest_collectstart(collector):
    if isinstance(collector, IPyNbFile):
        collector.skip_compare += ("stderr",)  # progress bars and warnings carry times, paths and process ids


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.passed:
        spent = sum(psutil.Process(item.parent.kernel.km.provisioner.pid).cpu_times()[:2])
        if spent > LIMIT:
            report.outcome, report.longrepr = "failed", f"{item.path.name} takes {spent:.0f} s; {LIMIT} are too many"
    return report
