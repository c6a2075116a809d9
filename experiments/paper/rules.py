"""The rules that decide from numbers whether a statement held, in one line with the numbers.

Ranges over seeds: held where all seeds of one condition lie on the claimed side of all seeds of the
other. With three seeds against three, chance alone does that once in twenty.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import spearmanr

from experiments.paper.measures import Rows, number, range_text
from infogan3d.stats.estimate import Estimate

HELD, NOT_HELD, UNDECIDED = "held", "not held", "undecided"
Verdict = tuple[str, str]  # held, not held or undecided; the numbers that decided


def no_rule(rows: Rows) -> Verdict:
    return UNDECIDED, "no rule for these jobs; look at the pictures"


def below(a: Estimate, b: Estimate) -> str:
    """Whether a lies below b: ranges over the seeds must not touch; one seed decides nothing."""
    if min(a.n, b.n) < 2:
        return UNDECIDED
    if a.high < b.low:
        return HELD
    return NOT_HELD if a.low > b.high else UNDECIDED


def why(a: Estimate, b: Estimate) -> str:
    """Why `below` is undecided."""
    return "one seed" if min(a.n, b.n) < 2 else "ranges overlap"


def all_of(outcomes: Sequence[str]) -> str:
    """Held where all held, not held where any did not."""
    if NOT_HELD in outcomes:
        return NOT_HELD
    return HELD if outcomes and set(outcomes) == {HELD} else UNDECIDED


def compare(rows: Rows, measure: str, small: str, large: str) -> Verdict:
    """`small` has the smaller value of a measure than `large`."""
    if any(measure not in rows.get(name, {}) for name in (small, large)):
        return UNDECIDED, f"{measure}: not measured for both"
    a, b = rows[small][measure], rows[large][measure]
    outcome = below(a, b)
    reason = f" ({why(a, b)})" if outcome == UNDECIDED else ""
    return (
        outcome,
        f"{measure}: {small} {range_text(a)} against {large} {range_text(b)}, {outcome}{reason}",
    )


def several(verdicts: Sequence[Verdict]) -> Verdict:
    return all_of([outcome for outcome, _ in verdicts]), "; ".join(text for _, text in verdicts)


def soft_is_smoother(rows: Rows) -> Verdict:
    measures = ("roughness of D/loss", "roughness of G/loss_gen")
    return several([compare(rows, name, "soft labels", "hard labels") for name in measures])


def shaped(row: dict[str, Estimate]) -> tuple[bool | None, str]:
    """Whether all seeds' samples are shapes (True), none's (False) or some (None), and the numbers.

    Samples are shapes when the nearest real chair fits them better than the mean shape fits a given
    chair (IoU), and at most half of their cells lie outside the largest piece.
    """
    iou, floor = row["val/nearest_iou"], row["mean shape iou"]
    loose = row.get("floaters", Estimate(0.0, 0.0, 0.0, iou.n))
    numbers = (
        f"nearest IoU {range_text(iou)} (mean shape {number(floor.mean)}), "
        f"floaters {range_text(loose)}"
    )
    if iou.low > floor.high and loose.high <= 0.5:
        return True, numbers
    if iou.high <= floor.low or loose.low > 0.5:
        return False, numbers
    return None, numbers


def limit_makes_shapes(rows: Rows) -> Verdict:
    sentences, shapes = [], {}
    for name in ("with shape limit", "without shape limit"):
        if not {"val/nearest_iou", "mean shape iou"} <= set(rows.get(name, {})):
            return UNDECIDED, f"{name}: not measured"
        shapes[name], numbers = shaped(rows[name])
        word = {True: "shapes", False: "no shape", None: "shapes for some seeds"}[shapes[name]]
        sentences.append(f"{name}: {word}, {numbers}")
    outcome = UNDECIDED
    if shapes["without shape limit"] is True:
        outcome = NOT_HELD
    elif shapes["without shape limit"] is False and shapes["with shape limit"] is True:
        outcome = HELD
    return several([(outcome, "; ".join(sentences)), falls_below_zero(rows["with shape limit"])])


def as_good(rows: Rows, measure: str, first: str, second: str, *, higher: bool) -> Verdict:
    """`first` is not worse than `second` by a measure; whether `higher` is better."""
    if any(measure not in rows.get(name, {}) for name in (first, second)):
        return UNDECIDED, f"{measure}: not measured for both"
    a, b = rows[first][measure], rows[second][measure]
    worse = below(a, b) if higher else below(b, a)  # held: apart, on the wrong side
    outcome = {HELD: NOT_HELD, NOT_HELD: HELD}.get(worse, HELD if min(a.n, b.n) > 1 else UNDECIDED)
    word = {HELD: "worse", NOT_HELD: "better", UNDECIDED: "not told apart"}[worse]
    return outcome, f"{measure}: {first} {range_text(a)} against {second} {range_text(b)}, {word}"


def four_as_good_and_faster(rows: Rows) -> Verdict:
    four, five = "4 shared layers", "5 shared layers"
    return several(
        [
            compare(rows, "seconds a batch", four, five),
            as_good(rows, "val/nearest_iou", four, five, higher=True),
            as_good(rows, "nna", four, five, higher=False),
        ]
    )


def occupancy_follows_ratio(rows: Rows) -> Verdict:
    """Made occupancy grows with l1 / (2 l2): rank correlation of at least .5."""
    pairs = []
    for name, row in rows.items():
        first, second = (float(word.split()[1]) for word in name.split(", ")[:2])
        if "G/occupancy" in row and (first > 0 or second > 0):
            pairs.append((first / (2 * second) if second else np.inf, row["G/occupancy"].mean))
    if len(pairs) < 4 or len({x for x, _ in pairs}) < 2:
        return UNDECIDED, f"{len(pairs)} conditions with a ratio"
    rank = float(spearmanr(*zip(*pairs, strict=True)).statistic)
    outcome = HELD if rank >= 0.5 else NOT_HELD
    about = f"over {len(pairs)} conditions"
    return outcome, f"rank correlation of occupancy with l1/(2 l2) {number(rank)} {about}"


def falls_below_zero(row: dict[str, Estimate]) -> Verdict:
    """Whether the shape limit's first term ends below 0 and has fallen: every seed's, or none's."""
    if "G/loss_kl" not in row:
        return UNDECIDED, "first term: not measured"
    last, fallen = row["G/loss_kl"], row["fall of G/loss_kl"]
    outcome = UNDECIDED
    if last.high < 0 and fallen.low > 0:
        outcome = HELD
    elif last.low >= 0 or fallen.high <= 0:
        outcome = NOT_HELD
    return outcome, f"first term ends at {range_text(last)}, fell by {range_text(fallen)}"


USUAL = "kldiv_on_probabilities"


def run_fits(rows: Rows) -> Verdict:
    """Which readings give a first term that falls and ends below 0, as the paper's does."""
    verdicts = {name: falls_below_zero(rows.get(name, {})) for name in (USUAL, "literal", "kl")}
    falling = [name for name, (outcome, _) in verdicts.items() if outcome == HELD]
    numbers = [f"{name}: {text}" for name, (_, text) in verdicts.items()]
    summary = f"negative and falling: {', '.join(falling) or 'none'}"
    return verdicts[USUAL][0], "; ".join([*numbers, summary])


def trunk_hears_better(rows: Rows) -> Verdict:
    names = ("heard by the head", "heard by the trunk")
    verdicts = [
        compare(rows, measure, *names)
        for measure in ("val/code_effect", "val/code_accuracy")
        if all(measure in rows.get(name, {}) for name in names)
    ]
    return several(verdicts) if verdicts else (UNDECIDED, "not measured")
