"""The distribution that samples come from, made that of real shapes' latents: z in a new basis.

An auto-encoder that pays little for a latent leaves z correlated: E's answers for real shapes fill
a part of what N(0, 1) fills, and most draws lie outside of it. Here z is expressed anew, so that
over the training shapes E's answers have mean 0 and covariance I, spread included. The change is
linear and is folded into E's last layer and G's first; G(E(x)) stays as it was, but E's variances
are kept along the axes only. (RAE, Ghosh et al. 2020, fits a density afterwards as well.)
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from infogan3d.models.code_discovery.independent_components import find_factors
from infogan3d.models.code_discovery.teacher import Teacher, targets_for
from infogan3d.models.networks.discriminator import Encoder, QHead, Trunk
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import CodeSpec, step_seed
from infogan3d.models.networks.posterior import Posterior


def whitening(
    mean: Float[Tensor, "n z"], log_variance: Float[Tensor, "n z"]
) -> tuple[Float[Tensor, " z"], Float[Tensor, "z z"]]:
    """Centre and root of the aggregated answers: z = centre + root z', z' of mean 0, covariance I.

    The symmetric root, which turns the axes least.
    """
    mean, spread = mean.double(), log_variance.double().exp()
    covariance = torch.cov(mean.T).reshape(mean.shape[1], -1) + torch.diag(spread.mean(0))
    values, axes = torch.linalg.eigh(covariance)
    root = (axes * values.clamp_min(1e-6).sqrt()) @ axes.T
    return mean.mean(0), root


@torch.no_grad()
def fold_into_encoder(
    layer: nn.Linear, centre: Float[Tensor, " z"], root: Float[Tensor, "z z"]
) -> None:
    """E's last layer (means, then log variances of z) in the new basis, in place."""
    back = torch.linalg.inv(root)
    size = len(centre)
    weight, bias = layer.weight.double(), layer.bias.double()
    layer.weight[:size] = (back @ weight[:size]).to(layer.weight)
    layer.bias[:size] = (back @ (bias[:size] - centre)).to(layer.bias)
    layer.bias[size:] = (bias[size:] + 2 * back.diagonal().log()).to(layer.bias)


@torch.no_grad()
def fold_into_generator(
    layer: nn.ConvTranspose3d,
    spec: CodeSpec,
    centre: Float[Tensor, " z"],
    root: Float[Tensor, "z z"],
) -> None:
    """G's first layer (no bias) in the new basis, in place.

    The centre goes into all values of the first discrete code, of which one is always 1; a model
    without discrete codes keeps its centre at 0.
    """
    size = len(centre)
    weight = layer.weight.double()
    if spec.discrete:
        values = slice(size, size + spec.discrete[0])
        shifted = weight[values] + torch.einsum("z,z...->...", centre, weight[:size])
        layer.weight[values] = shifted.to(layer.weight)
    layer.weight[:size] = torch.einsum("ab,a...->b...", root, weight[:size]).to(layer.weight)


BATCH = 128


UNSURE = 0.05  # variance of Q's first answers


@dataclass(frozen=True)
class Phase:
    """Where in the start a batch is: `done` from 0 to 1 of its part."""

    done: float
    noise_only: bool
    taught: bool

    @property
    def lr_scale(self) -> float:
        """Share of the learning rate: all of it at first, then down to a twentieth."""
        return min(1.0, 2.5 * (1 - self.done) + 0.05)

    @property
    def kl_scale(self) -> float:
        """Share of a latent's price: 0 at first, all of it after two thirds."""
        return min(1.0, 1.5 * self.done)


def phase_at(batch: int, *, start: int, unmix_after: int, teach: int) -> Phase:
    """The part that batch number `batch` belongs to, of a start of `start` batches."""
    by_z = batch < unmix_after
    first, last = (0, unmix_after) if by_z else (unmix_after, start)
    taught = 0 < unmix_after <= batch < unmix_after + teach
    return Phase((batch - first) / (last - first), by_z, taught)


def check_phases(*, unmix_after: int, start: int, spec: CodeSpec) -> None:
    """Refuse a start without room for its two parts, or without z to find codes in."""
    if not 0 < unmix_after < start:
        raise ValueError(
            f"model.unmix_after={unmix_after} is not inside the start of {start} batches: give a "
            "number below model.start_batches."
        )
    if spec.noise < 2 or not spec.names:
        raise ValueError(
            f"model.unmix_after={unmix_after} finds codes in z, and {spec} has too little of one "
            "of them: give codes.noise of 2 or more, and codes."
        )


def phase_transition(model: Any, optimizer: Any) -> None:
    """Before the batch with which another part begins: find codes in z, match the prior, hand over.

    `model` is an InfoGAN3D, which imports this file.
    """
    settings, batch = model.hparams, model.batches_done
    unmixed = model.teacher is not None and batch == settings["unmix_after"]
    begins = 0 < settings["start_batches"] == batch
    if begins and settings["trunk_from_encoder"] and model.encoder is not None:
        taken = None if model.teacher is None else model.teacher.taken
        transfer_weights(model.encoder, model.trunk, model.q_head, taken=taken)
    matched = settings["match_prior"] and begins
    if model.encoder is None or not (unmixed or matched):
        return
    model.eval()
    grids = model.trainer.datamodule.packs["train"].grids()
    answers = answers_for(model.posterior, grids, device=model.device)
    model.train()
    if unmixed and model.teacher is not None:
        told = find_codes(model.teacher, model.encoder, *answers, seed=settings["seed"])
        model.print("\n".join(["", *told]))
        torch.manual_seed(step_seed(settings["seed"], 0, batch))  # alike on every process
        reinitialize((model.generator, model.encoder), optimizer)
        model.ema.load_state_dict(model.generator.state_dict())
    if matched:
        both = (model.generator, cast(Generator, model.ema))
        match_prior(model.encoder, both, model.spec, *answers)


