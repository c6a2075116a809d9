"""bench step: one training batch of ours, of the reference port, and the roofline, by size."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from infogan3d.bench.roofline import (
    MachineRates,
    measure_rates,
    operations,
    roofline_seconds,
    roofline_table,
    step_work,
)
from infogan3d.bench.runners import (
    NAMES,
    OURS,
    OURS_WIDE,
    PORT,
    Block,
    Case,
    ProcessPerRunner,
    Task,
    lay_out,
    list_runners,
    precision_of,
    tell_rates,
)
from infogan3d.bench.timing import cores, device_of, log_panel, spread
from infogan3d.io.files import save_figure
from infogan3d.io.settings import plain_settings
from infogan3d.runs.settings.bench import StepBench

Blocks = dict[str, list[Block]]  # by runner


COLOURS = {PORT: "#8a5a2b", OURS_WIDE: "#7aa6c2", OURS: "#2f6f4f"}


def step_costs(
    settings: StepBench,
    seed: int,
    out: Path,
    *,
    measured: Callable[[str, str], MachineRates] = measure_rates,
) -> dict[str, Any]:
    """Time every case and every size of the picture, print it, and give all numbers.

    Errors: columns of a table of cases that are not equally long, nothing to time (`ValueError`).
    """
    device = device_of(settings.device)
    cases, sizes = read_cases(settings)
    threads = settings.threads or cores()
    torch.set_num_threads(threads)
    rates = {name: measured(device, name) for name in ("32", "bf16")}
    tell_rates(rates, device, threads)
    figures_of_cases, scale = [], []
    with ProcessPerRunner(apart=settings.apart) as arena:
        for case, batches in cases:
            blocks = run_case(arena, case, settings, device, seed, batches=batches)
            figures_of_cases.append(tell_case(case, blocks, rates, device))
        for case, batches in sizes:
            blocks = run_case(arena, case, settings, device, seed, batches=batches, rounds=1)
            scale.append(figures(case, blocks, rates, device))
    linear = tell_sizes(scale)
    print(f"picture  {draw_sizes(scale, out / 'step_cost.png')}")
    rates_measured = {name: asdict(rate) for name, rate in rates.items()}
    results = {"settings": plain_settings(settings), "threads": threads, "rates": rates_measured}
    return {**results, "cases": figures_of_cases, "sizes": scale, "linear": linear}


def read_cases(settings: StepBench) -> tuple[list[tuple[Case, int]], list[tuple[Case, int]]]:
    """The cases and the sizes of the picture, each with how many batches a block has."""
    columns = ("grids", "widths", "batch_sizes", "batches")
    lengths = {name: len(getattr(settings, name)) for name in columns}
    if len(set(lengths.values())) > 1 or len(settings.sizes) != len(settings.size_batches):
        raise ValueError(
            f"step: {lengths}, {len(settings.sizes)} sizes and {len(settings.size_batches)} "
            "size_batches: give a number for each case, and for each size."
        )
    if not settings.grids or settings.rounds < 1 or settings.warm < 1:
        raise ValueError("step: nothing to time: give at least one case, round and warm batch.")
    layers, width = settings.trunk_layers, settings.size_width
    table = zip(*(getattr(settings, name) for name in columns), strict=True)
    cases = [(Case(grid, wide, size, layers), batches) for grid, wide, size, batches in table]
    pairs = zip(settings.sizes, settings.size_batches, strict=True)
    return cases, [(Case(grid, width, size, layers), settings.size_blocks) for grid, size in pairs]


def run_case(
    arena: ProcessPerRunner,
    case: Case,
    settings: StepBench,
    device: str,
    seed: int,
    *,
    batches: int,
    rounds: int = 0,
) -> Blocks:
    """Blocks of every runner in turn, over and over, on the same chairs."""
    folder = Path(tempfile.mkdtemp(prefix="infogan3d-bench-"))
    try:
        many = case.batch_size * (settings.warm + batches)
        lay_out(folder, many, case.resolution, seed=seed)
        blocks: Blocks = {who: [] for who in list_runners(device)}
        for turn in range(rounds or settings.rounds):
            for who, timed in blocks.items():
                task = Task(who, case, folder, device, settings.warm, batches, settings.threads)
                timed.append(arena.run(task))
            print(f"{words(case)}: round {turn + 1} done", file=sys.stderr)
        return blocks
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---- what came out -------------------------------------------------------------------------


def words(case: Case) -> str:
    return f"{case.resolution}^3, width {case.width}, batches of {case.batch_size}"


def figures(
    case: Case, blocks: Blocks, rates: dict[str, MachineRates], device: str
) -> dict[str, Any]:
    """All numbers of a case: blocks, floors, ratios to ours round by round, shares of the rate."""
    work = step_work(case.settings(), batch=case.batch_size)
    count = operations(work)
    middle = {who: float(np.median([b.seconds for b in timed])) for who, timed in blocks.items()}
    share = {who: count / middle[who] / rates[precision_of(who, device)].matrix for who in blocks}
    ratios = {
        who: [b.seconds / a.seconds for a, b in zip(blocks[OURS], timed, strict=True)]
        for who, timed in blocks.items()
        if who != OURS
    }
    return {
        "case": asdict(case),
        "blocks": {who: [asdict(block) for block in timed] for who, timed in blocks.items()},
        "seconds": middle,
        "megabytes": {who: max(b.megabytes for b in timed) for who, timed in blocks.items()},
        "operations": count,
        "roofline": {name: roofline_seconds(work, rate) for name, rate in rates.items()},
        "share_of_rate": share,
        "times_ours": ratios,
        "table": roofline_table(work, list(rates.values())),
    }


def tell_case(
    case: Case, blocks: Blocks, rates: dict[str, MachineRates], device: str
) -> dict[str, Any]:
    """Print a case: a row a runner and a row a roofline, then the ratios."""
    results = figures(case, blocks, rates, device)
    print(f"{words(case)}, {case.trunk_layers} shared layers")
    print(
        f"{'ms a batch':16}{'median [low, high]':32}{'chairs/s':>9}{'rate reached':>14}"
        f"{'waiting':>9}{'peak MB':>9}"
    )
    for who, many in blocks.items():
        seconds = [1e3 * block.seconds for block in many]
        waiting = np.median([block.waiting / block.seconds for block in many])
        print(
            f"{who:16}{spread(seconds, 1):32}{case.batch_size / results['seconds'][who]:9.1f}"
            f"{results['share_of_rate'][who]:14.0%}{waiting:9.1%}{results['megabytes'][who]:9.0f}"
        )
    for name, least in results["roofline"].items():
        print(f"{NAMES[name]:16}{1e3 * least:8.1f}{case.batch_size / least:33.1f}")
    for who, ratios in results["times_ours"].items():
        print(f"{who} / ours {spread(ratios, 2)}")
    least = results["roofline"][precision_of(OURS, device)]
    print(f"ours / its roofline {spread([b.seconds / least for b in blocks[OURS]], 2)}\n")
    print(results["table"] + "\n")
    return results


def tell_sizes(scale: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Print the cost of a chair and of a cell by grid; 1 in the last columns is exactly linear."""
    rows: list[dict[str, Any]] = []
    if not scale:
        return rows
    base = next((result for result in scale if result["case"]["resolution"] == 32), scale[0])

    def of_cell(result: dict[str, Any]) -> tuple[float, float]:
        cells = result["case"]["batch_size"] * result["case"]["resolution"] ** 3
        return result["seconds"][OURS] / cells, result["operations"] / cells

    first, counted = of_cell(base)
    start = base["case"]["resolution"]
    print(
        f"{'grid':>6}{'batch':>7}{'ms a chair':>12}{'ns a cell':>11}{'port, ms':>10}"
        f"{'least, ms':>11}{'peak MB':>9}{'port':>8}"
        f"   ns and operations a cell, times those at {start}^3"
    )
    for result in scale:
        seconds, work = of_cell(result)
        side, size = result["case"]["resolution"], result["case"]["batch_size"]
        row = {"grid": side, "seconds": seconds / first, "operations": work / counted}
        rows.append(row)
        least = min(result["roofline"].values())
        print(
            f"{side:>6}{size:>7}{1e3 * result['seconds'][OURS] / size:>12.2f}{1e9 * seconds:>11.1f}"
            f"{1e3 * result['seconds'][PORT] / size:>10.2f}{1e3 * least / size:>11.2f}"
            f"{result['megabytes'][OURS]:>9.0f}{result['megabytes'][PORT]:>8.0f}"
            f"{row['seconds']:>9.2f}{row['operations']:>7.2f}"
        )
    return rows


