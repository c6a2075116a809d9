"""Sweeps through every launcher: runs lie apart and are whole, one failed job leaves the others.

Ray is told of a GPU that is not there. Slurm's commands are stand-ins that run what they are given.
"""

import csv
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from fixtures import run_command, run_script
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from infogan3d import train as train
from infogan3d.runs import command, schema
from infogan3d.runs import folder as runs_folder

SMOKE = (
    *("-m", "+experiment=smoke", "logger=csv", "workers=1", "data.exact=true", "score_shapes=0"),
    *("snapshot_every=0", "hydra.sweep.dir=sweep", "batches=3", "model.width=2"),
)
LABELS = ("[1.0,1.0]", "[1]", "[0.7,1.2]")  # of the three jobs; the middle one is refused
REFUSED = "job 1: model.real_labels=[1] is no range: give one, such as [0.7, 1.2]."

SBATCH = r"""#!/bin/bash
last=$(sed -n 's/^#SBATCH --array=0-\([0-9]*\)%.*/\1/p' "$1")
script=$(<"$1")  # before submitit moves it
for task in $(seq 0 "$last"); do
    SLURM_JOB_ID=$((8 + task)) SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=$task SLURM_NTASKS=1 \
    SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_JOB_NAME=infogan3d bash -c "$script" &
done >/dev/null 2>&1
echo "Submitted batch job 7"
"""
SRUN = r"""#!/bin/bash
while [[ $1 == --* ]]; do
    case $1 in
        --output | --error)
            path=$(echo "$2" | sed "s/%A/7/g; s/%a/$SLURM_ARRAY_TASK_ID/g; s/%t/0/g")
            mkdir -p "$(dirname "$path")"
            if [[ $1 == --output ]]; then exec >"$path"; else exec 2>"$path"; fi
            shift 2 ;;
        *) shift ;;
    esac
done
exec "$@"
"""
SACCT = "#!/bin/bash\necho 'JobID|State|NodeList'\n"


def sweep(home: Path, *words: str, labels: tuple[str, ...] = LABELS, **environment: str) -> Any:
    """The real train command over some labels, in `home`."""
    swept = f"model.real_labels={','.join(labels)}"
    return run_command("train", *SMOKE, swept, *words, cwd=home, **environment)


def check_whole(run: Path, labels: list[float]) -> None:
    """One job's folder: its own settings, a curve of all batches, a checkpoint, the page."""
    settings = OmegaConf.load(run / "config.yaml")
    assert settings.model.real_labels == labels
    with (run / "metrics.csv").open() as file:
        steps = {int(row["step"]) for row in csv.DictReader(file)}
    assert len(steps) == settings.batches
    done = torch.load(run / runs_folder.LAST, weights_only=True)["progress"]["batches"]
    assert done == settings.batches
    assert (run / "report.html").exists()


def check_one_refused(done: Any, home: Path) -> None:
    """The middle job of LABELS left nothing but its sentence; the others are whole."""
    assert done.returncode == 2, done.stderr
    ends = f"infogan3d-train: not every job came to its end: {REFUSED}"
    assert ends in done.stderr.splitlines()
    assert "Traceback" not in done.stdout + done.stderr
    assert sorted(path.name for path in (home / "sweep").glob("[0-9]*")) == ["0-smoke", "2-smoke"]
    check_whole(home / "sweep" / "0-smoke", [1.0, 1.0])
    check_whole(home / "sweep" / "2-smoke", [0.7, 1.2])


def test_a_sweep_on_cores_ends_well(tmp_path):
    """With one job; that several stand side by side is seen where one of them is refused."""
    done = sweep(tmp_path, "hydra/launcher=cpu", labels=LABELS[:1])
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert [path.name for path in (tmp_path / "sweep").glob("[0-9]*")] == ["0-smoke"]
    check_whole(tmp_path / "sweep" / "0-smoke", [1.0, 1.0])


def test_a_refused_job_leaves_the_others_on_cores(tmp_path):
    check_one_refused(sweep(tmp_path, "hydra/launcher=cpu"), tmp_path)


def test_a_refused_job_leaves_the_others_on_gpus_where_they_wait_for_one(tmp_path):
    words = ("hydra/launcher=gpus", "+hydra.launcher.ray.init.num_gpus=1")
    words += (f"model.real_labels={','.join(LABELS)}",)
    environment = {"CUDA_VISIBLE_DEVICES": "0", "RAY_AUTH_MODE": "disabled"}
    done = run_script("-m", "infogan3d.train", *SMOKE, *words, cwd=tmp_path, **environment)
    check_one_refused(done, tmp_path)
    times = [
        [
            (tmp_path / "sweep" / run / name).stat().st_mtime
            for name in ("config.yaml", "report.html")
        ]
        for run in ("0-smoke", "2-smoke")
    ]
    (_, first_ends), (second_starts, _) = sorted(times)
    assert first_ends <= second_starts


