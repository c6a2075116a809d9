"""A data set as a pack: voxelized, or found in the cache, split and shown."""

import time
from pathlib import Path

from infogan3d.data.build import SPLITS, split_hash, split_of
from infogan3d.data.cache import kept_report
from infogan3d.data.shapes import flagged_note
from infogan3d.io.files import save_picture
from infogan3d.io.packs import content_hash
from infogan3d.rendering.figures import contact_sheet
from infogan3d.runs import folder
from infogan3d.runs.build import build_data
from infogan3d.runs.settings.prepare import PrepareSettings


def prepare(settings: PrepareSettings, out: Path) -> None:
    """Voxelize (or find in the cache), split, and show the first chairs."""
    began = time.perf_counter()
    data = build_data(settings)
    if data.made():
        print(f"data={data.source}: {kept_report(data.path)}; made before, {data.path}")
    whole = data.pack()
    seconds = time.perf_counter() - began
    split = split_of(whole.ids, seed=data.split_seed, fractions=data.fractions)
    folder.save_config(settings, out)
    pictured = save_picture(
        contact_sheet(whole.grids(slice(0, 32)), title=f"{data.source}: the first of {len(whole)}"),
        out / "samples" / "real.png",
    )
    named = f"split {split_hash(whole.ids, split)}"
    sizes = " / ".join(str(int((split == part).sum())) for part in SPLITS)
    print(
        f"{len(whole)} chairs, {' x '.join(str(side) for side in whole.shape)} cells, "
        f"{named} ({sizes}), content {content_hash(whole)}, {seconds:.1f} s\n"
        f"pack   {data.path}\nsheet  {pictured}"
    )
    if "coherence" in whole.columns:
        note = flagged_note(dict(zip(whole.ids, whole.columns["coherence"].tolist(), strict=True)))
        print(note, end="\n" if note else "")
