"""What the chair measures; what it shall measure, and the search for such a chair."""

import time
from typing import Any

from infogan3d.attributes.measure import NAMES, measure
from infogan3d.semantics.editing.request import VALUES
from infogan3d.semantics.editing.search import attribute_search
from infogan3d.viewing.explorer.chairs import Chair
from infogan3d.viewing.explorer.measures import (
    FIRST,
    measured_words,
    plain,
    read_asked,
    search_words,
    unit_word,
)
from infogan3d.viewing.explorer.page.session import Session


class MeasuresTab:
    """A field for each measure, with what the chair measures; those that are changed are asked."""

    def __init__(self, session: Session) -> None:
        self.session, gui = session, session.client.gui
        gui.add_markdown("What the chair measures. Change some of it, and look for such a chair.")
        self.fields: dict[str, Any] = {name: self.add_field(name) for name in FIRST}
        with gui.add_folder("more measures", expand_by_default=False):
            self.fields |= {name: self.add_field(name) for name in NAMES if name not in FIRST}
        self.measured = dict.fromkeys(NAMES, "")
        search = gui.add_button("Find such a chair", hint="the rest stays as near as it can")
        back = gui.add_button("Ask nothing", color="gray", hint="the fields as the chair measures")
        self.result = gui.add_markdown("")
        search.on_click(lambda _: session.ask(self.search, kind="search"))
        back.on_click(lambda _: session.ask(self.reset))
        session.listeners.append(lambda: session.ask(self.follow, kind="measures"))

    def add_field(self, name: str) -> Any:
        """An empty field."""
        words = ", ".join(VALUES[name]) if name in VALUES else unit_word(name)
        return self.session.client.gui.add_text(plain(name), "", hint=words or None)

    @property
    def asked(self) -> dict[str, str]:
        """The fields that were changed."""
        texts = {name: str(field.value) for name, field in self.fields.items()}
        return {name: text for name, text in texts.items() if text != self.measured[name]}

    def follow(self) -> None:
        """The fields that are not changed by what the chair measures."""
        asked = self.asked
        grid = self.session.studio.occupancy(self.session.chair) > 0.5
        self.measured = measured_words(measure(grid[None])[0], side=self.session.side)
        for name, field in self.fields.items():
            if name not in asked:
                field.value = self.measured[name]

    def reset(self) -> None:
        """Nothing is asked."""
        for name, field in self.fields.items():
            field.value = self.measured[name]
        self.result.content = ""

    def search(self) -> None:
        """The chair nearest to what is asked."""
        session, tries = self.session, self.session.studio.settings.tries
        asked = read_asked(self.asked, side=session.side)
        began, tried = time.perf_counter(), 0
        with session.busy("Searching ...") as tell:

            def tick(count: int) -> None:
                nonlocal tried
                tried += count
                tell(tried / tries)

            reached = attribute_search(
                session.studio.model,
                session.chair.codes,
                asked,
                tries=tries,
                seed=session.seed,
                tick=tick,
            )
        self.reset()
        session.change(Chair(reached.codes))
        self.result.content = search_words(reached, side=session.side)
        session.say(f"{reached.tries} chairs tried in {time.perf_counter() - began:.1f} s.")
