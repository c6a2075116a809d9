"""Cells painted by hand on the chair, and the nearest chair of the model."""

import time
from functools import partial
from typing import Any

import numpy as np

from infogan3d.viewing.explorer import paint
from infogan3d.viewing.explorer.chairs import Chair
from infogan3d.viewing.explorer.page.session import Session
from infogan3d.viewing.explorer.reading import snap

OFF, ADD, REMOVE = MODES = ("turn the chair only", "add cells", "remove cells")
HOW = (
    "Choose add or remove, and click on the chair (dragging still turns it). **Snap** brings back "
    "the nearest chair of the model."
)


class PaintTab:
    """The brush of one page."""

    def __init__(self, session: Session) -> None:
        self.session, gui = session, session.client.gui
        gui.add_markdown(HOW)
        self.mode: Any = gui.add_dropdown("clicks", MODES, initial_value=OFF)
        self.brush = gui.add_slider(
            "brush, cells", min=1, max=paint.MOST_BRUSH, step=1, initial_value=1
        )
        self.mirrored = gui.add_checkbox("mirrored left to right", True)
        press = gui.add_button("Snap", hint="to the nearest chair of the model")
        drop = gui.add_button("Drop the paint", color="gray")
        session.on_hand(self.mode, self.switch, kind="mode")
        press.on_click(lambda _: session.ask(self.snap, kind="snap"))
        drop.on_click(lambda _: session.ask(self.drop))

    def switch(self) -> None:
        """Clicks paint, or do nothing; while they do, the chair is shown in cells."""
        session, scene = self.session, self.session.client.scene
        scene.remove_click_callback("all")
        if self.mode.value != OFF:
            scene.on_click()(lambda event: session.ask(partial(self.click, event)))
        session.as_cells = self.mode.value != OFF
        session.redraw()

    def click(self, event: Any) -> None:
        """Cells where the click's ray meets the chair."""
        session, size = self.session, self.session.studio.resolution
        grid = session.studio.occupancy(session.chair) > 0.5
        origin = session.view.in_cells(event.ray_origin, resolution=size)
        hit = paint.walk_ray(grid, origin, np.array(event.ray_direction, float))
        if hit is None or self.mode.value == OFF:
            return
        cells = paint.painted(
            grid,
            hit,
            add=self.mode.value == ADD,
            brush=int(self.brush.value),
            mirrored=self.mirrored.value,
        )
        session.change(Chair(session.chair.codes, cells))
        session.say(f"{int((cells != grid).sum())} cells changed.")

    def snap(self) -> None:
        """The nearest chair of the model to what is painted."""
        session, began = self.session, time.perf_counter()
        if session.chair.cells is None:
            session.say("There is no paint: add or remove cells first.")
            return
        with session.busy("Looking for the nearest chair ..."):
            nearest = snap(session.studio, session.chair)
        self.mode.value = OFF
        session.client.scene.remove_click_callback("all")
        session.as_cells = False
        session.change(Chair(nearest.codes))
        spent = time.perf_counter() - began
        session.say(
            f"Snapped in {spent:.1f} s: IoU {nearest.agrees:.2f} with what was painted, "
            f"{100 * nearest.held:.0f} % of the painted cells hold."
        )

    def drop(self) -> None:
        """The chair of the codes, without paint."""
        session = self.session
        if session.chair.cells is None:
            session.say("There is no paint.")
        else:
            session.change(Chair(session.chair.codes))