@pytest.fixture
def slurm(tmp_path, monkeypatch) -> None:
    """Slurm's commands on the path: they run every task of an array here and now."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in {"sbatch": SBATCH, "srun": SRUN, "sacct": SACCT}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are for bash")
def test_a_refused_job_leaves_the_others_of_a_slurm_array(tmp_path, slurm):
    done = sweep(tmp_path, "hydra/launcher=slurm", "hydra.launcher.partition=long")
    check_one_refused(done, tmp_path)
    (script,) = (tmp_path / "sweep" / ".submitit").glob("7/*_submission.sh")
    asked = dict(re.findall(r"^#SBATCH --([\w-]+)=?(.*)$", script.read_text(), re.MULTILINE))
    for name in ("output", "error", "open-mode", "wckey"):  # submitit's own
        del asked[name]
    assert asked == {
        "array": "0-2%3",
        "cpus-per-task": "8",
        "gpus-per-node": "1",
        "job-name": "infogan3d",
        "mem": "32GB",
        "no-requeue": "",
        "nodes": "1",
        "ntasks-per-node": "1",
        "partition": "long",
        "signal": "TERM@120",
        "time": "1440",
    }


# One after another, in this process


@pytest.fixture
def here(tmp_path, monkeypatch, capfd):
    """Runs a command's main in an empty folder and gives its exit code and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")

    def call(main: Any, *words: str) -> tuple[int, list[str]]:
        monkeypatch.setattr("sys.argv", ["infogan3d", *words])
        GlobalHydra.instance().clear()
        code = 0
        try:
            main()
        except SystemExit as error:
            code = error.code
        return code, capfd.readouterr().err.splitlines()

    return call


def test_every_refused_job_says_why(here):
    code, told = here(train.main, *SMOKE, "model.real_labels=[1],[2]")
    first, second = (
        f"infogan3d-train: job {i}: model.real_labels=[{i + 1}] is no range: give one, "
        "such as [0.7, 1.2]."
        for i in (0, 1)
    )
    assert code == 2
    assert told[:2] == [first, second]
    assert told[-1] == first.replace("train: ", "train: not every job came to its end: ")


def test_a_mistyped_setting_stops_the_sweep_before_its_first_job(here):
    code, told = here(train.main, *SMOKE, "seed=0,1", "lamda1=1")
    typed = "there is no setting 'lamda1': did you mean model.lambda1?"
    assert (code, told) == (2, [f"infogan3d-train: {typed}"])


def test_a_job_that_breaks_leaves_the_others(here):
    done = []

    def work(settings: Any, run: Path) -> None:
        done.append(settings.split_seed)
        if settings.split_seed == 1:
            raise ZeroDivisionError("a mistake of ours")

    code, told = here(command.command("prepare", work), "-m", "split_seed=0,1,2")
    assert (code, done) == (1, [0, 1, 2])
    assert told[0] == "Traceback (most recent call last):"
    wanted = "not every job came to its end: job 1: ZeroDivisionError: a mistake of ours"
    assert told[-1] == f"infogan3d-prepare: {wanted}"


def test_a_job_that_is_told_to_end_ends_the_sweep(here):
    done = []

    def work(settings: Any, run: Path) -> None:
        done.append(settings.split_seed)
        sys.exit(143)

    assert here(command.command("prepare", work), "-m", "split_seed=0,1") == (143, [])
    assert done == [0]


def test_a_launcher_that_is_not_known_is_named(here):
    code, told = here(train.main, "-m", "seed=0,1", "hydra/launcher=cpus")
    known = "there is no hydra/launcher 'cpus': choose one of cpu, gpus, slurm."
    assert (code, told) == (2, [f"infogan3d-train: {known}"])


def test_a_launcher_whose_package_is_not_installed_is_named(tmp_path):
    (tmp_path / "hydra_plugins").mkdir()
    (tmp_path / "hydra_plugins" / "__init__.py").touch()  # hides those that are installed
    path = f"{tmp_path}:{schema.HERE.parent}"
    words = ("-m", "seed=0,1", "hydra/launcher=cpu")
    done = run_script("-m", "infogan3d.train", *words, cwd=tmp_path, PYTHONPATH=path)
    cure = "hydra/launcher/joblib is not installed: pip install 'infogan3d[sweeps]'."
    assert (done.returncode, done.stderr) == (2, f"infogan3d-train: {cure}\n")
