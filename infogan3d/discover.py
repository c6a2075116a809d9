"""What every code of a trained run does: python -m infogan3d.discover run=runs/demo/..."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from infogan3d.attributes.measure import NAMES
from infogan3d.io.files import save_json
from infogan3d.runs import command, folder
from infogan3d.semantics.card import make_cards
from infogan3d.semantics.card_figures import draw_cards, write_cards_page
from infogan3d.semantics.card_tables import READING, as_numbers, card_table, likeness, protocol_text
from infogan3d.semantics.claims import codes_or_directions, families, family_table, shape_or_detail
from infogan3d.semantics.pick_freeze import PickFreezeConfig, measure_codes
from infogan3d.semantics.sensitivity import DEFINED


def discover(settings: dict[str, Any], out: Path) -> None:
    """Cards of a run's codes, printed and kept in the run folder."""
    run = Path(settings["run"])
    check(settings)
    config = PickFreezeConfig(**{one.name: settings[one.name] for one in fields(PickFreezeConfig)})
    model = folder.load_model(run, device=settings["device"])
    found = measure_codes(model, run, config)
    first, cards = make_cards(found, bins=settings["bins"], seed=settings["seed"])
    rows, resampled = families(first, cards, NAMES)
    told = [
        shape_or_detail(first, [one.kind for one in found.axes], NAMES),
        codes_or_directions(rows, resampled),
    ]
    statements = [one for one in told if one is not None]
    texts = [READING, protocol_text(found, config), likeness(found), card_table(cards)]
    if settings["directions"] and rows:
        texts.append(family_table(rows))
    texts += [one.text() for one in statements]
    if found.information is None:
        texts.append(f"{run} has no Q head, so L_I / H(c) is left out.")
    print("\n\n".join(text.rstrip() for text in texts))
    numbers = as_numbers(
        found,
        first,
        cards,
        config=config,
        settings=settings,
        families=rows,
        statements=statements,
    )
    print(f"\nnumbers  {save_json(numbers, run / 'codes.json')}")
    matrices, pictures = draw_cards(model, found, first, cards, run, config)
    page = write_cards_page(
        run / "codes.html",
        title=f"What the codes of {run.resolve().parent.name}/{run.resolve().name} do",
        texts=texts,
        matrices=matrices,
        cards=list(zip(cards, pictures, strict=True)),
    )
    print(f"picture  {run / 'codes.png'}\npage     {page}")


def check(settings: dict[str, Any]) -> None:
    """Refuse numbers that no effect can be measured with."""
    least = {"count": 10 * DEFINED, "pairs": DEFINED, "bins": 2, "bases": 1, "directions": 0}
    for name, low in least.items():
        if settings[name] < low:
            raise ValueError(f"{name}={settings[name]} is too small here: give {low} or more.")
    if settings["pairs"] > settings["count"]:
        raise ValueError(
            f"pairs={settings['pairs']} is more than count={settings['count']}, but the pairs "
            "begin with the first shapes: give at most as many."
        )


main = command.command("discover", discover)


if __name__ == "__main__":
    main()
