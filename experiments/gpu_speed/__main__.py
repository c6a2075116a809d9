"""How fast the paper's setting trains on one GPU, beside the reference port on the same card.

    python -m experiments.gpu_speed --pack chairs.npz --out results     # minutes on one GPU
    python -m experiments.gpu_speed --dry-run --out results             # the same plan, tiny, here

The pack holds chairs of 64^3 (made ones if none is given). Width 64, four shared layers, batches of
32: 100 epochs of 839 chairs are 2,600 batches. Writes gpu_speed.json and gpu_speed.md anew after
every part.
"""

import argparse
import json
import logging
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import torch

from experiments.gpu_speed import page as gpu_page
from experiments.gpu_speed.layers import Timed, layer_times
from experiments.gpu_speed.modes import MODES
from infogan3d.bench.reference_port import write_chairs
from infogan3d.bench.roofline import (
    MachineRates,
    measure_rates,
    operations,
    roofline_seconds,
    roofline_table,
    step_work,
)
from infogan3d.bench.runners import (
    FILES,
    OURS,
    PACK,
    PORT,
    Case,
    Task,
    lay_out,
    our_block,
    port_block,
)
from infogan3d.bench.timing import device, device_of, peak_memory
from infogan3d.io.files import save_text
from infogan3d.io.packs import load_pack, resize_grids, save_pack

EPOCHS, CHAIRS = 100, 839
Measured = Callable[[str, str], MachineRates]  # device, precision -> its rates


@dataclass(frozen=True)
class Plan:
    """What is run: the case, and how many batches of it."""

    device: str
    folder: Path
    case: Case
    warm: int = 10
    batches: int = 40
    rounds: int = 3
    modes: tuple[str, ...] = tuple(MODES)
    whole: int = EPOCHS * (CHAIRS // 32)
    port_batches: int = 15
    gpu: bool = True
    measured: Measured = measure_rates
    results: dict[str, Any] = field(default_factory=dict)

    def task(self, who: str, *, batches: int = 0, warm: int = 0, layers: int = 0) -> Task:
        case = replace(self.case, trunk_layers=layers or self.case.trunk_layers)
        many = batches or self.batches
        return Task(who, case, self.folder, self.device, warm or self.warm, many)


def block(plan: Plan, name: str, **given: Any) -> dict[str, float]:
    """One block of ours in a mode: seconds a batch, of them waiting, peak MB, seconds in all."""
    who, prepare, _ = MODES[name]
    start = time.perf_counter()
    with peak_memory(plan.device) as peak:
        seconds, waiting = our_block(plan.task(who, **given), prepare)
    whole = time.perf_counter() - start
    return {"seconds": seconds, "waiting": waiting, "whole": whole, **peak}


def best_mode(plan: Plan) -> str:
    """The quickest mode in bf16 that worked."""
    tried = plan.results.get("modes", {})
    worked = {name: result["seconds"] for name, result in tried.items() if "seconds" in result}
    worked = {name: seconds for name, seconds in worked.items() if MODES[name][0] == OURS}
    return min(worked, key=lambda name: worked[name]) if worked else "cuDNN's best of all"


# ---- the parts -----------------------------------------------------------------------------


def layers(plan: Plan) -> dict[str, Any]:
    """Every convolution alone, by cuDNN's best algorithm, against true fp32."""
    rates = plan.measured(plan.device, "bf16")
    given, size = plan.case.settings(), plan.case.batch_size
    switches = {"enabled": True, "benchmark": True, "deterministic": False, "allow_tf32": False}
    with torch.backends.cudnn.flags(**switches):
        rows = list(layer_times(given, batch=size, device=plan.device, rates=rates))
    results = [asdict(row) if isinstance(row, Timed) else {"failed": row} for row in rows]
    return {"rows": results}


def modes(plan: Plan) -> dict[str, Any]:
    """A short block in each mode; what fails is told, and the rest goes on."""
    tried: dict[str, Any] = {}
    for name, (_, _, only_gpu) in MODES.items():
        if name not in plan.modes:
            continue
        if only_gpu and not plan.gpu:
            tried[name] = {"failed": "not tried on the CPU"}
            continue
        try:
            tried[name] = block(plan, name)
        except Exception as error:  # a compiler may fail in any way
            traceback.print_exc()
            tried[name] = {"failed": f"{type(error).__name__}: {str(error).splitlines()[0]}"}
        print(name, tried[name], flush=True)
    return tried


def port(plan: Plan) -> dict[str, Any]:
    """The reference port and ours in the best mode, in turn."""
    name = best_mode(plan)
    theirs, ours = [], []
    for _ in range(plan.rounds):
        torch.backends.cudnn.benchmark = False  # as the port comes
        with peak_memory(plan.device) as peak:
            seconds, waiting = port_block(plan.task(PORT, batches=plan.port_batches))
        theirs.append({"seconds": seconds, "waiting": waiting, **peak})
        ours.append(block(plan, name))
    times = [a["seconds"] / b["seconds"] for a, b in zip(theirs, ours, strict=True)]
    return {"mode": name, OURS: ours, PORT: theirs, "times": times}


def trunk(plan: Plan) -> dict[str, Any]:
    """Four against five shared layers, in turn."""
    name, seconds = best_mode(plan), {"4": [], "5": []}  # type: ignore[var-annotated]
    for _ in range(plan.rounds):
        for many, blocks in seconds.items():
            blocks.append(block(plan, name, layers=int(many))["seconds"])
    ratios = [five / four for four, five in zip(seconds["4"], seconds["5"], strict=True)]
    return {"mode": name, "seconds": seconds, "five / four": ratios}


def run(plan: Plan) -> dict[str, Any]:
    """All 100 epochs in one `trainer.fit`; its time counts from the first batch to the last."""
    name = best_mode(plan)
    once = block(plan, name, batches=plan.whole, warm=1)
    case = plan.case
    work = step_work(case.settings(), batch=case.batch_size)
    rates = {key: plan.measured(plan.device, key) for key in ("32", "bf16")}
    share = operations(work) / once["seconds"] / rates["bf16"].matrix
    return {
        "mode": name,
        **once,
        "batches": plan.whole,
        "seconds of all batches": once["seconds"] * plan.whole,
        "operations a batch": operations(work),
        "share of the rate": share,
        "rates": {key: asdict(rate) for key, rate in rates.items()},
        "roofline": {key: roofline_seconds(work, rate) for key, rate in rates.items()},
        "table": roofline_table(work, list(rates.values())),
    }


def profile(plan: Plan) -> dict[str, Any]:
    """What the device does in a few batches of the plain mode, the longest first."""
    kinds = [torch.profiler.ProfilerActivity.CPU]
    if plan.device == "cuda":
        kinds.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=kinds) as seen:
        block(plan, "cuDNN's best of all", batches=3)
    order = "self_device_time_total" if plan.device == "cuda" else "self_cpu_time_total"
    rows = sorted(seen.key_averages(), key=lambda row: -getattr(row, order))[:25]
    total = sum(getattr(row, order) for row in seen.key_averages()) or 1.0
    return {"rows": [[row.key[:90], row.count, getattr(row, order) / total] for row in rows]}


