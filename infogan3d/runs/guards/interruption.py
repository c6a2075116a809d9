"""Told to end: SIGTERM (a scheduler, `kill`) and SIGINT (Ctrl-C), one design for every command.

The first signal raises `Interrupted` where the command is: what is half written is removed, worker
processes end, and the command says so in one sentence. While batches are trained the handlers only
set a flag (training/interruption.py), and the run is saved between two batches. A second Ctrl-C
ends the process at once; files are written whole or not at all, so the last checkpoint stays.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from infogan3d.io.files import remove_unfinished

CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}  # 128 + the signal's number
NAMES = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}
PATIENCE = 20.0  # seconds to clean up in, then the process ends at once

Act = Callable[[int], None]


class Interrupted(SystemExit):
    """A command was told to end by a signal; `sentence` says what stays and how to go on."""

    code: int

    def __init__(self, number: int, sentence: str = "") -> None:
        super().__init__(CODES[signal.Signals(number)])
        self.sentence = sentence or f"told to end ({name_of(number)}): nothing is left half done."


def name_of(number: int) -> str:
    """The signal as a user knows it."""
    return NAMES[signal.Signals(number)]


class State:
    """What this process has heard so far."""

    interrupts = 0  # Ctrl-C
    raised = False
    timer: threading.Timer | None = None
    watching = False  # its parent


def end_at_once(number: int) -> None:
    """Leave this moment: no cleaning up but for what this process has half written."""
    remove_unfinished()
    os._exit(CODES[signal.Signals(number)])


def raise_interrupted(number: int) -> None:
    """Raise where the command is, once; end at once where cleaning up takes too long."""
    if State.raised:
        return
    State.raised = True
    State.timer = threading.Timer(PATIENCE, end_at_once, (number,))
    State.timer.daemon = True
    State.timer.start()
    raise Interrupted(number)


def install(act: Act) -> dict[int, Any]:
    """Let both signals call `act`, and a second Ctrl-C end the process; the handlers before.

    Only a process's main thread can: elsewhere nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}

    def handle(number: int, frame: FrameType | None) -> None:
        State.interrupts += number == signal.SIGINT
        if State.interrupts > 1:
            end_at_once(signal.SIGINT)
        act(number)

    return {number: signal.signal(number, handle) for number in CODES}


def restore(before: dict[int, Any]) -> None:
    """Put handlers back."""
    for number, handler in before.items():
        signal.signal(number, handler if handler is not None else signal.SIG_DFL)


@contextmanager
def interruptible(act: Act = raise_interrupted) -> Iterator[None]:
    """Both signals call `act` inside."""
    State.interrupts, State.raised = 0, False
    before = install(act)
    try:
        yield
    finally:
        restore(before)
        if State.timer is not None:
            State.timer.cancel()
            State.timer = None


def leave_on_further_signals(code: int) -> None:
    """All is saved and said: whatever signal comes now ends the process, with the same code."""
    install(lambda _: os._exit(code))


def say(text: str) -> None:
    """A line to stderr from a signal's handler, past Python's own buffers."""
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{text}\n".encode())


def end_with_parent(*, patience: float = 0.0) -> None:
    """Let this process end as soon as the one that started it is gone, however that ended.

    With some `patience`, seconds, it is told first, so that a training can save.
    """
    if State.watching:
        return
    State.watching, parent = True, os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(1.0)
        if patience > 0:
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(patience)
        remove_unfinished()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