def draw_sizes(scale: list[dict[str, Any]], path: Path) -> Path:
    """Milliseconds and peak memory of a chair against the grid, with the roofline."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.0), layout="constrained")
    time, memory = figure.subplots(1, 2)
    sides = [result["case"]["resolution"] for result in scale]
    sizes = [result["case"]["batch_size"] for result in scale]
    for who in scale[0]["seconds"] if scale else ():
        cost = [1e3 * result["seconds"][who] / n for result, n in zip(scale, sizes, strict=True)]
        held = [result["megabytes"][who] / n for result, n in zip(scale, sizes, strict=True)]
        for panel, values in ((time, cost), (memory, held)):
            panel.plot(sides, values, color=COLOURS[who], marker="o", markersize=4, label=who)
    for name, line in (("32", ":"), ("bf16", "--")) if scale else ():
        least = [1e3 * result["roofline"][name] / n for result, n in zip(scale, sizes, strict=True)]
        time.plot(sides, least, line, color="#888888", label=NAMES[name])
    ticks = [f"{side}$^3$" for side in sides]
    log_panel(time, sides, ticks, x="grid", y="ms a chair in a training step")
    log_panel(memory, sides, ticks, x="grid", y="peak MB a chair of the batch")
    if scale:
        time.legend(frameon=False, fontsize=8)
    return save_figure(figure, path)
