import os
import zipfile

import numpy as np
import pytest
import torch
from fixtures import SHARED

from infogan3d.data.batches import unpack_bits
from infogan3d.io import packs
from infogan3d.io.frames import FITTED, FLOOR, Frame
from infogan3d.io.packs import (
    Pack,
    content_hash,
    join_packs,
    load_frame,
    load_pack,
    pack_grids,
    resize_grids,
    save_pack,
)

DATA = SHARED / "data"


def some_grids(count, shape, seed=0):
    return np.random.default_rng(seed).random((count, *shape)) < 0.3


@pytest.fixture
def pack():
    columns = {"kind": np.array(["chair", "stool", "sofa"]), "size": np.arange(6.0).reshape(3, 2)}
    return pack_grids(some_grids(3, (4, 5, 7)), ids=["a", "b", "c"], columns=columns)


@pytest.mark.parametrize("shape", [(8, 8, 8), (4, 5, 7), (3, 3, 3), (1, 1, 1)])
def test_a_round_trip_through_a_file_keeps_every_bit(tmp_path, shape):
    grids = some_grids(5, shape)
    path = save_pack(pack_grids(grids, ids="abcde"), tmp_path / "new" / "p.npz")
    back = load_pack(path)
    assert back.shape == shape
    assert back.ids == ("a", "b", "c", "d", "e")
    assert len(back) == 5
    np.testing.assert_array_equal(back.grids(), grids)


def test_one_bit_lies_where_the_convention_says():
    grid = np.zeros((1, 4, 4, 4), dtype=bool)
    grid[0, 1, 2, 3] = True  # flat index 1*16 + 2*4 + 3 = 27: byte 3, fourth bit from the left
    assert pack_grids(grid, ids=["one"]).occupancy.tolist() == [[0, 0, 0, 16, 0, 0, 0, 0]]


def test_columns_travel_with_their_rows(tmp_path, pack):
    back = load_pack(save_pack(pack, tmp_path / "p.npz")).select([2, 0])
    assert back.ids == ("c", "a")
    assert back.columns["kind"].tolist() == ["sofa", "chair"]
    assert back.columns["size"].tolist() == [[4.0, 5.0], [0.0, 1.0]]
    np.testing.assert_array_equal(back.grids(), pack.grids([2, 0]))


def test_select_takes_an_int_a_slice_a_mask_and_nothing(pack):
    assert pack.select(1).ids == ("b",)
    assert pack.grids(1).shape == (1, 4, 5, 7)
    assert pack.select(slice(1, None)).ids == ("b", "c")
    assert pack.select(np.array([True, False, True])).ids == ("a", "c")
    assert len(pack.select([])) == 0


