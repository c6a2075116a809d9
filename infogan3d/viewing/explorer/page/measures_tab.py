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
    """A field for each measure; its label says what the chair measures now."""

    def __init__(self, session: Session) -> None:
        self.session, gui = session, session.client.gui
        gui.add_markdown("Fill in what the chair shall measure, and leave the rest empty.")
        self.fields: dict[str, Any] = {name: self.add_field(name) for name in FIRST}
        with gui.add_folder("more measures", expand_by_default=False):
            self.fields |= {name: self.add_field(name) for name in NAMES if name not in FIRST}
        search = gui.add_button("Find such a chair", hint="the rest stays as near as it can")
        clear = gui.add_button("Empty the fields", color="gray")
        self.result = gui.add_markdown("")
        search.on_click(lambda _: session.ask(self.search, kind="search"))
        clear.on_click(lambda _: session.ask(self.clear))
        session.listeners.append(lambda: session.ask(self.follow, kind="measures"))

    def add_field(self, name: str) -> Any:
        """An empty field."""
        words = ", ".join(VALUES[name]) if name in VALUES else unit_word(name)
        return self.session.client.gui.add_text(plain(name), "", hint=words or None)

    def follow(self) -> None:
        """The labels by what the chair measures."""
        grid = self.session.studio.occupancy(self.session.chair) > 0.5
        words = measured_words(measure(grid[None])[0], side=self.session.side)
        for name, field in self.fields.items():
            label = f"{plain(name)}: {words[name]}"
            if field.label != label:
                field.label = label

    def clear(self) -> None:
        """Nothing is asked."""
        for field in self.fields.values():
            field.value = ""
        self.result.content = ""

    def search(self) -> None:
        """The chair nearest to what is asked."""
        session, tries = self.session, self.session.studio.settings.tries
        texts = {name: field.value for name, field in self.fields.items()}
        asked = read_asked(texts, side=session.side)
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
        session.change(Chair(reached.codes))
        self.result.content = search_words(reached, side=session.side)
        session.say(f"{reached.tries} chairs tried in {time.perf_counter() - began:.1f} s.")
