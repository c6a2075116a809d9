"""The workspace shows what runs log, both ways; it is kept or sent, and mistakes are told."""

import json
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fixtures import CONF, run_command, settings_of
from hydra.core.global_hydra import GlobalHydra

from infogan3d import dashboard as entry
from infogan3d.commands import dashboard as command
from infogan3d.commands.dashboard import check, dashboard, excuse, experiment, lacking
from infogan3d.commands.train import train
from infogan3d.training.guarded_wandb import BATCHES
from infogan3d.training.tracking import Logged
from infogan3d.training.workspace import PANELS, SECTIONS, Panel, send, workspace

pytest.importorskip("wandb_workspaces", reason="the dashboard extra is not installed")
KEYS = [key for panel in PANELS for key in panel.keys]


def small(cache: Path, *words: str) -> dict[str, Any]:
    """Settings of a run of a second: drawn chairs, no scores, one device."""
    own = ("data.exact=true", f"cache={cache}", "workers=1", "score_shapes=0", "trainer=cpu")
    return settings_of("train", "+experiment=smoke", "epochs=9", "logger=wandb", *own, *words)


@pytest.fixture(scope="module")
def plain(tiny_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as different from the smoke run as can be: no encoder, no start, it validates, and its
    loss only ever pays for filled cells, so that there are meshes to log."""
    run = tmp_path_factory.mktemp("plain")
    own = ("model.pairing=random", "model.warmup_batches=0", "model.ema=0.0")
    fill = ("model.lambda1=100.0", "model.lambda2=0.0", "model.generator_lr=0.1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        train(small(tiny_cache, "batches=4", "validate_every=2", *own, *fill), run)
    return run


# Against real runs


def test_a_run_with_an_encoder_logs_what_is_shown_and_nothing_else(smoke, capsys):
    check(smoke.folder)
    told = capsys.readouterr().out
    assert told.endswith("logged but not shown: none\n")
    assert "no encoder" not in told


def test_a_rivals_run_is_refused(tmp_path):
    (tmp_path / "config.yaml").write_text("system: cnn_ae\n")
    with pytest.raises(ValueError, match="is of system=cnn_ae: the workspace shows infogan3d's"):
        check(tmp_path)


def test_a_run_without_one_logs_all_but_the_encoders_keys(plain, capsys):
    check(plain)
    assert capsys.readouterr().out.splitlines() == [
        f"{len(KEYS)} keys shown, {len(KEYS) - 2} of them logged by {plain}",
        "not logged, since it has no encoder: E/divergence, val/rebuilt_iou",
        "logged but not shown: none",
    ]


def test_without_wandb_only_what_is_in_the_csv_is_asked_for(plain, tmp_path, capsys):
    shutil.copytree(plain, tmp_path / "run", ignore=shutil.ignore_patterns("wandb"))
    check(tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    media = ", ".join(key for key in KEYS if key.startswith("media/"))
    assert f"not logged, since it ran without W&B: doctor, {media}" in lines


def test_a_key_that_no_run_logs_is_an_error(plain, monkeypatch):
    monkeypatch.setattr(command, "PANELS", (*PANELS, Panel("D", "new", ("D/new", "D/loss"))))
    with pytest.raises(ValueError, match=r"shown but never logged by .*: D/new\.$"):
        check(plain)


def test_a_mesh_that_is_there_must_be_logged(plain, tmp_path, monkeypatch, capsys):
    rest = frozenset(KEYS) - {"media/sample-1"}
    monkeypatch.setattr(command, "read_logged", lambda _: Logged(rest, rest, frozenset(), True, 4))
    with pytest.raises(ValueError, match=r"never logged by .*: media/sample-1\.$"):
        check(plain)
    shutil.copy(plain / "config.yaml", tmp_path)
    check(tmp_path)
    assert "that shape came out empty: media/sample-1\n" in capsys.readouterr().out


def test_a_key_that_no_panel_shows_is_told(plain, monkeypatch, capsys):
    fewer = tuple(panel for panel in PANELS if panel.keys != ("G/loss_kl",))
    monkeypatch.setattr(command, "PANELS", fewer)
    check(plain)
    assert capsys.readouterr().out.endswith("logged but not shown: G/loss_kl\n")


@pytest.mark.parametrize(
    ("without", "over", "told"),
    [({"media/walks"}, True, "draw media/walks of"), (set(), False, "draw its curves of")],
)
def test_what_is_not_drawn_over_batches_is_an_error(plain, monkeypatch, without, over, told):
    found = Logged(frozenset(KEYS), frozenset(KEYS), frozenset(without), over, 4)
    monkeypatch.setattr(command, "read_logged", lambda _: found)
    with pytest.raises(ValueError, match=f"W&B does not {told} .* over batches"):
        check(plain)


@pytest.mark.parametrize(
    ("words", "batches", "why", "keys"),
    [
        ((), 1, "it ended before it validated", {"val/coverage", "doctor/empty", "doctor"}),
        (("model.warmup_batches=4",), 4, "it ended in its auto-encoding start", {"D/loss"}),
        (("model.warmup_batches=2",), 3, "it did not validate after its", {"val/code_accuracy"}),
        (("codes.discrete=[]",), 4, "it has no discrete codes", {"val/code_accuracy"}),
        (("codes.noise=0",), 4, "it has no noise", {"val/z_effect"}),
        (("codes.discrete=[]", "codes.continuous=0"), 4, "no codes", {"val/code_effect"}),
    ],
)
def test_a_run_is_excused_from_what_it_cannot_log(tmp_path, words, batches, why, keys):
    given = small(tmp_path, "validate_every=2", *words)
    absent = lacking(given, Logged(frozenset(), frozenset(), frozenset(), True, batches))
    excuses = {
        key: excuse(panel, key, tmp_path, absent)
        for panel in PANELS
        for key in panel.keys
        if key in keys or key in ("G/loss", "media/samples")
    }
    assert {key for key, told in excuses.items() if told} == keys
    assert all(why in excuses[key] for key in keys)


# The workspace


def panels_of(kept: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The panels of a workspace.json by their sections."""
    sections = kept["spec"]["section"]["panelBankConfig"]["sections"]
    return {section["name"]: section["panels"] for section in sections}


def test_without_a_network_the_workspace_is_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WANDB_MODE", "offline")
    dashboard(settings_of("dashboard", "show=hard_label", "entity=me"), tmp_path)
    path = tmp_path / "workspace.json"
    assert capsys.readouterr().out == (
        "W&B: its mode is offline, so the workspace of group labels was not sent but kept in "
        f"{path}: give this command again after `wandb login`, with a network, to send it.\n"
    )
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config.yaml", "workspace.json"]
    kept = json.loads(path.read_text())
    assert (kept["entity"], kept["project"]) == ("me", "infogan3d")
    drawn = panels_of(kept)
    assert list(drawn) == list(SECTIONS)
    for section, panels in drawn.items():
        keys = [
            panel["config"].get("metrics", panel["config"].get("mediaKeys")) for panel in panels
        ]
        assert keys == [list(panel.keys) for panel in PANELS if panel.section == section]
        axes = {panel["config"].get("xAxis") for panel in panels}
        assert axes == ({BATCHES} if section != "Media" else {None})
    (runs_shown,) = kept["spec"]["section"]["runSets"]
    (group,) = runs_shown["filters"]["filters"]
    assert (group["key"], group["op"]) == ({"section": "run", "name": "group"}, "=")
    assert (group["value"], group["disabled"]) == ("labels", False)
    assert runs_shown["grouping"] == [{"section": "config", "name": "name.value"}]
    assert runs_shown["runFeed"]["columnOrder"] == ["run:displayName", "summary:doctor"]


def test_the_library_reads_the_workspace_again():
    from wandb_workspaces.workspaces.interface import Workspace
    from wandb_workspaces.workspaces.internal import View

    text = workspace("p", "g", lines="model.lambda1", entity="e")._model.model_dump_json(
        by_alias=True, exclude_none=True
    )
    again = Workspace._from_model(View.model_validate_json(text))
    assert [section.name for section in again.sections] == list(SECTIONS)
    assert again.runset_settings.groupby[0].name == "model.lambda1"
    assert again.settings.x_axis == BATCHES


def test_losses_are_smoothed_and_findings_are_not():
    drawn = panels_of(workspace("p", "g")._model.model_dump(by_alias=True))
    smoothing = {
        section: {panel["config"].get("smoothingWeight") for panel in panels}
        for section, panels in drawn.items()
    }
    assert smoothing["D"] == {0.6}
    assert smoothing["Doctor"] == smoothing["Validation"] == {0}


def test_every_experiment_has_a_group():
    found = {path.stem: experiment(path.stem) for path in (CONF / "experiment").glob("*.yaml")}
    assert found["soft_label"] == found["hard_label"] == {"group": "labels", "project": "infogan3d"}
    assert found["smoke"]["group"] == "smoke"
    assert all(one["group"] for one in found.values())


class Server(BaseHTTPRequestHandler):
    """As much of W&B's server as saving a workspace asks for."""

    sent: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        query = body.get("query", "") if isinstance(body, dict) else ""
        answer: dict[str, Any] = {}
        if "upsertView" in query:
            self.sent.append(body["variables"])
            view = {"id": "1", "name": body["variables"]["name"]}
            answer = {"upsertView": {"view": view, "inserted": True}}
        elif "viewer" in query:
            teams: dict[str, Any] = {"edges": []}
            me = {"id": "1", "entity": "me", "username": "me", "email": "", "flags": "{}"}
            answer = {"viewer": {**me, "teams": teams}}
        text = json.dumps({"data": answer}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None: ...


def test_with_a_server_and_a_key_the_workspace_is_sent(tmp_path):
    Server.sent = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        key = {"WANDB_BASE_URL": address, "WANDB_API_KEY": "0" * 40, "HOME": str(tmp_path)}
        done = run_command("dashboard", "+experiment=soft_label", cwd=tmp_path, **key)
        server.shutdown()
    assert done.returncode == 0, done.stderr
    (view,) = Server.sent
    assert (view["entityName"], view["projectName"]) == ("me", "infogan3d")
    assert view["displayName"] == "infogan3d labels"
    (path,) = tmp_path.glob("runs/dashboard/*/workspace.json")
    assert json.loads(view["spec"]) == json.loads(path.read_text())["spec"]
    name = view["name"].removeprefix("nw-").removesuffix("-v")
    assert done.stdout == f"workspace of group labels  {address}/me/infogan3d?nw={name}\n"


# What a user can get wrong


def test_a_refused_workspace_is_told_in_one_sentence():
    class Refused:
        entity, project = "me", "nothing"

        def save(self) -> None:
            raise RuntimeError("project\nnot found")

    with pytest.raises(
        ValueError, match=r"take the workspace for me/nothing \(project not found\)"
    ):
        send(Refused())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("experiment=soft_lable",),
            "there is no experiment 'soft_lable': did you mean soft_label",
        ),
        (("experiment=zzz",), "there is no experiment 'zzz': choose one of "),
        (
            ("experiment=smoke", "lines=model.lamda1"),
            "there is no setting 'model.lamda1': did you m",
        ),
        ((), "experiment is not set: give experiment=<name>, or check=<run folder>."),
        (
            ("check=nothing",),
            "nothing is no run folder (it has no config.yaml): give a folder that",
        ),
    ],
)
def test_a_mistake_ends_with_one_sentence_and_code_2(tmp_path, monkeypatch, capfd, words, sentence):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setattr("sys.argv", ["infogan3d-dashboard", *words])
    GlobalHydra.instance().clear()
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 2
    told = capfd.readouterr()
    assert told.err.startswith(f"infogan3d-dashboard: {sentence}")
    assert told.err.count("\n") == 1
    assert not list(tmp_path.glob("runs/dashboard/*"))


def test_a_missing_package_is_named_with_its_cure(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setitem(sys.modules, "wandb_workspaces.workspaces", None)
    with pytest.raises(ValueError, match=r"not installed: pip install 'infogan3d\[dashboard\]'\.$"):
        dashboard(settings_of("dashboard", "show=soft_label"), tmp_path)
    assert list(tmp_path.iterdir()) == []
