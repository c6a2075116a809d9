"""Of one kind only the latest is done; an error is heard, and the next job is done."""

import threading

from infogan3d.viewing.explorer.worker import Worker


def test_waiting_jobs_of_one_kind_are_dropped_for_the_latest():
    done: list[str] = []
    gate = threading.Event()
    worker = Worker(lambda error: done.append(str(error)))
    worker.ask(lambda: gate.wait(10) and done.append("first"))
    for i in range(5):
        worker.ask(lambda i=i: done.append(f"slider {i}"), kind="slider")
    worker.ask(lambda: done.append("button"))
    worker.ask(lambda: done.append("button"))
    gate.set()
    assert worker.wait(timeout=10)
    assert done == ["first", "slider 4", "button", "button"]
    worker.close()


def test_an_error_is_heard_and_the_thread_lives_on():
    done: list[str] = []

    def fails() -> None:
        raise ValueError("no")

    worker = Worker(lambda error: done.append(str(error)))
    worker.ask(fails)
    worker.ask(lambda: done.append("after"))
    assert worker.wait(timeout=10)
    assert done == ["no", "after"]
    worker.close()
    worker.ask(lambda: done.append("too late"))
    assert done == ["no", "after"]


def test_waiting_ends():
    gate = threading.Event()
    worker = Worker(lambda _: None)
    worker.ask(lambda: gate.wait(10) and None)
    assert not worker.wait(timeout=0.01)
    gate.set()
    assert worker.wait(timeout=10)
    worker.close()
