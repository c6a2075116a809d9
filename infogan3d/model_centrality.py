"""The choice of one model of a sweep without labels: the most central one (ModelCentrality).

Lin et al. 2020 (InfoGAN-CR), section 5: models that disentangle agree with each other, since there
are few ways to be right and many to be wrong. B[i, j] is the FactorVAE score of model j's Q on
shapes that model i's G made, with i's codes as the factors; A = (B + B^T) / 2, and the centre of
the sweep is the model with the greatest mean A to the others. No label and no eye is needed.

What it takes from a sweep of m models: codes drawn for each, the shapes its G makes of them, and
every Q's answers on all of them; m^2 small tables. Agreement is no proof: a sweep in which most
models fail in the same way has its centre there, which is why the whole table is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Float, Int

from infogan3d.factor_vae import factor_vae_score
from infogan3d.variables import Variables


@dataclass(frozen=True)
class Choice:
    """What `choose` found, models in the order given.

    `agreement` is B with rows the maker and columns the reader, `centrality` the mean of its two
    halves over the other models, `own` its diagonal: how well each Q reads its own G, which the
    choice does not use.
    """

    names: tuple[str, ...]
    agreement: Float[np.ndarray, "m m"]
    centrality: Float[np.ndarray, " m"]
    chosen: str

    @property
    def own(self) -> Float[np.ndarray, " m"]:
        return np.diagonal(self.agreement).copy()

    @property
    def order(self) -> Int[np.ndarray, " m"]:
        """Indices of the models, the most central first; equal ones keep their order."""
        return np.argsort(-self.centrality, kind="stable")


def agreement_matrix(
    drawn: Sequence[Variables],
    answers: Callable[[int], Sequence[Variables]],
    *,
    seed: int = 0,
) -> Float[np.ndarray, "m m"]:
    """B: the FactorVAE score of every model's answers on the shapes of every model.

    `drawn[i]` holds the codes that model i's shapes were made from, `answers(i)` what every
    model's Q reads from those shapes, in the models' order (so the shapes of one model are held at
    a time). Give 2,000 shapes a model or more (200 at the least): a code of 20 values is held on a
    twentieth of them, and chance looks like agreement where these are few. Codes that never
    changed are left out of the factors.
    """
    agreement = np.zeros((len(drawn), len(drawn)))
    for maker, codes in enumerate(drawn):
        factors = codes.varying()
        if len(factors.names) < 2:
            raise ValueError(
                f"model {maker} has {len(factors.names)} codes that change: models with two or "
                "more can be compared."
            )
        read = answers(maker)
        if len(read) != len(drawn):
            raise ValueError(
                f"{len(read)} models read the shapes of model {maker}: all {len(drawn)} must."
            )
        for reader, answer in enumerate(read):
            agreement[maker, reader] = factor_vae_score(answer, factors, seed=seed)
    return agreement


def centrality(agreement: Float[np.ndarray, "m m"]) -> Float[np.ndarray, " m"]:
    """Mean agreement of each model with the others, both ways; its own is not counted."""
    if len(agreement) < 2:
        raise ValueError(f"{len(agreement)} model has no centre: give two or more.")
    both = (agreement + agreement.T) / 2
    return cast(np.ndarray, (both.sum(1) - np.diagonal(both)) / (len(both) - 1))


def choose(names: Sequence[str], agreement: Float[np.ndarray, "m m"]) -> Choice:
    """The most central of the models; the first of equal ones."""
    if len(names) != len(agreement):
        raise ValueError(f"{len(names)} names for {len(agreement)} models: give one name to each.")
    central = centrality(agreement)
    return Choice(tuple(names), agreement, central, names[int(central.argmax())])


def choice_table(choice: Choice, *, scores: Float[np.ndarray, " m"] | None = None) -> str:
    """A Markdown table, the most central model first; `scores` by known factors, where there are
    any, are shown beside and not used. Ends with a newline."""
    header = "| model | centrality | reads its own shapes |"
    lines = [header, "|---|---|---|"]
    if scores is not None:
        lines = [header + " by known factors |", "|---|---|---|---|"]
    for i in choice.order:
        row = f"| {choice.names[i]} | {choice.centrality[i]:.3f} | {choice.own[i]:.3f} |"
        lines.append(row if scores is None else row + f" {scores[i]:.3f} |")
    return "\n".join(lines) + "\n"
