"""Dots of a sweep as a picture."""

import numpy as np
from fixtures import reddish

from infogan3d.disentanglement.report import draw_scores


def draw(path, values: np.ndarray, *, chosen: int) -> np.ndarray:
    made = draw_scores(
        path,
        title="three runs",
        names=["centrality", "factor_vae"],
        values=values,
        chosen=chosen,
        floors=np.array([0.1, 0.2]),
        ceilings=np.array([1.0, 0.4]),
    )
    return reddish(made)


def test_the_chosen_run_is_marked_at_its_scores(tmp_path):
    values = np.array([[0.3, 0.1], [0.9, 0.1], [0.3, 0.1]])
    low = draw(tmp_path / "low.png", values, chosen=0)
    high = draw(tmp_path / "high.png", values, chosen=1)
    assert len(low) > 100
    assert high[:, 0].min() < low[:, 0].min() - 100  # higher up on the first score
    assert high[:, 0].max() == low[:, 0].max()  # alike on the second
