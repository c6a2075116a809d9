"""Settings compose to what was frozen, and run folders of older code still make the same shapes.

All that is frozen: python tests/golden/freeze.py check (a few minutes)
"""

import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).with_name("golden")


def test_settings_and_old_run_folders_are_as_frozen():
    runs = [f"runs.{one.name}.generate" for one in sorted((GOLDEN / "runs").iterdir())]
    done = subprocess.run(
        [sys.executable, GOLDEN / "freeze.py", "check", "--only", "cfg", *runs],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert not [line for line in lines if line.startswith("differs")], done.stdout
    assert (done.returncode, lines[-1]) == (0, "all equal"), done.stderr
    assert len(runs) == 6
    assert set(runs) < {line.split()[-1] for line in lines}
