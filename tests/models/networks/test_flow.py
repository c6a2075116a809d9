import pytest
import torch

from infogan3d.models.networks.flow import Flow, flow_matching_loss, sample_flow

MODES = torch.tensor([[[3.0, 0.0], [-3.0, 0.0]], [[0.0, 4.0], [0.0, -1.0]]])  # of each code


def mixture(codes, random):
    """Two narrow modes, which ones the code tells."""
    which = torch.randint(2, (len(codes),), generator=random)
    noise = 0.3 * torch.randn(len(codes), 2, generator=random)
    return MODES[codes, which] + noise


def energy_distance(a, b):
    """2 E|a - b| - E|a - a'| - E|b - b'| (Szekely and Rizzo 2013): 0 where both are drawn alike."""
    count = len(a)
    within = sum(torch.cdist(x, x).sum() / (count * (count - 1)) for x in (a, b))
    return float(2 * torch.cdist(a, b).mean() - within)


@pytest.fixture(scope="module")
def trained():
    torch.manual_seed(0)
    random = torch.Generator().manual_seed(0)
    flow = Flow(size=2, codes=2, width=64)
    kinds = torch.randint(2, (4000,), generator=random)
    draws, hot = mixture(kinds, random), torch.eye(2)[kinds]
    flow.standardise(draws)
    optimizer = torch.optim.AdamW(flow.parameters(), 3e-3)
    for step in range(1500):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * (1 - step / 1500)
        rows = torch.randint(len(draws), (256,), generator=random)
        loss = flow_matching_loss(flow, draws[rows], hot[rows], random=random)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return flow


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("method", ["euler", "heun"])
def test_a_trained_flow_draws_the_mixture_that_the_code_tells(trained, code, method):
    random = torch.Generator().manual_seed(5)
    kinds = torch.full((1000,), code)
    made = sample_flow(trained, torch.eye(2)[kinds], random=random, method=method)
    wanted = mixture(kinds, random)
    other = mixture(1 - kinds, random)
    one_normal = wanted.mean(0) + wanted.std(0) * torch.randn(1000, 2, generator=random)
    assert energy_distance(made, wanted) < 0.03
    assert energy_distance(one_normal, wanted) > 0.1
    assert energy_distance(made, other) > 1
    assert float(
        (made[:, 1 - code] > MODES[code, :, 1 - code].mean()).float().mean()
    ) == pytest.approx(0.5, abs=0.06)


def test_more_steps_of_heun_come_to_the_same_place(trained):
    codes = torch.eye(2)[torch.zeros(200, dtype=torch.long)]
    ends = [
        sample_flow(
            trained, codes, steps=steps, random=torch.Generator().manual_seed(1), method=how
        )
        for how, steps in (("heun", 400), ("heun", 30), ("euler", 30))
    ]
    by_heun, by_euler = ((end - ends[0]).norm(dim=1).median() for end in ends[1:])
    assert by_heun < 0.02 < by_euler


class Still(Flow):
    """A velocity that is the same everywhere."""

    def forward(self, x, time, codes):
        return torch.full_like(x, 2.0)


def test_the_loss_of_a_constant_velocity_is_the_hand_computed_one():
    flow = Still(size=3)
    draws = torch.randn(50_000, 3, generator=torch.Generator().manual_seed(0)) * 5 + 7
    flow.standardise(draws)
    random = torch.Generator().manual_seed(1)
    loss = flow_matching_loss(flow, draws, torch.zeros(50_000, 0), random=random)
    assert float(loss) == pytest.approx(2**2 + 1 + 1, rel=0.02)  # (2 - (x - n))^2, both unit normal


def test_samples_of_a_constant_velocity_are_the_noise_moved_and_scaled():
    flow = Still(size=3)
    flow.standardise(torch.randn(1000, 3, generator=torch.Generator().manual_seed(0)) * 5 + 7)
    codes = torch.zeros(4, 0)
    found = sample_flow(flow, codes, random=torch.Generator().manual_seed(2))
    noise = torch.randn(4, 3, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(found, (noise + 2) * flow.spread + flow.mean)


def test_the_same_generator_draws_the_same_samples(trained):
    codes = torch.eye(2)
    first, again = (
        sample_flow(trained, codes, random=torch.Generator().manual_seed(3)) for _ in range(2)
    )
    assert torch.equal(first, again)


def test_scales_travel_with_the_weights():
    flow = Flow(size=2, width=8)
    flow.standardise(torch.tensor([[1.0, 2.0], [3.0, 8.0]]))
    other = Flow(size=2, width=8)
    other.load_state_dict(flow.state_dict())
    assert other.mean.tolist() == [2.0, 5.0]


def test_what_makes_no_flow_is_refused():
    with pytest.raises(ValueError, match="make no flow"):
        Flow(size=0)
    with pytest.raises(ValueError, match="euler or heun"):
        sample_flow(Flow(size=2), torch.zeros(1, 0), random=torch.Generator(), method="rk4")
