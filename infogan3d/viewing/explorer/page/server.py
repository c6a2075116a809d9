"""The explorer's server on this machine alone, and a session for each browser."""

import io
from contextlib import redirect_stdout

import viser

from infogan3d.viewing.explorer.page.codes_tab import CodesTab
from infogan3d.viewing.explorer.page.measures_tab import MeasuresTab
from infogan3d.viewing.explorer.page.paint_tab import PaintTab
from infogan3d.viewing.explorer.page.reading_tab import ReadingTab
from infogan3d.viewing.explorer.page.save_tab import SaveTab
from infogan3d.viewing.explorer.page.session import Session
from infogan3d.viewing.explorer.page.view import furnish
from infogan3d.viewing.explorer.studio import Studio

HOST = "127.0.0.1"
BROWN = (160, 112, 60)
TABS = {
    "Codes": CodesTab,
    "Measures": MeasuresTab,
    "Pictures": ReadingTab,
    "Paint": PaintTab,
    "Save": SaveTab,
}


class Server:
    """A viser server whose browsers each have a session of their own.

    `sessions` holds those that are open, by viser's number of the client.
    """

    def __init__(self, studio: Studio, *, port: int) -> None:
        self.studio = studio
        self.sessions: dict[int, Session] = {}
        with redirect_stdout(io.StringIO()):  # its banner: the command says the address itself
            self.viser = viser.ViserServer(host=HOST, port=port, label=studio.title, verbose=False)
        self.viser.gui.configure_theme(
            control_width="large",
            show_logo=False,
            show_share_button=False,
            brand_color=BROWN,
        )
        self.viser.gui.main_panel.dock_right()
        furnish(self.viser)
        self.viser.on_client_connect(self.open)
        self.viser.on_client_disconnect(self.close)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOST}:{self.viser.get_port()}"

    def open(self, client: viser.ClientHandle) -> None:
        """A browser's page."""
        session = Session(client, self.studio)
        tabs = client.gui.add_tab_group()
        for name, tab in TABS.items():
            with tabs.add_tab(name):
                tab(session)
        self.sessions[client.client_id] = session
        session.ask(session.redraw)

    def close(self, client: viser.ClientHandle) -> None:
        """A browser has gone."""
        session = self.sessions.pop(client.client_id, None)
        if session is not None:
            session.worker.close()

    def stop(self) -> None:
        """No page any more."""
        for session in list(self.sessions.values()):
            session.worker.close()
        with redirect_stdout(io.StringIO()):
            self.viser.stop()
