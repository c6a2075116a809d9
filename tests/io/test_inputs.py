"""Small files as people's tools write them: each is read right, or refused by a sentence.

inputs/README.md lists them. Beside them: files of a few kilobytes that once hung, crashed or ate
memory, and files bent at random (READER_FUZZ=10000 for more of them).
"""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from infogan3d.data.build import prepare_pack
from infogan3d.io.mesh_files import read_mesh

INPUTS = Path(__file__).parent / "inputs"
MESHES = INPUTS / "meshes"
FUZZ = int(os.environ.get("READER_FUZZ", "300"))


def prepared(path: Path, **settings: object) -> tuple[np.ndarray, float]:
    """A mesh's grid at 32^3 and its longest side, without a warning on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pack, _ = prepare_pack("meshes", root=path, resolution=32, **settings)
    longest = max(float(pack.columns[f"size_{axis}"][0]) for axis in "xyz")
    return pack.grids()[0], longest


REFUSED = {
    "obj_zero_based_must_be_refused.obj": r"line 49: 'f 0 2 3' must have three corners",
    "off_cut_short_must_be_refused.off": "72 faces, but is cut short after 54",
    "stl_binary_trailing_bytes.stl": "72 faces, which take 3684 bytes, but has 3784",
    "stl_binary_wrong_count.stl": "1000 faces, which take 50084 bytes, but has 3684",
    "glb_draco_only.glb": "requires KHR_draco_mesh_compression",
    "glb_draco_beside_plain_must_be_refused.glb": "requires KHR_draco_mesh_compression",
    "glb_meshopt.glb": "requires EXT_meshopt_compression",
    "glb_external_buffer.glb": "'chair.bin', which holds its data, does not lie beside it",
}
FLAT = "obj_flat_bench.obj"
READ = sorted(path.name for path in MESHES.iterdir() if path.name not in {*REFUSED, FLAT})


@pytest.mark.parametrize("name", READ)
def test_a_mesh_gives_the_reference_grid(name: str) -> None:
    kind = "panel_chair" if "concave" in name or "panel" in name else "chair"
    grid, longest = prepared(MESHES / name)
    assert (grid == prepared(MESHES / f"reference_{kind}.obj")[0]).all()
    assert longest == pytest.approx(0.95, abs=1e-3)


@pytest.mark.parametrize(("name", "words"), REFUSED.items())
def test_a_mesh_is_refused_by_a_sentence(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_mesh(MESHES / name)
    assert name in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_flat_bench_is_not_turned() -> None:
    pack, _ = prepare_pack("meshes", root=MESHES / FLAT, resolution=8)
    grid, longest = prepared(MESHES / FLAT)
    assert pack.columns["quarter_turns"][0] == 0
    assert longest == 2
    assert np.ptp(np.argwhere(grid), axis=0).tolist() == [29, 15, 3]
