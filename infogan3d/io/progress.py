"""Progress bars of the commands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import get_console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Told = Callable[[int, int, float], None]  # steps done, steps in all, mean objective


Tick = Callable[[int], None]


Tick_survey = Callable[[int], None]


Tick_sweep = Callable[[], None]


@contextmanager
def progress(total: int) -> Iterator[Tick_survey]:
    """A bar that counts shapes made and measured."""
    told = TextColumn("measuring shapes")
    with Progress(told, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.advance(task, done)
        bar.update(task, total=bar.tasks[0].completed)


@contextmanager
def progress_reconstruct(name: str) -> Iterator[Told]:
    """A bar of steps with the objective beside it, while a latent is optimised, on a terminal."""
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    nats, quiet = TextColumn("{task.fields[nats]}"), not get_console().is_terminal
    with Progress(*columns, nats, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=None, nats="")

        def tell(done: int, total: int, value: float) -> None:
            bar.update(task, completed=done, total=total, nats=f"{value:.4f} nats a cell")

        yield tell


@contextmanager
def progress_select(total: int) -> Iterator[Tick_sweep]:
    """A bar that counts runs, once for their shapes and once for their scores."""
    told = TextColumn("reading and scoring runs")
    with Progress(told, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)
        bar.update(task, total=bar.tasks[0].completed)
