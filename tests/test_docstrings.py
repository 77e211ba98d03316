"""Whoever reads a function's docstring learns what goes in, what comes out, and every array's shape."""

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


FUNCTIONS = [
    pytest.param(node, id=f"{path.relative_to(PACKAGE).as_posix()}:{name}")
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "cli.py"  # a command's docstring is its --help
    for name, node in public_functions(path)
]


@pytest.mark.parametrize("node", FUNCTIONS)
def test_docstring_tells_arguments_results_and_shapes(node):
    text = ast.get_docstring(node) or ""
    arguments = [
        a for a in node.args.posonlyargs + node.args.args + node.args.kwonlyargs if a.arg not in ("self", "cls")
    ]
    annotations = " ".join(ast.unparse(a.annotation) for a in arguments if a.annotation)
    returns = ast.unparse(node.returns) if node.returns else "None"
    if ARRAY.search(annotations + " " + returns):
        assert SHAPE.search(text), f"line {node.lineno}: arrays go in or out, and no shape is told"
    if "\nArgs:" in text:  # a sentence is enough for what a sentence can tell; else the whole story
        unnamed = [a.arg for a in arguments if not re.search(rf"\b{a.arg}\b", text)]
        assert not unnamed, f"line {node.lineno}: the docstring does not name {unnamed}"
        told = returns == "None" or re.search(r"^(Returns|Yields):", text, re.M)
        assert told, f"line {node.lineno}: no Returns section"
