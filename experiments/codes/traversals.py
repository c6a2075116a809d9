"""The paper's claim "continuous codes control shape, discrete codes control detail", tested.

    python -m experiments.codes.traversals runs/demo/<day>_<time> [more runs]

prints what each code changes (Figures 12 to 17 in numbers) and a verdict, and draws the walks.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from experiments.codes.traversal_effects import (
    BASES,
    BLOCKS,
    KINDS,
    STEPS,
    TURNS,
    Effect,
    Moves,
    detail_share,
    intervals,
    moves_of,
    size_matched,
    turned,
    walk_effects,
)
from infogan3d.io.files import save_picture
from infogan3d.models.networks.latent import traverse
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.rendering.figures import INK, contact_sheet
from infogan3d.runs.checkpoint import load_model
from infogan3d.stats.estimate import Estimate
from infogan3d.stats.tables import markdown

FLOOR = 0.02  # a code that changes less of what two independent samples differ by does nothing
LEFT, SIZE = 250, 150
PALE, COARSE, FINE = (135, 135, 135), (138, 90, 43), (222, 184, 135)
EXCESS = "less z's of that size"  # the column of Effect.excess
MEANING = {"discrete": "its values", "continuous": "from -1 to 1", "noise": "drawn anew"}


def walk_table(runs: Sequence[Path], *, bases: int = BASES, seed: int = 0) -> str:
    """Markdown, one row a code a run, under its protocol's line; changes in per cent."""
    protocol = (
        f"Protocol: {bases} random bases a run, seed {seed}; a code takes up to {STEPS} values, a "
        "continuous one from -1 to 1, all else is held; change: mean squared change of "
        "probabilities between two values, as % of that between two independent samples; coarse: "
        f"the same of the means of {BLOCKS}^3 blocks; detail: the same within them; [low, high] = "
        "95 % bootstrap over bases."
    )
    columns = ("run", "code", "kind", "change", "coarse", "detail", "detail share")
    rows = []
    for run in runs:
        for row in walk_effects(run, bases, seed):
            changes = (cell(part, "{:.3g}", 100) for part in (row.change, row.coarse, row.detail))
            more = "-" if row.code in ("z", "all") else cell(row.excess, "{:+.3f}")
            share = cell(row.detail_share, "{:.3f}")
            rows.append([label(run), row.code, row.kind, *changes, share, more])
    return f"{protocol}\n\n{markdown([*columns, EXCESS], rows)}"


def cell(score: Estimate, form: str, scale: float = 1.0) -> str:
    """A number with its interval; "-" where there is none."""
    if np.isnan(score.mean):
        return "-"
    mean, low, high = (form.format(scale * x) for x in (score.mean, score.low, score.high))
    return mean if low == high else f"{mean} [{low}, {high}]"


def label(run: Path) -> str:
    """The end of a run's path that tells it from others: its folder and the one above."""
    return "/".join(run.resolve().parts[-2:])


def verdict(runs: Sequence[Path], *, bases: int = BASES, seed: int = 0) -> str:
    """Whether discrete codes change more detail than continuous ones do, in one line.

    A run: of the codes that change FLOOR or more, the mean detail share of the discrete ones less
    that of the continuous ones, as it is and less z's of that size. "held" where both intervals
    lie above 0, "not held" where one lies below 0, else "undecided". Several runs: the word on
    which all decided ones agree.
    """
    if not runs:
        raise ValueError("there is no run to judge: give one or more run folders.")
    return agreed({label(run): judge(moves_of(run, bases, seed)) for run in runs})


def agreed(verdicts: dict[str, tuple[str, str]]) -> str:
    """The word on which all decided runs agree, {run: (its word, why)}, and why."""
    decided = {word for word, _ in verdicts.values()} - {"undecided"}
    word = decided.pop() if len(decided) == 1 else "undecided"
    if len(verdicts) == 1:
        return f"{word}: {next(iter(verdicts.values()))[1]}"
    reasons = [f"{word_of_run} in {run}: {why}" for run, (word_of_run, why) in verdicts.items()]
    return f"{word}: {'; '.join(reasons)}"


