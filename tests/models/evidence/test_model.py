"""EvidenceInfoGAN: a tiny training through its phases, exact resume, what others call."""

from pathlib import Path
from typing import Any

import pytest
import torch
from fixtures import fit

from infogan3d.attributes.measure import NAMES
from infogan3d.data.config import EvidenceConfig, data_config
from infogan3d.data.datamodule import ChairData
from infogan3d.geometry.visual_hull.evidence import evidence_of_grid, turned_evidence
from infogan3d.models.evidence.measured_codes import UNKNOWN
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.evidence.readings import as_plain, readings

BATCHES, GAME = 6, 4
SIZES: dict[str, Any] = {
    "resolution": 16,
    "noise": 4,
    "discrete": (3, 3, 3),
    "continuous": 6,
    "batches": BATCHES,
}
NARROW: dict[str, Any] = {
    "width": 2,
    "encoder_width": 2,
    "refiner_width": 2,
    "facing_width": 2,
    "trunk_width": 2,
    "trunk_layers": 2,
    "prior_width": 8,
    "prior_steps": 5,
    "game_share": 1 - GAME / BATCHES,
    "precision": "32",
}


def build(**changes: Any) -> EvidenceInfoGAN:
    torch.manual_seed(0)
    return EvidenceInfoGAN(**{**SIZES, **NARROW, **changes})


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def data_of(model: EvidenceInfoGAN, cache: Path) -> ChairData:
    return ChairData(
        data_config("wide_chairs", count=24),
        resolution=16,
        cache=str(cache),
        batch_size=4,
        workers=1,
        evidence=EvidenceConfig(most_views=3, grid_share=0.5, workers=0),
        clock=model.clock,
    )


def train(model: EvidenceInfoGAN, cache: Path, *, until: int, resume: Path | None = None) -> Any:
    return fit(model, data_of(model, cache), resume=resume, max_steps=until, max_epochs=-1)


@pytest.fixture(scope="module")
def trained(cache: Path) -> EvidenceInfoGAN:
    model = build()
    rows = train(model, cache, until=BATCHES).losses
    assert "E/codes" in rows[0]
    assert "D/loss" not in rows[GAME - 1]
    assert "Q/loss" in rows[0]  # it learns to measure real shapes before the game
    assert {"D/loss", "D/penalty", "Q/loss", "R/loss", "E/facing"} <= set(rows[GAME])
    assert {"G/information", "G/apart", "G/answer_apart"} <= set(rows[GAME])
    return model


@pytest.mark.parametrize("stop", [2, GAME, GAME + 1])
def test_a_resumed_training_is_the_unbroken_one(
    trained: EvidenceInfoGAN, cache: Path, tmp_path: Path, stop: int
) -> None:
    first = build()
    train(first, cache, until=stop).save_checkpoint(tmp_path / "part.ckpt")
    again = build()
    train(again, cache, until=BATCHES, resume=tmp_path / "part.ckpt")
    whole, parts = trained.state_dict(), again.state_dict()
    assert [name for name in whole if not torch.equal(whole[name], parts[name])] == []


def test_in_the_game_the_encoder_rests_and_the_rest_moves(cache: Path) -> None:
    model = build()
    train(model, cache, until=GAME + 1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert model.prior.fitted
    assert not model.encoder.training
    other = build()
    train(other, cache, until=BATCHES)
    after = other.state_dict()
    still = {name.split(".")[0] for name in before if torch.equal(before[name], after[name])}
    moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert "encoder" in still - moved
    assert {"generator", "refiner", "trunk", "q_head", "discriminator_head"} <= moved


def test_q_is_shown_what_is_measured_and_not_what_was_asked_for(trained: EvidenceInfoGAN) -> None:
    random = torch.Generator().manual_seed(0)
    codes = trained.draw_codes(2, generator=random)
    fake = torch.zeros(2, 1, 16, 16, 16)
    fake[0, 0, 3:13, 3:13, 6:8] = 1  # a seat on four legs; the other is empty
    for x, y in ((3, 3), (3, 11), (11, 3), (11, 11)):
        fake[0, 0, x : x + 2, y : y + 2, :6] = 1
    labels = trained.labeller.labels(torch.rand(3, len(NAMES)), random)
    targets = trained.code_targets(labels, fake, codes, random)
    assert targets.fake[0].tolist() == [[0, 2, 0], [UNKNOWN] * 3]
    assert targets.fake[1][1].isnan().all()
    assert targets.real is not None
    assert torch.equal(targets.real[0], labels.known_discrete[-2:])


def test_what_others_call(trained: EvidenceInfoGAN) -> None:
    trained.eval()
    codes = trained.draw_codes(5, generator=torch.Generator().manual_seed(0))
    assert trained(codes).shape == (5, 1, 16, 16, 16)
    grid = (torch.rand(2, 1, 16, 16, 16) > 0.9).float()
    assert trained.encode(grid).shape == (2, trained.spec.size)
    evidence = evidence_of_grid(grid[:, 0] > 0.5)
    once, averaged = (trained.refine(evidence, average=way) for way in (False, True))
    assert once.shape == averaged.shape == (2, 1, 16, 16, 16)
    turned = torch.cat([turned_evidence(evidence[:1], quarter) for quarter in range(4)])
    assert trained.facing_log_odds(turned).shape == (4,)
    assert torch.equal(build(facing_width=0).facing_log_odds(turned), torch.zeros(4))
    read = readings(trained.posterior(evidence).codes, trained.scale)
    plain = as_plain(read)
    assert {"arms", "base", "back", "width", "seat_height"} <= set(plain)
    width = plain["width"]
    assert width["low"] <= width["value"] <= width["high"]
    assert "of the longest side" in next(one for one in read if one.name == "width").text()


def test_a_checkpoint_from_before_there_was_a_facing_network_does_without() -> None:
    old = {name: value for name, value in build().hparams.items() if name != "facing_width"}
    assert EvidenceInfoGAN(**old).facing is None


def test_without_refiner_prior_and_labels_it_is_a_plain_one(cache: Path) -> None:
    model = build(
        refiner_width=0,
        prior_width=0,
        codes_from="free",
        game="soft_label",
        discrete=(4,),
        continuous=2,
    )
    rows = train(model, cache, until=BATCHES).losses
    assert "R/loss" not in rows[-1]
    assert "E/codes" not in rows[0]
    assert "D/penalty" not in rows[-1]
    evidence = evidence_of_grid(torch.rand(1, 16, 16, 16) > 0.9)
    with torch.no_grad():
        answer = model.eval().answer(evidence)
    assert torch.allclose(model.refine(evidence, average=False), answer, atol=1e-5)


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"do not fit model\.codes_from=measured"):
        build(discrete=(10,))
