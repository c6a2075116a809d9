"""publish: a run's model in a folder of its own, and what stands wherever a run does."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch
from fixtures import run_command, save_evidence_run

from infogan3d.io.errors import CheckpointError
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.folder import find_run, load_settings, results_folder
from infogan3d.runs.published import layout
from infogan3d.runs.published.hub import HubModel


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    return save_evidence_run(folder / "run", folder / "cache")


@pytest.fixture(scope="module")
def published(run: Path) -> Path:
    done = run_command("publish", f"run={run}", "to=taken", cwd=run.parent)
    assert done.returncode == 0, done.stderr
    assert "sha256" in done.stdout
    return run.parent / "taken"


def broken(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "broken"))


def test_the_weights_are_the_runs_in_half_precision(run: Path, published: Path) -> None:
    model, again = load_model(run), load_model(published)
    assert again.training is False
    for name, value in again.state_dict().items():
        before = model.state_dict()[name.replace("generator.", "ema.", 1)]
        halved = name.endswith("weight") and value.dim() > 1
        assert torch.equal(value, before.half().float() if halved else before), name
    assert load_settings(published).model == load_settings(run).model
    codes = draw_codes(again, 4, seed=0)
    assert generate_grids(again, codes).shape == (4, 16, 16, 16)


def test_the_folder_is_laid_out_as_the_hub_wants_it(published: Path) -> None:
    assert sorted(path.name for path in published.iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    card = (published / "README.md").read_text()
    head = card.split("---")[1]
    assert "library_name: infogan3d" in head
    assert "pipeline_tag: image-to-3d" in head
    assert "license: mit" in head
    assert "| seat height |" in card
    assert "none, open, closed" in card
    config = json.loads((published / "config.json").read_text())
    data = (published / "model.safetensors").read_bytes()
    assert config["sha256"] == hashlib.sha256(data).hexdigest()
    assert "cache" not in config["settings"]
    model = HubModel.from_pretrained(str(published))
    assert torch.equal(
        model.shapes.ema.layers[0].weight, load_model(published).ema.layers[0].weight
    )


def test_it_stands_wherever_a_run_does_and_stays_as_it_is(published: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in published.iterdir()}
    made = run_command("generate", f"run={published}", "count=2", "page=true", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "2 shapes" in made.stdout
    (page,) = tmp_path.glob("runs/generate/*/report.html")
    assert "generator" in page.read_text()
    resumed = run_command("train", f"resume={published}", cwd=tmp_path)
    assert resumed.returncode == 2
    assert "no optimizer" in resumed.stderr
    assert {path.name: path.read_bytes() for path in published.iterdir()} == before
    assert results_folder(published) == Path("runs/published/taken")


def test_what_was_changed_is_refused(published: Path, tmp_path: Path) -> None:
    folder = broken(published, tmp_path)
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-3] ^= 4
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(CheckpointError, match="sha256 differs"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sha256": 3}, "damaged"),
        ({"settings": []}, "damaged"),
        ({"model": {}}, "does not fit|describes other"),
        ({"model": {"width": 10**12}}, "does not fit|asks for more"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    published: Path, tmp_path: Path, change: dict, said: str
) -> None:
    folder = broken(published, tmp_path)
    config = json.loads((folder / "config.json").read_text())
    for key, value in change.items():
        config[key] = {**config[key], **value} if key == "model" and value else value
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=said):
        load_model(folder)


def test_a_weight_more_or_one_less_is_refused(published: Path, tmp_path: Path) -> None:
    folder = broken(published, tmp_path)
    weights = safetensors.torch.load((folder / "model.safetensors").read_bytes())
    weights.pop(sorted(weights)[0])
    data = safetensors.torch.save(weights)
    (folder / "model.safetensors").write_bytes(data)
    config = json.loads((folder / "config.json").read_text())
    config["sha256"] = hashlib.sha256(data).hexdigest()
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="describes other networks"):
        load_model(folder)


def test_a_folder_with_other_things_is_not_written_into(run: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("x")
    done = run_command("publish", f"run={run}", "to=thesis", cwd=tmp_path)
    assert done.returncode == 2
    assert "holds other things" in done.stderr
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]


def test_pretrained_names_what_is_shipped() -> None:
    shipped = sorted(int(path.parent.name) for path in layout.SHIPPED.glob("[0-9]*/config.json"))
    for side in shipped:
        assert load_settings(find_run(f"pretrained:{side}")).resolution == side
    with pytest.raises(ValueError, match="shipped"):
        find_run("pretrained:7")
