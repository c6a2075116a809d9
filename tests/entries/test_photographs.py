"""`reconstruct views=<folder>` of ordinary pictures, by a run that reads evidence."""

import json

from fixtures import grammar_seat, run_command, save_evidence_run

from infogan3d.rendering.studio import turntable, write_photos


def test_pictures_of_any_names_become_a_shape_and_named_codes(tmp_path):
    run = save_evidence_run(tmp_path / "run", tmp_path / "cache")
    write_photos(*grammar_seat(), tmp_path / "photos", turntable(2, size=(320, 240)))
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
