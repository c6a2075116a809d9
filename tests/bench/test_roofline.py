"""Operations by hand and against torch's counter; the roofline is the longer of two times."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from infogan3d.bench.reference_port import PortDiscriminator, PortSettings, port_generator
from infogan3d.bench.roofline import (
    LayerCost,
    MachineRates,
    StepWork,
    generator_layers,
    head_layers,
    kernel_products,
    measure_rates,
    operations,
    roofline_seconds,
    roofline_table,
    shape_work,
    step_work,
    trunk_layers,
)

GIVEN = PortSettings(resolution=16, width=2, trunk_layers=4, noise=4, discrete=(3, 2), continuous=1)
PAPER = PortSettings()


def of(turn: str, *names: str, batch: int) -> int:
    """Operations of the passes whose name begins with one of these, borders counted."""
    work = step_work(GIVEN, batch=batch, padded=True)
    return operations(w for w in work if w.turn == turn and w.name.startswith(names))


def test_products_at_the_border_are_left_out() -> None:
    """2 cells into 4 on one axis: o = 2i - 1 + k, so 3 of 4 taps of each land inside."""
    inside = sum(0 <= 2 * i - 1 + k < 4 for i in range(2) for k in range(4))
    assert inside == 6
    assert kernel_products(2) == inside**3
    assert kernel_products(2, padded=True) == 8**3


def test_the_papers_layers_by_hand() -> None:
    made = generator_layers(PAPER, padded=True)
    assert [layer.products // 10**6 for layer in made] == [6, 536, 1073, 2147, 134]
    assert made[3].products == 128 * 64 * 64 * 16**3
    trunk = trunk_layers(PAPER, padded=True)
    assert [layer.outputs for layer in trunk] == [64 * 32**3, 128 * 16**3, 256 * 8**3, 512 * 4**3]
    assert trunk[0].products == 64 * 64 * 32**3
    assert head_layers(PAPER)[1].products == 512 * 64 * 128


def test_weights_are_those_of_the_networks() -> None:
    for given in (GIVEN, PAPER):
        with torch.device("meta"):
            made, judge = port_generator(given), PortDiscriminator(given)
        assert sum(layer.weights for layer in generator_layers(given)) == sum(
            p.numel() for p in made.parameters()
        )
        judging = [*trunk_layers(given), *head_layers(given)]
        assert sum(layer.weights for layer in judging) == sum(p.numel() for p in judge.parameters())


def test_g_has_the_operations_that_torch_counts() -> None:
    made = port_generator(GIVEN)
    with FlopCounterMode(display=False) as counter:
        grids = made(torch.randn(3, GIVEN.latent, 1, 1, 1))
    assert counter.get_total_flops() == of("G", "G", batch=3)
    with FlopCounterMode(display=False) as counter:
        grids.sum().backward()
    assert counter.get_total_flops() == of("G turn", "G", batch=3)


def test_both_turns_have_the_operations_that_torch_counts() -> None:
    judge = PortDiscriminator(GIVEN)
    grids = torch.rand(6, 1, 16, 16, 16)
    with FlopCounterMode(display=False) as counter:
        real, _ = judge(grids[:3])
        made, codes = judge(grids[3:])
        (real.sum() + made.sum() + codes.sum()).backward()
    twice = of("D turn", "Q", batch=3) // 3  # torch also asked Q about the real chairs
    assert counter.get_total_flops() == of("D turn", "", batch=3) + twice
    judge.requires_grad_(False)
    grids.requires_grad_(True)
    with FlopCounterMode(display=False) as counter:
        made, codes = judge(grids[:3])
        (made.sum() + codes.sum()).backward()
    assert counter.get_total_flops() == of("G turn", "trunk", "D head", "Q", batch=3)


def test_a_layer_takes_the_longer_of_its_two_times() -> None:
    rates = MachineRates("bf16", matrix=1e9, copy=1e6)
    assert StepWork("G", "counted", 2 * 10**9, 10, 10).seconds(rates) == 2.0
    assert StepWork("G", "moved", 10, 10**6, 10**6).seconds(rates) == 6.0  # 2 bytes and 4 bytes
    assert (
        roofline_seconds([StepWork("G", "a", 10**9, 0), StepWork("G", "b", 0, 5 * 10**5)], rates)
        == 2.0
    )


def test_a_step_is_linear_in_the_batch_but_for_weights_and_optimizers() -> None:
    one, four = (operations(step_work(PAPER, batch=batch)) for batch in (1, 4))
    assert four == 4 * one
    adam = [w for w in step_work(PAPER, batch=4) if w.turn == "optimizers"]
    weights = sum(layer.weights for layer in generator_layers(PAPER))
    assert adam[1].wide == 3 * weights
    assert adam == [w for w in step_work(PAPER, batch=1) if w.turn == "optimizers"]


def test_g_alone_has_no_norm() -> None:
    assert [work.name for work in shape_work(GIVEN)] == [f"G {i} forward" for i in (1, 2, 3)]
    assert isinstance(generator_layers(GIVEN)[0], LayerCost)


def test_the_table_has_a_row_a_turn() -> None:
    rates = [MachineRates("32", 1e9, 1e9), MachineRates("bf16", 2e9, 1e9)]
    work = step_work(GIVEN, batch=2)
    lines = roofline_table(work, rates).splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "G",
        "D turn",
        "G turn",
        "optimizers",
        "whole step",
    ]
    assert lines[-1].split()[-1] == f"{roofline_seconds(work, rates[1]) * 1e3:.2f}"


@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_rates_are_measured(precision: str) -> None:
    rates = measure_rates("cpu", precision, sides=(64, 128), megabytes=1)
    assert rates.precision == precision
    assert 1e6 < rates.matrix < 1e15
    assert 1e6 < rates.copy < 1e13


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^precision=16 has no rate: choose one of 32, bf16\.$"):
        measure_rates("cpu", "16")
