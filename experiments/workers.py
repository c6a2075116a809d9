"""The same work on many things, several at a time, each in a process of its own."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

import torch

from experiments.paper_runs import threads_of

Thing, Found = TypeVar("Thing"), TypeVar("Found")


def each(work: Callable[[Thing], Found], things: Sequence[Thing], *, jobs: int = 1) -> list[Found]:
    """What `work`, which can be pickled, makes of each thing, in their order."""
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
