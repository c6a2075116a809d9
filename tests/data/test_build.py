"""Each data set is written here by a few lines of its own: an L-shaped chair of two boxes."""

import inspect
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from fixtures import CATALOGUE, CONF, chair_obj, prepared
from PIL import Image, ImageDraw
from scipy.io import savemat
from scipy.spatial import ConvexHull

from infogan3d.data.build import SOURCES, Report, split_hash, split_of
from infogan3d.data.config import data_config
from infogan3d.data.shapes import distinct
from infogan3d.io.packs import content_hash

DATA = CONF / "data"
# Inches, our frame: width 20, depth 20, height 36; the back is the upper part, 4 thick, at +y.
BOXES = [((-10, -10, -18), (10, 10, 0)), ((-10, 6, 0), (10, 10, 18))]


def solid(cells: int = 16) -> np.ndarray:
    """The chair over a cube of 48 inches."""
    at = (np.arange(cells) + 0.5) / cells * 48 - 24
    x, y, z = np.meshgrid(at, at, at, indexing="ij")
    inside = [
        (low[0] < x) & (x < high[0]) & (low[1] < y) & (y < high[1]) & (low[2] < z) & (z < high[2])
        for low, high in BOXES
    ]
    return inside[0] | inside[1]


def corners(turn: int = 0) -> list[np.ndarray]:
    """The corners of both boxes, turned about z by quarters from x to y."""
    c, s = [(1, 0), (0, 1), (-1, 0), (0, -1)][turn]
    boxes = [np.array(np.meshgrid(*zip(*box, strict=True))).reshape(3, 8).T for box in BOXES]
    return [box @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) for box in boxes]


def draw(shapes: list[np.ndarray], size: int) -> np.ndarray:
    """The hulls of projected corners (u, v), filled; True = chair."""
    picture = Image.new("1", (size * 8, size * 8))
    for points in shapes:
        outline = points[ConvexHull(points).vertices] * 8
        ImageDraw.Draw(picture).polygon([tuple(point) for point in outline.tolist()], fill=1)
    return np.asarray(picture.resize((size, size), Image.Resampling.BOX, None).convert("1"))


def seeing3d(root: Path, ids: list[str], *, turn: int = 0, size: int = 192) -> None:
    """Pictures as Seeing 3D chairs lays them out, by the formula its facts give."""
    for id in ids:
        folder = root / "rendered_chairs" / id / "renders"
        folder.mkdir(parents=True)
        angles = [(p, int(t)) for p in (0, 20, 30) for t in np.linspace(0, 360, 9)[:-1]]
        for index, (p, t) in enumerate(angles):
            a, b = np.radians([t, p])
            d = np.array([np.cos(a) * np.cos(b), np.sin(a) * np.cos(b), np.sin(b)])
            right = np.array([-np.sin(a), np.cos(a), 0])
            up = np.cross(d, right)
            shapes = []
            for box in corners(turn):
                depth = 96 - box @ d
                u, v = (581.098 / 600 * size * np.array([box @ right, -(box @ up)])) / depth
                shapes.append(np.stack([u, v], 1) + size / 2)
            name = f"image_{index + index // 8:03d}_p{p:03d}_t{t:03d}_r096.png"
            ink = np.where(draw(shapes, size), 0, 255).astype(np.uint8)
            Image.fromarray(ink).convert("RGB").save(folder / name)
    names = {"folder_names": np.array([ids], object), "instance_names": np.array([["x"]], object)}
    savemat(root / "rendered_chairs" / "all_chair_names.mat", names)


def halved(grid: np.ndarray) -> np.ndarray:
    """Any of each 2^3 cells."""
    half = len(grid) // 2
    return grid.reshape(half, 2, half, 2, half, 2).any(axis=(1, 3, 5))


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def binvox(grid: np.ndarray) -> bytes:
    """Y up: our (x, y, z) stands at (x, z, -y); one run a cell, x slowest, then z, y fastest."""
    size = range(len(grid))
    cells = [grid[x, len(grid) - 1 - z, y] for x in size for z in size for y in size]
    head = "#binvox 1\ndim {0} {0} {0}\ndata\n".format(len(grid)).encode()
    return head + b"".join(bytes([int(cell), 1]) for cell in cells)


