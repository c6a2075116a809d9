"""`+experiment=codes` goes on exactly, from a checkpoint in each of its phases."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from fixtures import settings_of

from infogan3d.commands.train import train
from infogan3d.models.code_discovery.teacher import Teacher
from infogan3d.models.networks.discriminator import Encoder
from infogan3d.models.networks.latent import CodeSpec
from infogan3d.runs import folder
from infogan3d.runs.checkpoint import WholeCheckpoints

UNMIX, TAUGHT, WARM, END = 4, 10, 7, 12
POINTS = {
    "z alone": 2,
    "before the codes are found": 4,
    "taught in the warm-up": 6,
    "before the game": 7,
    "taught in the game": 9,
    "the game": 11,
}


def settings(cache: Path, *words: str) -> Any:
    """A codes run of a second."""
    sizes = ("resolution=16", "model.width=4", "model.trunk_width=4", "batch_size=8")
    phases = (
        f"model.unmix_after={UNMIX}",
        f"model.warmup_batches={WARM}",
        f"model.teach_batches={TAUGHT - UNMIX}",
        f"batches={END}",
    )
    codes = ("codes.noise=4", "codes.discrete=[3,2]", "codes.continuous=2", "data.count=60")
    rest = ("logger=csv", "score_shapes=0", "snapshot_every=0", "log_every=1", "workers=1")
    own = ("trainer=cpu", "model.precision=32", f"cache={cache}", "checkpoint_every=1")
    return settings_of("train", "+experiment=codes", *sizes, *phases, *codes, *rest, *own, *words)


@pytest.fixture(scope="module")
def whole(tiny_cache, tmp_path_factory) -> Path:
    """A run at once; each of its checkpoints is left as <batches>/checkpoints/last.ckpt."""
    home = tmp_path_factory.mktemp("codes")
    save = WholeCheckpoints.save_checkpoint

    def save_and_copy(plugin: Any, content: dict[str, Any], path: Path, **how: Any) -> None:
        save(plugin, content, path, **how)
        point = home / str(content["progress"]["batches"])
        (point / folder.LAST).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, point / folder.LAST)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WholeCheckpoints, "save_checkpoint", save_and_copy)
        train(settings(tiny_cache), home / "run")
    return home


def parts(path: Path) -> dict[str, Any]:
    """What a checkpoint holds of the training itself."""
    content = torch.load(path, weights_only=True)
    keys = ("state_dict", "optimizer_states", "progress", "global_step", "epoch")
    return {key: content[key] for key in keys}


def unequal(one: Any, other: Any, name: str = "") -> list[str]:
    """The dotted names of what differs in any bit."""
    if isinstance(one, torch.Tensor):
        return [] if torch.equal(one, other) else [name]
    if isinstance(one, dict):
        if set(one) != set(other):
            return [name]
        return [bad for key in one for bad in unequal(one[key], other[key], f"{name}.{key}")]
    if isinstance(one, list | tuple):
        pairs = enumerate(zip(one, other, strict=True))
        return [bad for i, (a, b) in pairs for bad in unequal(a, b, f"{name}[{i}]")]
    return [] if one == other else [name]


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_the_rest_is_the_same_training(whole, tiny_cache, tmp_path, point):
    run = tmp_path / "run"
    shutil.copytree(whole / str(point), run)
    shutil.copy(whole / "run" / "config.yaml", run)
    train(settings(tiny_cache, f"resume={run}"), run)
    assert unequal(parts(whole / "run" / folder.LAST), parts(run / folder.LAST)) == []


def test_a_teacher_is_in_evaluation_mode_from_the_start():
    spec = CodeSpec(4, (3, 2), 2)
    teacher = Teacher(Encoder(spec=spec, resolution=16, width=4), spec)
    assert not any(module.training for module in teacher.modules())
