"""What `python -m experiments.codes` writes: its tables, its numbers, its picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from infogan3d.disentanglement.known_factors import FactorScorecard
from infogan3d.disentanglement.metrics.mutual_information import CODE_BINS, FACTOR_BINS
from infogan3d.disentanglement.metrics.suite import NAMES
from infogan3d.disentanglement.model_centrality import CentralChoice
from infogan3d.disentanglement.report import BOUND, KEYS, draw_column
from infogan3d.io.files import save_figure
from infogan3d.stats.tables import markdown

AIMS = {"factor_vae": 0.92, "mig": 0.45, "dci_disentanglement": 0.77}
TITLES = {"factor_vae": "FactorVAE", "mig": "MIG", "dci_disentanglement": "DCI disentanglement"}
GREEN = "#3b7a3b"


@dataclass(frozen=True)
class Recipe:
    """The runs of one recipe in the order of their seeds, and the choice among them (none where
    there is one run). `chance`: the centrality of answers that were given to other shapes."""

    runs: tuple[str, ...]
    cards: tuple[FactorScorecard, ...]
    choice: CentralChoice | None
    chance: float
    batches: tuple[int, ...]

    @property
    def chosen(self) -> int | None:
        return None if self.choice is None else self.runs.index(self.choice.chosen)

    @property
    def readers(self) -> tuple[str, ...]:
        return tuple(name for name in self.cards[0].rows if not name.endswith(" permuted"))

    @property
    def share(self) -> float:
        """Share of the factors that can have a code of their own."""
        return self.cards[0].share

    def values(self, reader: str, score: str, *, covered: bool = False) -> Float[np.ndarray, " m"]:
        """One score of every run; `covered`: by the factors that its codes cover, not by all."""
        tables = [card.covered_rows if covered else card.rows for card in self.cards]
        return np.array([table[reader][score].mean for table in tables])

    def summary(self, reader: str, score: str, *, covered: bool = False) -> dict[str, float | None]:
        """Mean, least and most of the runs, the chosen run's value, the mean floor."""
        values = self.values(reader, score, covered=covered)
        floor = self.values(f"{reader} permuted", score, covered=covered).mean()
        return {
            "mean": float(values.mean()),
            "least": float(values.min()),
            "most": float(values.max()),
            "chosen": None if self.chosen is None else float(values[self.chosen]),
            "floor": float(floor),
        }

    def ceiling(self, score: str) -> float:
        """What this score cannot pass by all factors."""
        return self.share if score in BOUND else 1.0


# ---- tables --------------------------------------------------------------------------------


def spread(summary: Mapping[str, float | None]) -> list[str]:
    """A summary as three cells."""
    mean = f"{summary['mean']:.3f}"
    if summary["least"] != summary["most"]:
        mean += f" [{summary['least']:.3f}, {summary['most']:.3f}]"
    return [mean, number(summary["chosen"]), number(summary["floor"])]


def number(value: float | None) -> str:
    return "-" if value is None or np.isnan(value) else f"{value:.3f}"


def score_table(recipes: Mapping[str, Recipe], score: str) -> str:
    """One score: a row a recipe and reader."""
    by_all, by_covered = ("all factors", "chosen", "floor"), ("covered factors", "chosen", "floor")
    rows = []
    for name, recipe in recipes.items():
        for reader in recipe.readers:
            cells = spread(recipe.summary(reader, score))
            cells.append(f"{recipe.ceiling(score):.2f}" if recipe.ceiling(score) < 1 else "-")
            bounded = recipe.share < 1
            covered = spread(recipe.summary(reader, score, covered=True)) if bounded else ["-"] * 3
            rows.append([f"{name}: {reader}", *cells, *covered])
    return markdown(["", *by_all, "cannot pass", *by_covered], rows)


def verdict(value: float | None, aim: float) -> str:
    """Whether a chosen run's score is what was aimed at."""
    if value is None:
        return "one run, no choice"
    return f"{value:.3f} {'reached' if value >= aim else 'not reached'}"


