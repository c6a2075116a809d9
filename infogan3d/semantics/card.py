"""Code cards: in words and numbers, what one code (or direction) of a generator does to a chair."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import spearmanr

from infogan3d.attributes.measure import NAMES, UNITS
from infogan3d.attributes.vocabulary import UNIT_WORDS, correlated_with, plain, words
from infogan3d.semantics.pick_freeze import LatentAxis, PickFreeze
from infogan3d.semantics.sensitivity import FirstOrderTable, first_order_table, groups_of
from infogan3d.stats.estimate import Estimate, format_number

QUIET = 0.02  # a total effect below this is nothing, whatever the floor says


@dataclass(frozen=True)
class SideEffect:
    """A second attribute that a code moves, above the floor and no kin of the main one.

    `follows` is the effect it would have had anyway, had the code moved the main attribute alone
    and this one gone with it as the two do in all shapes (r^2 times the main effect).
    """

    attribute: str
    effect: float
    follows: float


@dataclass(frozen=True)
class Card:
    """What one code or direction does.

    `main` is the attribute it moves most, None where none can be named, `means` its mean at each
    value of a discrete code, else in each bin of equal counts. `correlated_attributes` measure
    nearly the same as `main`, so they are no side effects; `information` is L_I / H(c), None where
    Q was not asked; `composition` says where in the latent vector a direction lies.
    """

    name: str
    kind: str
    family: str
    main: str | None
    effect: Estimate
    total: Estimate
    most_total: tuple[str, float]
    floor: float
    dead: bool
    monotony: float
    means: tuple[float, ...]
    side_effects: tuple[SideEffect, ...]
    correlated_attributes: tuple[tuple[str, float], ...] = ()
    information: float | None = None
    composition: str = ""
    unit: str = ""

    @property
    def alive(self) -> bool:
        """Whether anything it does on its own lies above its floor."""
        return self.main is not None and self.effect.mean > self.floor

    @property
    def ranking(self) -> list[int]:
        """The values of a code, from the smallest mean of the main attribute to the largest."""
        means = np.array(self.means)
        return [int(i) for i in np.argsort(means, kind="stable") if np.isfinite(means[i])]

    @property
    def title(self) -> str:
        """The automatic name."""
        if self.dead:
            return (
                f"{self.name}: dead, moves nothing above its floor of {format_number(self.floor)}"
            )
        if not self.alive or self.main is None:
            what, most = self.most_total
            share = format_number(most)
            return f"{self.name}: nothing on its own, with the rest {share} of {words(what)}"
        text = f"{self.name}: {words(self.main)}, {format_number(self.effect.mean)}"
        if not self.side_effects:
            return f"{text}, leaks nothing above its floor"
        first = self.side_effects[0]
        return f"{text}, leaks {format_number(first.effect)} into {plain(first.attribute)}"

    def lines(self) -> list[str]:
        """The card's sentences under its title."""
        sentences = []
        if self.alive and self.main is not None:
            sentences.append(
                f"explains {self.effect.text()} of the variance of {plain(self.main)} on its own, "
                f"{self.total.text()} with the rest (floor {format_number(self.floor)})"
            )
            sentences.append(self.course())
        if self.correlated_attributes:
            brought = ", ".join(
                f"{plain(name)} {format_number(effect)}"
                for name, effect in self.correlated_attributes
            )
            sentences.append(f"with it goes {brought}")
        if self.side_effects:
            sentences.append("leaks " + ", ".join(map(side_effect_text, self.side_effects[:3])))
        if self.information is not None:
            more = ", above 1 as a real number holds more than ln 2 nats"
            beyond = more if self.information > 1 else ""
            sentences.append(
                f"Q reads back {format_number(self.information)} of it, L_I / H(c){beyond}"
            )
        if self.composition:
            sentences.append(f"lies in {self.composition}")
        return sentences

    def course(self) -> str:
        """How the main attribute goes along the code."""
        order = self.ranking
        assert self.main is not None
        least, most = (self.means[order[i]] for i in (0, -1))
        span = f"{least:.3g} to {most:.3g} {self.unit}".rstrip()
        if self.kind == "discrete":
            values = " ".join(map(str, order))
            return f"mean {plain(self.main)} {span}; its values from least to most: {values}"
        return f"mean {plain(self.main)} {span}, {monotony_text(self.monotony)}"


def monotony_text(steadiness: float) -> str:
    """How monotone, in words."""
    sign = "rising" if steadiness > 0 else "falling"
    how = "throughout" if abs(steadiness) > 0.95 else "mostly"
    if abs(steadiness) < 0.6:
        sign, how = "up and down", "along the way"
    return f"{sign} {how} (Spearman {steadiness:+.2f})"


def side_effect_text(leak: SideEffect) -> str:
    """One leak, and how much of it the main attribute brings along."""
    text = f"{format_number(leak.effect)} into {plain(leak.attribute)}"
    share = min(leak.follows, leak.effect)
    if share < 0.01:
        return text
    return f"{text} ({format_number(share)} of it as the two go together)"


