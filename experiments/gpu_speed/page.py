"""What experiments/gpu_speed.py found, as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from infogan3d.bench.runners import OURS, PORT

SECONDS_WANTED, TIMES_WANTED = 30.0, 5.0


def page(found: dict[str, Any]) -> str:
    """All parts that were run, in their order."""
    about = ", ".join(f"{name} {value}" for name, value in found["device"].items())
    parts = [f"# Speed on {found['device']['gpu']}\n\n{found['day']}; {about}\n\n{found['plan']}\n"]
    for name, tell in TELL.items():
        if name in found:
            failed = found[name].get("failed")
            parts.append(f"Part {name} failed: {failed}\n" if failed else tell(found[name]))
    return "\n".join(parts)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def middle(values: Sequence[float], scale: float = 1.0, digits: int = 1) -> str:
    """median [low, high]"""
    low, half, high = np.quantile(values, (0, 0.5, 1)) * scale
    return f"{half:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def layers(found: dict[str, Any]) -> str:
    rows: list[Sequence[Any]] = []
    for one in found["rows"]:
        if "failed" in one:
            rows.append((one["failed"], "", "failed", "", "", ""))
            continue
        took, least = one["milliseconds"], one["floor"]
        times = f"{took / least:.1f}"
        rows.append(
            (one["layer"], one["way"], f"{took:.3f}", f"{least:.3f}", times, f"{one['differ']:.1e}")
        )
    heads = ("pass", "way", "ms", "floor, ms", "times", "off fp32")
    return "## Each convolution alone, bf16\n\n" + table(heads, rows)


def modes(found: dict[str, Any]) -> str:
    rows: list[Sequence[Any]] = []
    for name, one in found.items():
        if "failed" in one:
            rows.append((name, one["failed"], "", "", ""))
            continue
        took = f"{1e3 * one['seconds']:.2f}"
        wait = f"{one['waiting'] / one['seconds']:.1%}"
        rows.append((name, took, wait, f"{one['megabytes']:.0f}", f"{one['whole']:.0f}"))
    heads = ("mode", "ms a batch", "waiting for chairs", "peak MB", "seconds with its start")
    return "## The same step in several modes\n\n" + table(heads, rows)


def port(found: dict[str, Any]) -> str:
    rows = []
    for who in (OURS, PORT):
        blocks = found[who]
        wait = np.median([one["waiting"] / one["seconds"] for one in blocks])
        peak = max(one["megabytes"] for one in blocks)
        took = middle([one["seconds"] for one in blocks], 1e3, 2)
        rows.append((who, took, f"{wait:.1%}", f"{peak:.0f}"))
    heads = ("", "ms a batch, median [low, high]", "waiting for chairs", "peak MB")
    times = middle(found["times"], 1.0, 2)
    return (
        f"## Beside the straight port\n\n{table(heads, rows)}\n"
        f"The port takes {times} times as long (aim: {TIMES_WANTED:g}). Ours: {found['mode']}.\n"
    )


def trunk(found: dict[str, Any]) -> str:
    rows = [(many, middle(seconds, 1e3, 2)) for many, seconds in found["seconds"].items()]
    ratio = middle(found["five / four"], 1.0, 3)
    heads = ("shared layers", "ms a batch, median [low, high]")
    return f"## Four or five shared layers\n\n{table(heads, rows)}\nfive / four: {ratio}\n"


def run(found: dict[str, Any]) -> str:
    rates = ", ".join(
        f"{one['matrix'] / 1e12:.1f} in {name}" for name, one in found["rates"].items()
    )
    copy = found["rates"]["bf16"]["copy"] / 1e9
    floors = ", ".join(f"{1e3 * least:.2f} in {name}" for name, least in found["floor"].items())
    return (
        f"## The whole run\n\n{found['batches']} batches in "
        f"{found['seconds of all batches']:.1f} s (aim: {SECONDS_WANTED:g}), "
        f"{found['whole']:.1f} s with the start; {found['mode']}.\n\n"
        f"{1e3 * found['seconds']:.2f} ms a batch, {found['waiting'] / found['seconds']:.1%} of "
        f"it waiting for chairs; peak {found['megabytes']:.0f} MB; floor, ms: {floors}.\n\n"
        f"Measured products of matrices, 10^12 operations/s: {rates}; copy {copy:.0f} GB/s. The "
        f"run reaches {found['share of the rate']:.0%} of the bf16 rate.\n\n"
        f"```\n{found['table']}\n```\n"
    )


def profile(found: dict[str, Any]) -> str:
    rows = [(f"`{name}`", count, f"{share:.1%}") for name, count, share in found["rows"]]
    return "## What the device does\n\n" + table(("kernel", "times", "share"), rows)


TELL = {
    "layers": layers,
    "modes": modes,
    "port": port,
    "trunk": trunk,
    "run": run,
    "profile": profile,
}
