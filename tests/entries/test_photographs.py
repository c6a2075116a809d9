"""`reconstruct views=<folder>` of ordinary pictures, by a run that reads evidence."""

import json

import numpy as np
from fixtures import run_command, save_evidence_run

from infogan3d.data.procedural.wide import seat_at, seat_mesh
from infogan3d.rendering.studio import turntable, write_photos


def test_pictures_of_any_names_become_a_shape_and_named_codes(tmp_path):
    run = save_evidence_run(tmp_path / "run", tmp_path / "cache")
    mesh = seat_mesh(seat_at(0, seed=77))
    points = np.asarray(mesh.vertices)
    points = (points - (points.min(0) + points.max(0)) / 2) * 36 / np.ptp(points, axis=0).max()
    cameras = turntable(2, size=(320, 240))
    write_photos(points, np.asarray(mesh.faces), tmp_path / "photos", cameras)
    words = (f"run={run}", "views=photos", "field_steps=2", "hydra.run.dir=made")
    done = run_command("reconstruct", *words, cwd=tmp_path)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert "assumed elevation" in told
    assert "codes read off the pictures: arms:" in told
    kept = json.loads((tmp_path / "made" / "codes.json").read_text())
    assert set(kept["measured"]) >= {"arms", "base", "back", "width", "seat_height"}
    assert 0 <= kept["expected_iou"] <= 1
    assert (tmp_path / "made" / "reconstruction.png").exists()
