"""The same work on many things, several at a time, each in a process of its own."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

import torch

from experiments.runner.plan import threads_of

Thing, Result = TypeVar("Thing"), TypeVar("Result")


def each(
    work: Callable[[Thing], Result], things: Sequence[Thing], *, jobs: int = 1
) -> list[Result]:
    """What `work` makes of each thing, in their order; more than one job at a time must be able to
    import it, so it may not stand in a package's `__main__`."""
    if jobs == 1 or len(things) < 2:
        return [work(thing) for thing in things]
    spawn = multiprocessing.get_context("spawn")  # a forked process cannot use a GPU
    pool = ProcessPoolExecutor(
        jobs, mp_context=spawn, initializer=torch.set_num_threads, initargs=(threads_of(jobs),)
    )
    try:
        return list(pool.map(work, things))
    except BaseException:  # Ctrl-C or an order to end
        for process in list(pool._processes.values()):
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
