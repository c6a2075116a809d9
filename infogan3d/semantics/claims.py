"""Two statements about a generator's codes, held against numbers: held, not held or undecided.

"continuous codes control shape, discrete codes control detail"   (the paper's section on codes)
"InfoGAN's codes are better than directions found afterwards"
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from infogan3d.attributes.vocabulary import DETAIL, SHAPE, correlated_with
from infogan3d.semantics.card import Card
from infogan3d.semantics.sensitivity import FirstOrderTable
from infogan3d.stats.estimate import Estimate, format_number, from_resamples
from infogan3d.stats.tables import markdown

CLAIMED = (("continuous", "shape", "detail"), ("discrete", "detail", "shape"))


@dataclass(frozen=True)
class Claim:
    """A sentence, the word on it, the numbers it stands on, and what they mean."""

    claim: str
    verdict: str
    numbers: dict[str, Estimate]
    meaning: str

    def text(self) -> str:
        listed = "; ".join(f"{name} {share.text()}" for name, share in self.numbers.items())
        return f'"{self.claim}": {self.verdict}{": " if listed else ""}{listed}. {self.meaning}'


def verdict_of(numbers: Sequence[Estimate]) -> str:
    """held: every interval above 0; not held: one below 0; else undecided."""
    if numbers and all(estimate.low > 0 for estimate in numbers):
        return "held"
    return "not held" if any(estimate.high < 0 for estimate in numbers) else "undecided"


def shape_or_detail(
    first: FirstOrderTable, kinds: Sequence[str], attributes: Sequence[str]
) -> Claim:
    """Do continuous codes move shape more than detail, and discrete ones detail more than shape?

    The mean first-order effect over a kind's codes and an attribute list. An attribute that has no
    effects here (it never changes) is left out.
    """
    usable = np.isfinite(first.effect).all(0)
    lists = {
        word: [i for i, name in enumerate(attributes) if name in names and usable[i]]
        for word, names in (("shape", SHAPE), ("detail", DETAIL))
    }
    listed = {
        word: ", ".join(attributes[i].replace("_", " ") for i in indices)
        for word, indices in lists.items()
    }
    meaning = (
        "Mean share of variance explained, difference with its 95 % interval over shapes; "
        f"shape = {listed['shape'] or 'none'}; detail = {listed['detail'] or 'none'}."
    )
    claim = "continuous codes = shape, discrete codes = detail"
    rows = {kind: [i for i, other in enumerate(kinds) if other == kind] for kind, _, _ in CLAIMED}
    lacking = [f"{kind} codes" for kind, indices in rows.items() if not indices]
    lacking += [f"attributes of {word}" for word, indices in lists.items() if not indices]
    if lacking:
        return Claim(claim, f"undecided, there are no {' and no '.join(lacking)}", {}, meaning)

    def mean(values: np.ndarray, kind: str, word: str) -> np.ndarray:
        return np.asarray(values[..., rows[kind], :][..., lists[word]].mean((-2, -1)))

    numbers = {}
    for kind, more, less in CLAIMED:
        values = [mean(v, kind, more) - mean(v, kind, less) for v in (first.effect, first.draws)]
        numbers[f"{kind}: {more} less {less}"] = from_resamples(
            float(values[0]), values[1], n=first.shapes
        )
    return Claim(claim, verdict_of(list(numbers.values())), numbers, meaning)


@dataclass(frozen=True)
class Family:
    """What the members of one family (codes of a kind, directions of a method) do on average.

    `effect` is the effect on the attribute that each moves most, `alone` its lead: that less the
    largest effect on an attribute which is not of the main one's kin (see `tops`).
    """

    name: str
    members: int
    alive: int
    effect: Estimate
    alone: Estimate
    total: float
    monotony: float


def top_effects(
    halves: Float[np.ndarray, "b 2 f a"], kin: Bool[np.ndarray, "a a"]
) -> tuple[Float[np.ndarray, "b f"], Float[np.ndarray, "b f"]]:
    """The largest effect, and its lead over the largest of those that are no kin of it.

    Which they are is chosen in one half of the shapes and their effects are taken from the other,
    then the other way round: the largest of some noisy numbers would be too large, the more so the
    fewer shapes there are.
    """
    effects, leads = [], []
    for chosen, scored in ((halves[:, 0], halves[:, 1]), (halves[:, 1], halves[:, 0])):
        top = chosen.argmax(-1)[..., None]
        others = np.where(kin[top[..., 0]], -np.inf, chosen)
        second = others.argmax(-1)[..., None]
        main = np.take_along_axis(scored, top, -1)[..., 0]
        next_best = np.take_along_axis(scored, second, -1)[..., 0]
        alone = np.isinf(others.max(-1))
        effects.append(main)
        leads.append(main - np.where(alone, 0.0, next_best))
    return np.mean(effects, 0), np.mean(leads, 0)


def families(
    first: FirstOrderTable, cards: Sequence[Card], names: Sequence[str]
) -> tuple[list[Family], dict[str, Float[np.ndarray, " b"]]]:
    """All codes together, then each family in the order it appears; and `alone` by resample."""
    usable = np.isfinite(first.halves).all((0, 1, 2))
    if not usable.any():
        return [], {}
    kin = correlated_with(names)[usable][:, usable]
    effects, alones = top_effects(first.halves[..., usable], kin)
    members = {"all codes": [i for i, card in enumerate(cards) if card.kind != "direction"]}
    for i, card in enumerate(cards):
        members.setdefault(card.family, []).append(i)
    rows, resampled = [], {}
    for name, indices in members.items():
        effect, alone = effects[:, indices].mean(1), alones[:, indices].mean(1)
        resampled[name] = alone[1:]
        steady = [abs(cards[i].monotony) for i in indices if cards[i].kind != "discrete"]
        rows.append(
            Family(
                name,
                len(indices),
                sum(cards[i].alive for i in indices),
                from_resamples(float(effect[0]), effect[1:], n=first.shapes),
                from_resamples(float(alone[0]), alone[1:], n=first.shapes),
                float(np.nanmean([cards[i].total.mean for i in indices])),
                float(np.mean(steady)) if steady else float("nan"),
            )
        )
    return rows, resampled


def codes_or_directions(
    rows: Sequence[Family], resampled: dict[str, Float[np.ndarray, " b"]]
) -> Claim | None:
    """Do codes lead on their main attribute by more than every family of directions does?"""
    by_name = {row.name: row for row in rows}
    others = [name for name in by_name if "codes" not in name]
    if not others:
        return None
    lead = by_name["all codes"].alone.mean
    numbers = {
        f"codes less {name}": from_resamples(
            lead - by_name[name].alone.mean,
            resampled["all codes"] - resampled[name],
            n=by_name[name].alone.n,
        )
        for name in others
    }
    return Claim(
        "InfoGAN's codes are better than directions found afterwards",
        verdict_of(list(numbers.values())),
        numbers,
        "Mean lead of the main attribute's effect over that of any other one but its kin, "
        "difference with its 95 % interval over shapes.",
    )


def family_table(rows: Sequence[Family]) -> str:
    """The families as Markdown."""
    columns = ["family", "members", "alive", "main effect", "its lead", "total", "monotone"]
    lines = []
    for row in rows:
        cells = [row.name, str(row.members), str(row.alive), row.effect.text(), row.alone.text()]
        lines.append([*cells, format_number(row.total), format_number(row.monotony)])
    return markdown(columns, lines)
