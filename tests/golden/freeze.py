"""What a move or a new name must not change, through the commands that a user types.

    python tests/golden/freeze.py write --tree <the code to hold to> [--only ...]
    python tests/golden/freeze.py check [--tree .] [--only losses cfg.train ...]

`check` prints a line a frozen thing and ends with 1 where one differs. On the processor and torch
that it was written with, numbers must be equal bit for bit; elsewhere to 2 %, hashes left out.
Settings, and keys of JSON answers, that are renamed on purpose are entered in RENAMED, ADDED and
REMOVED below.
"""

import argparse
import json
import math
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import compositions
import forked
import tasks
import yaml

RENAMED: dict[str, str] = {  # old setting (or the group above it) -> new
    "model.reading": "model.shape_limit_form",
    "model.information_reaches": "model.mi_gradient_to",
    "model.start_batches": "model.warmup_batches",
    "model.divergence": "model.kl_weight",
    "model.codes_divergence": "model.code_kl_scale",
    "model.accuracy_gate": "model.discriminator_accuracy_cap",
    "leaks": "side_effects",  # keys of discover's codes.json
    "kin": "correlated_attributes",
    "made_of": "composition",
    "word": "verdict",
}
VALUES = {  # new setting, old value -> new value
    ("up", "y"): "auto",  # of reconstruct: a mesh's vertical axis is told by evidence
    ("model.shape_limit_form", "run"): "kldiv_on_probabilities",
    ("name", "readings_run"): "readings_kldiv_on_probabilities",
    ("model.precision", "bf16"): "auto",  # of five experiments: bf16 is emulated on many processors
}
REMOVED = {
    "codes.protocol",
    "reconstruction.protocol",
}  # old settings that are gone, and what says more now; patterns too
CARVING = [
    "pictures",
    "shaded",
    "elevations",
    "azimuths",
    "size",
    "method",
    "tolerance",
]  # not of exact chairs
EXACT = (
    "data-exact_chairs",
    "experiment-codes",
    "experiment-codes_faithful",
    "experiment-codes_plain",
)
REMOVED_FROM: dict[str, Sequence[str]] = {  # old settings that are gone from some compositions
    "cfg.prepare": ("batch_size", "mirror", "seed"),
    **{f"cfg.{name}": [f"data.{one}" for one in CARVING] for name in EXACT},
}
ADDED = {
    "*.n",
    "codes.protocol",
    "reconstruction.protocol",
    "*cube_frame",  # of a pack that says how its shapes lie
    "*cube_span",
    "*whole*",
    "evidence",
    "*field_steps",
    "hull",
    "between",
    "page",
    "codes",
    "export.*",
    "format",
}  # new ones that the old code did not have; patterns too

ROUNDED = {"*.mmd_x1e4.*"}  # computed in another order of sums since: equal to NEAR
NEAR = 1e-6

HERE = Path(__file__).resolve().parent
FROZEN, CFG, RUNS = HERE / "frozen.json", HERE / "cfg", HERE / "runs"
LOOSE = 0.02  # on another machine
SIDE_BY_SIDE = 2
FAILED = "failed: "
Flat = dict[str, Any]


# ---- what is renamed -----------------------------------------------------------------------


def new_name(key: str) -> str | None:
    """The name that a setting has in the new code, also inside of a list; None: it is gone."""
    if any(fnmatch(key, pattern) for pattern in REMOVED):
        return None
    job, own = re.fullmatch(r"(\w+\.\d+\.|settings\.|)(.*)", key).groups()
    for old in sorted({*RENAMED, *REMOVED}, key=len, reverse=True):
        if own == old or own.startswith(f"{old}."):
            return None if old in REMOVED else job + RENAMED[old] + own[len(old) :]
    return key


def expected(flat: Flat, thing: str = "") -> Flat:
    """What was frozen of a thing, as the new code should tell it."""
    gone = REMOVED_FROM.get(thing, ())
    left = {key: value for key, value in flat.items() if re.sub(r"\.\d+$", "", key) not in gone}
    pairs = ((new_name(key), value) for key, value in left.items())
    return {key: new_value(key, value) for key, value in pairs if key is not None}


def new_value(key: str, value: Any) -> Any:
    """The value that a setting of a new name has in the new code, also inside of a list."""
    own = re.sub(r"^(\w+\.\d+|settings)\.", "", key)
    return VALUES.get((own, value), value) if isinstance(value, str) else value


