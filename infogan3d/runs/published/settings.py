"""The settings of `python -m infogan3d.publish`."""

from dataclasses import dataclass

from infogan3d.io.settings import setting


@dataclass(frozen=True, kw_only=True)
class PublishSettings:
    """A run's model in a folder of its own: settings, weights in half precision, a card."""

    name: str = setting("publish", "names the folder of what is printed")
    run: str = setting(help="a run folder, latest, or latest:<name>", run_folder=True)
    to: str = setting(help="a new folder, or one that this command made, which is replaced")
    license: str = setting("mit", "of the weights, as the hub names licenses")
    notes: str | None = setting(None, "a Markdown file whose text goes into the card")
