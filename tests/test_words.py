"""Locals are called what they are: words that say nothing are bound nowhere."""

import ast
from pathlib import Path

import pytest

BANNED = {"told", "found", "made", "own", "one", "kept", "few", "heard"}
BANNED |= {"rung", "rungs", "mover", "movers", "crumb", "crumbs"}


@pytest.mark.parametrize("folder", ["infogan3d", "experiments"])
def test_no_local_has_a_word_that_says_nothing(folder):
    for path in (Path(__file__).parents[1] / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            stored = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            name = node.id if stored else node.arg if isinstance(node, ast.arg) else ""
            assert name not in BANNED, f"{path}:{node.lineno} {name}"