def test_equal_packs_give_equal_bytes_and_no_temporary_file_stays(tmp_path, pack):
    first = save_pack(pack, tmp_path / "a.npz").read_bytes()
    assert save_pack(pack, tmp_path / "b.npz").read_bytes() == first
    assert sorted(os.listdir(tmp_path)) == ["a.npz", "b.npz"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, pack, monkeypatch):
    path = save_pack(pack, tmp_path / "a.npz")
    before = path.read_bytes()

    def break_off(stream, **arrays):
        stream.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", break_off)
    with pytest.raises(KeyboardInterrupt):
        save_pack(pack.select([0]), path)
    assert os.listdir(tmp_path) == ["a.npz"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("shape", [(8, 8, 8), (4, 5, 7), (3, 3, 3)])
def test_unpacking_in_torch_equals_numpy(shape):
    grids = some_grids(2, shape)
    tensor = unpack_bits(torch.from_numpy(pack_grids(grids, ids="ab").occupancy), shape)
    assert tensor.shape == (2, 1, *shape)
    assert tensor.dtype == torch.float32
    np.testing.assert_array_equal(tensor[:, 0].numpy(), grids.astype(np.float32))


def test_resizing_down_takes_any_of_each_block(monkeypatch):
    monkeypatch.setattr(packs, "CHUNK", 2)
    grids = np.zeros((3, 8, 8, 8), dtype=bool)
    grids[0, 0, 0, 1] = grids[1, 7, 7, 7] = grids[2, 3, 4, 5] = True
    small = resize_grids(pack_grids(grids, ids="abc"), 4).grids()
    assert [np.argwhere(g).tolist() for g in small] == [[[0, 0, 0]], [[3, 3, 3]], [[1, 2, 2]]]


def test_thirty_becomes_thirty_two_by_an_empty_rim():
    grids = some_grids(2, (30, 30, 30))
    padded = resize_grids(pack_grids(grids, ids="ab"), 32)
    assert padded.ids == ("a", "b")
    np.testing.assert_array_equal(padded.grids()[:, 1:31, 1:31, 1:31], grids)
    assert padded.grids().sum() == grids.sum()
    assert resize_grids(padded.select([]), 16).occupancy.shape == (0, 512)


@pytest.mark.parametrize("resolution", [0, 20, 33, 64])
def test_resizing_refuses_what_would_distort(resolution):
    with pytest.raises(ValueError, match=rf"cannot become {resolution}\^3"):
        resize_grids(pack_grids(some_grids(1, (30, 30, 30)), ids="a"), resolution)


def test_joining_keeps_shared_columns_and_refuses_mixed_sizes(pack):
    other = Pack(pack.occupancy, pack.shape, ("d", "e", "f"), {"kind": np.array(["bench"] * 3)})
    both = join_packs([pack, other])
    assert both.ids == ("a", "b", "c", "d", "e", "f")
    assert list(both.columns) == ["kind"]
    assert both.columns["kind"].tolist()[2:4] == ["sofa", "bench"]
    with pytest.raises(ValueError, match="different grids"):
        join_packs([pack, pack_grids(some_grids(1, (2, 2, 2)), ids="x")])
    with pytest.raises(ValueError, match="no pack"):
        join_packs([])


def test_the_hash_changes_with_cells_ids_columns_and_order(pack):
    grids = pack.grids()
    grids[0, 0, 0, 0] ^= True
    others = [
        pack_grids(grids, ids=pack.ids, columns=pack.columns),
        Pack(pack.occupancy, pack.shape, ("a", "b", "d"), pack.columns),
        Pack(pack.occupancy, pack.shape, pack.ids, {"kind": pack.columns["kind"]}),
        Pack(pack.occupancy, (5, 4, 7), pack.ids, pack.columns),
        pack.select([1, 0, 2]),
    ]
    hashes = {content_hash(each) for each in [pack, *others]}
    assert len(hashes) == 6
    assert {len(each) for each in hashes} == {12}
    assert content_hash(pack.select([0, 1, 2])) == content_hash(pack)


def test_packing_refuses_ids_and_columns_that_do_not_fit():
    grids = some_grids(2, (2, 2, 2))
    with pytest.raises(ValueError, match="1 ids for 2 grids"):
        pack_grids(grids, ids=["a"])
    with pytest.raises(ValueError, match="column 'k' is"):
        pack_grids(grids, ids="ab", columns={"k": np.arange(3)})
    with pytest.raises(ValueError, match="may not be called 'id'"):
        pack_grids(grids, ids="ab", columns={"id": np.arange(2)})
    with pytest.raises(ValueError, match="column 'o' is object"):
        pack_grids(grids, ids="ab", columns={"o": np.array([None, None])})


def test_loading_names_the_file_that_is_missing_foreign_or_cut(tmp_path, pack):
    with pytest.raises(ValueError, match=r"no pack at .*gone\.npz"):
        load_pack(tmp_path / "gone.npz")
    (tmp_path / "text.npz").write_text("not a zip")
    with pytest.raises(ValueError, match=r"text\.npz is not an \.npz"):
        load_pack(tmp_path / "text.npz")
    whole = save_pack(pack, tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[:-40])
    with pytest.raises(ValueError, match=r"cut\.npz is not an \.npz file or is cut short"):
        load_pack(tmp_path / "cut.npz")
    (tmp_path / "bent.npz").write_bytes(whole[:60] + b"\xff" * 20 + whole[80:])
    with pytest.raises(ValueError, match=r"bent\.npz cannot be read"):
        load_pack(tmp_path / "bent.npz")
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as archive:
        archive.writestr("note.txt", "hello")
    with pytest.raises(ValueError, match=r"zip\.npz holds .* but lacks"):
        load_pack(tmp_path / "zip.npz")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": None}, "lacks"),
        ({"shape": np.array([2, 4, 4])}, "four sizes"),
        ({"shape": np.array([2, 4, 4, 5])}, "rows of 8 bytes"),
        ({"shape": np.array([3, 4, 4, 4])}, "each of the 3 shapes"),
        ({"occupancy": np.zeros((2, 8))}, "must be uint8"),
        ({"id": np.array(["a"])}, "1 ids for 2 grids"),
        ({"id": np.arange(2)}, "row of words"),
        ({"id": np.array(["a", None])}, "cannot be read"),
        ({"kind": np.arange(5)}, "column 'kind'"),
    ],
)
def test_loading_names_what_does_not_fit(tmp_path, changes, words):
    good = {
        "occupancy": np.zeros((2, 8), np.uint8),
        "shape": np.array([2, 4, 4, 4]),
        "id": np.array(["a", "b"]),
    }
    arrays = {k: v for k, v in {**good, **changes}.items() if v is not None}
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.raises(ValueError, match=rf"p\.npz.*{words}"):
        load_pack(tmp_path / "p.npz")


