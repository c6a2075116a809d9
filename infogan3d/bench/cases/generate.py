"""bench generate: G alone, from latent to occupancy, in torch and through ONNX Runtime."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.bench.reference_port import PortSettings, port_generator
from infogan3d.bench.roofline import (
    MachineRates,
    measure_rates,
    roofline_seconds,
    shape_work,
    wait_for,
)
from infogan3d.bench.runners import NAMES, OURS, OURS_WIDE, PORT, tell_rates
from infogan3d.bench.timing import cores, device_of, spread, timed
from infogan3d.io.settings import plain_settings
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import Codes, latent_vector, sample_codes
from infogan3d.models.onnx_export import save_onnx, shape_session
from infogan3d.runs.settings.bench import DiscoverBench, GenerateBench

ONNX = "ONNX Runtime"


Maker = Callable[[Codes], Tensor]


def generate_costs(
    settings: GenerateBench,
    seed: int,
    out: Path,
    *,
    measured: Callable[[str, str], MachineRates] = measure_rates,
) -> dict[str, Any]:
    """Milliseconds a shape of four ways with the same weights, in turn, and how far they differ.

    Errors: nothing to make (`ValueError`).
    """
    sizes, rounds = settings.batch_sizes, settings.rounds
    if not sizes or min(sizes) < 1 or rounds < 1:
        raise ValueError(f"generate: {rounds} rounds of {sizes} shapes: give 1 and up.")
    device = device_of(settings.device)
    threads = settings.threads or cores()
    torch.set_num_threads(threads)
    model = awake(settings, seed).to(device).eval()
    rates = {name: measured(device, name) for name in ("32", "bf16")}
    tell_rates(rates, device, threads)
    given = PortSettings(resolution=settings.resolution, width=settings.width)
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        ways = makers(model, given, save_onnx(model, Path(folder) / "g.onnx"), device, threads)
        for size in sizes:
            seconds, apart = time_in_turns(
                ways, model, size, rounds=rounds, seed=seed, device=device
            )
            work = shape_work(given, batch=size)
            least = {name: roofline_seconds(work, rate) / size for name, rate in rates.items()}
            tell(given, size, seconds, apart, least)
            results[str(size)] = {"seconds": seconds, "difference": apart, "roofline": least}
    return {"settings": plain_settings(settings), "threads": threads, "batches": results}


def awake(settings: GenerateBench | DiscoverBench, seed: int) -> InfoGAN3D:
    """A model whose shapes are no even grey: statistics of a batch, and logits ten times as far."""
    torch.manual_seed(seed)
    width, resolution = settings.width, settings.resolution
    model = InfoGAN3D(resolution=resolution, width=width, trunk_width=width)
    codes = sample_codes(model.spec, 8, generator=torch.Generator().manual_seed(seed))
    norms = [layer for layer in model.ema.modules() if isinstance(layer, torch.nn.BatchNorm3d)]
    for norm in norms:
        norm.momentum = None  # the plain mean of what it saw
        norm.train()
    with torch.no_grad():
        logits = model.ema(latent_vector(codes, model.spec))
        last = list(model.ema.parameters())[-2:]
        for weight in last:
            weight.mul_(3 / logits.std())
    return model


def makers(
    model: InfoGAN3D, given: PortSettings, onnx: Path, device: str, threads: int
) -> dict[str, Maker]:
    """Every way from codes to occupancy [n, 1, R, R, R]: the same weights in each."""
    port = port_generator(given).to(device).eval()
    weights = model.ema.state_dict().values()
    port.load_state_dict(dict(zip(port.state_dict(), weights, strict=True)))
    session = shape_session(onnx, threads=threads)
    asked = model.precision

    def ours(codes: Codes, precision: str = asked) -> Tensor:
        model.precision = precision
        occupancy: Tensor = model(codes)
        return occupancy

    def latent(codes: Codes) -> Float[Tensor, "B size"]:
        return latent_vector(codes, model.spec)

    return {
        PORT: lambda codes: port(latent(codes)[:, :, None, None, None]),
        OURS_WIDE: lambda codes: ours(codes, "32"),
        OURS: ours,
        ONNX: lambda codes: torch.from_numpy(session(latent(codes).cpu().numpy())),
    }


@torch.inference_mode()
def time_in_turns(
    ways: dict[str, Maker], model: InfoGAN3D, size: int, *, rounds: int, seed: int, device: str
) -> tuple[dict[str, list[float]], dict[str, dict[str, float]]]:
    """Seconds a shape of every way in turn (the first round warms up), and the differences of
    occupancy from ours in fp32: the greatest, and the share of cells that turn over at 0.5."""
    random = torch.Generator(device=device).manual_seed(seed)
    codes = sample_codes(model.spec, size, generator=random)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    shapes: dict[str, Tensor] = {}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            wait_for(device)
            shapes[name], (_, clock) = timed(partial(made_by, way, codes, device))
            if turn:
                seconds[name].append(clock / size)
    true = shapes[OURS_WIDE].cpu()
    apart = {}
    for name, occupancy in shapes.items():
        turned = ((occupancy.cpu() > 0.5) != (true > 0.5)).float().mean()
        apart[name] = {
            "greatest": float((occupancy.cpu() - true).abs().max()),
            "turned": float(turned),
        }
    return seconds, apart


def made_by(way: Maker, codes: Codes, device: str) -> Tensor:
    """The shapes, once the device has made them."""
    occupancy = way(codes)
    wait_for(device)
    return occupancy


def tell(
    given: PortSettings,
    size: int,
    seconds: dict[str, list[float]],
    apart: dict[str, dict[str, float]],
    least: dict[str, float],
) -> None:
    """Print a row a way, a row a roofline, and the ratios round by round."""
    print(f"G at {given.resolution}^3, width {given.width}, {size} at a time")
    print(f"{'ms a shape':16}{'median [low, high]':30}{'off ours, fp32':>15}{'cells turned':>14}")
    for name, many in seconds.items():
        off = apart[name]
        print(
            f"{name:16}{spread([1e3 * second for second in many], 1):30}{off['greatest']:15.1e}"
            f"{off['turned']:14.1e}"
        )
    for name, roofline in least.items():
        print(f"{NAMES[name]:16}{1e3 * roofline:8.1f}")
    for over, under in ((PORT, OURS), (OURS, ONNX), (OURS_WIDE, ONNX)):
        pairs = zip(seconds[over], seconds[under], strict=True)
        print(f"{over} / {under} {spread([a / b for a, b in pairs], 2)}")
    print(f"ours / its roofline {np.median(seconds[OURS]) / min(least.values()):.1f}\n")