def profile(
    groups: Int[np.ndarray, " n"], attribute: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " k"]:
    """The mean attribute at each value or in each bin of a code; NaN where it has none."""
    known = np.isfinite(attribute)
    sums = np.bincount(groups, np.where(known, attribute, 0.0))
    counts = np.bincount(groups, known)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def monotony(means: Float[np.ndarray, " k"]) -> float:
    """Spearman's correlation of bin and mean: 1 always rising, -1 always falling, 0 neither.

    Of the means, not of the shapes: a weak effect can be as monotone as a strong one.
    """
    known = np.isfinite(means)
    if known.sum() < 3 or np.ptp(means[known]) == 0:
        return 0.0
    return float(spearmanr(np.flatnonzero(known), means[known]).statistic)


def correlations(attributes: Float[np.ndarray, "n a"]) -> Float[np.ndarray, "a a"]:
    """Pearson's correlation of every two attributes, over shapes where both are known; else 0."""
    known = np.isfinite(attributes)
    count = known.T.astype(float) @ known
    mean = np.where(known, attributes, 0.0).sum(0) / np.maximum(count.diagonal(), 1)
    centred = np.where(known, attributes - mean, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        products = centred.T @ centred / count
        squares = (centred**2).T @ known / count
        correlation = products / np.sqrt(squares * squares.T)
    return np.where(np.isfinite(correlation), correlation, 0.0)


NOTHING = Estimate(float("nan"), float("nan"), float("nan"), 0)


def make_card(
    axis: LatentAxis,
    index: int,
    *,
    names: Sequence[str],
    first: FirstOrderTable,
    total: Float[np.ndarray, "3 a"],  # the effects over `pairs` and the ends of their intervals
    pairs: int,
    groups: Int[np.ndarray, " n"],
    attributes: Float[np.ndarray, "n a"],
    correlation: Float[np.ndarray, "a a"],
    information: float | None = None,
) -> Card:
    """The card of row `index` of a table of first-order effects on the attributes `names`."""
    effects, floor = first.effect[index], float(first.floor[index])
    order = top_first(effects)
    above = [i for i in order if effects[i] > floor]
    card = bare_card(axis, names, total, floor=floor, above=bool(above), information=information)
    if not order:
        return card
    top = order[0]
    low, high = first.interval()[:, index, top]
    means = profile(groups, attributes[:, top])
    related, follows = correlated_with(names)[top], correlation[top] ** 2 * effects[top]
    leaks = [i for i in above[1:] if not related[i]]
    return replace(
        card,
        main=names[top],
        effect=Estimate(float(effects[top]), float(low), float(high), len(attributes)),
        total=Estimate(float(total[0, top]), float(total[1, top]), float(total[2, top]), pairs),
        monotony=0.0 if axis.discrete else monotony(means),
        means=tuple(float(mean) for mean in means),
        side_effects=tuple(
            SideEffect(names[i], float(effects[i]), float(follows[i])) for i in leaks
        ),
        correlated_attributes=tuple((names[i], float(effects[i])) for i in above[1:] if related[i]),
        unit=UNIT_WORDS.get(UNITS[names[top]], UNITS[names[top]]),
    )


def bare_card(
    axis: LatentAxis,
    names: Sequence[str],
    total: Float[np.ndarray, "3 a"],
    *,
    floor: float,
    above: bool,
    information: float | None,
) -> Card:
    """The card before a main attribute is named; `above`: whether any effect is above the floor.

    Dead is what has no effect of its own above its floor and no total effect of QUIET or more.
    """
    totals = np.where(np.isfinite(total[0]), total[0], 0.0)
    return Card(
        name=axis.name,
        kind=axis.kind,
        family=axis.family,
        main=None,
        effect=NOTHING,
        total=NOTHING,
        monotony=0.0,
        means=(),
        side_effects=(),
        most_total=(names[int(totals.argmax())], float(totals.max())),
        floor=floor,
        dead=not above and bool((totals < QUIET).all()),
        information=information,
        composition=axis.composition,
    )


def top_first(effects: Float[np.ndarray, " a"]) -> list[int]:
    """The attributes that have an effect, the largest first."""
    usable = np.isfinite(effects)
    return [int(i) for i in np.argsort(-np.where(usable, effects, -np.inf)) if usable[i]]


def make_cards(measured: PickFreeze, *, bins: int, seed: int) -> tuple[FirstOrderTable, list[Card]]:
    """The first-order effects, and a card for every code and direction."""
    groups = [
        groups_of(column, discrete=axis.discrete, bins=bins)
        for axis, column in zip(measured.axes, measured.columns, strict=True)
    ]
    first = first_order_table(groups, measured.tables, seed=seed)
    correlation = correlations(measured.attributes)
    information = measured.information or {}
    cards = [
        make_card(
            axis,
            index,
            names=NAMES,
            first=first,
            total=measured.totals[index],
            pairs=measured.pairs,
            groups=groups[index],
            attributes=measured.tables[index],
            correlation=correlation,
            information=information.get(axis.name),
        )
        for index, axis in enumerate(measured.axes)
    ]
    return first, cards
