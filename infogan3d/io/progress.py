"""How far work is: a bar on a terminal, elsewhere a line every 18 seconds, so nothing is silent.

The lines come from a thread of their own: one step that takes minutes does not hold them up.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich import get_console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int, int, float], None]  # steps done, steps in all, mean objective
Tick = Callable[[int], None]  # so many more are done
Tell = Callable[[int, int, str], None]  # done, in all, a word beside

EVERY = 18.0  # seconds between two lines


@dataclass
class Meter:
    """How far one piece of work is: what it is, steps done and in all (0: unknown), a word."""

    what: str
    total: int = 0
    done: int = 0
    note: str = ""
    first: int = 0  # steps that had been done when this began
    began: float = field(default_factory=time.monotonic)

    def tell(self, done: int, total: int, note: str = "") -> None:
        """So far it is."""
        self.done, self.total, self.note = done, total, note

    def line(self) -> str:
        """All of it in words: `shapes: 3 of 12, 00:40 left, 1.2 shapes/s`."""
        passed = time.monotonic() - self.began
        so_far = f"{self.done} of {self.total}" if self.total else f"{self.done}"
        since = self.done - self.first
        left = f"{clock(passed)} so far"
        if self.total and since > 0:
            left = f"{clock(passed / since * max(self.total - self.done, 0))} left"
        count = so_far if self.total or self.done else ""
        return f"{self.what}: {', '.join(part for part in (count, left, self.note) if part)}"


def clock(seconds: float | int) -> str:
    """A time as minutes and seconds, with hours where there are any: `1:02:03`, `02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def on_terminal() -> bool:
    """Whether somebody may watch a bar; else lines are printed."""
    return get_console().is_terminal


@contextmanager
def lines_of(meter: Meter, *, every: float | None = None) -> Iterator[Meter]:
    """Inside, a line about the meter's work is printed every `every` seconds."""
    over = threading.Event()

    def speak() -> None:
        while not over.wait(EVERY if every is None else every):
            print(meter.line(), flush=True)

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield meter
    finally:
        over.set()
        speaker.join()


@contextmanager
def bar_of(
    what: str, *, total: int | None = None, first: int = 0, stays: bool = True
) -> Iterator[Tell]:
    """A bar with the time left and a word beside it; `stays` leaves it where it ended."""
    words, note = TextColumn(what), TextColumn("{task.fields[note]}")
    columns = (words, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), note)
    with Progress(*columns, transient=not stays) as bar:
        task = bar.add_task("", total=total, completed=first, note="")

        def tell(done: int, total: int, note: str = "") -> None:
            bar.update(task, completed=done, total=total or None, note=note)

        yield tell
        bar.update(task, total=bar.tasks[0].completed)


BARS: list[str] = []  # what is shown on the terminal now: one bar, never two


@contextmanager
def telling(what: str, *, total: int = 0, first: int = 0, stays: bool = True) -> Iterator[Tell]:
    """A bar, or lines where nobody watches one, for work that says how far it is.

    `first` steps were done before. Work within work that has a bar shows none of its own.
    """
    if not on_terminal():
        with lines_of(Meter(what, total, first, first=first)) as meter:
            yield meter.tell
    elif BARS:
        yield Meter(what).tell
    else:
        BARS.append(what)
        try:
            with bar_of(what, total=total or None, first=first, stays=stays) as tell:
                yield tell
        finally:
            BARS.pop()


@contextmanager
def counting_bar(what: str, total: int = 0, *, stays: bool = True) -> Iterator[Tick]:
    """Things counted up to `total`, with the time left; 0: nobody knows how many."""
    count = 0
    with telling(what, total=total, stays=stays) as tell:

        def tick(done: int) -> None:
            nonlocal count
            count += done
            tell(count, total, "")

        yield tick


@contextmanager
def objective_bar(name: str) -> Iterator[Advance]:
    """Steps with the objective beside them, while a latent is optimised."""
    with telling(name, stays=False) as tell:
        yield lambda done, total, value: tell(done, total, f"{value:.4f} nats a cell")
