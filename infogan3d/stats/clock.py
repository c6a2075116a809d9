"""What time it is in a training: how many batches are done, and the random numbers that go with it.

A model and its data share one clock, so that a resumed run draws what the unbroken one draws.
"""

from dataclasses import dataclass

import numpy as np


def step_seed(seed: int, rank: int, step: int, stream: int = 0) -> int:
    """The random seed of one batch on one process, so that a resumed run equals an unbroken one.

    `stream` keeps uses apart: 0 the codes and labels, 1 the mirror, 3 check-ups, 4 stretching.
    """
    drawn = np.random.SeedSequence([seed, rank, step, stream]).generate_state(1, np.uint64)
    return int(drawn[0] >> 1)


@dataclass
class BatchClock:
    """Counts the batches of one run on one of its processes (`rank`)."""

    seed: int = 0
    rank: int = 0
    batches: int = 0

    def seed_now(self, stream: int) -> int:
        """The random seed of one use in the batch that comes next."""
        return step_seed(self.seed, self.rank, self.batches, stream)
