"""The docstring of every public function says what goes in, what comes out, and every array's shape."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "captionlib"
KERAS_OWN = {"build", "get_config", "from_config", "compute_output_shape", "compute_mask"}  # Keras documents these
ARRAY = re.compile(r"\b(ndarray|Tensor|NDArray)\b")
SHAPE = re.compile(r"\([A-Za-z0-9_]+,(?: ?[\w.…*+/ -]+,?)*\)")  # (B, T, V), (H, W, 3), (N,)


def public_functions(path):
    """Yield (qualified name, node) of every function a reader may call: not private, not nested, not Keras' own."""
    tree = ast.parse(path.read_text("utf8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    for owner in [tree, *classes]:
        for node in owner.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name not in KERAS_OWN:
                yield f"{owner.name}.{node.name}" if owner is not tree else node.name, node


def faults_of(node):
    """Say what a function's docstring lacks."""
    text = ast.get_docstring(node) or ""
    arguments = [
        a for a in node.args.posonlyargs + node.args.args + node.args.kwonlyargs if a.arg not in ("self", "cls")
    ]
    annotations = " ".join(ast.unparse(a.annotation) for a in arguments if a.annotation)
    returns = ast.unparse(node.returns) if node.returns else "None"
    if ARRAY.search(annotations + " " + returns) and not SHAPE.search(text):
        yield "arrays go in or out, and it gives no shape"
    if "\nArgs:" in text:  # a sentence is enough for what a sentence can say; else the whole story
        if unnamed := [a.arg for a in arguments if not re.search(rf"\b{a.arg}\b", text)]:
            yield f"it does not name {', '.join(unnamed)}"
        if returns != "None" and not re.search(r"^(Returns|Yields):", text, re.M):
            yield "it has no Returns section"


def test_docstrings_give_arguments_results_and_shapes():
    faults = [
        f"{path.relative_to(PACKAGE).as_posix()}:{node.lineno} {name}: {fault}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "cli.py"  # a command's docstring is its --help
        for name, node in public_functions(path)
        for fault in faults_of(node)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "code, faults",
    [
        ('def f(a: np.ndarray):\n    """Add up."""', ["arrays go in or out, and it gives no shape"]),
        ('def f(a: np.ndarray):\n    """Add up (N,)."""', []),
        ('def f(a, b) -> int:\n    """Add.\n\n    Args:\n        a: One.\n    """',
         ["it does not name b", "it has no Returns section"]),
        ('def f(a, b) -> int:\n    """Add a and b."""', []),
    ],
)  # fmt: skip
def test_a_docstring_that_lacks_something_is_noticed(code, faults):
    assert list(faults_of(ast.parse(code).body[0])) == faults
