"""The inverse mapping by optimisation: the latent vector whose shape explains a target best.

    starts --screened--> latents --Adam, codes relaxed--> --codes one-hot, Adam goes on--> latents

Gradients go to the latent only (Wu et al. 2016 and Zhu et al. 2016 invert GANs so); the model's
weights stay as they are. What is lowered is, in nats a cell,

    objective = data term + prior * |z|^2 / 2 / R^3

The data term of a grid is the mean BCE over its R^3 cells, so that prior = 1 is the maximum of the
posterior if cells were independent. Each discrete code is relaxed to a softmax that grows harder,
then taken as its top value; continuous codes stay within (-1, 1). A model whose latent is not laid
out by its CodeSpec (an auto-encoder's) is optimised freely, without a prior.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import one_hot

from infogan3d.io.progress import Advance
from infogan3d.models.base import ShapeModel
from infogan3d.models.networks.latent import CodeSpec, sample_codes
from infogan3d.models.networks.posterior import normal_to_uniform, uniform_to_normal
from infogan3d.models.sampling import BATCH, evaluating

Loss = Callable[[Tensor, Tensor], Tensor]  # logits [b 1 R R R], target's rows [b] -> [b]


SCREENED = 16  # random latents looked at for each start that is optimised


RELAXED = 2 / 3  # share of the steps in which discrete codes are relaxed


COLDEST = 0.3  # the softmax's temperature falls from 1 to this


HELD = 0.8  # a code's starting value has this share of its softmax


EDGE = 0.999  # continuous codes start no nearer to -1 and 1


@dataclass(frozen=True, eq=False)
class InversionResult:
    """The latents that were found, and what each step's objective was."""

    latent: Float[Tensor, "B latent"]
    objective: Float[Tensor, " B"]  # of `latent`
    history: Float[Tensor, "steps B"]  # of the best start, before each step


