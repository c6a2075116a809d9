"""The quick layers give what torch's own give: outputs and gradients, fp32 and bf16."""

import pytest
import torch
from torch import nn

from infogan3d.models.networks.layers import (
    ConvFromOne,
    ConvTransposeFromCell,
    ConvTransposeToOne,
    to_one_channel,
)


def plain(layer: nn.Module) -> nn.Module:
    """Torch's own layer with the same weights."""
    kind = nn.Conv3d if isinstance(layer, nn.Conv3d) else nn.ConvTranspose3d
    own = kind(
        layer.in_channels,
        layer.out_channels,
        4,
        stride=layer.stride,
        padding=layer.padding,
        bias=layer.bias is not None,
    )
    own.load_state_dict(layer.state_dict())
    return own


CASES = {
    "to one": (lambda: ConvTransposeToOne(3), (2, 3, 4, 4, 4)),
    "from one": (lambda: ConvFromOne(3), (2, 1, 8, 8, 8)),
    "from a cell": (lambda: ConvTransposeFromCell(7, 5), (4, 7, 1, 1, 1)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("last", [False, True])
def test_outputs_and_gradients_are_torchs(name, bf16, last):
    torch.manual_seed(0)
    layer, shape = CASES[name][0](), CASES[name][1]
    found = []
    for module in (layer, plain(layer)):
        if last:
            module = module.to(memory_format=torch.channels_last_3d)
        torch.manual_seed(1)
        x = torch.randn(shape, requires_grad=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            out = module(x)
        assert out.dtype == (torch.bfloat16 if bf16 else torch.float32)
        (out.float() * torch.randn(out.shape)).sum().backward()
        found.append([out.float(), x.grad, *(one.grad for one in module.parameters())])
    for ours, torchs in zip(*found, strict=True):
        tolerance = 0.02 * float(torchs.abs().max()) if bf16 else 1e-5
        torch.testing.assert_close(ours, torchs, rtol=0, atol=max(tolerance, 1e-5))


def test_one_tap_lands_where_it_should():
    """Input cell (1, 0, 2) and kernel tap (3, 1, 0) meet at output 2 i + tap - 1 = (4, 0, 3)."""
    x, weight = torch.zeros(1, 1, 3, 3, 3), torch.zeros(1, 1, 4, 4, 4)
    x[0, 0, 1, 0, 2], weight[0, 0, 3, 1, 0] = 2.0, 5.0
    out = to_one_channel(x, weight)
    assert out.nonzero().tolist() == [[0, 0, 4, 0, 3]]
    assert out.sum() == 10


def test_only_what_is_asked_for_gets_a_gradient():
    layer = ConvFromOne(2)
    layer.requires_grad_(False)
    x = torch.randn(1, 1, 4, 4, 4, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    assert layer.weight.grad is None
    layer.requires_grad_(True)
    layer(torch.randn(1, 1, 4, 4, 4)).sum().backward()
    assert layer.weight.grad is not None
