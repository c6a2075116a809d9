"""Work for one page, one thing at a time; of one kind only the latest that was asked for.

A slider that is dragged asks many times while one chair is made: those in between are dropped.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable

Job = Callable[[], None]


class Worker:
    """A thread that does what is asked, in order; `on_error` hears what a job raised."""

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._busy = False
        self._on_error = on_error
        self._count = 0
        threading.Thread(target=self._work, daemon=True, name="explorer").start()

    def ask(self, job: Job, *, kind: str = "") -> None:
        """Do a job soon. A waiting job of the same `kind` is dropped for it; "" is a kind of its
        own each time."""
        with self._changed:
            self._count += 1
            name = kind or f"#{self._count}"
            self._jobs.pop(name, None)
            self._jobs[name] = job
            self._changed.notify_all()

    def close(self) -> None:
        """Do nothing more once the job at hand is done."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()

    def wait(self, *, timeout: float | int = 60) -> bool:
        """Until nothing is left to do; False where that takes longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._jobs or self._busy), timeout)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: bool(self._jobs) or self._closed)
                if self._closed:
                    return
                _, job = self._jobs.popitem(last=False)
                self._busy = True
            try:
                job()
            except Exception as error:  # the page says what it was; the next job may be fine
                self._on_error(error)