PlanPart = Callable[[Plan], dict[str, Any]]
PARTS: dict[str, PlanPart] = {
    "layers": layers,
    "modes": modes,
    "port": port,
    "trunk": trunk,
    "run": run,
    "profile": profile,
}


# ---- the command ---------------------------------------------------------------------------


def write_down(results: dict[str, Any], out: Path) -> None:
    """Both files, whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "gpu_speed.json": json.dumps(results, indent=1),
        "gpu_speed.md": gpu_page.page(results),
    }
    for name, text in texts.items():
        save_text(text, out / name)


@contextmanager
def planned(words: argparse.Namespace, measured: Measured = measure_rates) -> Iterator[Plan]:
    """The plan, over a folder of chairs that lasts as long; `measured` gives a device's rates."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if words.dry_run:
            lay_out(place, 16, 16)
            small: dict[str, Any] = {
                "warm": 1,
                "batches": 2,
                "rounds": 1,
                "whole": 2,
                "port_batches": 2,
            }
            yield Plan("cpu", place, Case(16, 4, 4), gpu=False, measured=measured, **small)
            return
        case = Case(64, 64, 32)
        if words.pack is None:
            lay_out(place, CHAIRS, case.resolution)
        else:
            pack = resize_grids(load_pack(words.pack), case.resolution)
            save_pack(pack, place / PACK)
            write_chairs(pack.grids(), place / FILES)
        how = {"gpu": torch.cuda.is_available(), "modes": tuple(words.modes), "measured": measured}
        yield Plan(device_of("auto"), place, case, **how)


def main(
    given: Sequence[str] | None = None,
    *,
    parts: Mapping[str, PlanPart] = PARTS,
    measured: Measured = measure_rates,
) -> None:
    """Every part in turn; one that fails is told and does not stop the rest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pack", type=Path, help="chairs of 64^3; made ones if not given")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder for the results")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--dry-run", action="store_true", help="the same plan, tiny, on the CPU")
    parser.add_argument("--modes", nargs="+", choices=list(MODES), default=list(MODES))
    words = parser.parse_args(given)
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    with planned(words, measured) as plan:
        results = plan.results
        case = asdict(plan.case) | {"whole run": plan.whole, "device": plan.device}
        results |= {"day": str(date.today()), "device": device(), "plan": str(case)}
        for name in words.parts:
            start = time.perf_counter()
            try:
                results[name] = parts[name](plan)
            except Exception as error:
                traceback.print_exc()
                results[name] = {"failed": f"{type(error).__name__}: {error}"}
            print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
            write_down(results, words.out)
    print(gpu_page.page(results))


if __name__ == "__main__":
    main()
