"""The settings of `python -m infogan3d.reopen`."""

from dataclasses import dataclass

from infogan3d.io.settings import setting


@dataclass(frozen=True, kw_only=True)
class ReopenSettings:
    """A .glb that generate, reconstruct or train made, decoded again from the latent in it."""

    name: str = setting("reopen", "names the folder of what is made")
    mesh: str = setting(help="the .glb; may also stand alone at the front")
    run: str | None = setting(
        None,
        "the run that made it: a folder, latest, or latest:<name>; null: the one of that id in "
        "runs/",
        run_folder=True,
    )
    device: str = setting("cpu", "cpu or cuda")
