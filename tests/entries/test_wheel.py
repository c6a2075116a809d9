"""The wheel carries its configs and runs away from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fixtures import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_config_once(wheel):
    names = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".yaml")]
    packed = sorted(name.removeprefix("infogan3d/") for name in names)
    assert packed == sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("conf/**/*.yaml"))


def test_the_unpacked_wheel_trains_elsewhere(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "infogan3d.train", "+experiment=smoke", "score_shapes=0"]
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        [*command, "data.exact=true", "workers=1"],
        cwd=tmp_path / "elsewhere",
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "elsewhere" / "runs" / "smoke").iterdir()
    assert (run / "checkpoints" / "last.ckpt").stat().st_size > 1000
