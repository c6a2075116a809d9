"""One browser's chair: its history, its work, and what the page says of it."""

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import viser

from infogan3d.viewing.explorer.chairs import Chair, History
from infogan3d.viewing.explorer.meshes import Surface, cell_surface, smooth_surface
from infogan3d.viewing.explorer.page.view import View
from infogan3d.viewing.explorer.reading import Beside
from infogan3d.viewing.explorer.studio import Studio
from infogan3d.viewing.explorer.worker import Job, Worker

Listener = Callable[[], None]


class Session:
    """What the tabs of one page share. All of it changes on the worker's thread alone.

    `listeners` are called after each change of the chair, `resized` after one of `longest`, what
    the longest side is taken to be in cm; `beside` are the shapes of the last reading.
    """

    def __init__(self, client: viser.ClientHandle, studio: Studio) -> None:
        self.client, self.studio = client, studio
        self.seed = studio.settings.seed
        self.history = History(studio.first_chair())
        self.longest = studio.settings.longest
        self.beside: tuple[Beside, ...] = ()
        self.as_cells = False
        self.view = View(client)
        self.listeners: list[Listener] = []
        self.resized: list[Listener] = []
        self.worker = Worker(self.fail)
        self.status = client.gui.add_markdown("")
        self.progress: Any = client.gui.add_progress_bar(0.0, visible=False, animated=True)

    @property
    def chair(self) -> Chair:
        """The one that is shown."""
        return self.history.present

    @property
    def side(self) -> float:
        """The side of the chair's cube in metres."""
        return self.studio.side(self.longest)

    # ---- what is done ------------------------------------------------------------------------

    def ask(self, job: Job, *, kind: str = "") -> None:
        """Do something on the worker's thread; of one `kind` only the latest."""
        self.worker.ask(job, kind=kind)

    def on_hand(self, handle: Any, job: Job, *, kind: str) -> None:
        """Do something when a control is moved in the browser; what is set here does not count."""

        def moved(event: Any) -> None:
            if event.client is not None:
                self.ask(job, kind=kind)

        handle.on_update(moved)

    def change(self, chair: Chair, *, key: str = "") -> None:
        """Another chair, which undo takes back; `key`: the slider that it comes of."""
        self.history.change(chair, key=key, now=time.monotonic())
        self.redraw()

    def resize(self, longest: float) -> None:
        """Another longest side, cm."""
        self.longest = longest
        for listener in self.resized:
            listener()

    def step(self, *, back: bool) -> None:
        """Undo or redo."""
        moved = self.history.undo() if back else self.history.redo()
        if moved:
            self.redraw()
        else:
            self.say("There is nothing to undo." if back else "There is nothing to redo.")

    def redraw(self) -> None:
        """Make the chair's shape, send it, and tell the tabs."""
        began = time.perf_counter()
        surface = self.surface()
        self.view.show(surface)
        spent = 1000 * (time.perf_counter() - began)
        self.say(
            f"Made in {spent:.0f} ms."
            if len(surface.faces)
            else "These codes give an empty shape: move one back, or press undo."
        )
        for listener in self.listeners:
            listener()

    def surface(self) -> Surface:
        """The chair's: as cells while it is painted."""
        occupancy = self.studio.occupancy(self.chair)
        if self.as_cells or self.chair.cells is not None:
            return cell_surface(occupancy > 0.5)
        return smooth_surface(occupancy)

    # ---- what is said ------------------------------------------------------------------------

    def say(self, words: str) -> None:
        """One line above the tabs."""
        self.status.content = words

    def fail(self, error: Exception) -> None:
        """What went wrong, in the page; a mistake of ours also where the server was started."""
        words = str(error)
        if not isinstance(error, ValueError):
            traceback.print_exception(error)
            words = f"A mistake of ours, {type(error).__name__}: {error}. The page goes on."
        self.progress.visible = False
        self.say(f"**{words}**")
        self.client.add_notification(
            "That did not work", words, color="red", auto_close_seconds=12.0
        )

    @contextmanager
    def busy(self, words: str) -> Iterator[Callable[[float], None]]:
        """Something slow, one at a time on this server; it gives what moves the bar, 0 to 1."""

        def tell(share: float) -> None:
            self.progress.value = 100 * min(1.0, share)

        self.say(words)
        tell(0.0)
        self.progress.visible = True
        try:
            with self.studio.slow:
                yield tell
        finally:
            self.progress.visible = False
