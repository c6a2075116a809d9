"""Training batches of evidence: shapes seen from somewhere new each time, what is in them, solids.

    pack at 2 R --rows of a batch--> training_views --evidence--> what E and the refiner read
                                          +--solid at R--> what they are to answer, measured
                                          +--framed as packs are--> what G answers
    pack at R ---other shapes--> evidence_of_grid: seen whole, for E and G

A worker process makes them while the model learns from the batch before. What is random comes from
(seed, rank, batch), so a resumed run sees what the unbroken one sees.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from infogan3d.attributes.measure import measure
from infogan3d.data.batches import as_it_is
from infogan3d.data.config import EvidenceConfig
from infogan3d.data.evidence.training_views import ViewSettings, training_views
from infogan3d.geometry.visual_hull.evidence import evidence, evidence_of_grid
from infogan3d.geometry.visual_hull.evidence_batch import EvidenceBatch
from infogan3d.io.packs import Pack
from infogan3d.stats.clock import step_seed

STREAM = 5  # of the random numbers: see stats/clock.py


@dataclass(frozen=True)
class EvidenceSource:
    """The shapes of a split, twice, and how they are shown.

    `fine` and `coarse` hold the same ids in the same order, `attributes` are the coarse ones'.
    `grid_share` of a batch's shapes are shown whole, as `evidence_of_grid` says it: by views from
    everywhere.
    """

    fine: Pack
    coarse: Pack
    attributes: Float[np.ndarray, "n attributes"]
    resolution: int
    views: ViewSettings
    grid_share: float
    mirror: bool
    seed: int
    rank: int = 0

    def batch(self, number: int, rows: list[int]) -> EvidenceBatch:
        """Batch `number` of the training, of some rows: those seen by views first."""
        random = np.random.default_rng(step_seed(self.seed, self.rank, number, STREAM))
        first = max(1, round(len(rows) * (1 - self.grid_share)))
        seen, whole = rows[:first], rows[first:]
        shown = training_views(
            [self.fine.grids(slice(row, row + 1))[0] for row in seen],
            resolution=self.resolution,
            settings=self.views,
            random=random,
        )
        cells = [evidence(shown.views, resolution=self.resolution, jitter=shown.jitter)]
        attributes = [measure(shown.framed[:, 0].numpy() > 0.5)]
        framed, span = [shown.framed], [shown.span]
        if whole:
            grids = self.coarse.grids(whole)
            if self.mirror:
                turned = random.random(len(whole)) < 0.5
                grids[turned] = grids[turned, ::-1]
            solid = torch.from_numpy(grids)
            cells.append(evidence_of_grid(solid))
            framed.append(solid.float()[:, None])
            attributes.append(self.attributes[whole])
            span.append(longest_side(solid) / self.resolution)
        measured = torch.from_numpy(np.concatenate(attributes).astype(np.float32))
        return EvidenceBatch(
            torch.cat(cells), torch.cat(framed), measured, torch.cat(span).float(), shown.solid
        )


def longest_side(grids: Bool[Tensor, "n R R R"]) -> Float[Tensor, " n"]:
    """The longest side of each shape's box, in cells; 0 for an empty grid."""
    sides = []
    for others in ((2, 3), (1, 3), (1, 2)):
        filled = grids.any(others[1]).any(others[0])
        place = torch.arange(filled.shape[1], device=grids.device)
        high = torch.where(filled, place + 1, 0).amax(1)
        low = torch.where(filled, place, filled.shape[1]).amin(1)
        sides.append((high - low).clamp_min(0))
    return torch.stack(sides).amax(0).float()


class EvidenceRows(Dataset[EvidenceBatch]):
    """Batches by their number and rows, as `NumberedBatches` names them."""

    def __init__(self, source: EvidenceSource) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(self.source.fine)

    def __getitems__(self, numbered: list[int]) -> EvidenceBatch:
        number, *rows = numbered
        return self.source.batch(number, rows)


class NumberedBatches(Sampler[list[int]]):
    """The batches of another sampler, each behind its number since the training began."""

    def __init__(self, batches: "Sampler[list[int]]", *, first: int) -> None:
        self.batches, self.number = batches, first

    def __len__(self) -> int:
        return len(self.batches)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[list[int]]:
        for rows in self.batches:
            number, self.number = self.number, self.number + 1
            yield [number, *rows]


def evidence_loader(
    source: EvidenceSource, batches: Sampler[list[int]], *, first: int, config: EvidenceConfig
) -> DataLoader[EvidenceBatch]:
    """The batches of a training from its batch `first` on, made by `config.workers` processes."""
    return DataLoader(
        EvidenceRows(source),
        batch_sampler=NumberedBatches(batches, first=first),
        collate_fn=as_it_is,
        num_workers=config.workers,
        persistent_workers=config.workers > 0,
        prefetch_factor=4 if config.workers else None,
    )


def same_shapes(fine: Pack, coarse: Pack) -> tuple[Pack, Pack]:
    """The shapes that both packs hold, in the order of the coarse one.

    Errors: none in common (`ValueError`).
    """
    place = {name: row for row, name in enumerate(fine.ids)}
    shared = [row for row, name in enumerate(coarse.ids) if name in place]
    if not shared:
        raise ValueError("the finer pack holds none of the shapes: delete both and start again.")
    rows = np.array([place[coarse.ids[row]] for row in shared])
    return fine.select(rows), coarse.select(np.array(shared))