def invert(
    model: ShapeModel,
    target: Float[Tensor, "B 1 R R R"],
    *,
    steps: int = 100,
    lr: float = 0.1,
    prior: float = 1.0,
    seed: int = 0,
    starts: int = 1,
    loss: Loss | None = None,
    first: Float[Tensor, "B latent"] | None = None,
    on_step: Advance | None = None,
) -> InversionResult:
    """The latents [B, latent] whose shapes explain some targets best, all optimised side by side.

    Of `starts` latents a target the best is kept: the first is `first`, else the encoder's answer,
    the others (all of them without an encoder) are the best of 16 times as many random draws.
    `loss(logits, rows)` replaces the grid's BCE as data term; `rows` tells which target each row of
    logits belongs to. Never worse than the first latent. ValueError for numbers out of range.
    """
    _check(steps=steps, starts=starts, lr=lr, prior=prior)
    error, size = loss or grid_loss(target), max(1, BATCH // starts)
    parts = []
    for begin in range(0, len(target), size):
        rows = torch.arange(begin, min(begin + size, len(target)), device=target.device)
        chosen = None if first is None else first[rows]
        with evaluating(model):
            latent = first_latents(
                model, target[rows], error, rows=rows, first=chosen, starts=starts, seed=seed
            )
            tell = _shifted(on_step, begin // size * steps, -(-len(target) // size) * steps)
            parts.append(
                _optimised(model, latent, error, rows, steps=steps, lr=lr, prior=prior, tell=tell)
            )
    return InversionResult(
        torch.cat([part.latent for part in parts]),
        torch.cat([part.objective for part in parts]),
        torch.cat([part.history for part in parts], 1),
    )


def _check(*, steps: int, starts: int, lr: float, prior: float) -> None:
    if steps < 0 or starts < 1 or lr <= 0 or prior < 0:
        raise ValueError(
            f"steps={steps}, starts={starts}, lr={lr:g}, prior={prior:g} cannot be inverted with: "
            "give 0 or more steps, 1 or more starts, an lr above 0 and a prior of 0 or more."
        )


def grid_loss(target: Float[Tensor, "B 1 R R R"]) -> Loss:
    """The mean BCE over the cells of each target."""

    def loss(logits: Tensor, rows: Tensor) -> Tensor:
        return bce(logits, target[rows], reduction="none").flatten(1).mean(1)

    return loss


@torch.no_grad()
def first_latents(
    model: ShapeModel,
    target: Float[Tensor, "B 1 R R R"],
    error: Loss,
    *,
    rows: Int[Tensor, " B"],
    first: Float[Tensor, "B latent"] | None,
    starts: int,
    seed: int,
) -> Float[Tensor, "B starts latent"]:
    """Where the optimisation of each target begins: see `invert`."""
    if first is None and model.has_encoder:
        first = model.encode(target)
    known = [] if first is None else [first[:, None]]
    missing = starts - len(known)
    if missing:
        random = torch.Generator().manual_seed(seed)
        codes = sample_codes(model.spec, SCREENED * missing, generator=random).to(target.device)
        drawn = model.to_latent(codes)
        scores = []
        for logits in _decoded(model, drawn):
            scores.append(error(logits.expand(len(rows), *logits.shape), rows))
        best = torch.stack(scores, 1).topk(missing, 1, largest=False).indices
        known.append(drawn[best])
    return torch.cat(known, 1)


def _decoded(model: ShapeModel, latent: Float[Tensor, "n latent"]) -> Float[Tensor, "n 1 R R R"]:
    return torch.cat([model.decode(part) for part in torch.split(latent, BATCH)])


@torch.enable_grad()
def _optimised(
    model: ShapeModel,
    latent: Float[Tensor, "B starts latent"],
    error: Loss,
    rows: Int[Tensor, " B"],
    *,
    steps: int,
    lr: float,
    prior: float,
    tell: Advance,
) -> InversionResult:
    """Adam on every start of some targets, then the best start of each."""
    count, starts = latent.shape[:2]
    spec, weight = layout(model)
    begun = latent.flatten(0, 1)
    repeated = rows.repeat_interleave(starts)
    leaves = relax(begun, spec)

    def objective(latent: Tensor) -> Tensor:
        square = latent[:, : spec.noise].square().sum(1) / 2
        logits = model.decode(latent)
        return error(logits, repeated) + weight * prior * square / logits[0].numel()

    adam = torch.optim.Adam(leaves, lr=lr, betas=(0.9, 0.99))
    history = []
    for step in range(steps):
        for group in adam.param_groups:
            group["lr"] = lr * (0.05 + 0.95 * (1 + math.cos(math.pi * step / steps)) / 2)
        value = objective(harden(leaves, spec, temperature=_temperature(step, steps)))
        moved = [leaf for leaf in leaves if leaf.numel()]
        slopes = torch.autograd.grad(value.sum(), moved, allow_unused=True)
        for leaf, slope in zip(moved, slopes, strict=True):
            leaf.grad = slope
        adam.step()
        history.append(value.detach().view(count, starts))
        tell(step + 1, steps, float(history[-1].mean()))
    with torch.no_grad():
        optimised = harden(leaves, spec, temperature=None) if steps else begun
        return _best(begun, optimised, objective, history, starts=starts)


def _temperature(step: int, steps: int) -> float | None:
    """How soft a discrete code is: 1 at first, down to COLDEST; None, for one-hot, at the end."""
    if step >= RELAXED * steps:
        return None
    return 1 - (1 - COLDEST) * step / (RELAXED * steps)


def _best(
    begun: Float[Tensor, "n latent"],
    optimised: Float[Tensor, "n latent"],
    objective: Callable[[Tensor], Tensor],
    history: list[Tensor],
    *,
    starts: int,
) -> InversionResult:
    """Of each target's starts the lowest, and of each start what it found or where it began."""
    before, after = objective(begun), objective(optimised)
    count = len(begun) // starts
    better = torch.where((after < before)[:, None], optimised, begun).view(count, starts, -1)
    best = torch.minimum(before, after).view(count, starts).min(1)
    here = torch.arange(count, device=begun.device)
    curves = [values[here, best.indices] for values in history]
    curve = torch.stack(curves) if curves else best.values.new_zeros(0, count)
    return InversionResult(better[here, best.indices], best.values, curve)


def layout(model: ShapeModel) -> tuple[CodeSpec, float]:
    """How a model's latent is laid out, and 1 where its noise has the normal prior, else 0.

    A model whose latents are not its codes (a latent GAN's) lays them out as it likes.
    """
    if model.has_normal_prior:
        return model.spec, 1.0
    return CodeSpec(model.latent_size, (), 0), 0.0


def relax(latent: Float[Tensor, "n latent"], spec: CodeSpec) -> list[Tensor]:
    """Latents as what Adam moves: z, logits of each discrete code, normal numbers for the rest."""
    parts = spec.split(latent.detach())
    heights = [math.log(HELD / (1 - HELD) * (size - 1)) for size in spec.discrete]
    logits = [code * height for code, height in zip(parts.discrete, heights, strict=True)]
    normal = uniform_to_normal(parts.continuous, edge=EDGE)
    return [leaf.clone().requires_grad_() for leaf in (parts.noise, *logits, normal)]


def harden(
    leaves: list[Tensor], spec: CodeSpec, *, temperature: float | None
) -> Float[Tensor, "n latent"]:
    """The latents of some leaves: softmax at a temperature, or one-hot codes where None."""
    noise, *logits, normal = leaves
    if temperature is None:
        codes = [one_hot(code.argmax(1), code.shape[1]).to(noise.dtype) for code in logits]
    else:
        codes = [(code / temperature).softmax(1) for code in logits]
    assert len(codes) == len(spec.discrete)
    return torch.cat([noise, *codes, normal_to_uniform(normal)], 1)


def _shifted(on_step: Advance | None, shift: int, total: int) -> Advance:
    """The steps of one batch of targets, told as steps of all."""

    def tell(done: int, steps: int, value: float) -> None:
        if on_step is not None:
            on_step(shift + done, total, value)

    return tell
