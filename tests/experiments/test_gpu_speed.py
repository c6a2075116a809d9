"""The GPU's script on the CPU: the whole plan, tiny; and its parts where they can be known."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from experiments.gpu_speed import __main__ as gpu_speed
from experiments.gpu_speed import page as gpu_page
from experiments.gpu_speed.layers import Timed, layer_times, operands, passes
from experiments.gpu_speed.modes import thin_layers
from infogan3d.bench.reference_port import PortSettings
from infogan3d.bench.roofline import MachineRates
from infogan3d.bench.runners import OURS, PORT
from infogan3d.models.infogan import InfoGAN3D

GIVEN = PortSettings(resolution=16, width=2, trunk_layers=4)


@pytest.fixture
def switches() -> Iterator[None]:
    """cuDNN's switch, put back."""
    before = torch.backends.cudnn.benchmark
    yield
    torch.backends.cudnn.benchmark = before


def rates(device: str, precision: str) -> MachineRates:
    """What nobody measures."""
    return MachineRates(precision, 1e10, 1e9)


@pytest.mark.usefixtures("switches")
def test_a_dry_run_goes_through_every_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu_speed.main(["--dry-run", "--out", str(tmp_path)], measured=rates)
    assert {one.name for one in tmp_path.iterdir()} == {"gpu_speed.json", "gpu_speed.md"}
    found = json.loads((tmp_path / "gpu_speed.json").read_text())
    assert set(gpu_speed.PARTS) <= set(found)
    for name in gpu_speed.PARTS:
        assert "failed" not in found[name], found[name]
    tried = found["modes"]
    assert set(tried) == set(gpu_speed.MODES)
    for name, (_, _, only_gpu) in gpu_speed.MODES.items():
        assert ("seconds" in tried[name]) != only_gpu, tried[name]
    assert found["run"]["batches"] == 2
    assert found["port"]["times"] == [
        found["port"][PORT][0]["seconds"] / found["port"][OURS][0]["seconds"]
    ]
    assert list(found["trunk"]["seconds"]) == ["4", "5"]
    written = (tmp_path / "gpu_speed.md").read_text()
    assert written in capsys.readouterr().out
    for words in ("2 batches in ", "five / four: ", "(aim: 5)", "not tried on the CPU"):
        assert words in written, words


def test_the_plan_is_the_papers_setting() -> None:
    plan = gpu_speed.Plan("cuda", Path("."), gpu_speed.Case(64, 64, 32))
    assert plan.whole == 100 * 26
    assert plan.task(OURS, layers=5).case.trunk_layers == 5
    assert plan.task(OURS).batches == 40


@pytest.mark.usefixtures("switches")
def test_a_part_that_fails_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    def broken(plan: object) -> dict[str, object]:
        raise RuntimeError("no such kernel")

    parts = {**gpu_speed.PARTS, "layers": broken}
    words = ["--dry-run", "--out", str(tmp_path), "--parts", "layers", "trunk"]
    gpu_speed.main(words, parts=parts, measured=rates)
    found = json.loads((tmp_path / "gpu_speed.json").read_text())
    assert found["layers"] == {"failed": "RuntimeError: no such kernel"}
    assert "seconds" in found["trunk"]
    assert "Part layers failed: RuntimeError: no such kernel" in gpu_page.page(found)


def test_every_way_of_a_layer_gives_the_same() -> None:
    rows = list(layer_times(GIVEN, batch=2, device="cpu", rates=MachineRates("bf16", 1e12, 1e12)))
    assert all(isinstance(row, Timed) for row in rows), rows
    assert len(rows) == 6 * (2 + 4) + 2
    assert max(row.differ for row in rows if isinstance(row, Timed)) < 0.01
    assert {row.layer for row in rows if row.way == "2^3 convolution"} == {  # type: ignore[union-attr]
        "G 3, forward",
        "trunk 1, to its input",
    }


def test_layers_have_the_sizes_of_the_networks() -> None:
    model = InfoGAN3D(resolution=16, width=2, trunk_width=2)
    wanted = [
        tuple(weight.shape)
        for weight in [*model.generator.parameters(), *model.trunk.parameters()]
        if weight.dim() == 5
    ]
    found = [tuple(weight.shape) for _, weight, _ in operands(GIVEN, 1, "cpu")]
    assert found == wanted[1:]
    x, weight, transposed = list(operands(GIVEN, 3, "cpu"))[-1]
    assert x.shape == (3, 8, 2, 2, 2)
    assert passes(x, weight, transposed=transposed)[0]["forward, NCDHW"]().shape == (3, 16, 2, 2, 2)


def test_thin_layers_change_nothing_but_the_way() -> None:
    torch.manual_seed(0)
    model = InfoGAN3D(resolution=16, width=2, trunk_width=2, trunk_layers=2, precision="32")
    latent = torch.randn(3, model.spec.size)
    weights = [*model.generator.parameters(), *model.trunk.parameters()]
    results = []
    for change in (lambda _: None, thin_layers):
        change(model)
        made = model.generator(latent)
        (model.trunk(torch.sigmoid(made)).square().sum() + made.sum()).backward()
        results.append([made.detach(), *(weight.grad.clone() for weight in weights)])  # type: ignore[union-attr]
        model.zero_grad()
    for before, after in zip(*results, strict=True):
        torch.testing.assert_close(before, after, rtol=1e-4, atol=1e-4)
