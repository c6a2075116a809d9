"""Which files four errands pass, in the order in which they are first entered, and who calls up.

    python tests/golden/walks.py [prepare train reconstruct discover]

A picture folder through `prepare`, a batch through the training step, a target through
`reconstruct`, a run through `discover`, at 16^3. Layers are those of the import contract in
pyproject.toml. "Calls up" counts the pairs of files of which the lower one calls a function of the
upper one, as a callback or a method that a base class names; the files are printed with the call.
"""

import sys
import tempfile
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

TREE = Path(__file__).resolve().parents[2]
SMALL = (
    *("resolution=16", "batch_size=8", "batches=4", "epochs=-1", "logger=csv", "workers=0"),
    *("snapshot_every=0", "score_shapes=0", "validate_every=4", "trainer=cpu", "data=exact_chairs"),
    *("data.count=40", "codes.noise=4", "codes.discrete=[3]", "codes.continuous=1"),
    *("model.width=2", "model.trunk_width=2", "model.pairing=inverse", "model.precision=32"),
)

PACK = "target.npz"


class Walk:
    """The files of infogan3d that are entered, in order, and calls from a lower to an upper one."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.up: dict[tuple[str, str], str] = {}
        contract = tomllib.loads((TREE / "pyproject.toml").read_text())["tool"]["importlinter"]
        layers = contract["contracts"][0]["layers"]
        self.layers = {
            name.strip(): number for number, row in enumerate(layers) for name in row.split("|")
        }
        self.names: dict[str, str | None] = {}

    def name_of(self, path: str) -> str | None:
        """A file's path below infogan3d; None for another's."""
        if path not in self.names:
            _, mark, rest = path.rpartition("/infogan3d/")
            self.names[path] = rest if mark and path.startswith(str(TREE)) else None
        return self.names[path]

    def layer(self, name: str) -> int:
        """0 is the uppermost."""
        return self.layers[name.partition("/")[0].removesuffix(".py")]

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "call" or frame.f_code.co_name == "<module>":
            return
        name = self.name_of(frame.f_code.co_filename)
        if name is None:
            return
        if name not in self.files:
            self.files.append(name)
        back = frame.f_back
        while back is not None and self.name_of(back.f_code.co_filename) is None:
            back = back.f_back
        caller = self.name_of(back.f_code.co_filename) if back is not None else None
        if caller and caller != name and self.layer(caller) > self.layer(name):
            self.up.setdefault((caller, name), frame.f_code.co_qualname)


def errands(home: Path) -> dict[str, tuple[Callable[[], Any], tuple[str, ...]]]:
    """Each command and its words."""
    from infogan3d import discover, prepare, reconstruct, train

    cache, run = f"cache={home / 'cache'}", home / "run"
    pictures = str(home / "pictures")
    photographs = ("data=chairs", "data.count=2", "data.azimuths=3", "data.size=64")
    small = ("resolution=16", "workers=0", cache)
    return {
        "pictures": (prepare.main, (*photographs, f"data.pictures={pictures}", *small)),
        "prepare": (prepare.main, ("data=seeing3d", f"data.root={pictures}", *small)),
        "train": (train.main, (*SMALL, cache)),
        "reconstruct": (
            reconstruct.main,
            (f"run={run}", f"grid={home / PACK}", "steps=5"),
        ),
        "discover": (
            discover.main,
            (f"run={run}", "count=300", "pairs=30", "directions=1", "bases=1"),
        ),
    }


def take(walk: Walk | None, main: Callable[[], Any], words: tuple[str, ...], out: Path) -> None:
    """One errand in this process, watched by `walk`."""
    sys.argv = ["infogan3d", *words, f"hydra.run.dir={out}"]
    sys.setprofile(walk)
    threading.setprofile(walk)
    try:
        main()
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def main(wanted: list[str]) -> None:
    sys.path.insert(0, str(TREE))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        known = errands(home)
        lines = []
        for name, (command, words) in known.items():
            walk = Walk()
            if name == "reconstruct":
                packs = (home / "cache").glob("chairs-*.npz")
                (home / PACK).symlink_to(max(packs, key=lambda path: path.stat().st_mtime))
            take(walk, command, words, home / ("run" if name == "train" else name))
            if name == "pictures" or (wanted and name not in wanted):
                continue
            lines.append(f"\n{name}: {len(walk.files)} files, {len(walk.up)} pairs call up")
            lines += [f"  {number:2}  {one}" for number, one in enumerate(walk.files, 1)]
            lines += [
                f"  up: {lower} -> {upper} ({call})" for (lower, upper), call in walk.up.items()
            ]
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
