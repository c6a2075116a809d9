"""The command line that plans of trainings share: words, refusals, one process a folder."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from filelock import FileLock, Timeout

Main = Callable[[Sequence[str] | None], None]


def plan_words(description: str, *, only: Iterable[str], out: str) -> argparse.ArgumentParser:
    """A parser with the words of every plan: which parts, where to, settings for all trainings."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--only", default=",".join(only), help="names, with commas between")
    parser.add_argument("--out", type=Path, help=f"default: {out}")
    parser.add_argument("settings", nargs="*", help="setting=value, for every training")
    return parser


def seed_words(parser: argparse.ArgumentParser, *, seeds: str) -> None:
    """The words of a plan of one training a seed, scored after it."""
    parser.add_argument("--seeds", default=seeds)
    parser.add_argument("--jobs", type=int, default=1, help="trainings side by side, for a GPU")
    parser.add_argument("--device", default="cpu", help="to score on: cpu or cuda")


def listed(text: str) -> list[str]:
    """Words with commas between, each once."""
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def chosen(only: str, known: Iterable[str]) -> list[str]:
    """The names of --only. Errors: one that is not known (`ValueError`)."""
    names, known = listed(only), list(known)
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"--only {unknown[0]} is not known: choose of {', '.join(known)}.")
    return names


def chosen_seeds(text: str) -> list[str]:
    """The seeds of --seeds. Errors: one that is no whole number (`ValueError`)."""
    if odd := [seed for seed in listed(text) if not seed.isdecimal()]:
        raise ValueError(f"--seeds {odd[0]}: give whole numbers with commas between.")
    return listed(text)


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """The plan's folder, made and held. Errors: another process holds it (`ValueError`)."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise ValueError(
            f"another process runs the plan in {out}: wait for it, or give another --out."
        ) from error


@contextmanager
def one_sentence(command: str) -> Iterator[None]:
    """What a user got wrong ends the command with a sentence and exit code 2."""
    try:
        yield
    except ValueError as error:
        print(f"{command}: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def end_with(command: str, failed: Sequence[str]) -> None:
    """Exit code 1 and their names where trainings failed."""
    if failed:
        sys.exit(f"{command}: failed: {', '.join(failed)}")


def start(main: Main) -> None:
    """A command of trainings; told to end (SIGTERM) it ends them as well, and ends with 143."""
    signal.signal(signal.SIGTERM, told_to_end)
    try:
        main(None)
    finally:
        signal.signal(signal.SIGTERM, leave)


def told_to_end(*_: object) -> NoReturn:
    """End what was begun, once: a further signal would cut that short."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def leave(*_: object) -> NoReturn:
    """At the very end nothing is left to end, and Python would print an error raised there."""
    with suppress(Exception):
        sys.stdout.flush()
    os._exit(143)
