"""The ONNX file gives the shapes of the averaged generator, and nothing else is ever kept."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from infogan3d.models import onnx_export
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import latent_vector, sample_codes
from infogan3d.models.onnx_export import PlainGenerator, needed, save_onnx, shape_session


def awake(model: InfoGAN3D) -> InfoGAN3D:
    """With statistics and weights that make occupancies differ from 0.5."""
    random = torch.Generator().manual_seed(1)
    for name, one in [*model.ema.named_parameters(), *model.ema.named_buffers()]:
        if one.is_floating_point():
            drawn = torch.rand(one.shape, generator=random)
            one.data.copy_(drawn + 0.5 if "running_var" in name else 2 * drawn - 1)
    return model


def test_the_file_makes_what_the_model_makes_by_plain_layers(
    tmp_path: Path, tiny_model: Callable[..., InfoGAN3D]
) -> None:
    model = awake(tiny_model(precision="32")).eval()
    path = save_onnx(model, tmp_path / "made" / "g.onnx")
    assert [one.name for one in path.parent.iterdir()] == ["g.onnx"]
    codes = sample_codes(model.spec, 5, generator=torch.Generator().manual_seed(2))
    latent = latent_vector(codes, model.spec)
    with torch.no_grad():
        wanted = model(codes).numpy()
    found = shape_session(path, threads=1)(latent.numpy())
    assert found.shape == (5, 1, 16, 16, 16)  # written with a batch of 2
    assert np.abs(found - wanted).max() < 1e-5
    assert wanted.std() > 0.1
    kinds = {node.op_type for node in onnx.load(path).graph.node}
    assert kinds == {"Gemm", "Reshape", "Relu", "ConvTranspose", "Sigmoid"}


def test_norms_are_folded_into_the_layers_before_them(
    tiny_model: Callable[..., InfoGAN3D],
) -> None:
    average = awake(tiny_model(width=3)).ema
    latent = torch.randn(4, 10)
    with torch.no_grad():
        assert torch.allclose(
            PlainGenerator(average)(latent), torch.sigmoid(average(latent)), atol=1e-5
        )


def test_a_file_that_is_off_is_not_kept(
    tmp_path: Path, tiny_model: Callable[..., InfoGAN3D], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        onnx_export,
        "shape_session",
        lambda _: lambda latent: np.zeros((len(latent), 1, 16, 16, 16)),
    )
    with pytest.raises(ValueError, match=r"g\.onnx: ONNX Runtime is 0\.\d+ off torch"):
        save_onnx(tiny_model(), tmp_path / "g.onnx")
    assert not list(tmp_path.iterdir())


def test_wrong_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^There is no ONNX file .*none\.onnx"):
        shape_session(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"bad\.onnx cannot be read as ONNX: it is damaged\.$"):
        shape_session(tmp_path / "bad.onnx")


def test_a_missing_package_is_told_with_its_cure() -> None:
    with pytest.raises(ValueError, match=r"^nothing_such is not installed: .*infogan3d\[onnx\]"):
        needed("nothing_such")
