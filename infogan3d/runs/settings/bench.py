"""The settings of `python -m infogan3d.bench`."""

from dataclasses import dataclass

from infogan3d.io.settings import LARGEST_SEED, setting, settings_group

DEVICES = ("auto", "cpu", "cuda")
THREADS = "of the CPU; 0: one a core"


@dataclass(frozen=True, kw_only=True)
class CarveBench:
    """Pictures -> masks -> hull, on one core."""

    count: int = setting(8, "chairs", at_least=1)
    root: str | None = setting(
        None, "a folder laid out like Seeing 3D chairs; null: known-factor chairs"
    )
    size: int = setting(600, "pixels a side of known-factor chairs' pictures, 62 a chair")
    compression: int = setting(6, "zlib level of their PNG files", at_least=0, at_most=9)
    resolution: int = setting(64, "cells a side, 8 samples in each")
    grids: tuple[int, ...] = setting((16, 32, 64, 128), "of the picture of cost against size")
    grid_chairs: int = setting(2, "chairs for that picture", at_least=0)


@dataclass(frozen=True, kw_only=True)
class StepBench:
    """A training batch of ours, of the reference port, and its roofline."""

    device: str = setting("auto", "auto: a GPU where there is one", choices=DEVICES)
    threads: int = setting(0, THREADS, at_least=0)
    grids: tuple[int, ...] = setting((32, 32, 64, 64), "a case a column: cells a side")
    widths: tuple[int, ...] = setting((16, 64, 16, 64), "of G and of the trunk")
    batch_sizes: tuple[int, ...] = setting((32, 8, 8, 2), "chairs a batch")
    batches: tuple[int, ...] = setting((8, 4, 4, 3), "timed in a block")
    trunk_layers: int = setting(4, "shared by D and Q", at_least=1)
    rounds: int = setting(3, "blocks of each runner, in turn")
    warm: int = setting(1, "batches before each block")
    apart: bool = setting(True, "ours and the port each in a process of its own")
    sizes: tuple[int, ...] = setting((16, 32, 64, 128), "grids of the picture")
    size_batches: tuple[int, ...] = setting((512, 128, 16, 2), "chairs a batch there")
    size_width: int = setting(8, "width there", at_least=1)
    size_blocks: int = setting(3, "batches timed there", at_least=1)


@dataclass(frozen=True, kw_only=True)
class LoaderBench:
    """An epoch of chairs without a model, and its share of the step."""

    device: str = setting("auto", "auto: a GPU where there is one", choices=DEVICES)
    threads: int = setting(0, THREADS, at_least=0)
    grid: int = setting(32, "cells a side")
    width: int = setting(16, "of the model whose step it is compared with", at_least=1)
    batch_size: int = setting(32, "chairs a batch", at_least=1)
    counts: tuple[int, ...] = setting((100, 200, 500, 1000, 2000), "chairs")
    rounds: int = setting(5, "epochs of each, in turn", at_least=1)
    batches: int = setting(10, "of that step", at_least=1)
    apart: bool = setting(True, "ours and the port each in a process of its own")


@dataclass(frozen=True, kw_only=True)
class GenerateBench:
    """G alone, torch and ONNX Runtime (needs infogan3d[onnx])."""

    device: str = setting("auto", "auto: a GPU where there is one", choices=DEVICES)
    threads: int = setting(0, THREADS, at_least=0)
    resolution: int = setting(64, "cells a side")
    width: int = setting(64, "of G", at_least=1)
    batch_sizes: tuple[int, ...] = setting((1, 8), "shapes at a time")
    rounds: int = setting(7, "of every way, in turn")


@dataclass(frozen=True, kw_only=True)
class DiscoverBench:
    """What a shape costs in discover: G, its attributes, the effects of the codes."""

    device: str = setting("auto", "auto: a GPU where there is one", choices=DEVICES)
    threads: int = setting(0, THREADS, at_least=0)
    resolution: int = setting(32, "cells a side")
    width: int = setting(16, "of G", at_least=1)
    count: int = setting(1000, "shapes a round")
    rounds: int = setting(5, "of it")


@dataclass(frozen=True, kw_only=True)
class BenchSettings:
    """How long our steps take on this machine."""

    name: str = setting("bench", "names the folder of bench.json")
    what: str = setting(
        help="what to time; a bare word means the same",
        choices=("carve", "step", "loader", "generate", "discover"),
    )
    seed: int = setting(0, "of chairs and weights", at_least=0, at_most=LARGEST_SEED)
    carve: CarveBench = settings_group(CarveBench())
    step: StepBench = settings_group(StepBench())
    loader: LoaderBench = settings_group(LoaderBench())
    generate: GenerateBench = settings_group(GenerateBench())
    discover: DiscoverBench = settings_group(DiscoverBench())
