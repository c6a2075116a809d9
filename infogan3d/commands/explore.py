"""A run's chairs changed by hand in a browser: the model loaded, the server on 127.0.0.1."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from infogan3d.commands.reconstruct import known_shapes, sample_pack
from infogan3d.inversion.frames import frame_of, guess_note
from infogan3d.models.evidence.calibration import UNCALIBRATED, from_plain
from infogan3d.runs import folder
from infogan3d.runs.checkpoint import load_model
from infogan3d.viewing.config import ExploreSettings
from infogan3d.viewing.explorer.studio import Studio


def explore(settings: ExploreSettings) -> None:
    """Serve the page until Ctrl-C. Errors: viser is not installed (`ValueError`)."""
    check_viser()
    from infogan3d.viewing.explorer.page.server import Server

    studio = open_studio(settings)
    server = Server(studio, port=settings.port)
    print(f"explore {server.address} (Ctrl-C ends it)", flush=True)
    try:
        server.viser.sleep_forever()
    finally:
        server.stop()


def check_viser() -> None:
    """Refuse to go on without the packages of the extra (`ValueError`)."""
    if find_spec("viser") is None:
        raise ValueError(
            "viser is not installed, which shows the page: .venv/bin/uv pip install -e "
            "'.[explorer]' (or pip install 'infogan3d[explorer]')."
        )


def open_studio(settings: ExploreSettings) -> Studio:
    """The run that is explored, with what is known of its data."""
    run = Path(settings.run)
    trained = folder.load_settings(run)
    frame = frame_of(trained.data, sample_pack(trained))
    if frame.guessed:
        print(f"explore {guess_note(frame)}")

    def known() -> Bool[np.ndarray, "n R R R"] | None:
        shapes = known_shapes(trained)
        return None if shapes is None else shapes[0]

    calibration = folder.calibration_of(run)
    return Studio(
        title=f"{trained.name} {run.name}",
        model=load_model(run, device=settings.device),
        data=trained.data,
        frame=frame,
        resolution=trained.resolution,
        settings=settings,
        known=known,
        calibration=UNCALIBRATED if calibration is None else from_plain(calibration),
    )
