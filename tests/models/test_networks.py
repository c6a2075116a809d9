"""Shapes, channels and parameter counts of the networks; the paper's size on no device at all."""

import pytest
import torch
from torch import nn

from infogan3d.models.networks.discriminator import DiscriminatorHead, Encoder, QHead, Trunk
from infogan3d.models.networks.generator import RESOLUTIONS, Generator
from infogan3d.models.networks.latent import CodeSpec

SPEC = CodeSpec(noise=3, discrete=(4, 2), continuous=2)


def size(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def sides(trunk: Trunk, resolution: int) -> list[tuple[int, int]]:
    """Channels and side after each convolution."""
    seen: list[tuple[int, int]] = []
    for layer in trunk.layers:
        if isinstance(layer, nn.Conv3d):
            layer.register_forward_hook(lambda m, i, out: seen.append((out.shape[1], out.shape[2])))
    trunk(torch.zeros(1, 1, resolution, resolution, resolution))
    return seen


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_every_size_builds_and_passes_shapes_through(resolution):
    width = 1 if resolution == 128 else 2
    with torch.no_grad():
        grid = Generator(latent_size=SPEC.size, resolution=resolution, width=width)(
            torch.randn(2, SPEC.size)
        )
        assert grid.shape == (2, 1, resolution, resolution, resolution)
        trunk = Trunk(resolution=resolution, width=width)
        features = trunk(grid)
        assert features.shape == (2, trunk.features)
        assert trunk.features == 8 * width * max(resolution // 16, 2) ** 3
        assert DiscriminatorHead(trunk.features)(features).shape == (2,)
        codes = QHead(trunk.features, spec=SPEC)(features)
        logits, mean, log_variance = codes.discrete_logits, codes.mean, codes.log_variance
        assert [tuple(row.shape) for row in logits] == [(2, 4), (2, 2)]
        assert mean.shape == log_variance.shape == (2, 2)


@pytest.mark.parametrize("resolution", [16, 32])
def test_the_encoder_answers_with_noise_and_codes(resolution):
    encoder = Encoder(spec=SPEC, resolution=resolution, width=2)
    grid = torch.rand(3, 1, resolution, resolution, resolution)
    posterior = encoder(grid)
    mean, log_variance = posterior.noise_mean, posterior.noise_log_variance
    codes = posterior.codes
    logits, centre, spread = codes.discrete_logits, codes.mean, codes.log_variance
    assert mean.shape == log_variance.shape == (3, 3)
    assert [tuple(row.shape) for row in logits] == [(3, 4), (3, 2)]
    assert centre.shape == spread.shape == (3, 2)
    assert encoder.trunk.features == 2 * 2 ** (resolution.bit_length() - 4) * 4**3


def test_variances_are_held_in_range():
    encoder = Encoder(spec=SPEC, resolution=16, width=2)
    with torch.no_grad():
        for layer in (encoder.noise, encoder.codes.out):
            layer.weight.zero_()
            layer.bias[::2], layer.bias[1::2] = -1e3, 1e3
        posterior = encoder(torch.rand(8, 1, 16, 16, 16))
        noise, codes = posterior.noise_log_variance, posterior.codes.log_variance
    assert (noise.min(), noise.max()) == (-8, 4)
    assert (codes.min(), codes.max()) == (-6, 6)


def test_the_papers_generator_at_64():
    with torch.device("meta"):
        generator = Generator(latent_size=189, resolution=64, width=64)
    layers = [layer for layer in generator.layers if isinstance(layer, nn.ConvTranspose3d)]
    assert [layer.out_channels for layer in layers] == [512, 256, 128, 64, 1]
    assert [layer.kernel_size for layer in layers] == [(4, 4, 4)] * 5
    kinds = [*[nn.ConvTranspose3d, nn.BatchNorm3d, nn.ReLU] * 4, nn.ConvTranspose3d]
    pairs = zip(generator.layers, kinds, strict=True)
    assert all(isinstance(layer, kind) for layer, kind in pairs)
    weights = 64 * (189 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64)
    assert size(generator) == weights + 2 * (512 + 256 + 128 + 64) + 1 == 17_209_217


def test_the_papers_trunk_at_64():
    thin = [Trunk(resolution=64, width=1, layers=layers) for layers in (4, 5)]
    assert sides(thin[0], 64) == [(1, 32), (2, 16), (4, 8), (8, 4)]
    assert sides(thin[1], 64) == [(1, 32), (2, 16), (4, 8), (8, 4), (8, 2)]
    with torch.device("meta"):
        four = Trunk(resolution=64, width=64)
        five = Trunk(resolution=64, width=64, layers=5)
        heads = DiscriminatorHead(four.features), QHead(four.features, spec=CodeSpec())
    assert (four.features, five.features) == (32768, 4096)
    weights = 64 * (64 + 64 * 128 + 128 * 256 + 256 * 512) + 64 + 128 + 256 + 512
    assert size(four) == weights == 11_015_104
    assert size(five) == weights + 64 * 512 * 512 + 512 == 27_792_832
    assert size(heads[0]) == 32769
    assert size(heads[1]) == 32768 * 128 + 128 + 128 * (60 + 2) + 62 == 4_202_430
    assert {layer.negative_slope for layer in four.layers if isinstance(layer, nn.LeakyReLU)} == {
        0.2
    }


def test_a_trunk_deeper_than_its_grid_stays_at_two():
    trunk = Trunk(resolution=16, width=1, layers=5)
    assert sides(trunk, 16) == [(1, 8), (2, 4), (4, 2), (8, 2), (8, 2)]


@pytest.mark.parametrize("layers", [3, 4, 5])
def test_bf16_learns_from_nearly_the_same_gradients(layers):
    """With 3^3 kernels on a grid of 2^3, oneDNN gave whatever lay in memory."""
    torch.manual_seed(0)
    trunk = Trunk(resolution=16, width=4, layers=layers).to(memory_format=torch.channels_last_3d)
    grid = torch.rand(8, 1, 16, 16, 16)
    gradients = []
    for wanted in (False, True):
        trunk.zero_grad()
        for cells in (64, 512, 4096, 32768):
            torch.full((cells,), float("nan"))  # what lies in memory
        with torch.autocast("cpu", torch.bfloat16, enabled=wanted):
            features = trunk(grid)
        features.float().square().mean().backward()
        gradients.append([parameter.grad.clone() for parameter in trunk.parameters()])
    for exact, near in zip(*gradients, strict=True):
        assert (exact - near).norm() < 0.05 * exact.norm()


def test_norms_of_the_trunk():
    plain, batch, spectral = (
        Trunk(resolution=16, width=2, layers=3, norm=norm) for norm in ("none", "batch", "spectral")
    )
    assert sum(isinstance(layer, nn.BatchNorm3d) for layer in plain.layers) == 0
    assert sum(isinstance(layer, nn.BatchNorm3d) for layer in batch.layers) == 2
    for _ in range(30):
        spectral(torch.rand(1, 1, 16, 16, 16))  # the power iteration settles
    weights = [layer.weight for layer in spectral.layers if isinstance(layer, nn.Conv3d)]
    norms = [torch.linalg.matrix_norm(weight.flatten(1), 2).item() for weight in weights]
    assert norms == pytest.approx([1, 1, 1], abs=0.05)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Generator(latent_size=8, resolution=48), r"resolution=48 cannot be built: choose"),
        (lambda: Generator(latent_size=8, resolution=256), r"one of \(16, 32, 64, 128\)"),
        (lambda: Trunk(resolution=0), "resolution=0 cannot be built"),
        (lambda: Trunk(layers=0), "trunk.layers=0 leaves nothing to share: give at least 1"),
        (lambda: Trunk(norm="layer"), "trunk.norm=layer is not known: choose none, batch or spec"),
        (lambda: Encoder(spec=SPEC, resolution=20), "resolution=20 cannot be built"),
    ],
)
def test_what_cannot_be_built_is_refused_with_its_cure(build, words):
    with pytest.raises(ValueError, match=words):
        build()


