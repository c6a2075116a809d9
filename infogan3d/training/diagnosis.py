"""What is wrong with a run, from a few numbers: each failure by its name, what shows it, the cure.

| finding                 | seen when                                                           |
|-------------------------|---------------------------------------------------------------------|
| not finite              | a shape or a loss is not a number                                   |
| empty, solid            | far fewer or far more cells are filled than in real chairs          |
| mean chair              | samples lie much nearer to the mean training chair than real chairs |
| G constant              | samples hardly differ from each other                               |
| z ignored               | another z with the same codes gives nearly the same shape           |
| codes ignored           | other codes with the same z give nearly the same shape              |
| D saturated             | D is always right, and sure of it: G learns nothing from it         |
| discrete codes unread   | Q reads them off the shapes hardly better than by guessing          |
| continuous codes unread | Q's answer tells hardly more than no answer                         |

The field calls "mean chair" mean-shape collapse, "G constant" mode collapse and "z ignored" ignored
noise; the names here are those of the curves `doctor/*`, and a line says both. A failure that only
follows from another is not named beside it. What was not measured is NaN, and shows nothing: before
the game begins no word is said of D and Q. "Trained ones" below are demos on known-factor chairs
and on Sweet Home 3D's seats at 32^3, and so are the real chairs.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

EMPTY_SHARE = 0.1  # of real chairs' mean occupancy: the mean chair has 0.4, the thinnest chair 0.15
SOLID_RATIO = 3.0  # times that mean: the one bulkiest chair has 2 to 4; or ...
SOLID_FILLED = 0.5  # ... this share of what they leave free, where that is less (bulky sets)
MEAN_CHAIR_SHARE = 0.5  # of real chairs' distance to the mean chair; trained ones: 0.95 to 1.2
CONSTANT_SHARE = 0.1  # of real chairs' diversity; trained ones: 0.9 to 1.1
# of the cells that a new sample moves; trained ones: z 0.6, codes 0.45 or more
IGNORED_SHARE = 0.05
SATURATED_ACCURACY = 0.99  # 3D-GAN rests D from 0.8 on; trained ones' judges reach 0.87
SATURATED_GAP = 4.0  # logits; the best answers to the paper's soft labels lie 4.7 apart
UNREAD_SHARE = 0.1  # of the way from guessing to reading all; 50 batches tell it within 0.02
UNREAD_NATS = 0.05  # a code: a tenth of its variance is known


Settings = Mapping[str, Any]
SETTING = re.compile(r"\bmodel\.([a-z_0-9]+)")  # in the words of a remedy


@dataclass(frozen=True)
class Symptoms:
    """What the rules look at, as plain numbers; NaN where there is nothing to measure.

    d_: D's accuracy and loss (real + made) in training, and the gap between its mean logits of real
    and of made shapes. Diversity: mean 1 - IoU of two shapes of a set. mean_iou: mean IoU with the
    mean training chair. _effect: mean share of cells that change when only z, or only the codes,
    are drawn anew, over the share by which two samples differ. code_nll: Q's negative
    log-likelihood of the continuous codes, in nats a code; its chance is what the best constant
    answer scores.
    """

    d_accuracy: float
    d_loss: float
    d_gap: float
    occupancy: float
    real_occupancy: float
    diversity: float
    real_diversity: float
    mean_iou: float
    real_mean_iou: float
    floaters: float
    z_effect: float
    code_effect: float
    code_accuracy: float
    code_chance: float
    code_nll: float
    code_nll_chance: float
    finite: bool


@dataclass(frozen=True)
class Diagnosis:
    """One failure: its name, what shows it, and the likely remedy in settings of conf/system/.

    `term` is the field's word where `name`, that of the curve `doctor/<name>`, is another.
    """

    name: str
    seen: str
    remedy: str
    term: str = ""

    @property
    def title(self) -> str:
        """Both names, as in "G constant / mode collapse"."""
        return f"{self.name} / {self.term}" if self.term else self.name


@dataclass(frozen=True)
class Remedy:
    """One thing to do about a failure, and for which settings of `model` it makes sense."""

    words: str
    fits: Callable[[Settings], bool] = lambda settings: True


@dataclass(frozen=True)
class Rule:
    """How a failure is known, said and cured, and which failures only follow from it."""

    name: str
    present: Callable[[Symptoms], bool]
    seen: Callable[[Symptoms], str]
    remedies: tuple[Remedy, ...]
    hides: tuple[str, ...] = ()
    term: str = ""


def percent(share: float) -> str:
    """A share in words: one digit behind the point below ten."""
    return f"{100 * share:.1f} %" if abs(share) < 0.0995 else f"{100 * share:.0f} %"


def too_full(occupancy: float, real: float) -> bool:
    """Whether shapes fill far more of the cube than real chairs do."""
    return occupancy > min(SOLID_RATIO * real, real + SOLID_FILLED * (1 - real))


def inverse(settings: Settings) -> bool:
    """Whether shapes are paired by the inverse mapping."""
    return bool(settings.get("pairing") == "inverse")


def random_pairs(settings: Settings) -> bool:
    """Whether a made shape is held against any real one (the paper; also where none is given)."""
    return not inverse(settings)


def one_sided(settings: Settings) -> bool:
    """Whether the shape limit's first term only pays for filling the cells of real chairs."""
    return settings.get("shape_limit_form", "kl") in ("kldiv_on_probabilities", "literal", "kl")


