import time

import pytest
import torch

from infogan3d.data.procedural.chairs import chair_grid, sample_factors
from infogan3d.models.networks.discriminator import Encoder
from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.networks.overlap import hard_iou, shape_loss
from infogan3d.models.networks.refiner import (
    EvidenceEncoder,
    Refiner,
    fold,
    mirror_averaged,
    placed,
    unfold,
    with_answer,
)
from infogan3d.models.optim import supports_bf16

SPEC = CodeSpec(noise=6, discrete=(3, 4), continuous=2)


def test_folding_puts_a_block_of_cells_into_channels_and_unfolding_brings_it_back():
    x = torch.arange(2.0 * 3 * 8**3).view(2, 3, 8, 8, 8)
    folded = fold(x, 2)
    assert folded.shape == (2, 24, 4, 4, 4)
    assert torch.equal(folded[1, 8:16, 2, 1, 3], x[1, 1, 4:6, 2:4, 6:8].flatten())
    assert torch.equal(unfold(folded, 2), x)
    assert torch.equal(unfold(fold(x, 4), 4), x)


def test_the_default_refiner_with_g_s_answer_has_3_7_million_weights():
    count = sum(weight.numel() for weight in Refiner(channels=9).parameters())
    assert count == pytest.approx(3.7e6, rel=0.03)


@pytest.mark.parametrize(
    ("side", "settings", "wanted"),
    [(32, {}, 32), (32, {"finer": 2}, 64), (64, {"fold_side": 4}, 64), (16, {"fold_side": 1}, 16)],
)
def test_the_refiner_answers_at_the_resolution_that_its_settings_tell(side, settings, wanted):
    refiner = Refiner(channels=3, width=4, middle=4, **settings)
    assert refiner(torch.zeros(2, 3, side, side, side)).shape == (2, 1, wanted, wanted, wanted)


def test_settings_that_cannot_be_built_are_refused():
    with pytest.raises(ValueError, match="fold_side=3"):
        Refiner(fold_side=3)


def test_mixed_precision_and_channels_last_give_nearly_the_same_answer():
    torch.manual_seed(0)
    refiner = Refiner(channels=3, width=8, middle=8).eval()
    x = torch.randn(1, 3, 32, 32, 32)
    plain = refiner(x)
    refiner.to(memory_format=torch.channels_last_3d)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = refiner(x.to(memory_format=torch.channels_last_3d))
    assert mixed.dtype == torch.bfloat16
    torch.testing.assert_close(mixed.float(), plain, atol=0.05, rtol=0.05)


def test_g_s_answer_becomes_the_last_channel_between_minus_one_and_one():
    evidence, occupancy = torch.rand(2, 8, 4, 4, 4), torch.rand(2, 1, 4, 4, 4)
    found = with_answer(evidence, occupancy)
    assert torch.equal(found[:, :8], evidence)
    torch.testing.assert_close(found[:, 8:], 2 * occupancy - 1)


def test_a_placed_shape_is_as_much_larger_as_is_asked_for():
    block = torch.zeros(2, 1, 16, 16, 16)
    block[:, :, 4:12, 6:10, 4:12] = 1
    same, half = placed(block, torch.tensor([1.0, 0.5])).split(1)
    assert torch.allclose(same[0], block[0], atol=1e-5)
    assert half.sum() == pytest.approx(block[0].sum() / 8)
    assert (half[0, 0] > 0.5).nonzero().amin(0).tolist() == [6, 7, 6]


def test_an_answer_averaged_with_its_mirror_s_turns_with_the_evidence():
    torch.manual_seed(0)
    refiner = Refiner(channels=3, width=4, middle=4, fold_side=1).eval()
    x = torch.randn(2, 3, 16, 16, 16)
    with torch.no_grad():
        there, turned = mirror_averaged(refiner, x), mirror_averaged(refiner, x.flip(2))
        alone = torch.sigmoid(refiner(x))
    torch.testing.assert_close(turned, there.flip(2))
    assert not torch.allclose(there, alone, atol=1e-4)


@pytest.mark.parametrize("resolution", [16, 32, 64])
def test_the_encoder_of_evidence_answers_in_the_form_of_the_encoder_of_grids(resolution):
    torch.manual_seed(0)
    there = EvidenceEncoder(spec=SPEC, resolution=resolution, width=2)(
        torch.randn(2, 8, *[resolution] * 3)
    )
    other = Encoder(spec=SPEC, resolution=resolution, width=2)(torch.rand(2, 1, *[resolution] * 3))
    parts = [
        [
            posterior.noise_mean,
            posterior.noise_log_variance,
            *posterior.codes.discrete_logits,
            posterior.codes.mean,
            posterior.codes.log_variance,
        ]
        for posterior in (there, other)
    ]
    assert [x.shape for x in parts[0]] == [x.shape for x in parts[1]]
    assert there.mode().shape == (2, SPEC.size)


def test_the_refiner_learns_four_chairs_by_heart_within_twenty_seconds():
    torch.manual_seed(0)
    grids = [chair_grid(chair, resolution=32) for chair in sample_factors(4, seed=1)]
    solid = torch.stack([torch.from_numpy(grid).float() for grid in grids])[:, None]
    blurred = torch.nn.functional.avg_pool3d(solid, 5, stride=1, padding=2)
    inputs = torch.cat([blurred, blurred.flip(2)], 1)
    inputs = inputs.contiguous(memory_format=torch.channels_last_3d)
    refiner = Refiner(channels=2, width=16, middle=16).to(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.AdamW(refiner.parameters(), lr=1e-2)
    start = time.process_time()
    for _ in range(60):
        with torch.autocast("cpu", torch.bfloat16, enabled=supports_bf16("cpu")):
            logits = refiner(inputs)
        loss = shape_loss(logits, solid)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    refiner.eval()
    with torch.no_grad():
        overlap = hard_iou(torch.sigmoid(refiner(inputs)), solid)
    assert time.process_time() - start < 20
    assert float(overlap.min()) > 0.95
