"""Keep TensorFlow's start-up notes away from the reader. Beside the six steps; no lesson teaches it.

TensorFlow's C++ part writes notes about oneDNN and missing graphics cards while it is imported, some of them before it
reads TF_CPP_MIN_LOG_LEVEL (tensorflow/tensorflow issue 100442). They are no errors, and lessons would show them in red.
"""

import importlib.machinery
import os
import sys
import types


class QuietFinder:
    """A finder for `sys.meta_path` that silences file descriptor 2 while the package `tensorflow` is being imported."""

    @staticmethod
    def find_spec(name: str, path=None, target=None) -> importlib.machinery.ModuleSpec | None:
        """Find `tensorflow` alone.

        Args:
            name: Full name of the module that is being imported.
            path: The parent package's search path; not used.
            target: The module to be reloaded; not used.

        Returns:
            TensorFlow's ordinary spec whose loader runs silently, or None for every other module.
        """
        spec = importlib.machinery.PathFinder.find_spec(name) if name == "tensorflow" else None
        if spec is not None and spec.loader is not None:
            import_it = spec.loader.exec_module
            spec.loader.exec_module = lambda module: run_silently(import_it, module)
        return spec


def run_silently(import_it, module: types.ModuleType) -> None:
    """Import a module while file descriptor 2 points to the null device; exceptions pass as usual.

    Args:
        import_it: The loader's `exec_module`.
        module: The module it fills.
    """
    try:
        terminal = os.dup(2)
    except OSError:  # a program without a terminal has no descriptor 2
        return import_it(module)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import_it(module)
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


def keep_tensorflow_quiet() -> None:
    """Silence the notes from here on: those at import by the finder, the later ones by the environment variable."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" not in sys.modules and QuietFinder not in sys.meta_path:
        sys.meta_path.insert(0, QuietFinder)
