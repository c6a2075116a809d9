"""What changes between the warm-up's phases and at its end: codes found, z expressed anew, weights
handed over from E to the trunk and Q."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from infogan3d.models.code_discovery.independent_components import find_factors
from infogan3d.models.code_discovery.teacher import Teacher, targets_for
from infogan3d.models.networks.discriminator import Encoder, QHead, Trunk
from infogan3d.models.networks.generator import Generator
from infogan3d.models.prior_matching import NoisePosterior, match_prior
from infogan3d.models.warmup.phases import Transition
from infogan3d.stats.clock import step_seed

Q_VARIANCE = 0.05  # that Q begins with


@dataclass(frozen=True)
class Networks:
    """What a transition changes, in place."""

    generator: Generator
    ema: Generator
    encoder: Encoder
    trunk: Trunk
    q_head: QHead
    teacher: Teacher | None


def phase_transition(
    networks: Networks, change: Transition, latents: NoisePosterior | None, *, seed: int, batch: int
) -> list[str]:
    """Change the networks before `batch` as `change` says, by E's posteriors of training shapes.

    What was found in z, a line each; then G and E begin anew, and so has their optimizer to.
    """
    log: list[str] = []
    encoder, teacher = networks.encoder, networks.teacher
    if change.transfer_weights:
        assigned = None if teacher is None else teacher.assigned
        transfer_weights(encoder, networks.trunk, networks.q_head, assigned=assigned)
    if change.find_codes:
        assert teacher is not None
        assert latents is not None
        log = find_codes(teacher, encoder, latents, seed=seed)
        torch.manual_seed(step_seed(seed, 0, batch))  # alike on every process
        reinitialize((networks.generator, encoder))
        networks.ema.load_state_dict(networks.generator.state_dict())
    if change.match_prior:
        assert latents is not None
        generators = (networks.generator, networks.ema)
        match_prior(encoder, generators, networks.q_head.spec, latents)
    return log


def find_codes(
    teacher: Teacher, encoder: Encoder, latents: NoisePosterior, *, seed: int
) -> list[str]:
    """Find the factors in z and teach the teacher which code is which; a line for each."""
    spec = teacher.spec
    mean, log_variance = latents.mean.cpu().numpy(), latents.log_variance.cpu().numpy()
    largest = max(spec.discrete, default=1)
    factors = find_factors(mean, log_variance, max_values=largest, seed=seed)
    targets = targets_for(factors, spec)
    teacher.encoder.load_state_dict(encoder.state_dict())
    missed = teacher.learn(latents.mean, targets, seed=seed)
    return [*targets.log, f"the teacher misses {missed:.2f} of the positions' variance"]


def reinitialize(networks: Sequence[nn.Module]) -> None:
    """Fresh weights and statistics."""
    for network in networks:
        for module in network.modules():
            reset: Any = getattr(module, "reset_parameters", None)
            if reset is not None:
                reset()


@torch.no_grad()
def transfer_weights(
    encoder: Encoder,
    trunk: Trunk,
    q_head: QHead,
    *,
    assigned: Bool[Tensor, " codes"] | None = None,
) -> None:
    """The trunk and Q begin with what E has learnt: its layers with BatchNorm folded in, its head.

    E says a continuous code as a normal number, Q as the code itself: the best line between them
    has slope 1 / sqrt(pi). Codes that are not `assigned` (None: all are) begin with the same
    posterior for all shapes.
    """
    layers = list(encoder.trunk.layers)
    for new, learnt in zip(convolutions(trunk), convolutions(encoder.trunk), strict=True):
        new.load_state_dict(learnt.state_dict())
        norm = layers[layers.index(learnt) + 1]
        if isinstance(norm, nn.BatchNorm3d):
            fold_norm(new, norm)
    q_head.load_state_dict(encoder.codes.state_dict())
    count, out = q_head.spec.continuous, q_head.out
    first = out.out_features - 2 * count
    mean, log_variance = slice(first, first + count), slice(first + count, None)
    out.weight[mean] /= math.sqrt(math.pi)
    out.bias[mean] /= math.sqrt(math.pi)
    out.weight[log_variance] = 0
    out.bias[log_variance] = math.log(Q_VARIANCE)
    if assigned is not None:
        sizes = torch.tensor([*q_head.spec.discrete, *[1] * count], device=assigned.device)
        rows = torch.cat([assigned.repeat_interleave(sizes), assigned[len(assigned) - count :]])
        out.weight[~rows] = 0
        out.bias[~rows] = 0


@torch.no_grad()
def fold_norm(layer: nn.Conv3d, norm: nn.BatchNorm3d) -> None:
    """A convolution that does what it and the norm behind it did in evaluation mode, in place."""
    assert layer.bias is not None
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
    layer.weight *= scale[:, None, None, None, None]
    layer.bias.copy_((layer.bias - norm.running_mean) * scale + norm.bias)


def convolutions(trunk: Trunk) -> list[nn.Conv3d]:
    """A trunk's layers with weights, the first one first."""
    return [layer for layer in trunk.layers if isinstance(layer, nn.Conv3d)]
