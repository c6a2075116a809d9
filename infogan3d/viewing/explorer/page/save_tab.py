"""Files out: meshes, a pack, the codes; through the browser's own download."""

from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from infogan3d.viewing.explorer.meshes import KINDS, mesh_file
from infogan3d.viewing.explorer.page.session import Session

CHAIR, RECONSTRUCTION = "the chair", "the reconstruction"
HOW = (
    "GLB and OBJ are in metres, STL and 3MF in millimetres, by the longest side that is set "
    "beside the codes."
)


class SaveTab:
    """What one page saves."""

    def __init__(self, session: Session) -> None:
        self.session, gui = session, session.client.gui
        self.which: Any = gui.add_dropdown("mesh of", (CHAIR,), initial_value=CHAIR)
        meshes = gui.add_button_group("mesh", [kind.upper() for kind in KINDS])
        pack = gui.add_button("Pack (.npz)", hint="the grid with its codes")
        codes = gui.add_button("Codes (.json)")
        gui.add_markdown(HOW)
        meshes.on_click(
            lambda event: session.ask(partial(self.mesh, str(event.target.value).lower()))
        )
        pack.on_click(lambda _: session.ask(self.pack))
        codes.on_click(lambda _: session.ask(self.codes))
        session.listeners.append(self.follow)

    def follow(self) -> None:
        """The reconstruction can be saved where there is one."""
        there = any(shape.words == RECONSTRUCTION[4:] for shape in self.session.beside)
        wanted = (CHAIR, RECONSTRUCTION) if there else (CHAIR,)
        if tuple(self.which.options) != wanted:
            self.which.options = wanted

    def occupancy(self) -> Float[np.ndarray, "R R R"]:
        """Of what is to be saved."""
        session = self.session
        if self.which.value == RECONSTRUCTION:
            shapes = [s for s in session.beside if s.words == RECONSTRUCTION[4:]]
            return shapes[0].occupancy
        return session.studio.occupancy(session.chair)

    def mesh(self, kind: str) -> None:
        """A mesh file."""
        session = self.session
        content = mesh_file(self.occupancy(), kind, side=session.side, frame=session.studio.frame)
        self.send(f"chair.{kind}", content)

    def pack(self) -> None:
        """The chair as a pack of one."""
        self.send("chair.npz", self.session.studio.pack_file(self.session.chair))

    def codes(self) -> None:
        """The chair's codes."""
        session = self.session
        content = session.studio.codes_file(session.chair, longest=session.longest)
        self.send("chair.json", content)

    def send(self, name: str, content: bytes) -> None:
        """A file to the browser's downloads."""
        self.session.client.send_file_download(name, content, save_immediately=True)
        self.session.say(f"{name}: {len(content) / 1000:.0f} kB sent.")