def aims_table(recipes: Mapping[str, Recipe]) -> str:
    """The chosen run of every recipe beside the aims."""
    rows = []
    for name, recipe in recipes.items():
        for reader in recipe.readers:
            for covered in (False, True)[: 1 + (recipe.share < 1)]:
                scores = [recipe.summary(reader, key, covered=covered)["chosen"] for key in AIMS]
                cells = [verdict(*pair) for pair in zip(scores, AIMS.values(), strict=True)]
                by = " by covered factors" if covered else ""
                rows.append([f"{name}: {reader}{by}", *cells])
    aims = [f"{score}, aim {aim:.2f}" for score, aim in AIMS.items()]
    return markdown(["chosen run", *aims], rows)


def seeds_table(recipe: Recipe) -> str:
    """Every run by all factors, the most central first; then which factors its codes cover."""
    choice = recipe.choice
    order = [0] if choice is None else [int(i) for i in choice.order]
    rows = []
    for i in order:
        run = f"**{recipe.runs[i]} (chosen)**" if i == recipe.chosen else recipe.runs[i]
        first = ["-", "-"]
        if choice is not None:
            first = [number(choice.centrality[i]), number(choice.self_agreement[i])]
        for reader in recipe.readers:
            cells = [number(recipe.values(reader, score)[i]) for score in NAMES]
            rows.append([f"{run}: {reader}", *first, *cells])
    for reader in recipe.readers:
        floors = [number(recipe.summary(reader, score)["floor"]) for score in NAMES]
        chance = number(recipe.chance)
        rows.append([f"floor: {reader}", chance, chance, *floors])
    table = markdown(["run: reader", "centrality", "reads its own", *NAMES], rows)
    return "\n".join([table.rstrip(), *covered_lines(recipe, order)]) + "\n"


def covered_lines(recipe: Recipe, order: Sequence[int]) -> list[str]:
    """Which factors the codes of each run cover, where there are fewer codes than factors."""
    lines = [""] if recipe.share < 1 else []
    for i in order if recipe.share < 1 else ():
        card = recipe.cards[i]
        for reader, factors in card.covered.items():
            pairs = ", ".join(f"{a} {b}" for a, b in zip(card.codes, factors, strict=True))
            lines.append(f"- {recipe.runs[i]}, covered by {reader}: {pairs}")
    return lines


def measured_table(card: FactorScorecard) -> str:
    """What attributes/ reads off the same chairs, and that of other chairs."""
    rows = [
        [name.replace("permuted", "of other chairs"), *(number(scores[key].mean) for key in NAMES)]
        for name, scores in card.rows.items()
    ]
    return markdown(["", *NAMES], rows)


def protocol(recipes: Mapping[str, Recipe], *, shapes: int) -> str:
    """What a stranger must set to measure the same."""
    card = next(iter(recipes.values())).cards[0]
    sentences = [f"Protocol: {card.description}; factors {', '.join(card.factors)}."]
    for name, recipe in recipes.items():
        batches = ", ".join(map(str, recipe.batches))
        codes = recipe.cards[0].codes
        sentences.append(
            f"{name}: {len(recipe.runs)} run{'s' if len(recipe.runs) > 1 else ''} "
            f"({', '.join(recipe.runs)}), {batches} batches, {len(codes)} codes."
        )
    sentences.append(
        f"Discrete codes by their likeliest value, {CODE_BINS} bins a continuous code, "
        f"{FACTOR_BINS} a continuous factor, predictors judged on the unseen half. Mean of the "
        "seeds [least, most]; floor: the codes of other shapes, mean of the seeds; chosen: the "
        f"run that is most central of its recipe, without labels, {shapes} shapes a run "
        "(ModelCentrality, Lin et al. 2020). With fewer codes than factors some scores cannot "
        "pass codes / factors; then the covered factors, one a code, stand beside: they differ by "
        "run, and the floors choose theirs too."
    )
    return " ".join(sentences)


