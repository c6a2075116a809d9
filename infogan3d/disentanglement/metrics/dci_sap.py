"""Scores by predicting factors from codes: DCI, SAP, explicitness, InfoE.

A predictor learns on one half of the shapes and is judged on the other half. Continuous factors are
predicted as numbers where the predictor can and as classes of equal counts where it cannot.

| score               | predictor                         | 1 means                             |
|---------------------|-----------------------------------|-------------------------------------|
| dci_disentanglement | random forest's importances       | every code serves one factor        |
| dci_completeness    | the same                          | every factor is served by one code  |
| dci_informativeness | the same forest, unseen shapes    | every factor can be predicted       |
| sap                 | the best value per code bin       | one code per factor, no other helps |
| explicitness        | logistic regression, AUC          | classes part by plain directions    |
| infoe               | logistic and linear regression    | the same, in information            |
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from infogan3d.stats.variables import Variables

TREES = 30


CLASSES = 10  # of a continuous factor, for the classifiers


LEAF = 10  # least shapes in a leaf: forests grown to the end give importance to noise


@dataclass(frozen=True)
class Halves:
    """Rows to learn from and rows to be judged on."""

    learn: Int[np.ndarray, " a"]
    judge: Int[np.ndarray, " b"]


def halves(count: int, *, seed: int) -> Halves:
    """A random half of the rows, and the others."""
    order = np.random.default_rng(seed).permutation(count)
    return Halves(order[: count // 2], order[count // 2 :])


def importances(
    codes: Variables, factors: Variables, split: Halves, *, seed: int
) -> tuple[Float[np.ndarray, "c k"], Float[np.ndarray, " k"]]:
    """How much every code serves to predict every factor (each factor's sum is 1, one-hot columns
    of a code summed), and how well unseen shapes are predicted.

    Prediction is R^2 for continuous factors and, for discrete ones, the accuracy above always
    naming the commonest value, over what was left to gain; below 0 counts as 0.
    """
    features, owners = codes.features()
    size = (codes.values.shape[1], factors.values.shape[1])
    weights, skill = np.zeros(size), np.zeros(size[1])
    grow = {"n_estimators": TREES, "min_samples_leaf": LEAF, "random_state": seed}
    for j, discrete in enumerate(factors.discrete):
        learn, judge = factors.values[split.learn, j], factors.values[split.judge, j]
        kind = RandomForestClassifier if discrete else RandomForestRegressor
        forest = kind(max_features=1.0, **grow).fit(features[split.learn], learn)
        weights[:, j] = np.bincount(owners, forest.feature_importances_, minlength=size[0])
        skill[j] = forest.score(features[split.judge], judge)
        if discrete:
            common = np.unique(judge, return_counts=True)[1].max() / len(judge)
            skill[j] = (skill[j] - common) / max(1 - common, 1e-12)
    return weights, np.maximum(skill, 0)


def certainty(weights: Float[np.ndarray, "r k"]) -> Float[np.ndarray, " r"]:
    """1 - entropy of each row's shares over the greatest entropy; 0 for a row of nothing."""
    total = weights.sum(1, keepdims=True)
    share = np.where(total > 0, weights / np.where(total > 0, total, 1), 1 / weights.shape[1])
    logs = np.log(np.where(share > 0, share, 1))
    return cast(np.ndarray, 1 + (share * logs).sum(1) / np.log(weights.shape[1]))


def dci(codes: Variables, factors: Variables, split: Halves, *, seed: int = 0) -> dict[str, float]:
    """Disentanglement, completeness and informativeness (Eastwood and Williams 2018), by a forest.

    Disentanglement weighs codes by their importance; completeness and informativeness are plain
    means over factors. A factor that no code tells still hands out importance, by chance.
    """
    weights, skill = importances(codes, factors, split, seed=seed)
    share = weights.sum(1) / max(weights.sum(), 1e-12)
    return {
        "dci_disentanglement": float((certainty(weights) * share).sum()),
        "dci_completeness": float(certainty(weights.T).mean()),
        "dci_informativeness": float(skill.mean()),
    }


