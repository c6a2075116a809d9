"""G as an ONNX file: latent [batch, size] -> occupancy [batch, 1, R, R, R], for any ONNX Runtime.

What is written is the EMA of the generator with its BatchNorms folded into the layers before them
and the sigmoid behind: five plain layers at 64^3, no code of ours. Every file is tried once against
torch. Needs the extra `infogan3d[onnx]`.
"""

import importlib
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from infogan3d.io.files import atomic
from infogan3d.models.infogan import InfoGAN3D

OPSET = 20


CLOSE = 1e-4  # largest difference of an occupancy from torch's


Shapes = Callable[[Float[np.ndarray, "B size"]], Float[np.ndarray, "B 1 R R R"]]


class PlainGenerator(nn.Module):
    """G in evaluation mode by torch's own layers alone, in fp32 on the CPU."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        layers = [part for part in generator.modules() if isinstance(part, nn.ConvTranspose3d)]
        norms = [part for part in generator.modules() if isinstance(part, nn.BatchNorm3d)]
        first, *rest = [
            fold(layer, norm) for layer, norm in zip(layers, [*norms, None], strict=True)
        ]
        self.channels = first.out_channels
        self.first = nn.Linear(first.in_channels, self.channels * 64)
        assert first.bias is not None
        self.first.weight.data = first.weight.data.reshape(first.in_channels, -1).T.contiguous()
        self.first.bias.data = first.bias.data.repeat_interleave(64)
        self.rest = nn.ModuleList(rest)

    def forward(self, latent: Float[Tensor, "B size"]) -> Float[Tensor, "B 1 R R R"]:
        x: Tensor = self.first(latent).view(-1, self.channels, 4, 4, 4)
        for layer in self.rest:
            x = layer(torch.relu(x))
        return torch.sigmoid(x)


def fold(layer: nn.ConvTranspose3d, norm: nn.BatchNorm3d | None) -> nn.ConvTranspose3d:
    """A plain layer that does what `layer` and `norm` do one after the other in evaluation mode."""
    plain = nn.ConvTranspose3d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,  # type: ignore[arg-type]
        layer.stride,  # type: ignore[arg-type]
        layer.padding,  # type: ignore[arg-type]
    )
    scale = torch.ones(layer.out_channels)
    shift = torch.zeros(layer.out_channels) if layer.bias is None else layer.bias.detach().cpu()
    if norm is not None:
        means, variances = norm.running_mean, norm.running_var
        assert means is not None
        assert variances is not None
        scale = (norm.weight / torch.sqrt(variances + norm.eps)).detach().float().cpu()
        shift = norm.bias.detach().float().cpu() + (shift - means.float().cpu()) * scale
    assert plain.bias is not None
    with torch.no_grad():
        plain.weight.copy_(layer.weight.float().cpu() * scale[:, None, None, None])
        plain.bias.copy_(shift)
    return plain


def save_onnx(model: InfoGAN3D, path: str | Path) -> Path:
    """Write the EMA of the generator of `model` to `path`, whole or not at all, and try it.

    Errors: the extra is not installed, or ONNX Runtime gives other occupancies than torch by more
    than 1e-4 (`ValueError`).
    """
    final = Path(path)
    plain = PlainGenerator(model.ema).eval()
    latent = torch.randn(2, model.spec.size, generator=torch.Generator().manual_seed(0))
    with atomic(final) as unfinished:
        export(plain, latent, unfinished)
        with torch.no_grad():
            wanted = plain(latent).numpy()
        apart = float(np.abs(shape_session(unfinished)(latent.numpy()) - wanted).max())
        if not apart <= CLOSE:
            raise ValueError(f"{path}: ONNX Runtime is {apart:g} off torch, so it is not saved.")
    return final


def export(plain: PlainGenerator, latent: Float[Tensor, "B size"], path: Path) -> None:
    """Torch's exporter, without its remarks."""
    for package in ("onnx", "onnxscript"):
        needed(package)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            plain,
            (latent,),
            path,
            input_names=["latent"],
            output_names=["occupancy"],
            dynamic_shapes={"latent": {0: torch.export.Dim("batch")}},
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def shape_session(path: str | Path, *, threads: int = 0) -> Shapes:
    """A function from latents to occupancies by ONNX Runtime on the CPU; 0 threads: one a core.

    Errors: the extra is not installed, or the file is missing or no ONNX file (`ValueError`).
    """
    runtime = needed("onnxruntime")
    if not Path(path).is_file():
        raise ValueError(f"There is no ONNX file {path}: write one with save_onnx.")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # a class of its own for each way of being damaged
        raise ValueError(f"{path} cannot be read as ONNX: it is damaged.") from error

    def shapes(latent: Float[np.ndarray, "B size"]) -> Float[np.ndarray, "B 1 R R R"]:
        (occupancy,) = session.run(None, {"latent": np.asarray(latent, dtype=np.float32)})
        return np.asarray(occupancy)

    return shapes


def needed(package: str) -> Any:
    """A package of the extra. Errors: not installed (`ValueError`)."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ValueError(
            f"{package} is not installed: give it with pip install 'infogan3d[onnx]'."
        ) from error