@torch.no_grad()
def answers_for(
    encode: Callable[[Tensor], Posterior],
    grids: Bool[np.ndarray, "n R R R"],
    *,
    device: torch.device | str,
) -> tuple[Float[Tensor, "n z"], Float[Tensor, "n z"]]:
    """E's means and log variances of z for some shapes, BATCH at a time."""
    found = [
        encode(part.float()[:, None].to(device))
        for part in torch.split(torch.from_numpy(grids), BATCH)
    ]
    means = torch.cat([one.noise_mean.float() for one in found])
    return means, torch.cat([one.noise_log_variance.float() for one in found])


def find_codes(
    teacher: Teacher,
    encoder: Encoder,
    mean: Float[Tensor, "n z"],
    log_variance: Float[Tensor, "n z"],
    *,
    seed: int,
) -> list[str]:
    """Unmix z and teach the teacher what was found; what was found, a line each."""
    spec, answers = teacher.spec, (mean.cpu().numpy(), log_variance.cpu().numpy())
    found = find_factors(*answers, most=max(spec.discrete, default=1), seed=seed)
    targets = targets_for(found, spec)
    teacher.encoder.load_state_dict(encoder.state_dict())
    missed = teacher.learn(mean, targets, seed=seed)
    return [*targets.told, f"the teacher misses {missed:.2f} of the places' variance"]


def reinitialize(networks: Sequence[nn.Module], optimizer: Any) -> None:
    """Fresh weights and statistics, and an optimizer that remembers nothing."""
    for network in networks:
        for module in network.modules():
            reset: Any = getattr(module, "reset_parameters", None)
            if reset is not None:
                reset()
    optimizer.state.clear()


def match_prior(
    encoder: Encoder,
    generators: Sequence[Generator],
    spec: CodeSpec,
    mean: Float[Tensor, "n z"],
    log_variance: Float[Tensor, "n z"],
) -> None:
    """Express z anew, so that samples are drawn from where real shapes' latents lie (prior.py)."""
    centre, root = whitening(mean, log_variance)
    if not spec.discrete:
        centre = torch.zeros_like(centre)
    fold_into_encoder(encoder.noise, centre, root)
    for generator in generators:
        first = generator.layers[0]
        assert isinstance(first, nn.ConvTranspose3d)
        fold_into_generator(first, spec, centre, root)


@torch.no_grad()
def transfer_weights(
    encoder: Encoder, trunk: Trunk, q_head: QHead, *, taken: Bool[Tensor, " c"] | None = None
) -> None:
    """The trunk and Q begin with what E has learnt: its layers with BatchNorm folded in, its head.

    E tells a continuous code as a normal number, Q as the code itself: the best line between them
    has slope 1 / sqrt(pi). Codes that are not `taken` (None: all are) begin with one answer to all.
    """
    layers = list(encoder.trunk.layers)
    for own, learnt in zip(convolutions(trunk), convolutions(encoder.trunk), strict=True):
        after = layers[layers.index(learnt) + 1]
        own.load_state_dict(learnt.state_dict())
        if isinstance(after, nn.BatchNorm3d):
            assert own.bias is not None
            assert after.running_mean is not None
            assert after.running_var is not None
            scale = after.weight * (after.running_var + after.eps).rsqrt()
            own.weight *= scale[:, None, None, None, None]
            own.bias.copy_((own.bias - after.running_mean) * scale + after.bias)
    q_head.load_state_dict(encoder.codes.state_dict())
    count = q_head.spec.continuous
    first = q_head.out.out_features - 2 * count
    mean, spread = slice(first, first + count), slice(first + count, None)
    q_head.out.weight[mean] /= math.sqrt(math.pi)
    q_head.out.bias[mean] /= math.sqrt(math.pi)
    q_head.out.weight[spread] = 0
    q_head.out.bias[spread] = math.log(UNSURE)
    if taken is not None:
        sizes = torch.tensor([*q_head.spec.discrete, *[1] * count], device=taken.device)
        rows = torch.cat([taken.repeat_interleave(sizes), taken[len(taken) - count :]])
        q_head.out.weight[~rows] = 0
        q_head.out.bias[~rows] = 0


def convolutions(trunk: Trunk) -> list[nn.Conv3d]:
    """A trunk's layers with weights, the first one first."""
    return [layer for layer in trunk.layers if isinstance(layer, nn.Conv3d)]


def check_transfer(encoder: Encoder | None, *, norm: str) -> None:
    """Refuse a model without E, and a trunk with a norm of its own."""
    if encoder is None:
        raise ValueError("model.trunk_from_encoder=true needs E: give model.start_batches above 0.")
    if norm != "none":
        raise ValueError(
            f"model.trunk_from_encoder=true and model.trunk_norm={norm} do not go together: give "
            "model.trunk_norm=none."
        )