def hard(settings: Settings) -> bool:
    """Whether D's labels for real shapes are hard."""
    low, high = settings.get("real_labels", (0.7, 1.2))
    return bool(low == high)


PAIR = Remedy(
    "set model.pairing=inverse (random pairs are best answered by one shape)", random_pairs
)
CHEAPER = Remedy("lower model.kl_weight (E's answers cost more than they win)", inverse)
REACH_TRUNK = Remedy("set model.mi_gradient_to=trunk", lambda s: s.get("mi_gradient_to") == "head")
UNREAD = ("discrete codes unread", "continuous codes unread")
SHAPELESS = ("mean chair", "G constant", "z ignored", "codes ignored", *UNREAD)
RULES = (
    Rule(
        "not finite",
        lambda v: not v.finite,
        lambda v: "a shape or a loss is not a number",
        (
            Remedy(
                "lower model.real_labels (above 1 in the mean D's loss has no lower end)",
                lambda s: sum(s.get("real_labels", (0.7, 1.2))) > 2,
            ),
            Remedy("go on from a checkpoint with lower model.generator_lr and model.trunk_lr"),
        ),
        hides=("empty", "solid", "D saturated", *SHAPELESS),
    ),
    Rule(
        "empty",
        lambda v: v.occupancy < EMPTY_SHARE * v.real_occupancy,
        lambda v: (
            f"{percent(v.occupancy)} of the cells are filled, {percent(v.real_occupancy)} in real "
            "chairs"
        ),
        (
            Remedy("raise model.lambda1 (it pays for filling real chairs' cells)"),
            Remedy("lower model.generator_lr"),
        ),
        hides=SHAPELESS,
    ),
    Rule(
        "solid",
        lambda v: too_full(v.occupancy, v.real_occupancy),
        lambda v: (
            f"{percent(v.occupancy)} of the cells are filled, {percent(v.real_occupancy)} in real "
            "chairs"
        ),
        (
            Remedy("lower model.lambda1 (this reading never charges for a cell)", one_sided),
            Remedy("raise model.lambda2 (it charges for cells that no chair has)"),
        ),
        hides=SHAPELESS,
    ),
    Rule(
        "mean chair",
        lambda v: 1 - v.mean_iou < MEAN_CHAIR_SHARE * (1 - v.real_mean_iou),
        lambda v: (
            f"samples have an IoU of {v.mean_iou:.2f} with the mean training chair, real chairs "
            f"{v.real_mean_iou:.2f}"
        ),
        (PAIR, CHEAPER, Remedy("lower model.lambda1 and model.lambda2", random_pairs)),
        hides=("G constant",),
        term="mean-shape collapse",
    ),
    Rule(
        "G constant",
        lambda v: v.diversity < CONSTANT_SHARE * v.real_diversity,
        lambda v: (
            f"two samples differ by {v.diversity:.3f} (1 - IoU), two real chairs by "
            f"{v.real_diversity:.2f}"
        ),
        (PAIR, CHEAPER, Remedy("lower model.generator_lr")),
        hides=("z ignored", "codes ignored", *UNREAD),
        term="mode collapse",
    ),
    Rule(
        "z ignored",
        lambda v: v.z_effect < IGNORED_SHARE,
        lambda v: (
            f"changing z alone moves {percent(v.z_effect)} of the cells that a new sample moves"
        ),
        (REACH_TRUNK, PAIR, Remedy("raise model.code_kl_scale", inverse), CHEAPER),
        term="noise ignored",
    ),
    Rule(
        "codes ignored",
        lambda v: v.code_effect < IGNORED_SHARE,
        lambda v: (
            f"changing the codes alone moves {percent(v.code_effect)} of the cells that a new "
            "sample moves"
        ),
        (
            REACH_TRUNK,
            Remedy("raise model.information_discrete and model.information_continuous"),
            Remedy("lower model.code_kl_scale", inverse),
        ),
        hides=UNREAD,
    ),
    Rule(
        "D saturated",
        lambda v: v.d_accuracy >= SATURATED_ACCURACY and v.d_gap >= SATURATED_GAP,
        lambda v: (
            f"D is right in {percent(v.d_accuracy)} of the shapes, its answers {v.d_gap:.1f} apart"
        ),
        (
            Remedy("soften model.real_labels and model.fake_labels", hard),
            Remedy(
                "set model.discriminator_accuracy_cap=0.8 (D rests while it is ahead)",
                lambda s: s.get("discriminator_accuracy_cap", 1.0) > 0.8,
            ),
            Remedy("lower model.trunk_lr"),
        ),
    ),
    Rule(
        "discrete codes unread",
        lambda v: v.code_accuracy < v.code_chance + UNREAD_SHARE * (1 - v.code_chance),
        lambda v: f"Q reads {percent(v.code_accuracy)}, {percent(v.code_chance)} by guessing",
        (REACH_TRUNK, Remedy("raise model.information_discrete")),
    ),
    Rule(
        "continuous codes unread",
        lambda v: v.code_nll > v.code_nll_chance - UNREAD_NATS,
        lambda v: (
            f"Q's answer costs {v.code_nll:.2f} nats a code, no answer {v.code_nll_chance:.2f}"
        ),
        (REACH_TRUNK, Remedy("raise model.information_continuous")),
    ),
)
NAMES = tuple(rule.name for rule in RULES)
COLLAPSES = NAMES[:5]  # of the shapes themselves: not finite, empty, ..., G constant


