"""bench loader: an epoch of chairs out of our pack and out of the port's files, by their number."""

import tempfile
from contextlib import redirect_stdout
from dataclasses import asdict
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

from infogan3d.bench.reference_port import port_loader
from infogan3d.bench.roofline import wait_for
from infogan3d.bench.runners import (
    FILES,
    OURS,
    PORT,
    Case,
    ProcessPerRunner,
    Task,
    chair_data,
    lay_out,
)
from infogan3d.bench.timing import cores, device_of, log_panel, spread, timed
from infogan3d.data.datamodule import ChairData
from infogan3d.io.files import save_figure
from infogan3d.io.settings import plain_settings
from infogan3d.runs.settings.bench import LoaderBench

Epochs = dict[str, list[float]]  # seconds a chair, one entry an epoch


def loader_costs(settings: LoaderBench, seed: int, out: Path) -> dict[str, Any]:
    """Epochs without a model from both loaders, then their share of our training step.

    Files have just been written, so nobody waits for a disk. Errors: fewer chairs than a batch
    (`ValueError`).
    """
    device = device_of(settings.device)
    threads = settings.threads or cores()
    torch.set_num_threads(threads)
    case = Case(settings.grid, settings.width, settings.batch_size)
    counts: list[int] = sorted(settings.counts)
    if not counts or counts[0] < case.batch_size:
        raise ValueError(
            f"loader.counts={counts} has less than a batch of {case.batch_size}: give more chairs."
        )
    results: dict[int, Epochs] = {}
    print(f"{case.resolution}^3, batches of {case.batch_size}, {threads} threads, {device}\n")
    print(f"{'chairs':>7}  {'ms a chair, ours':28}{'reference port':28}port / ours")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            lay_out(Path(folder), count, case.resolution, seed=seed)
            results[count] = epochs(Path(folder), case, device, rounds=settings.rounds)
        ours, port = ([1e3 * second for second in results[count][who]] for who in (OURS, PORT))
        times = [a / b for a, b in zip(port, ours, strict=True)]
        print(f"{count:>7}{spread(ours, 3):28}{spread(port, 3):28}{spread(times, 1)}")
    linear = {who: departure(results, who) for who in (OURS, PORT)}
    for who, apart in linear.items():
        print(f"{who}: seconds an epoch go with chairs^{apart['power']:.3f} (1 is linear)")
    share = step_share(case, results[counts[-1]], settings, device, seed)
    print(f"picture  {draw_loaders(results, out / 'loader_cost.png')}")
    return {
        "settings": plain_settings(settings),
        "seconds_a_chair": results,
        "linear": linear,
        "share": share,
    }


def epochs(folder: Path, case: Case, device: str, *, rounds: int) -> Epochs:
    """Seconds a chair of whole epochs, ours and the port's in turn, after one each to warm up."""
    ours = set_up(chair_data(folder, case))
    theirs = port_loader(folder / FILES, batch_size=case.batch_size)
    seconds: Epochs = {OURS: [], PORT: []}
    passes = {OURS: partial(our_epoch, ours, device), PORT: partial(port_epoch, theirs, device)}
    for turn in range(rounds + 1):
        for who, one_pass in passes.items():
            count, (_, took) = timed(one_pass)
            if turn:
                seconds[who].append(took / count)
    return seconds


def set_up(data: ChairData) -> ChairData:
    """The data module with its pack read, in silence."""
    with redirect_stdout(StringIO()):
        data.setup()
    return data


def our_epoch(data: ChairData, device: str) -> int:
    """One pass over the training chairs, unpacked and mirrored; how many there were."""
    count = 0
    for rows in data.training_batches(device):
        count += len(data.training_grids(rows))
    wait_for(device)
    return count


def port_epoch(loader: Any, device: str) -> int:
    """The same over the port's files."""
    count = sum(len(grids.to(device)) for grids in loader)
    wait_for(device)
    return count


def departure(epochs: dict[int, Epochs], who: str) -> dict[str, float]:
    """The power of the number of chairs that an epoch's seconds go with, and how far the worst
    seconds a chair are from their median."""
    counts = np.array(list(epochs))
    a_chair = np.array([np.median(epochs[count][who]) for count in epochs])
    worst = float(np.abs(a_chair / np.median(a_chair) - 1).max())
    if len(counts) == 1:
        return {"power": 1.0, "worst": worst}
    power = np.polyfit(np.log(counts), np.log(counts * a_chair), 1)[0]
    return {"power": float(power), "worst": worst}


def step_share(
    case: Case, loading: Epochs, settings: LoaderBench, device: str, seed: int
) -> dict[str, Any]:
    """How much of a training step goes to the chairs: waited for in the step, and alone."""
    fits: dict[str, Any] = {}
    with (
        ProcessPerRunner(apart=settings.apart) as arena,
        tempfile.TemporaryDirectory() as folder,
    ):
        lay_out(Path(folder), case.batch_size * (1 + settings.batches), case.resolution, seed=seed)
        for who in (OURS, PORT):
            many = settings.batches
            task = Task(who, case, Path(folder), device, 1, many, settings.threads)
            block = arena.run(task)
            alone = float(np.median(loading[who])) * case.batch_size
            fits[who] = {**asdict(block), "loading": alone}
            print(
                f"{who}, width {case.width}: {1e3 * block.seconds:.1f} ms a step, of them "
                f"{1e3 * block.waiting:.2f} ms ({block.waiting / block.seconds:.1%}) waiting for "
                f"chairs; a batch loaded alone takes {1e3 * alone:.2f} ms"
            )
    return fits


def draw_loaders(epochs: dict[int, Epochs], path: Path) -> Path:
    """Seconds an epoch against the number of chairs."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 4.0), layout="constrained")
    panel = figure.add_subplot()
    counts = list(epochs)
    for who, colour in ((PORT, "#8a5a2b"), (OURS, "#2f6f4f")):
        seconds = [count * float(np.median(epochs[count][who])) for count in counts]
        panel.plot(counts, seconds, color=colour, marker="o", markersize=4, label=who)
    log_panel(panel, counts, [str(n) for n in counts], x="chairs", y="seconds to load an epoch")
    panel.legend(frameon=False, fontsize=8)
    return save_figure(figure, path)
