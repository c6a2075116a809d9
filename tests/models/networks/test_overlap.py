import math

import pytest
import torch

from infogan3d.models.networks.overlap import expected_iou, hard_iou, shape_loss, soft_iou


def grid(*cells):
    """A grid of 2^3 with some first cells given, the rest empty."""
    return torch.tensor([*cells, *[0.0] * (8 - len(cells))]).view(1, 1, 2, 2, 2)


def test_soft_iou_is_the_hand_computed_one():
    found = soft_iou(grid(0.5, 0.2, 0.0), grid(1.0, 0.0, 1.0))
    assert float(found) == pytest.approx((0.5 + 1) / (0.7 + 2 - 0.5 + 1))


@pytest.mark.parametrize("cells", [(), (1.0, 1.0), (1.0,) * 8])
def test_equal_shapes_overlap_wholly_the_empty_ones_too(cells):
    assert float(soft_iou(grid(*cells), grid(*cells))) == 1
    assert float(hard_iou(grid(*cells), grid(*cells))) == 1
    assert float(expected_iou(grid(*cells))) == 1


def test_the_loss_is_the_hand_computed_sum_and_near_0_where_all_is_right():
    solid = grid(1.0, 1.0)
    logits = torch.full((1, 1, 2, 2, 2), math.log(0.25 / 0.75))
    nats = (2 * -math.log(0.25) + 6 * -math.log(0.75)) / 8
    iou = (2 * 0.25 + 1) / (8 * 0.25 + 2 - 0.5 + 1)
    assert float(shape_loss(logits, solid)) == pytest.approx(5 * nats + 1 - iou)
    assert float(shape_loss(logits, solid, cross_entropy_weight=0.0)) == pytest.approx(1 - iou)
    assert float(shape_loss(40 * (2 * solid - 1), solid)) < 1e-6


def test_each_shape_of_a_batch_counts_for_itself():
    made, solid = torch.cat([grid(1.0), grid(1.0, 1.0)]), torch.cat([grid(1.0), grid(1.0)])
    assert hard_iou(made, solid).tolist() == [1, 0.5]
    assert hard_iou(made * 0.4, solid, threshold=0.3).tolist() == [1, 0.5]
    assert hard_iou(made * 0.4, solid).tolist() == [0, 0]


def test_expected_iou_is_the_mean_over_shapes_drawn_from_the_probabilities():
    random = torch.Generator().manual_seed(0)
    p = torch.rand(1, 1, 12, 12, 12, generator=random) ** 2
    drawn = (torch.rand(4000, 12, 12, 12, generator=random) < p[0, 0])[:, None].float()
    true = hard_iou(p.expand_as(drawn), drawn)
    assert float(expected_iou(p)) == pytest.approx(float(true.mean()), abs=0.002)


def test_a_surer_answer_has_the_higher_expected_iou():
    sure, unsure = grid(0.9, 0.9, 0.1), grid(0.6, 0.6, 0.4)
    assert float(expected_iou(sure)) == pytest.approx(1.8 / 2.1)
    assert float(expected_iou(sure)) > float(expected_iou(unsure))
