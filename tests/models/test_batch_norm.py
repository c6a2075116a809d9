"""BatchNorm over processes equals torch's over the whole batch; a redone pass counts once."""

from pathlib import Path

import torch
from torch import distributed, multiprocessing, nn

from infogan3d.models.networks.layers import BatchNorm3d, redoing

SHAPE = (6, 3, 2, 2, 2)


def whole() -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    return torch.randn(SHAPE, generator=random) * 3 + 1, torch.randn(SHAPE, generator=random)


def answer(norm: nn.BatchNorm3d, x: torch.Tensor, weight: torch.Tensor) -> dict[str, torch.Tensor]:
    """What a pass gives: output, gradients, running statistics."""
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, 2.0, 0.5]))
        norm.bias.copy_(torch.tensor([0.0, 1.0, -1.0]))
    x = x.clone().requires_grad_()
    out = norm(x)
    (out * weight).sum().backward()
    return {
        "out": out.detach(),
        "x": x.grad,
        "weight": norm.weight.grad,
        "mean": norm.running_mean,
        "variance": norm.running_var,
        "batches": norm.num_batches_tracked,
    }


def part(rank: int, folder: str) -> None:
    """One of two processes, with a third and two thirds of the batch."""
    meeting = Path(folder) / "meeting"
    distributed.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=2)
    x, weight = whole()
    rows = slice(0, 2) if rank == 0 else slice(2, 6)
    torch.save(answer(BatchNorm3d(3), x[rows], weight[rows]), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_give_what_one_gives_for_the_whole_batch(tmp_path):
    multiprocessing.spawn(part, (str(tmp_path),), nprocs=2)
    one, two = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    expected = answer(nn.BatchNorm3d(3), *whole())
    for name in ("out", "x"):
        torch.testing.assert_close(torch.cat([one[name], two[name]]), expected[name])
    torch.testing.assert_close(one["weight"] + two["weight"], expected["weight"])
    for name in ("mean", "variance", "batches"):
        torch.testing.assert_close(one[name], expected[name])
        torch.testing.assert_close(two[name], expected[name])


def test_a_redone_pass_gives_the_same_and_leaves_the_statistics():
    x, _ = whole()
    norm = BatchNorm3d(3)
    once = norm(x)
    kept = norm.running_mean.clone(), norm.running_var.clone()
    with redoing():
        again = norm(x)
    torch.testing.assert_close(once, again)
    assert torch.equal(norm.running_mean, kept[0])
    assert torch.equal(norm.running_var, kept[1])
    assert norm.num_batches_tracked == 1


def test_alone_it_is_torchs():
    x, weight = whole()
    ours, torchs = answer(BatchNorm3d(3), x, weight), answer(nn.BatchNorm3d(3), x, weight)
    assert all(torch.equal(ours[name], torchs[name]) for name in ours)
