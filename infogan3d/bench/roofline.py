"""The least time that one training step can take here, from counting and from two measured rates.

Every layer of every pass has operations (a multiplication and an addition are two) and numbers that
must come from memory or go there once. A machine multiplies matrices at one rate and copies memory
at another; a layer takes at least the longer of the two times, and the step the sum over layers.
Products with the zeros beyond the border of a grid are not counted: nobody has to make them.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch
from torch.nn.functional import conv3d

from infogan3d.bench.reference_port import PortSettings

TURNS = ("G", "D turn", "G turn", "optimizers")


ADAM = 7  # numbers a weight: read weight, gradient and both moments, write all but the gradient


AVERAGE = 3  # read the average and the weight, write the average


BYTES = {"32": 4, "bf16": 2}


TYPES = {"32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class LayerCost:
    """One layer of one chair: multiplications, and how many numbers go in, come out, are learnt."""

    name: str
    products: int
    inputs: int
    outputs: int
    weights: int
    normed: bool = False  # BatchNorm after it


@dataclass(frozen=True)
class StepWork:
    """One pass through one layer: operations, numbers moved, and moved in fp32 in any case."""

    turn: str
    name: str
    operations: int
    numbers: int
    wide: int = 0

    def seconds(self, rates: "MachineRates") -> float:
        moved = self.numbers * BYTES[rates.precision] + self.wide * 4
        return max(self.operations / rates.matrix, moved / rates.copy)


@dataclass(frozen=True)
class MachineRates:
    """Measured: operations a second in products of matrices, bytes a second moved by a copy."""

    precision: str
    matrix: float
    copy: float


# ---- counting ------------------------------------------------------------------------------


def kernel_products(side: int, *, padded: bool = False) -> int:
    """Products of a 4^3 kernel at stride 2 between a grid of `side` and one of twice that, a pair
    of channels: 64 a cell of the smaller grid, less those beyond the border unless `padded`."""
    return (4 * side) ** 3 if padded else (4 * side - 2) ** 3


def generator_layers(given: PortSettings, *, padded: bool = False) -> list[LayerCost]:
    """G's transposed convolutions, first to last."""
    doublings = given.resolution.bit_length() - 3
    channels = [given.width * 2**k for k in reversed(range(doublings))] + [1]
    side, out = 4, channels[0] * 64
    weights = given.latent * out + 2 * channels[0]
    layers = [LayerCost("G 1", given.latent * out, given.latent, out, weights, normed=True)]
    for index, (before, after) in enumerate(pairwise(channels)):
        layers.append(
            LayerCost(
                f"G {index + 2}",
                before * after * kernel_products(side, padded=padded),
                before * side**3,
                after * (2 * side) ** 3,
                before * after * 64 + (2 * after if after > 1 else 1),
                normed=after > 1,
            )
        )
        side *= 2
    return layers


