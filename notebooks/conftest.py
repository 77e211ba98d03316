"""nbval runs the lessons as JupyterLab does, and compares what a lesson says, not what its libraries warn of."""

import os

from nbval.plugin import IPyNbFile

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
