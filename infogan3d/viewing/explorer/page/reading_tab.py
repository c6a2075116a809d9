"""Pictures and meshes in: an upload or a path; what was read off them, and the shapes beside."""

import time
from pathlib import Path
from typing import Any

from infogan3d.viewing.explorer.chairs import Chair
from infogan3d.viewing.explorer.page.session import Session
from infogan3d.viewing.explorer.reading import Reading, read_mesh_file, read_pictures
from infogan3d.viewing.explorer.uploads import MOST_BYTES, Upload, unpacked

HOW = (
    "One chair's pictures as a **zip** (1 to 62, before a plain wall, taken evenly around it), one "
    "picture, or a **mesh** (.obj .off .stl .ply .glb .gltf)."
)

PLUS_MINUS = "\u00b1"


class ReadingTab:
    """The way in of one page."""

    def __init__(self, session: Session) -> None:
        self.session, gui = session, session.client.gui
        gui.add_markdown(HOW)
        self.button = gui.add_upload_button("Upload pictures or a mesh")
        self.path = gui.add_text("or a path", "", hint="a folder, a zip or a mesh, on this machine")
        read = gui.add_button("Read this path")
        self.shown: Any = gui.add_checkbox("show them beside the chair", True, visible=False)
        self.words = gui.add_markdown("")
        self.button.on_upload(lambda _: session.ask(self.take_upload, kind="upload"))
        read.on_click(lambda _: session.ask(self.take_path, kind="upload"))
        session.on_hand(self.shown, self.show, kind="beside")

    def take_upload(self) -> None:
        """The file that was uploaded last."""
        file = self.button.value
        self.take_file(file.name, file.content)

    def take_file(self, name: str, content: bytes) -> None:
        """A file's bytes."""
        with unpacked(name, content) as upload:
            self.take(upload, name)

    def take_path(self) -> None:
        """What lies at the path that was typed. Errors: nothing there (`ValueError`)."""
        text = self.path.value.strip()
        path = Path(text).expanduser()
        if not text or not path.exists():
            raise ValueError(f"there is no file or folder {text!r} here: give another path.")
        if path.is_dir():
            self.take(Upload(path, is_mesh=False), path.name)
            return
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path.name} is larger than {MOST_BYTES / 1e6:.0f} MB.")
        self.take_file(path.name, path.read_bytes())

    def take(self, upload: Upload, name: str) -> None:
        """Read it; its codes become the chair, its shapes stand beside."""
        session, began = self.session, time.perf_counter()
        way = read_mesh_file if upload.is_mesh else read_pictures
        with session.busy(f"Reading {name} ..."):
            reading: Reading = way(session.studio, upload.path, longest=session.longest)
        session.beside = reading.beside
        if reading.longest is not None:
            session.resize(reading.longest)
        self.words.content = "\n".join(
            f"- {line.replace('+-', PLUS_MINUS)}" for line in reading.lines
        )
        self.shown.visible, self.shown.value = True, True
        session.change(Chair(reading.codes))
        self.show()
        spent = time.perf_counter() - began
        session.say(f"{name} read in {spent:.1f} s; its codes stand on the sliders.")

    def show(self) -> None:
        """The shapes beside the chair, where they are wanted."""
        self.session.view.show_beside(self.session.beside if self.shown.value else ())