def off(turn: int = 0, height: float = 1) -> str:
    """Both boxes as quadrilaterals, the header glued to the counts, Z up."""
    points = np.concatenate(corners(turn)) * [1, 1, height]
    squares = [(0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5)]
    rows = ["4 {} {} {} {}".format(*(np.array(q) + 8 * box)) for box in (0, 1) for q in squares]
    lines = ["{} {} {}".format(*point) for point in points.tolist()]
    return "\n".join([f"OFF{len(points)} {len(rows)} 0", *lines, *rows]) + "\n"


# Every source


def test_seeing3d_carves_and_turns_the_back(tmp_path: Path) -> None:
    seeing3d(tmp_path, ["a" * 32], turn=1)
    pack, report = prepared("seeing3d", root=tmp_path, resolution=32)
    (grid,) = pack.grids()
    columns = {name: values[0] for name, values in pack.columns.items()}
    assert (pack.ids, report.read) == (("a" * 32,), 1)
    assert columns["quarter_turns"] == 3
    assert columns["coherence"] > 0.98
    assert not columns["flagged"]
    size = [columns[f"size_{axis}"] for axis in "xyz"]
    assert size == pytest.approx([20, 20, 36], abs=3 * 36 / 30)  # three cells
    upper = np.argwhere(grid[:, :, 20:])
    assert upper[:, 1].min() >= 17


def test_seeing3d_flags_cameras_that_disagree(tmp_path: Path) -> None:
    seeing3d(tmp_path, ["a" * 32])
    folder = tmp_path / "rendered_chairs" / ("a" * 32) / "renders"
    for path in list(folder.glob("*_t000_*")):
        picture = Image.open(path)
        shifted = Image.new("RGB", picture.size, "white")
        shifted.paste(picture, (24, 0))
        shifted.save(path)
    pack, _ = prepared("seeing3d", root=tmp_path, resolution=16)
    assert pack.columns["coherence"][0] < 0.98
    assert pack.columns["flagged"][0]


def choy(root: Path, id: str) -> None:
    """24 RGBA pictures and their metadata, ShapeNetCore.v1's frame: Y up, the front at +X."""
    rng, lines = np.random.default_rng(0), []
    folder = root / "ShapeNetRendering" / "03001627" / id / "rendering"
    folder.mkdir(parents=True)
    for index in range(24):
        azimuth, elevation, ratio = rng.uniform(0, 360), rng.uniform(10, 30), rng.uniform(0.8, 1)
        lines.append(f"{azimuth} {elevation} 0 {ratio} 25")
        a, e = np.radians([azimuth, elevation])
        d = np.array([np.cos(a) * np.cos(e), np.sin(e), np.sin(a) * np.cos(e)])
        right = np.cross([0, 1, 0], d) / np.cos(e)
        shapes = []
        for box in corners():
            points = np.stack([-box[:, 1], box[:, 2], -box[:, 0]], 1) / 48
            depth = ratio * 1.75 - points @ d
            u, v = 149.84375 * np.array([points @ right, -(points @ np.cross(d, right))]) / depth
            shapes.append(np.stack([u, v], 1) + 68.5)
        ink = np.zeros((137, 137, 4), np.uint8)
        ink[draw(shapes, 137)] = (90, 60, 30, 255)
        Image.fromarray(ink).save(folder / f"{index:02d}.png")
    (folder / "rendering_metadata.txt").write_text("\n".join(lines) + "\n")


def test_choy_carves_or_takes_its_grids(tmp_path: Path) -> None:
    choy(tmp_path, "abc")
    folder = tmp_path / "ShapeNetVox32" / "03001627" / "abc"
    folder.mkdir(parents=True)
    turned = np.rot90(solid(32), 1)  # the front, -y here, at +x
    (folder / "model.binvox").write_bytes(binvox(turned))
    hull, _ = prepared("choy", root=tmp_path, resolution=16, facing=0)
    grid, _ = prepared("choy", root=tmp_path, resolution=32, vox32=True, facing=0)
    assert hull.ids == grid.ids == ("abc",)
    assert (grid.grids()[0] == solid(32)).all()
    occupied = np.argwhere(hull.grids()[0])
    upper = occupied[occupied[:, 2] > 10]
    assert upper[:, 1].min() > occupied[:, 1].min() + 3  # the back, at +y
    assert hull.columns["coherence"][0] > 0.98


