"""The generate command with something set."""

import json

import numpy as np
import pytest
from fixtures import run_command, settings_of

from infogan3d.commands.generate import generate
from infogan3d.io.packs import load_pack
from infogan3d.models.onnx_export import shape_session
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.runs import checkpoint


def test_a_sample_is_changed_and_what_was_reached_is_printed(smoke, tmp_path, capsys):
    words = ("set.width=0.5", "set.arms=none", "tries=60", "count=4", "base=2", "seed=3")
    generate(settings_of("generate", f"run={smoke.folder}", *words), tmp_path)
    pack = load_pack(tmp_path / "shapes.npz")
    assert pack.ids == ("sample-0002", "dialled")
    model = checkpoint.load_model(smoke.folder)
    assert (pack.grids()[0] == generate_grids(model, draw_codes(model, 4, seed=3))[2]).all()
    told = json.loads((tmp_path / "dial.json").read_text())
    assert told["asked"] == {"width": 0.5, "arms": 0.0}
    table = (tmp_path / "dial.md").read_text()
    assert table.splitlines()[2].startswith("| width | side | ")
    printed = capsys.readouterr().out
    assert table in printed
    assert ("warning: not reached: " in printed) == bool(told["unreached"])
    assert (tmp_path / "samples" / "samples.png").exists()


def test_a_value_that_no_shape_has_is_a_warning_and_no_error(smoke, tmp_path):
    words = ("set.width=4", "tries=20", "count=2")
    done = run_command("generate", f"run={smoke.folder}", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = [line for line in done.stdout.splitlines() if "warning" in line]
    assert line.startswith("warning: not reached: width 4.000 (reached ")


def test_a_mistyped_attribute_is_met_by_the_nearest(tmp_path):
    done = run_command("generate", "run=nothing", "set.seat_heigth=0.4", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "infogan3d-generate: there is no setting 'set.seat_heigth': did you mean set.seat_height?"
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("set.arms=open", "walk=c0"), "walk=c0 and set.arms cannot go together: give one."),
        (("set.arms=opne",), "set.arms=opne is not known: choose one of none, open, closed."),
        (("set.width=0.5", "base=4", "count=4"), "base=4 is none of the 4 samples: give 0 to 3."),
        (("set.width=0.5", "tries=0"), "tries=0 is too small: give 1 or more."),
    ],
)
def test_what_cannot_be_asked_is_told(smoke, tmp_path, words, sentence):
    with pytest.raises(ValueError, match=sentence):
        generate(settings_of("generate", f"run={smoke.folder}", *words), tmp_path)
    assert not np.array(list(tmp_path.iterdir())).size


def test_g_is_written_as_an_onnx_file_that_makes_the_same_shapes(smoke, tmp_path):
    generate(settings_of("generate", f"run={smoke.folder}", "format=onnx", "count=2"), tmp_path)
    model = checkpoint.load_model(smoke.folder)
    session = shape_session(tmp_path / "generator.onnx", threads=1)
    latent = model.to_latent(draw_codes(model, 2, seed=0)).numpy()
    model.precision = "32"
    true = model(draw_codes(model, 2, seed=0)).numpy()
    np.testing.assert_allclose(session(latent), true, atol=1e-4)
    pack = load_pack(tmp_path / "shapes.npz")
    meshes = {path.suffix for path in (tmp_path / "meshes").iterdir()}
    assert meshes <= {".glb"}
    assert bool(meshes) == bool(pack.grids().any())