def sap(
    codes: Int[np.ndarray, "n c"],
    factors: Int[np.ndarray, "n k"],
    split: Halves,
) -> float:
    """SAP in its classifier form (Kumar et al. 2018): how much better one code alone names the
    factor's class than the second-best code does, mean over factors.

    Codes and factors are classes (`Variables.classes`). The classifier names, for each class of the
    code, the factor's class that is most overrepresented there; its score is the balanced accuracy
    on unseen shapes. A perfect code for v classes leads by 1 - 1 / v, not by 1.
    """
    alone = np.zeros((codes.shape[1] + 1, factors.shape[1]))
    for j, factor in enumerate(factors.T):
        alone[:-1, j] = [_named(code, factor, split) for code in codes.T]
        alone[-1, j] = 1 / (int(factor.max()) + 1)
    best = np.sort(alone, axis=0)
    return float((best[-1] - best[-2]).mean())


def _named(code: Int[np.ndarray, " n"], factor: Int[np.ndarray, " n"], split: Halves) -> float:
    """Balanced accuracy on `split.judge` of the likeliest class per value of the code."""
    size = (int(code.max()) + 1, int(factor.max()) + 1)
    learn, judge = (
        np.bincount(code[rows] * size[1] + factor[rows], minlength=size[0] * size[1]).reshape(size)
        for rows in (split.learn, split.judge)
    )
    choice = (learn / np.maximum(learn.sum(0), 1)).argmax(1)
    right = np.bincount(choice, judge[np.arange(size[0]), choice], minlength=size[1])
    seen = judge.sum(0) > 0
    return float((right[seen] / judge.sum(0)[seen]).mean())


def area_under_curve(scores: Float[np.ndarray, " n"], positive: np.ndarray) -> float:
    """Chance that a positive row scores above a negative one, ties half; .5 without either."""
    count = int(positive.sum())
    if count in (0, len(scores)):
        return 0.5
    above = rankdata(scores)[positive].sum() - count * (count + 1) / 2
    return float(above / (count * (len(scores) - count)))


def linear_probes(codes: Variables, factors: Variables, split: Halves) -> dict[str, float]:
    """Explicitness (Ridgeway and Mozer 2018) and InfoE (Hsu et al. 2023), on unseen shapes.

    Explicitness: 2 AUC - 1 of each class against the rest by one multinomial logistic regression,
    mean over a factor's classes, then over factors. InfoE: the share of a factor's entropy that the
    same regression explains if discrete, R^2 of linear regression if continuous; below 0 counts
    as 0. The authors judge InfoE on the shapes learned from, and fit without a penalty.
    """
    features = codes.features()[0]
    learn, judge = features[split.learn], features[split.judge]
    explicit, explained = [], []
    for j, labels in enumerate(factors.classes(CLASSES).T):
        model = LogisticRegression(C=10.0, max_iter=300).fit(learn, labels[split.learn])
        chances = model.predict_proba(judge)
        areas = [
            area_under_curve(chances[:, i], labels[split.judge] == value)
            for i, value in enumerate(model.classes_)
        ]
        explicit.append(2 * float(np.mean(areas)) - 1)
        if factors.discrete[j]:
            explained.append(_explained(chances, model.classes_, labels, split))
        else:
            line = LinearRegression().fit(learn, factors.values[split.learn, j])
            explained.append(float(line.score(judge, factors.values[split.judge, j])))
    return {
        "explicitness": float(np.mean(explicit)),
        "infoe": float(np.maximum(explained, 0).mean()),
    }


def _explained(
    chances: Float[np.ndarray, "b v"],
    values: Int[np.ndarray, " v"],
    labels: Int[np.ndarray, " n"],
    split: Halves,
) -> float:
    """1 - log loss over that of the learned frequencies."""
    place = np.searchsorted(values, labels[split.judge]).clip(max=len(values) - 1)
    common = np.bincount(labels[split.learn])[values] / len(split.learn)
    loss = -np.log(np.maximum(chances[np.arange(len(place)), place], 1e-12)).mean()
    return float(1 - loss / -np.log(common[place]).mean())
