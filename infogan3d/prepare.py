"""Turn a data set into a pack: python -m infogan3d.prepare data=seeing3d data.root=<folder>"""

import time
from pathlib import Path
from typing import Any

from infogan3d import runs
from infogan3d.report import save_picture, sheet
from infogan3d.sources import SPLITS, split_hash, split_of
from infogan3d.voxels import content_hash


def prepare(settings: dict[str, Any], out: Path) -> None:
    """Voxelize (or find in the cache), split, and show the first chairs."""
    began = time.perf_counter()
    data = runs.build_data(settings)
    whole = data.pack()
    seconds = time.perf_counter() - began
    split = split_of(whole.ids, seed=data.split_seed, fractions=data.fractions)
    runs.save_config(settings, out)
    pictured = save_picture(
        sheet(whole.grids(slice(0, 32)), title=f"{data.source}: the first of {len(whole)}"),
        out / "samples" / "real.png",
    )
    named = f"split {split_hash(whole.ids, split)}"
    sizes = " / ".join(str(int((split == part).sum())) for part in SPLITS)
    print(
        f"{len(whole)} chairs, {' x '.join(str(side) for side in whole.shape)} cells, "
        f"{named} ({sizes}), content {content_hash(whole)}, {seconds:.1f} s\n"
        f"pack   {data.path}\nsheet  {pictured}"
    )


main = runs.command("prepare", prepare)

if __name__ == "__main__":
    main()