def test_shapenet_reads_binvox_and_imnet_with_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "03001627" / "abc" / "models"
    folder.mkdir(parents=True)
    (folder / "model_normalized.solid.binvox").write_bytes(binvox(solid(32)))
    (folder / "model_normalized.surface.binvox").write_bytes(b"left aside")
    other = tmp_path / "02691156" / "plane" / "models"
    other.mkdir(parents=True)
    (other / "model_normalized.solid.binvox").write_bytes(b"left aside")
    yup = np.rot90(solid(32), 2)[:, ::-1].transpose(0, 2, 1)  # its back is at -y: two turns too far
    with h5py.File(tmp_path / "all_vox.hdf5", "w") as file:
        file["voxels"] = np.stack([yup, yup])[..., None].astype(np.uint8)
    (tmp_path / "all_vox.txt").write_text("03001627/def\n02691156/jet\n")
    pack, _ = prepared("shapenet", root=tmp_path, resolution=16)
    assert pack.ids == ("abc",)  # def is an exact copy once both have their back at +y
    assert (pack.grids()[0] == halved(solid(32))).all()
    alone, report = prepared("shapenet", root=tmp_path / "all_vox.hdf5", resolution=8)
    assert alone.ids == ("def",)
    assert alone.columns["quarter_turns"].tolist() == [2]
    assert report.read == 1


def test_modelnet_fills_off_and_takes_rotation_one(tmp_path: Path) -> None:
    folder = tmp_path / "chair" / "train"
    folder.mkdir(parents=True)
    (folder / "chair_0001.off").write_text(off(turn=2))
    (folder / "desk_0001.off").write_text("left aside")
    for rotation in (1, 2, 10):
        grid = np.pad(solid(24), 3) if rotation == 1 else np.zeros((30, 30, 30))
        savemat(folder / f"chair_000000182_{rotation}.mat", {"instance": grid.astype(np.uint8)})
    pack, _ = prepared("modelnet", root=tmp_path, resolution=32)
    assert pack.ids == ("chair_000000182", "chair_0001")
    assert (pack.grids()[0] == np.pad(solid(24), 4)).all()
    assert pack.columns["quarter_turns"].tolist() == [0, 2]
    filled = pack.grids()[1]  # 30 of 32 cells for 36 inches: 20 inches touch 18 cells, the back 4
    assert (np.ptp(np.argwhere(filled), axis=0) + 1).tolist() == [18, 18, 30]
    assert filled.sum() == 18 * 18 * 15 + 18 * 4 * 15


def test_meshes_keep_their_size_and_name(tmp_path: Path) -> None:
    (tmp_path / "oak").mkdir()
    (tmp_path / "oak" / "chair.off").write_text(off())
    (tmp_path / "notes.txt").write_text("left aside")
    (tmp_path / "tiny.obj").write_text(chair_obj())
    pack, _ = prepared("meshes", root=tmp_path / "oak", resolution=16, up="z")
    assert pack.ids == ("chair",)
    assert [float(pack.columns[f"size_{axis}"][0]) for axis in "xyz"] == [20, 20, 36]
    both, _ = prepared("meshes", root=tmp_path, resolution=16)
    assert both.ids == ("oak_chair", "tiny")
    assert [float(both.columns[f"size_{axis}"][1]) for axis in "xyz"] == [2, 5, 4]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "furniture"
    folder.mkdir()
    with zipfile.ZipFile(folder / "Made.sh3f", "w") as archive:
        archive.writestr("PluginFurnitureCatalog.properties", CATALOGUE.encode("latin-1"))
        archive.writestr("made/tiny/tiny.obj", chair_obj())
    return folder


FEW: dict[str, Any] = {"elevations": [0, 20], "azimuths": 8, "size": 192}


