"""Code cards in rows: the table that is printed, and everything measured as plain numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from infogan3d.attributes.measure import NAMES, UNITS
from infogan3d.attributes.vocabulary import KIN, plain
from infogan3d.semantics.card import Card
from infogan3d.semantics.claims import Claim, Family
from infogan3d.semantics.config import PickFreezeConfig
from infogan3d.semantics.pick_freeze import QUANTILES, READ, PickFreeze
from infogan3d.semantics.sensitivity import PERMUTATIONS, FirstOrderTable
from infogan3d.stats.estimate import format_number
from infogan3d.stats.tables import markdown, to_json

ALIKE = 0.8  # real chairs overlap far less


READING = (
    'How to read: "c1: overall width, .93, leaks .12 into height" says that c1 alone decides 93 % '
    "of how the shapes differ in width, and 12 % of how they differ in height. With the rest: what "
    "c1 decides alone or together with other codes and z."
)


def protocol_text(measured: PickFreeze, config: PickFreezeConfig) -> str:
    """How all of it was measured."""
    low, high = QUANTILES
    lines = [
        f"Protocol: {len(measured.attributes)} shapes (seed {config.seed}, occupied above 0.5)"
        f" and {measured.more} more, {config.pairs} for each code and direction and for z, "
        "for the total effects",
        "effects are shares of an attribute's variance over these shapes",
        f"first-order: epsilon squared, codes of many values in {config.bins} bins of equal counts",
        "total: Sobol's pick-freeze, Jansen's estimator",
        "[low, high] = 95 % bootstrap over shapes",
        "floor: what a shuffled code stays below on all attributes at once in 95 % of "
        f"{PERMUTATIONS} shuffles",
        "no leak is counted between "
        + ", ".join(" and ".join(map(plain, group)) for group in KIN)
        + ", which measure nearly the same",
        "shapes in which an attribute has no meaning are left out for it",
        f"walks go over the quantiles {low:g} to {high:g} of a code's or direction's drawn values",
        f"L_I / H(c) over the first {min(READ, len(measured.attributes))} shapes, a bound below 0 "
        "given as 0",
    ]
    if config.directions:
        lines.append(
            "directions of the whole latent vector are not independent of the codes, so their "
            f"first-order effects are of the {config.pairs} shapes moved along each"
        )
    return "; ".join(lines) + "."


def likeness(measured: PickFreeze) -> str:
    """How much the shapes differ at all, and a warning where they hardly do."""
    text = f"Two of the shapes overlap by IoU {format_number(measured.overlap)} in the mean."
    if measured.overlap < ALIKE:
        return text
    return f"{text} They hardly differ: a large share of their variance is next to nothing."


def card_table(cards: Sequence[Card]) -> str:
    """A row a card, as Markdown."""
    columns = ["", "kind", "moves most", "first-order", "total", "monotone", "leaks most"]
    rows = []
    for card in cards:
        main = plain(card.main) if card.alive and card.main else ("dead" if card.dead else "-")
        steady = "-" if card.kind == "discrete" else f"{card.monotony:+.2f}"
        leak = card.side_effects[0] if card.side_effects else None
        leaks = f"{format_number(leak.effect)} {plain(leak.attribute)}" if leak else "-"
        read = "-" if card.information is None else format_number(card.information)
        cells = [card.name, card.kind, main, card.effect.text(), card.total.text(), steady]
        rows.append([*cells, leaks, read])
    return markdown([*columns, "L_I / H(c)"], rows)


def as_numbers(
    measured: PickFreeze,
    first: FirstOrderTable,
    cards: Sequence[Card],
    *,
    config: PickFreezeConfig,
    settings: Mapping[str, Any],
    families: Sequence[Family],
    statements: Sequence[Claim],
) -> dict[str, Any]:
    """codes.json: everything that was measured; an effect as [mean, low, high], null for none.

    `settings` are those of the command, kept as they were given.
    """
    rest = None if measured.rest is None else dict(zip(NAMES, measured.rest.T, strict=True))
    whole: dict[str, Any] = to_json(
        {
            "protocol": protocol_text(measured, config),
            "settings": settings,
            "attributes": spread(measured.attributes),
            "cards": card_numbers(measured, first, cards),
            "z_total": rest,
            "overlap": measured.overlap,
            "families": [asdict(row) for row in families],
            "statements": [asdict(claim) for claim in statements],
        },
        digits=5,
    )
    return whole


def card_numbers(
    measured: PickFreeze, first: FirstOrderTable, cards: Sequence[Card]
) -> list[dict[str, Any]]:
    """Each card's sentences and fields, and all of its effects as [mean, low, high]."""
    low, high = first.interval()
    rows = []
    for i, card in enumerate(cards):
        effects = {
            name: {
                "first": [first.effect[i, j], low[i, j], high[i, j]],
                "total": measured.totals[i, :, j],
            }
            for j, name in enumerate(NAMES)
        }
        sentences = {"title": card.title, "sentences": card.lines(), "alive": card.alive}
        rows.append({**sentences, **asdict(card), "effects": effects})
    return rows


def spread(attributes: np.ndarray) -> dict[str, dict[str, Any]]:
    """Unit, share of shapes that have it, mean and standard deviation of every attribute."""
    about: dict[str, dict[str, Any]] = {}
    for name, column in zip(NAMES, attributes.T, strict=True):
        known = column[np.isfinite(column)]
        about[name] = {"unit": UNITS[name], "known": len(known) / max(1, len(column))}
        if len(known):
            about[name] |= {"mean": known.mean(), "std": known.std()}
    return about
