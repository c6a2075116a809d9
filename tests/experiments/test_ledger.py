"""The ledger's commands exist: modules, experiments; and an experiment's file says what it is."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from fixtures import CONF, ROOT

LEDGER = sorted((ROOT / "experiments").glob("*.md"))
FILES = [ROOT / "README.md", ROOT / "Makefile", *LEDGER]
TEXTS = {file.name: re.sub(r"\s+", " ", file.read_text()) for file in FILES}
MODULE = re.compile(r"\bpython -m ((?:infogan3d|experiments)[\w.]*\w)")
EXPERIMENT = re.compile(r"\+experiment=(\w+)")
FIRST_LINE = re.compile(r"# (?:(?:Figures?|Tables?) \d+(?:(?:,| to| and) \d+)*|Ours): \S")


def matches(pattern: re.Pattern[str]) -> list[str]:
    return sorted({name for text in TEXTS.values() for name in pattern.findall(text)})


@pytest.mark.parametrize("module", matches(MODULE))
def test_a_command_of_the_ledger_is_a_module_or_a_package_that_runs(module: str) -> None:
    found = find_spec(module)
    assert found is not None
    if found.submodule_search_locations is not None:
        assert find_spec(f"{module}.__main__") is not None


@pytest.mark.parametrize("name", matches(EXPERIMENT))
def test_an_experiment_of_the_ledger_has_a_file(name: str) -> None:
    assert (CONF / "experiment" / f"{name}.yaml").exists()


def test_the_ledger_has_commands() -> None:
    assert len(matches(MODULE)) > 12
    assert len(matches(EXPERIMENT)) > 3
    assert {file.name for file in LEDGER} >= {"README.md", "FIGURES_12_TO_17.md"}


@pytest.mark.parametrize("file", sorted((CONF / "experiment").glob("*.yaml")), ids=lambda f: f.stem)
def test_an_experiments_file_begins_with_its_figure_or_that_it_is_ours(file: Path) -> None:
    package, first, *_ = file.read_text().splitlines()
    assert package == "# @package _global_"  # Hydra reads it in the first line alone
    assert FIRST_LINE.match(first), first
