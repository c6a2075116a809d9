"""A tiny bench generate: four ways to the same shapes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from infogan3d.bench.cases.generate import ONNX, awake, generate_costs
from infogan3d.bench.roofline import MachineRates
from infogan3d.bench.runners import OURS, OURS_WIDE, PORT
from infogan3d.models.networks.latent import sample_codes
from infogan3d.runs.settings.bench import GenerateBench

TINY = GenerateBench(device="cpu", threads=1, resolution=16, width=4, batch_sizes=(1, 3), rounds=2)


def test_a_tiny_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rates = {"32": MachineRates("32", 1e9, 1e9), "bf16": MachineRates("bf16", 4e9, 1e9)}
    found = generate_costs(TINY, 0, tmp_path, measured=lambda _, name: rates[name])
    assert list(found["batches"]) == ["1", "3"]
    for batch in found["batches"].values():
        assert list(batch["seconds"]) == [PORT, OURS_WIDE, OURS, ONNX]
        assert {len(seconds) for seconds in batch["seconds"].values()} == {2}
        apart = batch["difference"]
        assert apart[OURS_WIDE] == {"greatest": 0.0, "turned": 0.0}
        assert apart[PORT]["greatest"] < 1e-4
        assert apart[ONNX]["greatest"] < 1e-4
        assert apart[OURS]["greatest"] < 0.1
        assert batch["roofline"]["bf16"] > 0
    printed = capsys.readouterr().out
    assert "G at 16^3, width 4, 3 at a time" in printed
    for row in ("ONNX Runtime", "roofline, fp32", "ours / ONNX Runtime", "ours / its roofline"):
        assert f"\n{row} " in printed, row


def test_shapes_are_no_even_grey() -> None:
    model = awake(GenerateBench(width=4, resolution=16), 0).eval()
    codes = sample_codes(model.spec, 4, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        made = model(codes)
    assert 0.2 < float(made.std()) < 0.5


@pytest.mark.parametrize("wrong", [{"batch_sizes": ()}, {"batch_sizes": (0,)}, {"rounds": 0}])
def test_nothing_to_make_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^generate: .* shapes: give 1 and up\.$"):
        generate_costs(replace(TINY, **wrong), 0, tmp_path)
