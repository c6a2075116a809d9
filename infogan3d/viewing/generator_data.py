"""A run's generator as data for its page: layers, learned prior, what each code is called.

    model --BatchNorm folded, half precision--> weights, base64
          --layers, prior, codes, a table of training codes--> one JSON object

live/decode.js reads it. Weights lie one after the other; every layer says where its own begin.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from infogan3d.attributes.measure import UNITS
from infogan3d.models.base import GANModel, ShapeModel
from infogan3d.models.evidence.measured_codes import CHOICES, NUMBERS
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.evidence.prior import STEPS
from infogan3d.models.networks.flow import Flow
from infogan3d.models.networks.generator import Generator
from infogan3d.stats.picks import evenly

ROWS = 200  # training shapes whose codes the page draws from


@dataclass
class Weights:
    """Arrays one after the other in half precision."""

    parts: list[np.ndarray] = field(default_factory=list)
    length: int = 0

    def add(self, array: Tensor) -> int:
        """Where the array begins, in numbers."""
        start, flat = self.length, array.detach().float().cpu().numpy().ravel()
        self.parts.append(flat.astype("<f2"))
        self.length += flat.size
        return start

    def text(self) -> str:
        return base64.b64encode(np.concatenate(self.parts).tobytes()).decode()


def can_be_live(model: ShapeModel) -> bool:
    """Whether its shapes are made by `Generator` from codes that are laid out by its spec."""
    return isinstance(model, GANModel) and isinstance(getattr(model, "ema", None), Generator)


def generator_data(model: GANModel) -> dict[str, Any]:
    """What a page needs to draw the model's shapes; see the head of this file."""
    weights = Weights()
    generator = model.ema
    assert isinstance(generator, Generator)
    layers = [_layer(*folded, weights) for folded in _folded(generator)]
    spec = model.spec
    sizes = {"noise": spec.noise, "discrete": spec.discrete, "continuous": spec.continuous}
    data = {"latent": sizes, "layers": layers, "codes": codes_of(model), "prior": None, "table": []}
    if isinstance(model, EvidenceInfoGAN) and model.prior.fitted:
        data |= _prior(model, weights)
    return data | {"weights": weights.text()}


def _folded(generator: Generator) -> list[tuple[Tensor, Tensor, bool]]:
    """Each convolution with the BatchNorm behind it: weights, bias, whether ReLU follows."""
    folded_layers: list[tuple[Tensor, Tensor, bool]] = []
    for layer in generator.layers:
        if isinstance(layer, nn.ConvTranspose3d):
            bias = layer.bias if layer.bias is not None else torch.zeros(layer.out_channels)
            folded_layers.append((layer.weight, bias, False))
        elif isinstance(layer, nn.modules.batchnorm._BatchNorm):
            weight, bias, _ = folded_layers[-1]
            mean, variance = layer.running_mean, layer.running_var
            assert mean is not None
            assert variance is not None
            scale = layer.weight / (variance + layer.eps).sqrt()
            folded = weight * scale[None, :, None, None, None]
            folded_layers[-1] = (folded, layer.bias + (bias.to(mean) - mean) * scale, False)
        else:
            folded_layers[-1] = (*folded_layers[-1][:2], True)
    return folded_layers


def _layer(
    weight: Float[Tensor, "before after 4 4 4"],
    bias: Float[Tensor, " after"],
    relu: bool,
    weights: Weights,
) -> dict[str, Any]:
    """Weights as [x, y, z, before, after]: what decode.js reads in order."""
    ordered = weight.permute(2, 3, 4, 0, 1).contiguous()
    before, after = weight.shape[:2]
    places = {"weight": weights.add(ordered), "bias": weights.add(bias)}
    return {"before": before, "after": after, "relu": relu, **places}


def _prior(model: EvidenceInfoGAN, weights: Weights) -> dict[str, Any]:
    """The flow and some training shapes' codes."""
    prior = model.prior
    rows = evenly(int(prior.rows), ROWS)
    table = [
        [prior.discrete[row].tolist(), [round(x, 3) for x in prior.continuous[row].tolist()]]
        for row in rows
    ]
    if not isinstance(prior.flow, Flow):
        return {"table": table}
    flow = prior.flow
    dense = [layer for layer in flow.layers if isinstance(layer, nn.Linear)]
    layers = [
        {
            "before": layer.in_features,
            "after": layer.out_features,
            "weight": weights.add(layer.weight.T.contiguous()),
            "bias": weights.add(layer.bias),
        }
        for layer in dense
    ]
    places = {"mean": weights.add(flow.mean), "spread": weights.add(flow.spread)}
    settings = {"periods": len(flow.periods), "steps": STEPS, "guidance": prior.guidance}
    return {"table": table, "prior": {"layers": layers, **places, **settings}}


def codes_of(model: GANModel) -> list[dict[str, Any]]:
    """Each code in latent order: its name, and its values or what its ends stand for; `seen` are
    the choices that occur among the training shapes, which alone are offered."""
    spec = model.spec
    measured = isinstance(model, EvidenceInfoGAN) and model.measures_codes
    if not measured:
        choices = [
            {
                "key": f"d{i}",
                "name": f"code d{i}",
                "values": [str(value) for value in range(size)],
                "seen": list(range(size)),
            }
            for i, size in enumerate(spec.discrete)
        ]
        return choices + [{"key": f"c{i}", "name": f"code c{i}"} for i in range(spec.continuous)]
    assert isinstance(model, EvidenceInfoGAN)
    named: list[dict[str, Any]] = [
        {"key": name, "name": name, "values": list(values), "seen": seen}
        for (name, values), seen in zip(CHOICES.items(), model.prior.choices_seen(), strict=True)
    ]
    for i, name in enumerate(NUMBERS):
        levels = [round(x, 4) for x in model.scale.levels[i].tolist()]
        unit = "degrees" if UNITS[name] == "degrees" else "share"
        named.append({"key": name, "name": name.replace("_", " "), "levels": levels, "unit": unit})
    return named
