"""Batches of evidence: what they hold, and that they depend on their number alone."""

import pytest
import torch

from infogan3d.data.batches import SeededBatches
from infogan3d.data.config import EvidenceConfig, data_config
from infogan3d.data.datamodule import ChairData
from infogan3d.data.evidence.batches import (
    EvidenceSource,
    NumberedBatches,
    longest_side,
    same_shapes,
)
from infogan3d.io.packs import Pack


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> EvidenceSource:
    cache = tmp_path_factory.mktemp("cache")
    config = EvidenceConfig(most_views=4, grid_share=0.5, workers=0)
    data = ChairData(
        data_config("wide_chairs", count=30),
        resolution=16,
        cache=str(cache),
        workers=1,
        evidence=config,
    )
    data.setup()
    return data.evidence_source(config, rank=0)


def test_a_batch_depends_on_its_number_and_rows_alone(source: EvidenceSource) -> None:
    first, again = source.batch(7, [0, 1, 2]), source.batch(7, [0, 1, 2])
    other = source.batch(8, [0, 1, 2])
    for one, other_one in zip(first, again, strict=True):
        torch.testing.assert_close(one, other_one, rtol=0, atol=0, equal_nan=True)
    assert not torch.equal(first.evidence, other.evidence)


def test_the_first_shapes_are_seen_by_views_and_the_others_lie_as_in_the_pack(
    source: EvidenceSource,
) -> None:
    batch = source.batch(0, [3, 4, 5, 6])
    assert batch.evidence.shape == (4, 8, 16, 16, 16)
    assert batch.framed.shape == (4, 1, 16, 16, 16)
    assert len(batch.solid) == len(batch.whole) == 2
    inside = batch.evidence[:2, 0][batch.solid[:, 0] > 0.5]  # least distance: below 0 is outside
    assert float((inside > -0.4).float().mean()) > 0.95
    pack = source.coarse.grids(slice(5, 7))
    for shape, grid in zip(batch.whole[:, 0], torch.from_numpy(pack), strict=True):
        assert torch.equal(shape > 0.5, grid) or torch.equal(shape > 0.5, grid.flip(0))


def test_the_span_is_the_longest_side_and_framed_shapes_fill_their_frame(
    source: EvidenceSource,
) -> None:
    batch = source.batch(1, list(range(8)))
    seen = longest_side(batch.solid[:, 0] > 0.5) / 16
    more = seen - batch.span[: len(seen)]  # thin ends fill each cell that they touch, at both ends
    assert (more <= 2.1 / 16).all()
    assert (more >= -1.1 / 16).all()
    framed = longest_side(batch.framed[:, 0] > 0.5)
    assert (framed >= 13).float().mean() > 0.8  # thin ends may be lost at 16 cells
    assert (framed <= 16).all()


def test_batches_are_numbered_from_where_a_training_goes_on() -> None:
    inner = SeededBatches(6, size=2, seed=0)
    inner.start_after(2)
    whole = list(NumberedBatches(SeededBatches(6, size=2, seed=0), first=0))
    batches = NumberedBatches(inner, first=2)
    assert list(batches) == whole[2:]
    assert next(iter(batches))[0] == 3


def test_packs_are_paired_by_id(source: EvidenceSource) -> None:
    fine: Pack = source.fine.select([4, 2, 0])
    one, other = same_shapes(fine, source.coarse)
    assert one.ids == other.ids
    assert set(one.ids) == set(fine.ids)
    with pytest.raises(ValueError, match="holds none of the shapes"):
        same_shapes(source.fine.select([0]), source.coarse.select([1]))
