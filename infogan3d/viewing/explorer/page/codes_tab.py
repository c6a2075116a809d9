"""Sliders and choices for the codes; another chair; undo and redo; between two chairs."""

import math
from functools import partial
from random import SystemRandom
from typing import Any

from infogan3d.viewing.explorer.chairs import Chair, between
from infogan3d.viewing.explorer.controls import Control, factor, label
from infogan3d.viewing.explorer.page.session import Session

STEPS = 200  # of a slider
NEW = ("another chair", "other details")
BACK = ("undo", "redo")
STORE = ("store as A", "store as B")


class CodesTab:
    """The controls of one page, which follow its chair."""

    def __init__(self, session: Session) -> None:
        self.session, self.gui = session, session.client.gui
        self.ends: dict[str, Chair] = {}
        self.random = SystemRandom()
        new = self.gui.add_button_group("new", NEW, hint="other details: z anew, codes held")
        new.on_click(lambda event: session.ask(partial(self.new, str(event.target.value))))
        step = self.gui.add_button_group("step", BACK)
        step.on_click(lambda event: session.ask(partial(self.step, str(event.target.value))))
        self.inputs = {row: self.add_input(row) for row in session.studio.controls.rows}
        if not session.studio.keeps_size:
            self.add_size()
        self.add_between()
        session.listeners.append(self.follow)

    # ---- codes ---------------------------------------------------------------------------------

    def add_input(self, control: Control) -> Any:
        """A slider for a number, a choice for a word."""
        value = self.session.studio.controls.value(control, self.session.chair.codes)
        handle: Any
        if control.is_choice:
            handle = self.gui.add_dropdown(label(control), control.values, initial_value=str(value))
        else:
            low, high = self.ends_of(control)
            handle = self.gui.add_slider(
                label(control),
                min=low,
                max=high,
                step=step_of(low, high),
                initial_value=self.shown(control, value),
            )
        self.session.on_hand(handle, partial(self.take, control), kind=control.key)
        return handle

    def ends_of(self, control: Control) -> tuple[float, float]:
        """A slider's, in the page's units."""
        times = factor(control, longest=self.session.longest)
        if control.unit == "":
            return control.low, control.high
        return float(math.floor(times * control.low)), float(math.ceil(times * control.high))

    def shown(self, control: Control, value: float | str) -> float:
        """A number as its slider shows it, between its ends."""
        low, high = self.ends_of(control)
        number = float(value) * factor(control, longest=self.session.longest)
        return min(high, max(low, round(number, 1 if control.unit else 2)))

    def take(self, control: Control) -> None:
        """The value that the control has by now, as the chair's code."""
        session, value = self.session, self.inputs[control].value
        if not control.is_choice:
            value = float(value) / factor(control, longest=session.longest)
        codes = session.studio.controls.changed(control, session.chair.codes, value)
        session.change(Chair(codes), key=control.key)

    def follow(self) -> None:
        """Set the controls to what the chair's codes say."""
        for control, handle in self.inputs.items():
            value = self.session.studio.controls.value(control, self.session.chair.codes)
            wanted = str(value) if control.is_choice else self.shown(control, value)
            near = not control.is_choice and abs(handle.value - float(wanted)) <= handle.step
            if handle.value != wanted and not near:
                handle.value = wanted

    # ---- another, back and forth -----------------------------------------------------------------

    def new(self, which: str) -> None:
        """Another chair, or the same codes with another z."""
        session = self.session
        session.seed = self.random.randrange(2**31)
        if which == NEW[0]:
            session.change(session.studio.draw(session.seed))
        else:
            session.change(session.studio.other_details(session.chair, session.seed))

    def step(self, which: str) -> None:
        self.session.step(back=which == BACK[0])

    # ---- size ------------------------------------------------------------------------------------

    def add_size(self) -> None:
        """How long the longest side is taken to be."""
        self.size: Any = self.gui.add_number(
            "longest side, cm",
            self.session.longest,
            min=1.0,
            max=1000.0,
            step=0.01,
            hint="pictures do not say how large a chair is: all lengths and files go by this",
        )
        self.session.on_hand(self.size, self.resize, kind="longest side")
        self.session.resized.append(self.fit_sliders)

    def resize(self) -> None:
        """All lengths by another longest side."""
        self.session.resize(float(self.size.value))
        self.session.redraw()

    def fit_sliders(self) -> None:
        """The sliders' ends in cm."""
        if abs(self.size.value - self.session.longest) > 0.005:
            self.size.value = round(self.session.longest, 2)
        for control, handle in self.inputs.items():
            if control.unit == "share":
                handle.min, handle.max = self.ends_of(control)
                handle.step = step_of(handle.min, handle.max)

    # ---- between two -----------------------------------------------------------------------------

    def add_between(self) -> None:
        """Two chairs that are kept, and the way from one to the other."""
        with self.gui.add_folder("Between two chairs", expand_by_default=True):
            store = self.gui.add_button_group("keep", STORE)
            self.share: Any = self.gui.add_slider(
                "from A to B", min=0.0, max=1.0, step=0.01, initial_value=0.0, disabled=True
            )
        store.on_click(lambda event: self.session.ask(partial(self.keep, str(event.target.value))))
        self.session.on_hand(self.share, self.blend, kind="between")

    def keep(self, which: str) -> None:
        """The chair that is shown as A or B."""
        self.ends[which] = self.session.chair
        self.share.disabled = len(self.ends) < 2
        missing = "" if len(self.ends) == 2 else " Store the other one too."
        self.session.say(f"Stored as {which[-1]}.{missing}")

    def blend(self) -> None:
        """The chair between A and B where the slider stands by now."""
        first, second = (self.ends[which].codes for which in STORE)
        codes = between(first, second, float(self.share.value))
        self.session.change(Chair(codes), key="between")


def step_of(low: float, high: float) -> float:
    """A slider's step: a round number, about STEPS of them."""
    rough = (high - low) / STEPS
    return next((step for step in (0.01, 0.1, 0.5) if step >= rough), 1.0)
