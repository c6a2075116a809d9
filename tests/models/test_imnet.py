"""IM-NET's networks: their published sizes, and one answer a point however it is asked."""

import pytest
import torch

from infogan3d.models.baselines.imnet import (
    GridDecoder,
    GridEncoder,
    ImplicitDecoder,
    cell_centres,
    coarser,
    decode_grid,
    draw_points,
    near_boundary,
    points_published,
    resolution_at,
)


def numbers(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def box(side: int = 16) -> torch.Tensor:
    """A shape of 4 x 6 x 8 cells."""
    grid = torch.zeros(1, 1, side, side, side)
    grid[..., 4:8, 5:11, 3:11] = 1
    return grid


# Sizes


def test_the_implicit_decoder_has_the_published_layers():
    sizes = [(131, 2048), (2179, 1024), (1155, 512), (643, 256), (387, 128), (128, 1)]
    published = sum(before * after + after for before, after in sizes)
    assert numbers(ImplicitDecoder(latent=128, width=128)) == published


@pytest.mark.parametrize(("resolution", "channels"), [(64, 4), (32, 3), (16, 2)])
def test_encoder_and_decoder_mirror_each_other(resolution, channels):
    encoder = GridEncoder(latent=5, resolution=resolution, width=2)
    decoder = GridDecoder(latent=5, resolution=resolution, width=2)
    shapes = [w.shape for w in decoder.parameters() if w.dim() == 5]
    widths = [2 * 2**k for k in range(channels)]
    assert [shape[0] for shape in shapes] == [5, *widths[::-1]]
    assert [w.shape[0] for w in encoder.parameters() if w.dim() == 5] == widths
    grid = (torch.rand(3, 1, *[resolution] * 3, generator=chance()) < 0.1).float()
    latent = encoder(grid)
    assert latent.shape == (3, 5)
    assert 0 < latent.min() < latent.max() < 1
    assert decoder(latent).shape == grid.shape


def test_weights_start_as_published_or_as_he_draws_them():
    for width, weights, expected in (
        (128, "normal", [0.02] * 5),
        (32, "normal", [0.04] * 5),
        (32, "he", [(2 / (before + 131)) ** 0.5 for before in (0, 512, 256, 128, 64)]),
    ):
        decoder = ImplicitDecoder(width=width, weights=weights)
        found = [float(layer.latent.weight.std()) for layer in decoder.layers]
        assert found == pytest.approx(expected, rel=0.1)
    with pytest.raises(ValueError, match=r"model.weights=zero is not known: choose one of normal"):
        ImplicitDecoder(weights="zero")


# A function of points


def test_cells_are_where_the_grid_has_them():
    centres = cell_centres(4).view(4, 4, 4, 3)
    assert centres[0, 0, 0].tolist() == [-0.75, -0.75, -0.75]
    assert centres[3, 1, 2].tolist() == [0.75, -0.25, 0.25]
    fine = cell_centres(128).to(torch.bfloat16)
    assert torch.equal(fine.float(), cell_centres(128))  # nothing is lost in half precision


def test_a_layer_is_one_matrix_on_hidden_latent_and_point():
    decoder, random = ImplicitDecoder(latent=3, width=2), chance()
    latent, points = torch.randn(2, 3, generator=random), torch.randn(2, 5, 3, generator=random)
    read = torch.cat([latent[:, None].expand(-1, 5, -1), points], 2)
    hidden = torch.zeros(2, 5, 0)
    for layer in decoder.layers:
        parts = [layer.hidden] if layer.hidden is not None else []
        weight = torch.cat([part.weight for part in (*parts, layer.latent, layer.point)], 1)
        told = torch.cat([hidden, read], 2) @ weight.T + layer.latent.bias
        hidden = torch.where(told > 0, told, 0.02 * told)
    whole = (hidden @ decoder.out.weight.T + decoder.out.bias)[..., 0]
    assert torch.allclose(decoder(latent, points), whole, atol=1e-6)


def test_a_point_has_one_answer_alone_in_parts_or_in_the_whole_grid():
    decoder = ImplicitDecoder(latent=4, width=4)
    latent = torch.rand(3, 4, generator=chance()).requires_grad_()
    whole = decode_grid(decoder, latent, resolution=8)
    assert whole.shape == (3, 1, 8, 8, 8)
    alone = decoder(latent, cell_centres(8)[None, 100:101].expand(3, -1, -1))
    assert torch.allclose(whole.flatten(1)[:, 100], alone[:, 0], atol=1e-6)
    (slope,) = torch.autograd.grad(whole.square().sum(), latent)
    for rows in (3, 100, 1000):
        parts = decode_grid(decoder, latent, resolution=8, rows=rows)
        assert torch.allclose(parts, whole, atol=1e-6)
        (again,) = torch.autograd.grad(parts.square().sum(), latent)
        assert torch.allclose(again, slope, rtol=1e-4)
        with torch.no_grad():
            quiet = decode_grid(decoder, latent, resolution=8, rows=rows)
        assert torch.allclose(quiet, whole, atol=1e-6)


# What it learns from


def test_points_are_cells_with_their_values():
    grid = torch.cat([box(), 1 - box()])
    points, inside = draw_points(grid, count=500, generator=chance())
    assert points.shape == (2, 500, 3)
    index = ((points + 1) * 8 - 0.5).long()
    for shape in range(2):
        x, y, z = index[shape].unbind(1)
        assert torch.equal(grid[shape, 0, x, y, z], inside[shape])
        assert len({(a, b, c) for a, b, c in index[shape].tolist()}) == 500


def test_near_is_up_to_three_cells_from_a_boundary():
    near = near_boundary(box())[0, 0]
    slab = torch.zeros(1, 1, 16, 16, 16)
    slab[..., :8] = 1
    assert near_boundary(slab)[0, 0, 3, 3].nonzero().flatten().tolist() == [5, 6, 7, 8, 9, 10]
    expected = torch.zeros(16, 16, 16, dtype=torch.bool)
    expected[1:11, 2:14, 0:14] = True  # no cell of a box this small is 4 from its boundary
    assert torch.equal(near, expected)


def test_near_cells_come_first_and_leave_room_for_others():
    near = near_boundary(box())[0, 0]
    many = int(near.sum())  # 1680
    for count, expected in ((many + 320, many), (many, many), (400, 300)):
        points, _ = draw_points(box(), count=count, generator=chance())
        x, y, z = ((points[0] + 1) * 8 - 0.5).long().unbind(1)
        assert int(near[x, y, z].sum()) == pytest.approx(expected, abs=0 if count >= many else 40)


def test_all_cells_are_taken_where_they_fit():
    points, inside = draw_points(box(), count=16**3, generator=chance())
    assert torch.equal(points[0], cell_centres(16))
    assert torch.equal(inside, box().flatten(1))


def test_empty_and_full_shapes_give_points_too():
    for value in (0.0, 1.0):
        _, inside = draw_points(torch.full((1, 1, 16, 16, 16), value), count=9, generator=chance())
        assert inside.tolist() == [[value] * 9]


def test_coarse_grids_come_first():
    assert [resolution_at(share / 8, 64) for share in range(9)] == [16, 16, 32, 32, *[64] * 5]
    assert [resolution_at(share / 4, 32) for share in range(5)] == [16, 16, 32, 32, 32]
    assert {resolution_at(share / 4, 16) for share in range(5)} == {16}
    assert [points_published(side) for side in (16, 32, 64)] == [4096, 8192, 32768]
    assert torch.equal(coarser(box(), 16), box())
    assert coarser(box(), 8)[0, 0].nonzero().min(0).values.tolist() == [2, 2, 1]
    assert coarser(box(), 8).sum() == 2 * 4 * 5
