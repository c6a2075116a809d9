"""Names that come out of files: MATLAB's lists of them, and the paths that they make."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from infogan3d.data.datasets.seeing3d import list_chairs
from infogan3d.data.multiview import write_views
from infogan3d.io.files import file_name, path_under
from infogan3d.io.mat_files import read_variable


def test_mat_variables_are_those_that_scipy_reads(tmp_path: Path) -> None:
    draw, path = np.random.default_rng(0), tmp_path / "a.mat"
    for round in range(30):
        values = (100 * draw.random(draw.integers(1, 6, draw.integers(2, 5)))).astype(
            ["u1", "i2", "f4", "f8", "?"][round % 5]
        )
        names = [f"{i}é" * (i % 4) for i in range(round)]
        cells = {"other": 1, "values": values, "names": np.array([names], object)}
        savemat(path, cells, do_compression=bool(round % 2))
        assert (read_variable(path, "values") == loadmat(path)["values"]).all()
        assert read_variable(path, "names") == names


# Names out of files


@given(st.text(max_size=150), st.text(max_size=150))
def test_any_id_makes_a_safe_name_of_its_own(a: str, b: str) -> None:
    name = file_name(a)
    assert Path(name).name == name
    assert 0 < len(name) <= 100
    assert name[0] not in ".-"
    assert name.isascii()
    assert (file_name(b) == name) == (a == b)


def test_ids_of_every_data_set_keep_their_names() -> None:
    for id in ("chair_s0_000001", "a" * 32, "1a2b-3c", "Made_tiny", "chair_0001"):
        assert file_name(id) == id
    assert file_name(file_name("a b")) != file_name("a b")


def test_nothing_is_written_beside_the_root(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "away").symlink_to(tmp_path)
    for name in ("..", "away", "/etc"):
        with pytest.raises(ValueError, match="does not lie under"):
            path_under(tmp_path / "in", name, "x")
    pictures = np.full((0, 8, 8, 3), 255, np.uint8)
    folder = write_views(pictures, tmp_path / "in", id="../../x", cameras=())
    assert folder.parent == tmp_path / "in" / "rendered_chairs"


def test_names_in_all_chair_names_lead_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "outside" / "renders").mkdir(parents=True)
    base = tmp_path / "set" / "rendered_chairs"
    base.mkdir(parents=True)
    savemat(base / "all_chair_names.mat", {"folder_names": np.array([["../../outside"]], object)})
    with pytest.raises(ValueError, match=r"have no folder, such as '\.\./\.\./outside'"):
        list_chairs(tmp_path / "set")
