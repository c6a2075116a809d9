"""Jobs in worker processes: in their order, none outlives its parent, a killed one costs no other.

A worker that is killed (out of memory) breaks its whole pool. Then the jobs that it may have been
at are made again one by one, each in a process of its own, so that the guilty one is known by name.
"""

import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from infogan3d.data.shapes import ShapeJob
from infogan3d.io.files import remove_unfinished

Made = tuple[ShapeJob, Any]


def in_processes(
    make: Callable[[ShapeJob], Any],
    jobs: Sequence[ShapeJob],
    *,
    workers: int,
    imports: Sequence[str],
) -> Generator[Made, None, None]:
    """Each job with what `make` gives for it, or with the reason (`str`) why its process died.

    `imports` are the modules that worker processes import once for all of them. Errors: processes
    that cannot even start (`BrokenProcessPool`).
    """
    rest = list(jobs)
    while rest:
        done = 0
        pool = _pool(min(workers, len(rest)), imports)
        try:
            for job, result in zip(rest, pool.map(make, rest), strict=True):
                done += 1
                yield job, result
        except BrokenProcessPool:
            with _pool(1, imports) as probe:  # breaks as well where no worker can start at all
                probe.submit(os.getpid).result()
            suspects = rest[done : done + 2 * workers + 1]
            yield from ((job, _alone(make, job, imports)) for job in suspects)
            done += len(suspects)
        except BaseException:  # told to end, or nobody wants the rest
            for worker in list((pool._processes or {}).values()):
                worker.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        rest = rest[done:]


def _alone(make: Callable[[ShapeJob], Any], job: ShapeJob, imports: Sequence[str]) -> Any:
    """One job in a process of its own."""
    with _pool(1, imports) as pool:
        try:
            return pool.submit(make, job).result()
        except BrokenProcessPool:
            return f"{job.id}: the process that read it was killed (out of memory?): leave it out."


def _pool(workers: int, imports: Sequence[str]) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        workers, mp_context=_context(imports), initializer=_begin, initargs=(imports,)
    )


def _context(imports: Sequence[str]) -> multiprocessing.context.BaseContext:
    """Worker processes that import `imports` once for all of them where the system can do so.

    They come from a clean server process, never from a copy of this one and its threads.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(imports))
    return context


def _begin(imports: Sequence[str]) -> None:
    """What a worker does first: one thread, Ctrl-C left to its parent, and an end with it.

    Told to end, or left alone, it removes what it has half written.

    Torch has threads only where one of the imports needs it.
    """
    for name in imports:  # at hand already where the server process has them
        importlib.import_module(name)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _end(143))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave as soon as the parent is gone, however it ended: else a worker waits for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _end(1)


def _end(code: int) -> None:
    remove_unfinished()
    os._exit(code)
