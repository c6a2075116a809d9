"""Progress bars of the commands: things counted, or an objective that falls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import get_console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int, int, float], None]  # steps done, steps in all, mean objective
Tick = Callable[[int], None]  # so many more are done


@contextmanager
def counting_bar(what: str, total: int) -> Iterator[Tick]:
    """A bar that counts up to `total`, with the time left; it ends at what was reached."""
    with Progress(
        TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    ) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.advance(task, done)
        bar.update(task, total=bar.tasks[0].completed)


@contextmanager
def objective_bar(name: str) -> Iterator[Advance]:
    """A bar of steps with the objective beside it, while a latent is optimised, on a terminal."""
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    nats, quiet = TextColumn("{task.fields[nats]}"), not get_console().is_terminal
    with Progress(*columns, nats, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=None, nats="")

        def tell(done: int, total: int, value: float) -> None:
            bar.update(task, completed=done, total=total, nats=f"{value:.4f} nats a cell")

        yield tell
