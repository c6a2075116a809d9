"""Locals are called what they are: words that say nothing are not bound in the maths packages."""

import ast
from pathlib import Path

BANNED = {"told", "found", "made", "own", "one", "kept", "few", "heard"}
CLEAN = ("stats", "rendering", "attributes", "inversion", "evaluation", "semantics")
CLEAN += ("disentanglement",)  # not yet: geometry, io, data, models, runs, training, bench


def test_no_local_has_a_word_that_says_nothing():
    package = Path(__file__).parents[1] / "infogan3d"
    for path in (path for name in CLEAN for path in (package / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            stored = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            assert not (stored and node.id in BANNED), f"{path}:{node.lineno} {node.id}"
