"""The latent vector's sizes and layout, draws by a seed, and walks that move one code only."""

import pytest
import torch

from infogan3d.models.networks.latent import (
    PRESETS,
    CodeSpec,
    code_spec,
    latent_vector,
    sample_codes,
    traverse,
)
from infogan3d.stats.clock import step_seed

SMALL = CodeSpec(noise=3, discrete=(4, 2), continuous=2)


def by(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_presets_have_the_sizes_of_the_papers():
    sizes = {name: spec.size for name, spec in PRESETS.items()}
    assert sizes == {"chairs189": 189, "paper232": 232, "total200": 200, "z200": 261}
    assert code_spec("chairs189") == CodeSpec() == CodeSpec(128, (20, 20, 20), 1)


def test_changes_take_the_place_of_a_presets_sizes():
    changed = code_spec("paper232", noise=None, discrete=[4, 3], continuous=0)
    assert changed == CodeSpec(200, (4, 3), 0)
    assert (changed.size, changed.names) == (207, ["d0", "d1"])
    assert SMALL.names == ["d0", "d1", "c0", "c1"]


def test_the_latent_vector_is_noise_then_one_hot_then_continuous():
    codes = sample_codes(SMALL, 5, generator=by(0))
    latent = latent_vector(codes, SMALL)
    assert latent.shape == (5, SMALL.size) == (5, 3 + 4 + 2 + 2)
    assert torch.equal(latent[:, :3], codes.noise)
    assert torch.equal(latent[:, 3:7].argmax(1), codes.discrete[:, 0])
    assert torch.equal(latent[:, 7:9].argmax(1), codes.discrete[:, 1])
    assert latent[:, 3:9].sort(1).values.tolist() == [[0, 0, 0, 0, 1, 1]] * 5
    assert torch.equal(latent[:, 9:], codes.continuous)


def test_draws_have_their_distributions():
    codes = sample_codes(SMALL, 4000, generator=by(1))
    assert codes.noise.mean().abs() < 0.04
    assert codes.noise.std() == pytest.approx(1, abs=0.03)
    counts = torch.bincount(codes.discrete[:, 0]) / 4000
    assert counts.tolist() == pytest.approx([0.25] * 4, abs=0.03)
    assert set(codes.discrete[:, 1].tolist()) == {0, 1}
    assert -1 <= codes.continuous.min() < -0.99
    assert 0.99 < codes.continuous.max() < 1
    assert codes.continuous.var() == pytest.approx(1 / 3, abs=0.02)


def test_a_seed_decides_the_draws():
    first, again, other = (
        latent_vector(sample_codes(SMALL, 6, generator=by(seed)), SMALL) for seed in (7, 7, 8)
    )
    assert torch.equal(first, again)
    assert (first != other).any(1).all()


def test_a_walk_moves_its_own_code_only():
    base = sample_codes(SMALL, 3, generator=by(2)).row(1)
    held = latent_vector(base, SMALL)
    places = {"d0": range(3, 7), "d1": range(7, 9), "c0": range(9, 10), "c1": range(10, 11)}
    for name, own in places.items():
        moved = latent_vector(traverse(base, SMALL, name=name, steps=8), SMALL)
        different = (moved != held).any(0).nonzero()[:, 0].tolist()
        assert set(different) == set(own), name


def test_a_walk_covers_a_code_in_order():
    base = sample_codes(SMALL, 1, generator=by(2))
    assert traverse(base, SMALL, name="d0").discrete[:, 0].tolist() == [0, 1, 2, 3]
    assert traverse(base, SMALL, name="d0", steps=3).discrete[:, 0].tolist() == [0, 1, 2]
    line = traverse(base, SMALL, name="c1", steps=5, span=2.0).continuous[:, 1].tolist()
    assert line == [-2, -1, 0, 1, 2]
    assert torch.equal(base.continuous, sample_codes(SMALL, 1, generator=by(2)).continuous)


def test_codes_without_a_kind_are_built():
    spec = CodeSpec(noise=2, discrete=(), continuous=0)
    assert latent_vector(sample_codes(spec, 3, generator=by(0)), spec).shape == (3, 2)
    assert spec.names == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: code_spec("chair189"), "codes.preset=chair189 is not known: choose one of chairs"),
        (lambda: CodeSpec(noise=-1), "noise and continuous must be 0 or more"),
        (lambda: CodeSpec(continuous=-1), "noise and continuous must be 0 or more"),
        (lambda: CodeSpec(discrete=(20, 1)), "every discrete code needs at least 2 values"),
        (lambda: CodeSpec(0, (), 0), "codes are all empty"),
        (
            lambda: traverse(sample_codes(SMALL, 1, generator=by(0)), SMALL, name="d2"),
            "there is no code 'd2' here: choose one of d0, d1, c0, c1",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_with_its_cure(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_step_seeds_differ_by_seed_rank_step_and_stream():
    grid = [
        (seed, rank, step, stream)
        for seed in range(3)
        for rank in range(4)
        for step in range(50)
        for stream in range(3)
    ]
    seeds = [step_seed(*place) for place in grid]
    assert len(set(seeds)) == len(grid) == 1800
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert step_seed(0, 1, 2) == step_seed(0, 1, 2, 0) == step_seed(0, 1, 2)
