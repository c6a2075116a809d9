"""Latent vectors of any sizes of codes."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import cases

from infogan3d.models.networks.latent import (
    CodeSpec,
    latent_vector,
    sample_codes,
    set_codes,
    traverse,
)

COUNTS = st.integers(1, 5)


@st.composite
def sizes(draw):
    """Sizes with at least one code, and a seed."""
    discrete = draw(st.lists(st.integers(2, 6), max_size=3))
    continuous = draw(st.integers(0 if discrete else 1, 3))
    return (draw(st.integers(0, 4)), tuple(discrete), continuous), draw(st.integers(0, 2**31))


def drawn(case, *, count):
    """Some draws of codes of some sizes."""
    spec, random = CodeSpec(*case[0]), torch.Generator().manual_seed(case[1])
    return sample_codes(spec, count, generator=random), spec


@cases(25)
@given(sizes(), COUNTS)
def test_splitting_a_latent_vector_gives_back_its_codes(case, count):
    codes, spec = drawn(case, count=count)
    latent = latent_vector(codes, spec)
    assert latent.shape == (len(codes.noise), spec.size)
    parts = spec.split(latent)
    assert torch.equal(parts.noise, codes.noise)
    assert torch.equal(parts.continuous, codes.continuous)
    assert [block.shape[1] for block in parts.discrete] == list(spec.discrete)
    for which, block in enumerate(parts.discrete):
        assert torch.equal(block.argmax(1), codes.discrete[:, which])
        assert torch.equal(block.sum(1), torch.ones(len(block)))
    whole = torch.cat([parts.noise, *parts.discrete, parts.continuous], -1)
    assert torch.equal(whole, latent)


@cases(25)
@given(sizes(), st.integers(2, 9), st.floats(0.1, 3), st.data())
def test_a_walk_changes_its_code_alone_and_goes_from_end_to_end(case, steps, span, data):
    base, spec = drawn(case, count=1)
    name = data.draw(st.sampled_from(spec.names))
    walk = traverse(base, spec, name=name, steps=steps, span=span)
    which = spec.names.index(name)
    columns = torch.cat([walk.discrete.double(), walk.continuous.double()], 1)
    start = torch.cat([base.discrete.double(), base.continuous.double()], 1)
    others = [i for i in range(len(spec.names)) if i != which]
    assert torch.equal(columns[:, others], start[:, others].expand(len(columns), -1))
    assert torch.equal(walk.noise, base.noise.expand(len(columns), -1))
    moved = columns[:, which]
    assert (moved.diff() > 0).all()
    if name.startswith("d"):
        assert moved.tolist() == list(range(min(steps, spec.discrete[which])))
    else:
        assert len(moved) == steps
        assert torch.allclose(moved[[0, -1]], torch.tensor([-span, span]).double())


@cases(20)
@given(sizes(), COUNTS, st.data())
def test_setting_codes_changes_them_alone_and_draws_stay_as_they_were(case, count, data):
    codes, spec = drawn(case, count=count)
    before = latent_vector(codes, spec)
    values = {}
    for which, name in enumerate(spec.names):
        if data.draw(st.booleans()):
            allowed = st.floats(-1, 1, width=32)
            if name.startswith("d"):
                allowed = st.integers(0, spec.discrete[which] - 1)
            values[name] = data.draw(allowed)
    changed = set_codes(codes, spec, values)
    assert torch.equal(latent_vector(codes, spec), before)
    old, new = (
        torch.cat([x.discrete.double(), x.continuous.double()], 1) for x in (codes, changed)
    )
    for which, name in enumerate(spec.names):
        wanted = torch.full_like(old[:, which], values[name]) if name in values else old[:, which]
        assert torch.equal(new[:, which], wanted)
    assert torch.equal(changed.noise, codes.noise)