# Gradient checkpointing


def kept_bytes(network: nn.Module, given: torch.Tensor) -> int:
    """Bytes of all that a forward pass keeps for the way back."""
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(given)
    return sum(kept.values())


@pytest.mark.parametrize("kind", ["generator", "trunk"])
def test_checkpointing_gives_the_same_gradients_and_statistics_for_less_memory(kind):
    def build(redo: bool) -> nn.Module:
        torch.manual_seed(0)
        if kind == "generator":
            return Generator(latent_size=5, resolution=32, width=4, redo=redo)
        return Trunk(resolution=32, width=4, norm="batch", redo=redo)

    given = torch.randn(3, 5) if kind == "generator" else torch.rand(3, 1, 32, 32, 32)
    plain, redone = build(False), build(True)
    for network in (plain, redone):
        network(given).square().mean().backward()
    for one, other in zip(plain.parameters(), redone.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)
    for one, other in zip(plain.buffers(), redone.buffers(), strict=True):
        torch.testing.assert_close(one, other)
    assert kept_bytes(redone, given) < 0.75 * kept_bytes(plain, given)


def test_checkpointing_and_spectral_norm_are_refused_together():
    with pytest.raises(ValueError, match=r"checkpointing=true and trunk_norm=spectral"):
        Trunk(resolution=16, width=2, norm="spectral", redo=True)