def test_sweethome3d_photographs_or_fills_seats(library: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    hull, report = prepared("sweethome3d", root=library, resolution=32, pictures=kept, **FEW)
    filled, _ = prepared("sweethome3d", root=library, resolution=32, solid=True)
    assert hull.ids == filled.ids == ("Made_tiny", "Made_turned")
    assert [id for id, _ in report.skipped] == ["Made_lost", "Made_wide"]
    assert hull.columns["kind"].tolist() == ["chair", "sofa"]
    assert hull.columns["license"].tolist() == ["CC-BY-3.0"] * 2
    assert filled.columns["size_z"].tolist() == pytest.approx([40, 30])
    assert hull.columns["size_z"].tolist() == pytest.approx([40, 30], abs=4)
    assert min(map(overlap, hull.grids(), filled.grids())) > 0.6
    again, _ = prepared("seeing3d", root=kept, resolution=32, facing=0)
    assert (again.ids, again.occupancy.tolist()) == (hull.ids, hull.occupancy.tolist())
    assert not [path for path in kept.iterdir() if path.name != "rendered_chairs"]


def test_large_seats_are_seen_from_farther_away(tmp_path: Path) -> None:
    wide = CATALOGUE.replace("width#1=50.8", "width#1=304.8")  # 120 inches
    with zipfile.ZipFile(tmp_path / "Made.sh3f", "w") as archive:
        archive.writestr("PluginFurnitureCatalog.properties", wide.encode("latin-1"))
        archive.writestr("made/tiny/tiny.obj", chair_obj())
    kept = tmp_path / "kept"
    pack, _ = prepared("sweethome3d", root=tmp_path, resolution=32, pictures=kept, **FEW)
    names = [path.name for path in (kept / "rendered_chairs" / "Made_tiny").rglob("*.png")]
    radius = np.linalg.norm([60, 15, 20])
    assert {int(re.findall(r"_r(\d+)", name)[0]) for name in names} == {np.ceil(2.2 * radius)}
    assert pack.columns["size_x"][0] == pytest.approx(120, abs=12)


def test_a_missing_furniture_package_is_told_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infogan3d.data.datasets.sweethome3d.LIBRARIES", "share/nowhere")
    with pytest.raises(ValueError, match="apt-get install sweethome3d-furniture"):
        prepared("sweethome3d", root=None)


def test_chairs_carry_their_factors_and_pictures_agree_with_the_truth(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"root": None, "count": 3, "seed": 1, "resolution": 32}
    kept = tmp_path / "kept"
    hull, _ = prepared("chairs", **settings, **FEW, pictures=kept)
    exact, _ = prepared("chairs", **settings, exact=True)
    longer, _ = prepared("chairs", **settings | {"count": 4}, exact=True)
    assert hull.ids == ("chair_s1_000000", "chair_s1_000001", "chair_s1_000002")
    assert longer.select([0, 1, 2]).occupancy.tolist() == exact.occupancy.tolist()
    assert (hull.columns["seat_width"] == exact.columns["seat_width"]).all()
    assert {"base", "back", "arms", "recline"} <= set(hull.columns)
    assert min(map(overlap, hull.grids(), exact.grids())) > 0.6
    assert (hull.columns["coherence"] > 0.98).all()
    assert len(list(kept.rglob("*.png"))) == 3 * 16


def test_pack_is_resized_and_keeps_its_columns(tmp_path: Path) -> None:
    grids = np.stack([solid(32), solid(32)[::-1, ::-1]])
    bits = np.packbits(grids.reshape(2, -1), axis=1)
    shape, ids = np.array([2, 32, 32, 32]), np.array(["b", "a"])
    path = tmp_path / "a.npz"
    np.savez(path, occupancy=bits, shape=shape, id=ids, year=np.array([1950, 1960]))
    pack, _ = prepared("pack", root=path, resolution=16)
    assert pack.ids == ("b", "a")
    assert pack.columns["year"].tolist() == [1950, 1960]
    assert (pack.grids()[0] == halved(solid(32))).all()


def test_a_coarse_pack_is_enlarged_only_where_it_is_asked_for(tmp_path: Path) -> None:
    grid = np.pad(solid(24), 3)
    bits = np.packbits(grid.reshape(1, -1), axis=1)
    np.savez(tmp_path / "a.npz", occupancy=bits, shape=np.array([1, 30, 30, 30]), id=["a"])
    with pytest.raises(ValueError, match=r"grids of 30\^3, not 64\^3: give data.enlarge=true"):
        prepared("pack", root=tmp_path / "a.npz", resolution=64)
    pack, _ = prepared("pack", root=tmp_path / "a.npz", resolution=64, enlarge=True)
    large = pack.grids()[0]
    assert large.sum() == 8 * grid.sum()
    assert (halved(large)[1:-1, 1:-1, 1:-1] == grid).all()  # a rim of two cells is one of one


# What goes wrong


def four_meshes(folder: Path) -> Path:
    """A chair, a broken file, a lower chair, the first chair again."""
    folder.mkdir()
    (folder / "a.off").write_text(off())
    (folder / "b.off").write_text("nothing")
    (folder / "c.off").write_text(off(height=0.5))
    (folder / "d.off").write_text(off())
    return folder


def test_broken_files_are_skipped_and_copies_dropped_with_counts(tmp_path: Path) -> None:
    heard: list[tuple[int, int, str]] = []
    pack, report = prepared(
        "meshes",
        root=four_meshes(tmp_path / "m"),
        resolution=16,
        up="z",
        on_progress=lambda done, total, note: heard.append((done, total, note)),
    )
    assert pack.ids == ("a", "c")
    assert (report.read, report.duplicates) == (2, (("d", "a"),))
    assert [id for id, _ in report.skipped] == ["b"]
    assert "b.off cannot be read as .off" in report.skipped[0][1]
    assert [(done, total) for done, total, _ in heard] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [bool(note) for _, _, note in heard] == [False, True, False, True]
    assert re.match("2 shapes read, 1 broken ones skipped, 1 exact copies dropped", str(report))


def test_a_broken_file_stops_the_run_when_told_so(tmp_path: Path) -> None:
    root = four_meshes(tmp_path / "m")
    with pytest.raises(ValueError, match=r"b\.off cannot be read as \.off"):
        prepared("meshes", root=root, resolution=16, up="z", on_error="stop")


def test_files_that_cannot_be_listed_count_as_broken(library: Path) -> None:
    (library / "Broken.sh3f").write_text("no zip")
    _, report = prepared("sweethome3d", root=library, resolution=16, solid=True)
    assert [id for id, _ in report.skipped] == ["Broken.sh3f", "Made_lost", "Made_wide"]
    assert "Broken.sh3f is no zip archive" in report.skipped[0][1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": "chair"}, "data=chair is unknown: take one of chairs, wide_chairs, "),
        ({"on_error": "ignore"}, "data.on_error=ignore is not known: choose one of skip, stop"),
        ({"tilt": 3}, "there is no setting data.tilt: leave it out"),
        ({"up": "x"}, "data.up=x is not known: choose one of y, z"),
        ({"workers": 0}, "workers=0"),
        ({"root": None}, "data.root is not set: give it as data.root=..."),
        ({"root": Path("nowhere")}, "data.root=nowhere is no file or folder"),
        ({"name": "modelnet"}, r"holds no chair_<number>\.off"),
        ({"name": "pack"}, r"holds no \.npz file"),
        ({"name": "choy"}, "holds no ShapeNetRendering"),
        ({"name": "chairs", "count": 0}, "data.count=0 is too small: give 1 or more"),
        ({"name": "chairs", "exact": True, "pictures": "p"}, "data.exact=true takes no pictures"),
        ({"facing": 7}, "data.facing=7 is not known: choose one of snap, 0, 1, 2, 3"),
    ],
)
def test_wrong_settings_are_told_with_their_cure(
    tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    asked = {"name": "meshes", "root": four_meshes(tmp_path / "m"), "resolution": 16} | settings
    with pytest.raises(ValueError, match=words):
        prepared(asked.pop("name"), **asked)


def test_shapes_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a-2.off").write_text(off(turn=1))
    (tmp_path / "a.off").write_text(off())
    (tmp_path / "a.obj").write_text(chair_obj())
    pack, report = prepared("meshes", root=tmp_path, resolution=16, facing=0, up="z")
    assert sorted(pack.ids) == ["a", "a-2", "a-3"]
    assert report.read == 3


def test_seats_of_one_name_get_pictures_of_their_own(library: Path, tmp_path: Path) -> None:
    (library / "again").mkdir()
    catalogue = CATALOGUE.replace("width#1=50.8", "width#1=60.8").encode("latin-1")
    with zipfile.ZipFile(library / "again" / "Made.sh3f", "w") as archive:
        archive.writestr("PluginFurnitureCatalog.properties", catalogue)
        archive.writestr("made/tiny/tiny.obj", chair_obj())
    kept = tmp_path / "kept"
    pack, _ = prepared("sweethome3d", root=library, resolution=16, pictures=kept, **FEW)
    assert {"Made_tiny", "Made_tiny-2"} < set(pack.ids)
    folders = {path.name for path in (kept / "rendered_chairs").iterdir()}
    assert {"Made_tiny", "Made_tiny-2"} < folders


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a-2", "a-3"]),
        (["a", "a", "a-2", "a-2"], ["a", "a-3", "a-2", "a-2-2"]),
        (["a-2", "a", "a"], ["a-2", "a", "a-3"]),
    ],
)
def test_distinct_ids_keep_what_is_distinct(ids: list[str], found: list[str]) -> None:
    assert distinct(ids) == found