@pytest.mark.parametrize(
    ("name", "count", "size"), [("modelnet_chairs30", 839, 30), ("sweethome3d_seats64", 96, 64)]
)
def test_the_shared_packs_load(name, count, size):
    path = DATA / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not next to this checkout")
    pack = load_pack(path)
    assert len(pack) == count
    assert pack.shape == (size, size, size)
    spans = np.ptp(np.argwhere(pack.grids(0)[0]), axis=0) + 1
    assert abs(spans.max() - {30: 24, 64: 60}[size]) <= 1


def framed(frame, size=8):
    return pack_grids(some_grids(2, (size,) * 3), ids=["a", "b"], frame=frame)


@pytest.mark.parametrize("frame", [None, FITTED, FLOOR, Frame("fitted", 0.75)])
def test_a_pack_says_its_frame(tmp_path, frame):
    path = save_pack(framed(frame), tmp_path / "p.npz")
    assert load_pack(path).frame == load_frame(path) == frame
    assert load_pack(path).select([1]).frame == frame
    assert load_pack(path).columns == {}
    assert content_hash(framed(frame)) == content_hash(framed(None))


def test_a_frame_is_joined_where_all_agree_and_follows_the_size():
    a, b = (framed(FITTED).select(row) for row in (0, 1))
    assert join_packs([a, b]).frame == FITTED
    assert join_packs([a, framed(FLOOR).select(1)]).frame is None
    assert join_packs([a, framed(None).select(1)]).frame is None
    assert resize_grids(framed(FITTED), 4).frame == FITTED
    rimmed = resize_grids(framed(Frame("fitted", 24 / 30), size=30), 32).frame
    assert rimmed.span == pytest.approx(0.75)
    assert resize_grids(framed(FLOOR, size=30), 32).frame is None  # another cube in inches
    assert resize_grids(framed(FLOOR), 4).frame == FLOOR


@pytest.mark.parametrize(
    ("kind", "span", "sentence"),
    [
        (np.array("lying"), np.array(0.9), "a frame of 'lying' with span 0.9 is not known"),
        (np.array("fitted"), np.array(1.5), "its span above 0 and up to 1"),
        (np.array("fitted"), np.array(float("nan")), "its span above 0 and up to 1"),
        (np.array(["fitted"]), np.array(0.9), "must be one word, one number"),
        (np.array("fitted"), np.array(1), "must be one word, one number"),
    ],
)
def test_a_frame_that_is_none_is_refused(tmp_path, kind, span, sentence):
    pack = framed(None)
    arrays = {
        "occupancy": pack.occupancy,
        "shape": np.array((2, 8, 8, 8)),
        "id": np.array(["a", "b"]),
    }
    np.savez(tmp_path / "p.npz", **arrays, cube_frame=kind, cube_span=span)
    with pytest.raises(ValueError, match=rf"p\.npz: .*{sentence}"):
        load_pack(tmp_path / "p.npz")


def test_a_column_may_not_hide_the_frame():
    with pytest.raises(ValueError, match="may not be called 'cube_span'"):
        pack_grids(some_grids(2, (4, 4, 4)), ids="ab", columns={"cube_span": np.ones(2)})


def test_an_id_that_no_file_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="half a letter"):
        pack_grids(np.ones((1, 2, 2, 2), bool), ids=["\ud800"])