def page(
    recipes: Mapping[str, Recipe],
    *,
    shapes: int,
    incidents: Sequence[str],
    commands: Sequence[str],
    measured: FactorScorecard | None = None,
) -> str:
    """codes.md; `measured`: the scores of a reader made by hand."""
    parts = ["# Codes against known factors", protocol(recipes, shapes=shapes)]
    if incidents:
        parts.append("\n".join(f"- {incident}" for incident in incidents))
    parts += ["## The aims", aims_table(recipes).rstrip()]
    if measured is not None:
        about = (
            "No model: one attribute a factor (attributes/), picked by hand. What the grid does "
            "not show, such as legs that differ by less than a cell, nobody can read."
        )
        parts += ["## A reader made by hand", about, measured_table(measured).rstrip()]
    for score in (*AIMS, *(name for name in NAMES if name not in AIMS)):
        parts += [f"## {score}", score_table(recipes, score).rstrip()]
    for name, recipe in recipes.items():
        parts += [f"## Seeds of {name}", seeds_table(recipe).rstrip()]
        if len(recipe.runs) == 2:
            parts.append("Of two runs neither is the more central: this choice is no choice.")
    parts += ["## Commands", "\n".join(f"- `{command}`" for command in commands)]
    return "\n\n".join(parts) + "\n"


# ---- numbers and picture -------------------------------------------------------------------


def numbers(
    recipes: Mapping[str, Recipe], *, shapes: int, measured: FactorScorecard | None = None
) -> dict[str, Any]:
    """codes.json."""
    tables: dict[str, Any] = {"protocol": protocol(recipes, shapes=shapes), "aims": AIMS}
    if measured is not None:
        tables["made by hand"] = measured.numbers()
    for name, recipe in recipes.items():
        choice = recipe.choice
        central = [None] * len(recipe.runs) if choice is None else choice.centrality.tolist()
        kinds = {"all": False, "covered": True} if recipe.share < 1 else {"all": False}
        tables.setdefault("recipes", {})[name] = {
            "chosen": choice and choice.chosen,
            "centrality": dict(zip(recipe.runs, central, strict=True)),
            "agreement": choice and choice.agreement.tolist(),
            "chance": None if choice is None else recipe.chance,
            "summary": {
                kind: {
                    reader: {
                        score: recipe.summary(reader, score, covered=covered) for score in NAMES
                    }
                    for reader in recipe.readers
                }
                for kind, covered in kinds.items()
            },
            "runs": {
                run: card.numbers() for run, card in zip(recipe.runs, recipe.cards, strict=True)
            },
        }
    return tables


def draw_seeds(recipes: Mapping[str, Recipe], path: Path, *, reader: str = "Q") -> Path:
    """A panel a score that has an aim, a column a recipe, a dot a seed; by all factors."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.0 * len(AIMS), 4.8), layout="constrained")
    panels = figure.subplots(1, len(AIMS), sharey=True)
    for panel, (score, aim) in zip(panels, AIMS.items(), strict=True):
        for column, recipe in enumerate(recipes.values()):
            draw_column(
                panel,
                column,
                recipe.values(reader, score),
                chosen=recipe.chosen,
                floor=recipe.values(f"{reader} permuted", score).mean(),
                ceiling=recipe.ceiling(score),
            )
        panel.axhline(aim, color=GREEN, lw=1.2, zorder=0)
        panel.set_title(f"{TITLES[score]}, aim {aim:.2f}", fontsize=11)
        panel.set_xticks(range(len(recipes)), list(recipes), fontsize=10)
        panel.set_xlim(-0.6, len(recipes) - 0.4)
        panel.set_ylim(-0.03, 1.03)
        panel.spines[["top", "right"]].set_visible(False)
    bounded = any(recipe.ceiling(score) < 1 for recipe in recipes.values() for score in AIMS)
    keys = [*(KEYS if bounded else KEYS[:-1]), ("none", "-", GREEN, "aim")]
    for marker, style, colour, label in keys:
        panels[0].plot([], [], marker=marker, ls=style, color=colour, label=label)
    figure.suptitle(f"What {reader} reads, by all known factors")
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return save_figure(figure, path)