def test_a_rim_for_30_cells_and_no_other_stretching(tmp_path: Path) -> None:
    savemat(tmp_path / "chair_1_1.mat", {"instance": np.pad(solid(24), 3).astype(np.uint8)})
    with pytest.raises(ValueError, match=r"gave no shape: 1 refused, .*30\^3 cannot become 64\^3"):
        prepared("modelnet", root=tmp_path, resolution=64)


# Workers


def test_one_and_two_workers_give_the_same_pack_and_report(library: Path) -> None:
    shutil.copy(library / "Made.sh3f", library / "Copy.sh3f")  # its seats come first, as copies
    settings: dict[str, Any] = {"root": library, "resolution": 16, **FEW}
    a, one = prepared("sweethome3d", workers=1, **settings)
    b, two = prepared("sweethome3d", workers=2, **settings)
    assert a.ids == b.ids == ("Copy_tiny", "Copy_turned")
    assert one.duplicates == two.duplicates
    assert one.duplicates == (("Made_tiny", "Copy_tiny"), ("Made_turned", "Copy_turned"))
    assert one.skipped == two.skipped
    assert len(one.skipped) == 4
    assert content_hash(a) == content_hash(b)


# Splits


def test_splits_are_stable_disjoint_and_known() -> None:
    ids = [f"chair{i}" for i in range(1000)]
    split = split_of(ids, seed=0)
    counts = [int((split == part).sum()) for part in ("train", "validation", "test")]
    assert (counts, split_hash(ids, split)) == ([805, 87, 108], "9b220a5e8779")
    fewer = ids[::-7]
    assert (split_of(fewer, seed=0) == split[::-7]).all()
    assert (split_of(ids, seed=1) != split).mean() == pytest.approx(0.34, abs=0.05)
    assert split_hash(ids[::-1], split[::-1]) == split_hash(ids, split)
    assert split_hash(ids, split_of(ids, seed=1)) != split_hash(ids, split)


def test_split_shares_and_their_errors() -> None:
    ids = [f"chair{i}" for i in range(400)]
    assert set(split_of(ids, seed=0, fractions=(0.0, 0.0, 1.0)).tolist()) == {"test"}
    assert set(split_of(ids, seed=0, fractions=(1.0, 0.0, 0.0)).tolist()) == {"train"}
    assert split_of([], seed=0).tolist() == []
    for wrong in ((0.5, 0.5, 0.5), (1.2, -0.1, -0.1)):
        with pytest.raises(ValueError, match="three shares that add up to 1"):
            split_of(ids, seed=0, fractions=wrong)


# Settings


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_config_of_a_source_lists_its_settings_and_defaults(name: str) -> None:
    parameters = inspect.signature(SOURCES[name]).parameters.values()
    taken = {one.name: one.default for one in parameters if one.name not in ("root", "resolution")}
    defaults = data_config(name, "there").own()
    assert {key: tuple(v) if isinstance(v, list) else v for key, v in defaults.items()} == taken


def test_a_report_reads_as_a_sentence() -> None:
    assert str(Report(3, (("a", "why"),), (), 1.25)) == (
        "3 shapes read, 1 broken ones skipped, 0 exact copies dropped, 1.2 s"
    )
