"""Sheets in which every shape shows, curves read back, and a page whose links lead somewhere."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from infogan3d.io.files import save_picture
from infogan3d.rendering.figures import contact_sheet, draw_curves
from infogan3d.rendering.render import grid_picture
from infogan3d.runs.folder import read_metrics

SIZE = 48


def shapes(count: int) -> np.ndarray:
    """Boxes of different widths."""
    grids = np.zeros((count, 16, 16, 16), dtype=bool)
    for index, grid in enumerate(grids):
        grid[2 : 4 + index, 3:12, 3:12] = True
    return grids


def tiles(paper: Image.Image, columns: int, *, left: int, top: int) -> list[np.ndarray]:
    pixels = np.asarray(paper)[top:, left:]
    lines = len(pixels) // SIZE
    return [
        pixels[line * SIZE : (line + 1) * SIZE, column * SIZE : (column + 1) * SIZE]
        for line in range(lines)
        for column in range(columns)
    ]


def test_a_sheet_has_a_tile_a_shape_in_order():
    grids = shapes(5)
    paper = contact_sheet(grids, columns=3, size=SIZE)
    assert paper.size == (3 * SIZE, 8 + 2 * SIZE)
    cut = tiles(paper, 3, left=0, top=8)
    for index, grid in enumerate(grids):
        assert (cut[index] == grid_picture(grid, size=SIZE)).all()
        assert (cut[index] < 200).any(2).mean() > 0.02  # something is drawn
    assert (cut[5] == 255).all()
    assert len({tile.tobytes() for tile in cut}) == 6


def test_an_empty_shape_among_others_looks_unlike_them():
    grids = shapes(3)
    grids[1] = False
    cut = tiles(contact_sheet(grids, columns=3, size=SIZE), 3, left=0, top=8)
    filled, empty, other = ((tile < 200).any(2).sum() for tile in cut)
    assert filled > 20 + empty
    assert other > 20 + empty


def test_titles_and_captions_stand_beside_the_tiles():
    grids = shapes(4)
    paper = contact_sheet(grids, columns=2, size=SIZE, title="samples", rows=["d0", "c0"])
    assert paper.size == (70 + 2 * SIZE, 40 + 2 * SIZE)
    pixels = np.asarray(paper)
    assert (pixels[:40] < 128).any()
    for line in range(2):
        assert (pixels[40 + line * SIZE : 40 + (line + 1) * SIZE, :70] < 128).any()
    cut = tiles(paper, 2, left=70, top=40)
    assert all((cut[i] == grid_picture(grid, size=SIZE)).all() for i, grid in enumerate(grids))


def test_a_sheet_without_shapes_is_refused():
    with pytest.raises(ValueError, match="there is no shape to draw on the sheet: give at least"):
        contact_sheet(shapes(0))


def test_pictures_are_saved_whole(tmp_path):
    path = save_picture(
        contact_sheet(shapes(2), columns=2, size=SIZE), tmp_path / "new" / "sheet.png"
    )
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("PNG", (2 * SIZE, 8 + SIZE))
    assert [file.name for file in path.parent.iterdir()] == ["sheet.png"]


def write_metrics(path: Path) -> Path:
    """As Lightning's CSVLogger writes it: a row a time of logging, gaps where nothing was said."""
    path.write_text(
        "D/accuracy,G/loss_gen,epoch,step,val/nearest_iou\n"
        "0.5,0.69,0,9,\n"
        "0.75,0.71,0,19,\n"
        ",,0,20,0.25\n"
        "1.0,,1,29,\n"
    )
    return path


def test_metrics_are_read_back_curve_by_curve(tmp_path):
    curves = read_metrics(write_metrics(tmp_path / "metrics.csv"))
    assert curves == {
        "D/accuracy": ([9, 19, 29], [0.5, 0.75, 1.0]),
        "G/loss_gen": ([9, 19], [0.69, 0.71]),
        "val/nearest_iou": ([20], [0.25]),
    }
    assert read_metrics(tmp_path / "none.csv") == {}


def test_curves_are_drawn_a_panel_each(tmp_path):
    curves = read_metrics(write_metrics(tmp_path / "metrics.csv"))
    path = draw_curves(curves, tmp_path / "curves.png")
    assert path == tmp_path / "curves.png"
    with Image.open(path) as picture:
        assert picture.size == (1152, 198)
        ink = np.asarray(picture.convert("L")) < 200
    quarters = np.array_split(ink, 4, axis=1)
    assert [quarter.sum() > 300 for quarter in quarters] == [True, True, True, False]
    assert draw_curves({}, tmp_path / "none.png") is None
    assert sorted(file.name for file in tmp_path.iterdir()) == ["curves.png", "metrics.csv"]