def diagnose(
    symptoms: Symptoms, settings: Settings | None = None, *, known: Collection[str] | None = None
) -> tuple[Diagnosis, ...]:
    """Every failure that these numbers show, the gravest first; none when all is well.

    `settings` are those under `model`: a remedy that is taken already is left out, and so is one
    that names a setting that is not `known` (None: all are). Of the others two are named at most.
    """
    hidden: set[str] = set()
    findings = []
    for rule in RULES:
        if not rule.present(symptoms):
            continue
        if rule.name not in hidden:
            fitting = [remedy.words for remedy in rule.remedies if remedy.fits(settings or {})]
            if known is not None:
                fitting = [words for words in fitting if set(SETTING.findall(words)) <= {*known}]
            remedy = ", or ".join(fitting[:2]) or "train longer"
            findings.append(Diagnosis(rule.name, rule.seen(symptoms), remedy, rule.term))
        hidden.update(rule.hides)
    return tuple(findings)


def one_line(findings: tuple[Diagnosis, ...]) -> str:
    """The findings as one line: "doctor: <name> (<what shows it>): <remedy>; <name> ..."."""
    texts = [f"{finding.title} ({finding.seen}): {finding.remedy}" for finding in findings]
    return f"doctor: {'; '.join(texts) if texts else 'all well'}"