def trunk_layers(given: PortSettings, *, padded: bool = False) -> list[LayerCost]:
    """The convolutions that D and Q share, first to last."""
    layers: list[LayerCost] = []
    before, side = 1, given.resolution
    for index in range(given.trunk_layers):
        after, half = given.width * min(2**index, 8), max(side // 2, 2)
        taps = 64 if side > 2 else 1
        pairs = kernel_products(half, padded=padded) if side > 2 else half**3
        layers.append(
            LayerCost(
                f"trunk {index + 1}",
                before * after * pairs,
                before * side**3,
                after * half**3,
                before * after * taps + after,
            )
        )
        before, side = after, half
    return layers


def head_layers(given: PortSettings) -> list[LayerCost]:
    """D's head, then the two layers of Q's."""
    features = trunk_layers(given)[-1].outputs
    answers = sum(given.discrete) + 2 * given.continuous
    sizes = {"D head": (features, 1), "Q hidden": (features, 128), "Q head": (128, answers)}
    return [LayerCost(name, a * b, a, b, a * b + b) for name, (a, b) in sizes.items()]


def step_work(given: PortSettings, *, batch: int, padded: bool = False) -> list[StepWork]:
    """Every pass of one full step: G once, D's turn on real and made chairs, G's turn, optimizers.

    Q's head reads the made chairs alone. D's turn needs no gradient of the grids, G's turn none of
    D's weights. BatchNorm costs a read and a write forward, two reads and a write back.
    """
    generator, trunk = generator_layers(given, padded=padded), trunk_layers(given, padded=padded)
    real_head, *code_head = heads = head_layers(given)
    grid = given.resolution**3 * batch
    work = [
        *forward("G", generator, batch),
        *forward("D turn", [*trunk, real_head], 2 * batch),
        *forward("D turn", code_head, batch),
        *backward("D turn", trunk, 2 * batch, inputs=trunk[1:], weights=trunk),
        *backward("D turn", [real_head], 2 * batch),
        *backward("D turn", code_head, batch),
        *forward("G turn", [*trunk, *heads], batch),
        StepWork("G turn", "shape limit", 0, 6 * grid),
        *backward("G turn", [*trunk, *heads], batch, weights=[]),
        *backward("G turn", generator, batch, inputs=generator[1:]),
    ]
    of_g, of_d = (sum(layer.weights for layer in part) for part in (generator, [*trunk, *heads]))
    work.append(StepWork("optimizers", "Adam", 0, 0, ADAM * (of_g + of_d)))
    work.append(StepWork("optimizers", "average of G", 0, 0, AVERAGE * of_g))
    return work


def forward(turn: str, layers: Iterable[LayerCost], batch: int) -> list[StepWork]:
    """A pass through some layers."""
    work = []
    for layer in layers:
        moved = batch * (layer.inputs + layer.outputs) + layer.weights
        work.append(StepWork(turn, f"{layer.name} forward", 2 * batch * layer.products, moved))
        if layer.normed:
            work.append(StepWork(turn, f"{layer.name} norm", 0, 2 * batch * layer.outputs))
    return work


def backward(
    turn: str,
    layers: list[LayerCost],
    batch: int,
    *,
    inputs: list[LayerCost] | None = None,
    weights: list[LayerCost] | None = None,
) -> list[StepWork]:
    """The way back: gradients of some layers' inputs and of some layers' weights (all if None)."""
    work = []
    for layer in layers:
        moved = batch * (layer.inputs + layer.outputs) + layer.weights
        operations = 2 * batch * layer.products
        if layer.normed:
            work.append(StepWork(turn, f"{layer.name} norm back", 0, 3 * batch * layer.outputs))
        if inputs is None or layer in inputs:
            work.append(StepWork(turn, f"{layer.name} to its input", operations, moved))
        if weights is None or layer in weights:
            work.append(StepWork(turn, f"{layer.name} to its weights", operations, moved))
    return work


def shape_work(given: PortSettings, *, batch: int = 1) -> list[StepWork]:
    """G alone, BatchNorm folded into its weights."""
    return [
        work for work in forward("G", generator_layers(given), batch) if "norm" not in work.name
    ]


def operations(work: Iterable[StepWork]) -> int:
    return sum(step.operations for step in work)


def roofline_seconds(work: Iterable[StepWork], rates: MachineRates) -> float:
    """The least seconds of all this work, layer after layer."""
    return sum(step.seconds(rates) for step in work)


def roofline_table(work: list[StepWork], rates: list[MachineRates]) -> str:
    """Operations, bytes and least milliseconds of each turn, a column a precision."""
    heads = "".join(f"{f'ms, {rate.precision}':>12}" for rate in rates)
    lines = [f"{'roofline of a step':24}{'10^9 operations':>16}{'MB, fp32':>12}{heads}"]
    for turn in (*TURNS, "whole step"):
        part = [step for step in work if turn in (step.turn, "whole step")]
        megabytes = sum(step.numbers + step.wide for step in part) * 4 / 1e6
        least = "".join(f"{roofline_seconds(part, rate) * 1e3:12.2f}" for rate in rates)
        lines.append(f"{turn:24}{operations(part) / 1e9:16.2f}{megabytes:12.1f}{least}")
    return "\n".join(lines)


# ---- measuring -----------------------------------------------------------------------------


def measure_rates(
    device: str, precision: str, *, sides: tuple[int, ...] = (), megabytes: int = 256
) -> MachineRates:
    """The best product of two matrices of random numbers, and the best copy, of several.

    A 1^3 convolution is such a product as well, and here and there the quicker one.
    Errors: an unknown precision (`ValueError`).
    """
    if precision not in TYPES:
        raise ValueError(f"precision={precision} has no rate: choose one of {', '.join(TYPES)}.")
    best = 0.0
    for side in sides or ((1024, 2048) if device == "cpu" else (4096, 8192)):
        a, b = (torch.randn(side, side, device=device).to(TYPES[precision]) for _ in range(2))
        grid = a.view(1, 8, 8, side // 64, side).permute(0, 4, 1, 2, 3)
        ways = (partial(torch.mm, a, b), partial(conv3d, grid, b.view(side, side, 1, 1, 1)))
        best = max(best, *(2 * side**3 / quickest(way, device) for way in ways))
    source = torch.randn(megabytes * 250_000, device=device)
    target = torch.empty_like(source)
    copied = 2 * source.nbytes / quickest(lambda: target.copy_(source), device)
    return MachineRates(precision, best, copied)


def quickest(work: Callable[[], object], device: str, *, repeats: int = 7) -> float:
    """The least seconds of several runs after two for warming up."""
    seconds = []
    for _ in range(repeats + 2):
        wait_for(device)
        start = time.perf_counter()
        work()
        wait_for(device)
        seconds.append(time.perf_counter() - start)
    return min(seconds[2:])


def wait_for(device: str) -> None:
    """Until a GPU has done what it was told; a CPU is never behind."""
    if device == "cuda":
        torch.cuda.synchronize()
