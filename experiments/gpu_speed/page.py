"""What `python -m experiments.gpu_speed` measured, as Markdown."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from infogan3d.bench.runners import OURS, PORT
from infogan3d.stats.tables import markdown

SECONDS_WANTED, TIMES_WANTED = 30.0, 5.0


def page(results: dict[str, Any]) -> str:
    """All parts that were run, in their order."""
    about = ", ".join(f"{name} {value}" for name, value in results["device"].items())
    parts = [
        f"# Speed on {results['device']['gpu']}\n\n{results['day']}; {about}\n\n{results['plan']}\n"
    ]
    for name, tell in TELL.items():
        if name in results:
            failed = results[name].get("failed")
            parts.append(f"Part {name} failed: {failed}\n" if failed else tell(results[name]))
    return "\n".join(parts)


def middle(values: Sequence[float], scale: float = 1.0, digits: int = 1) -> str:
    """median [low, high]"""
    low, half, high = np.quantile(values, (0, 0.5, 1)) * scale
    return f"{half:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def layers(results: dict[str, Any]) -> str:
    rows: list[Sequence[Any]] = []
    for row in results["rows"]:
        if "failed" in row:
            rows.append((row["failed"], "", "failed", "", "", ""))
            continue
        took, least = row["milliseconds"], row["roofline"]
        times = f"{took / least:.1f}"
        rows.append(
            (row["layer"], row["way"], f"{took:.3f}", f"{least:.3f}", times, f"{row['differ']:.1e}")
        )
    heads = ("pass", "way", "ms", "roofline, ms", "times", "off fp32")
    return "## Each convolution alone, bf16\n\n" + markdown(heads, rows)


def modes(results: dict[str, Any]) -> str:
    rows: list[Sequence[Any]] = []
    for name, result in results.items():
        if "failed" in result:
            rows.append((name, result["failed"], "", "", ""))
            continue
        took = f"{1e3 * result['seconds']:.2f}"
        wait = f"{result['waiting'] / result['seconds']:.1%}"
        rows.append((name, took, wait, f"{result['megabytes']:.0f}", f"{result['whole']:.0f}"))
    heads = ("mode", "ms a batch", "waiting for chairs", "peak MB", "seconds with its start")
    return "## The same step in several modes\n\n" + markdown(heads, rows)


def port(results: dict[str, Any]) -> str:
    rows = []
    for who in (OURS, PORT):
        blocks = results[who]
        wait = np.median([block["waiting"] / block["seconds"] for block in blocks])
        peak = max(block["megabytes"] for block in blocks)
        took = middle([block["seconds"] for block in blocks], 1e3, 2)
        rows.append((who, took, f"{wait:.1%}", f"{peak:.0f}"))
    heads = ("", "ms a batch, median [low, high]", "waiting for chairs", "peak MB")
    times = middle(results["times"], 1.0, 2)
    return (
        f"## Beside the reference port\n\n{markdown(heads, rows)}\n"
        f"The port takes {times} times as long (aim: {TIMES_WANTED:g}). Ours: {results['mode']}.\n"
    )


def trunk(results: dict[str, Any]) -> str:
    rows = [(many, middle(seconds, 1e3, 2)) for many, seconds in results["seconds"].items()]
    ratio = middle(results["five / four"], 1.0, 3)
    heads = ("shared layers", "ms a batch, median [low, high]")
    return f"## Four or five shared layers\n\n{markdown(heads, rows)}\nfive / four: {ratio}\n"


def run(results: dict[str, Any]) -> str:
    rates = ", ".join(
        f"{rate['matrix'] / 1e12:.1f} in {name}" for name, rate in results["rates"].items()
    )
    copy = results["rates"]["bf16"]["copy"] / 1e9
    floors = ", ".join(
        f"{1e3 * least:.2f} in {name}" for name, least in results["roofline"].items()
    )
    waiting = results["waiting"] / results["seconds"]
    return (
        f"## The whole run\n\n{results['batches']} batches in "
        f"{results['seconds of all batches']:.1f} s (aim: {SECONDS_WANTED:g}), "
        f"{results['whole']:.1f} s with the start; {results['mode']}.\n\n"
        f"{1e3 * results['seconds']:.2f} ms a batch, {waiting:.1%} of "
        f"it waiting for chairs; peak {results['megabytes']:.0f} MB; roofline, ms: {floors}.\n\n"
        f"Measured products of matrices, 10^12 operations/s: {rates}; copy {copy:.0f} GB/s. The "
        f"run reaches {results['share of the rate']:.0%} of the bf16 rate.\n\n"
        f"```\n{results['table']}\n```\n"
    )


def profile(results: dict[str, Any]) -> str:
    rows = [(f"`{name}`", count, f"{share:.1%}") for name, count, share in results["rows"]]
    return "## What the device does\n\n" + markdown(("kernel", "times", "share"), rows)


TELL = {
    "layers": layers,
    "modes": modes,
    "port": port,
    "trunk": trunk,
    "run": run,
    "profile": profile,
}
