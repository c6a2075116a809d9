"""A run's model as others can load it: settings, weights in half precision, a card."""

from pathlib import Path
from typing import Any

from infogan3d.io.files import save_json, save_text
from infogan3d.io.settings import plain_settings
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.folder import calibration_of, load_settings, scores_of
from infogan3d.runs.published.card import card_text, code_cards
from infogan3d.runs.published.layout import CARD, CONFIG, WEIGHTS, is_published
from infogan3d.runs.published.load import load_published
from infogan3d.runs.published.settings import PublishSettings
from infogan3d.runs.published.weights import plain_hyperparameters, save_weights

LAYOUT = 1  # of config.json
MACHINE = ("cache", "workers", "resume", "logger", "project", "group")  # not of the model


def publish(settings: PublishSettings) -> None:
    """The folder `to`; then it is loaded once, as its users will.

    Errors: a folder that holds anything else, no such notes (`ValueError`).
    """
    run, to = Path(settings.run), Path(settings.to).expanduser()
    check_folder(to)
    notes = read_notes(settings.notes)
    model, trained = load_model(run), load_settings(run)
    numbers = scores_of(run) or {}
    digest = save_weights(model, to)
    described = {
        name: value for name, value in plain_settings(trained).items() if name not in MACHINE
    }
    config: dict[str, Any] = {
        "library_name": "infogan3d",
        "layout": LAYOUT,
        "sha256": digest,
        "codes": code_cards(model),
        "model": plain_hyperparameters(model),
        "settings": described,
        "scores": numbers,
        "calibration": calibration_of(run),
    }
    save_json(config, to / CONFIG)
    card = card_text(
        model, trained, numbers, name=to.resolve().name, license=settings.license, notes=notes
    )
    save_text(card, to / CARD)
    load_published(to)
    size = sum((to / name).stat().st_size for name in (CONFIG, WEIGHTS, CARD))
    print(f"published {to}: {size / 1e6:.1f} MB, sha256 {digest}")
    print(f"use it    python -m infogan3d.generate run={to}")


def check_folder(to: Path) -> None:
    """Refuse to write among other things (`ValueError`)."""
    if to.exists() and not to.is_dir():
        raise ValueError(f"to={to} is a file: give a new folder.")
    if to.is_dir() and any(to.iterdir()) and not is_published(to):
        raise ValueError(f"to={to} holds other things: give a new folder.")


def read_notes(path: str | None) -> str:
    """The text of a Markdown file. Errors: there is none (`ValueError`)."""
    if path is None:
        return ""
    try:
        return Path(path).expanduser().read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"notes={path} cannot be read: give a Markdown file.") from error
