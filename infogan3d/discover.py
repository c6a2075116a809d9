"""What every code of a trained run does: python -m infogan3d.discover run=runs/demo/..."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infogan3d import runs
from infogan3d.attributes import NAMES, UNITS
from infogan3d.card_pictures import (
    anchor,
    card_picture,
    heat_map,
    stacked,
    walk_picture,
    write_cards_page,
)
from infogan3d.card_tables import READING, as_numbers, card_table, likeness, protocol_text
from infogan3d.cards import Card, correlations, make_card
from infogan3d.chair_model import ChairModel
from infogan3d.effects import DEFINED, FirstOrder, first_order_table, groups_of
from infogan3d.report import save_picture
from infogan3d.scorecard import save_json
from infogan3d.statements import codes_or_directions, families, family_table, shape_or_detail
from infogan3d.survey import Survey, Tick, places_of, survey, told_places, walks

STEPS = 8
FAMILIES = 4  # of directions: two methods in two spaces


def discover(settings: dict[str, Any], out: Path) -> None:
    """Cards of a run's codes, printed and kept in the run folder."""
    run = Path(settings["run"])
    check(settings)
    model = runs.load_model(run, device=settings["device"])
    found = look(model, run, settings)
    first, cards = cut_cards(found, bins=settings["bins"], seed=settings["seed"])
    rows, resampled = families(first, cards, NAMES)
    told = [
        shape_or_detail(first, [one.kind for one in found.movers], NAMES),
        codes_or_directions(rows, resampled),
    ]
    statements = [one for one in told if one is not None]
    texts = [READING, protocol_text(found, settings), likeness(found), card_table(cards)]
    if settings["directions"] and rows:
        texts.append(family_table(rows))
    texts += [one.text() for one in statements]
    if found.information is None:
        texts.append(f"{run} has no Q head, so L_I / H(c) is left out.")
    print("\n\n".join(text.rstrip() for text in texts))
    numbers = as_numbers(
        found, first, cards, settings=settings, families=rows, statements=statements
    )
    print(f"\nnumbers  {save_json(numbers, run / 'codes.json')}")
    matrices, pictures = draw_all(model, found, first, cards, run, settings)
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


def look(model: ChairModel, run: Path, settings: dict[str, Any]) -> Survey:
    """Make and measure the shapes. Errors: a run without codes (`ValueError`)."""
    names = model.spec.names
    if not names:
        raise ValueError(
            f"{run} has no codes, so there is nothing to discover: train with codes.discrete or "
            "codes.continuous."
        )
    movers = len(names) + 1 + FAMILIES * settings["directions"]
    asked = {key: settings[key] for key in ("count", "pairs", "directions", "seed")}
    with progress(settings["count"] + settings["pairs"] * movers) as tick:
        return survey(model, **asked, tick=tick)


@contextmanager
def progress(total: int) -> Iterator[Tick]:
    """A bar that counts shapes made and measured."""
    told = TextColumn("measuring shapes")
    with Progress(told, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.advance(task, done)
        bar.update(task, total=bar.tasks[0].completed)


def cut_cards(found: Survey, *, bins: int, seed: int) -> tuple[FirstOrder, list[Card]]:
    """The first-order effects, and a card for every code and direction."""
    groups = [
        groups_of(column, discrete=one.discrete, bins=bins)
        for one, column in zip(found.movers, found.columns, strict=True)
    ]
    first = first_order_table(groups, found.tables, seed=seed)
    together = correlations(found.attributes)
    read = found.information or {}
    cards = [
        make_card(
            index,
            name=one.name,
            kind=one.kind,
            family=one.family,
            names=NAMES,
            units=UNITS,
            first=first,
            total=found.totals[index],
            groups=groups[index],
            attributes=found.tables[index],
            together=together,
            information=read.get(one.name),
            made_of=one.made_of,
        )
        for index, one in enumerate(found.movers)
    ]
    return first, cards


def draw_all(
    model: ChairModel,
    found: Survey,
    first: FirstOrder,
    cards: Sequence[Card],
    run: Path,
    settings: dict[str, Any],
) -> tuple[list[Path], list[Path]]:
    """The matrices and a walk a card under codes/, and the codes' cards on one sheet, codes.png."""
    matrices, walked, shown = [], [], []
    for name in ("codes", "directions"):
        rows = [
            i for i, card in enumerate(cards) if (card.kind == "direction") == (name != "codes")
        ]
        if not rows:
            continue
        picture = heat_map(
            first.effect[rows],
            first.floor[rows],
            rows=[cards[i].name for i in rows],
            attributes=NAMES,
            title=f"Share of each attribute's variance that each of the {name} explains alone",
        )
        matrices.append(save_picture(picture, run / "codes" / f"matrix-{name}.png"))
        if name == "codes":
            shown.append(picture)
    for card, mover in zip(cards, found.movers, strict=True):
        places = places_of(mover, card.ranking, steps=STEPS)
        grids = walks(model, mover, bases=settings["bases"], seed=settings["seed"], places=places)
        walk = walk_picture(grids, captions=told_places(mover, places))
        walked.append(save_picture(walk, run / "codes" / f"{anchor(card)}.png"))
        if card.kind != "direction":
            shown.append(card_picture(card, walk))
    save_picture(stacked(shown), run / "codes.png")
    return matrices, walked


main = runs.command("discover", discover)

if __name__ == "__main__":
    main()