def judge(moves: Moves) -> tuple[str, str]:
    """The word for one run, and why."""
    least = FLOOR * moves.everything[0].mean()
    names: dict[str, list[str]] = {}
    for kind in ("discrete", "continuous"):
        of_kind = [name for name in moves.codes if KINDS[name[0]] == kind]
        names[kind] = [name for name in of_kind if moves.codes[name][0].mean() >= least]
        if not of_kind:
            return "undecided", f"there are no {kind} codes"
        if not names[kind]:
            return "undecided", f"the {kind} codes do nothing (change below {FLOOR:.0%})"

    def differences(some: Moves) -> dict[str, float]:
        means = {}
        for kind, effective in names.items():
            changes = [some.codes[name] for name in effective]
            pairs = [(detail_share(change), size_matched(some, change)) for change in changes]
            means[kind] = np.mean(pairs, axis=0)
        share, like = means["discrete"] - means["continuous"]
        return {"plain": float(share), "matched": float(share - like)}

    scores = intervals(moves, differences)
    plain, matched = (cell(scores[name], "{:+.3f}") for name in ("plain", "matched"))
    why = f"detail share of discrete less continuous codes {plain}, less z's of that size {matched}"
    if all(score.low > 0 for score in scores.values()):
        return "held", why
    return ("not held" if any(score.high < 0 for score in scores.values()) else "undecided"), why


def draw_walks(run: Path, out: Path, *, bases: int = BASES, seed: int = 0) -> Path:
    """One chair, one row a code: the code's name, how much it changes, how much of it is detail."""
    effects = walk_effects(run, bases, seed)[:-1]
    model = load_model(run)
    base, fresh = draw_codes(model, 1, seed=seed), draw_codes(model, STEPS, seed=seed + 1).noise
    walks = [traverse(base, model.spec, name=row.code, steps=STEPS) for row in effects[:-1]]
    grids = []
    for codes in [*walks, turned(base, fresh, TURNS[-1])]:
        shapes = generate_grids(model, codes)
        grids += [*shapes, *np.zeros((STEPS - len(shapes), *shapes.shape[1:]), dtype=bool)]
    title = f"One chair, one code moved at a time ({label(run)})"
    shown = contact_sheet(np.array(grids), columns=STEPS, title=title, size=SIZE)
    page = Image.new("RGB", (LEFT + shown.width, shown.height), "white")
    page.paste(shown, (LEFT, 0))
    pen = ImageDraw.Draw(page)
    pen.text((12, 13), "dark: coarse shape, light: detail", PALE, ImageFont.load_default(size=14))
    for line, row in enumerate(effects):
        write_caption(pen, row, top=shown.height - (len(effects) - line) * SIZE)
    return save_picture(page, out)


def write_caption(pen: ImageDraw.ImageDraw, row: Effect, *, top: int) -> None:
    """A row's words, and its change as a bar out of all that two random chairs differ by."""
    large, small = (ImageFont.load_default(size=size) for size in (20, 14))
    change, share = row.change.mean, np.nan_to_num(row.detail_share.mean)
    end = 12 + round(min(1.0, change) * (LEFT - 36))
    middle = 12 + round((1 - share) * (end - 12))
    pen.line((12, top, LEFT - 12, top), fill=(225, 225, 225))
    pen.text((12, top + 20), row.code, INK, large)
    pen.text((50, top + 26), f"{row.kind}, {MEANING[row.kind]}", PALE, small)
    for left, right, ink in ((12, LEFT - 24, (240, 238, 235)), (12, middle, COARSE)):
        pen.rectangle((left, top + 56, right, top + 66), ink)
    pen.rectangle((middle, top + 56, end, top + 66), FINE)
    detail = f"{share:.0%} of that in detail" if change >= FLOOR else "next to nothing"
    words = f"changes {100 * change:.2g}% of what two", "random chairs differ by,", detail
    for line, text in enumerate(words):
        pen.text((12, top + 74 + 18 * line), text, INK, small)


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Shape or detail: what each code changes.")
    parser.add_argument("runs", nargs="+", type=Path, help="run folders that train made")
    parser.add_argument("--out", type=Path, help="folder of the pictures (<run>/samples)")
    parser.add_argument("--bases", type=int, default=BASES, help="random draws to walk from")
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args(given)
    chosen = {"bases": words.bases, "seed": words.seed}
    try:
        print(walk_table(words.runs, **chosen))
        print(verdict(words.runs, **chosen))
        for run in words.runs:
            name = f"{label(run).replace('/', '_')}.png" if words.out else "code_walks.png"
            print(draw_walks(run, (words.out or run / "samples") / name, **chosen))
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