def words_for(tree: Path) -> Callable[[str], str]:
    """Writes a command's words with the names that the tree's settings have."""
    if not RENAMED and not REMOVED:
        return lambda word: word
    whole = compositions.commands(tree).values()
    known = {key for one in whole for key in flatten(one)}

    def translate(word: str) -> str:
        key, _, value = word.partition("=")
        new = new_name(key)
        return word if key in known or new in (None, key) else f"{new}={value}"

    return translate


# ---- comparing -----------------------------------------------------------------------------


def flatten(value: Any, above: str = "") -> Flat:
    """Nested content as {dotted key: plain value}."""
    if isinstance(value, dict):
        pairs = [(str(key), one) for key, one in value.items()]
    elif isinstance(value, list):
        pairs = [(str(index), one) for index, one in enumerate(value)]
    else:
        return {above: value}
    if not pairs:
        return {above: value}
    found: Flat = {}
    for key, one in pairs:
        found |= flatten(one, f"{above}.{key}" if above else key)
    return found


def same(old: Any, new: Any, *, exact: bool) -> bool:
    """Whether two plain values are equal; loosely: near, words alone, no hashes."""
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (old, new))
    if numbers and math.isnan(old) and math.isnan(new):
        return True
    if exact or type(old) is not type(new):
        return bool(old == new)
    if numbers:
        return math.isclose(old, new, rel_tol=LOOSE, abs_tol=2e-3)
    if isinstance(old, str):
        return old.startswith("sha:") or re.sub(r"[-\d.]+", "", old) == re.sub(r"[-\d.]+", "", new)
    return bool(old == new)


def difference(old: Any, new: Any, *, exact: bool, thing: str = "") -> str:
    """The first difference in words; empty where there is none."""
    if isinstance(new, str) and new.startswith(FAILED):
        return new
    was, now = expected(flatten(old), thing), flatten(new)
    for key, value in was.items():
        if key not in now:
            return f"{key} is lost (it was {value!r})"
        if not (same(value, now[key], exact=exact) or rounded(key, value, now[key])):
            return f"{key}: {value!r} was frozen, now {now[key]!r}"
    more = [key for key in now if key not in was and not is_added(key)]
    return f"{more[0]} is new ({now[more[0]]!r})" if more else ""


def rounded(key: str, old: Any, new: Any) -> bool:
    """Whether a number differs by rounding alone, where that is so on purpose."""
    known = any(fnmatch(key, pattern) for pattern in ROUNDED)
    return known and isinstance(new, float) and math.isclose(old, new, rel_tol=NEAR)


def is_added(key: str) -> bool:
    """Whether a key is new on purpose."""
    own = re.sub(r"^\w+\.\d+\.", "", key)
    return any(fnmatch(name, pattern) for pattern in ADDED for name in (key, own))


def machine() -> dict[str, str]:
    """What decides the last bits of a float."""
    import torch

    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = re.findall(r"model name\s*: (.*)", text) or ["unknown"]
    able = torch.backends.cpu.get_cpu_capability()
    return {"processor": names[0], "instructions": able, "torch": torch.__version__}


# ---- running -------------------------------------------------------------------------------


def wanted(name: str, only: Sequence[str]) -> bool:
    """Whether --only asks for a thing, by its name or by a group above it; all without --only."""
    return not only or any(name == one or name.startswith(f"{one}.") for one in only)


def run_task(name: str, plan: "Plan") -> dict[str, Any]:
    """One task in a folder of its own; a command that fails is the task's content."""
    if name in compositions.PARTS:
        return {f"cfg.{one}": cfg for one, cfg in compositions.PARTS[name](plan.tree).items()}
    with tempfile.TemporaryDirectory(prefix="freeze-") as folder:
        asks = partial(wanted, only=plan.only)
        desk = tasks.Desk(Path(folder).resolve(), RUNS, plan.word, asks, plan.keep)
        try:
            found = tasks.TASKS[name](desk)
        except forked.CommandFailed as failed:
            return {name: f"{FAILED}{failed}"}
    return {f"{name}.{part}" if part else name: content for part, content in found.items()}


@dataclass(frozen=True)
class Plan:
    """Whose code, how words are written, what is asked for (nothing: all), where to keep runs."""

    tree: Path
    word: Callable[[str], str]
    only: Sequence[str] = ()
    keep: Path | None = None


def run_all(names: Sequence[str], plan: Plan) -> Iterator[tuple[str, Any]]:
    """The contents of all tasks, two at a time, as they come."""
    current[:] = [plan]  # the forks have it by being forked
    with ProcessPoolExecutor(SIDE_BY_SIDE, mp_context=get_context("fork")) as pool:
        for done in as_completed([pool.submit(run_current, name) for name in names]):
            yield from done.result().items()


current: list[Plan] = []


def run_current(name: str) -> dict[str, Any]:
    return run_task(name, current[0])


def write(tree: Path, only: list[str]) -> None:
    """Freeze what the tree's code does: frozen.json, cfg/ and runs/; with --only those things."""
    things: dict[str, Any] = json.loads(FROZEN.read_text())["things"] if only else {}
    if not only:
        write_settings(tree)
        shutil.rmtree(RUNS, ignore_errors=True)
    first = [name for name in tasks.TASKS if name.startswith("losses.")]
    rest = [name for name in tasks.TASKS if name not in first]
    for names, keep in ((first, None if only else RUNS), (rest, None)):
        asked = [n for n in names if wanted(n, only) or any(part_of(one, n) for one in only)]
        for name, content in run_all(asked, Plan(tree, words_for(tree), only, keep)):
            if str(content).startswith(FAILED):
                raise SystemExit(f"{name}: {content}")
            if wanted(name, only):
                things[name] = content
                print(f"frozen   {name}", flush=True)
    kept = {"machine": machine(), "things": dict(sorted(things.items()))}
    FROZEN.write_text(json.dumps(kept, indent=0) + "\n")


def write_settings(tree: Path) -> None:
    """cfg/: every composition as a file."""
    shutil.rmtree(CFG, ignore_errors=True)
    CFG.mkdir()
    for compose in compositions.PARTS.values():
        for name, content in compose(tree).items():
            (CFG / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def check(tree: Path, only: list[str]) -> bool:
    """Whether the tree's code does what was frozen; a line a thing."""
    kept = json.loads(FROZEN.read_text())
    exact = kept["machine"] == machine()
    how = "bit for bit" if exact else f"to {LOOSE:.0%}, without hashes (another machine or torch)"
    print(f"comparing {how}", flush=True)
    failed = 0
    for name, old, new in compared(tree, kept["things"], only):
        told = difference(old, new, exact=exact or name.startswith("cfg."), thing=name)
        failed += bool(told)
        print(f"{'differs' if told else 'equal'}  {name}{': ' + told if told else ''}", flush=True)
    print(f"{failed} differ" if failed else "all equal")
    return not failed


def compared(tree: Path, things: dict[str, Any], only: list[str]) -> Iterator[tuple[str, Any, Any]]:
    """Name, frozen content and the tree's, of everything that is asked for."""
    cfgs = {f"cfg.{path.stem}": path for path in sorted(CFG.glob("*.yaml"))}
    cfgs = {name: path for name, path in cfgs.items() if wanted(name, only)}
    parts = {name: [one for one in things if part_of(one, name)] for name in tasks.TASKS}
    asked = [name for name, own in parts.items() if any(wanted(one, only) for one in own)]
    if cfgs:
        asked = [*compositions.PARTS, *asked]
    for name, content in run_all(asked, Plan(tree, words_for(tree), only)):
        if name in cfgs:
            yield name, yaml.load(cfgs.pop(name).read_text(), yaml.CSafeLoader), content
        elif name in things and wanted(name, only):
            yield name, things[name], content
        elif str(content).startswith(FAILED):
            yield name, "answers", content
    for name in cfgs:
        yield name, "settings", "nothing"


def part_of(thing: str, task: str) -> bool:
    """Whether a task gives a thing."""
    return thing == task or thing.startswith(f"{task}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("write", "check"))
    parser.add_argument("--tree", type=Path, default=HERE.parents[1], help="the code to run")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="names or groups")
    asked = parser.parse_args()
    tree = asked.tree.resolve()
    forked.begin(tree)
    os.chdir(tempfile.gettempdir())
    if asked.what == "write":
        write(tree, asked.only)
    elif not check(tree, asked.only):
        sys.exit(1)


if __name__ == "__main__":
    main()
