"""A forked command is a process of its own: words, folder, environment, output, exit code."""

import os
import signal
import subprocess
import time

import pytest
from fixtures import run_command
from forked_commands import forker


def test_words_folder_and_output(tmp_path):
    (tmp_path / "a.json").write_text('{"b": 1}')
    done = forker().run("json.tool", "--compact", "a.json", cwd=tmp_path, environment=os.environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, '{"b":1}\n', "")
    again = forker().run("json.tool", "lost.json", cwd=tmp_path, environment=os.environ)
    assert again.returncode == 2
    assert "lost.json" in again.stderr


def test_the_environment_is_the_commands_alone(tmp_path):
    words = ("-n", "1", "-r", "1", "import os; print(os.environ['ONLY_HERE'])")
    given = {**os.environ, "ONLY_HERE": "so"}
    done = forker().run("timeit", *words, cwd=tmp_path, environment=given)
    assert done.stdout.startswith("so\n")
    assert "ONLY_HERE" not in os.environ
    lost = forker().run("timeit", *words, cwd=tmp_path, environment=os.environ)
    assert "KeyError: 'ONLY_HERE'" in lost.stderr
    assert lost.returncode == 1


def test_a_command_that_dies_says_by_which_signal(tmp_path):
    words = ("-n", "1", "-r", "1", "import os; os.kill(os.getpid(), 9)")
    assert forker().run("timeit", *words, cwd=tmp_path, environment=os.environ).returncode == -9


def test_a_command_on_its_way_takes_signals_and_is_in_a_group_of_its_own(tmp_path):
    words = ("-n", "1", "-r", "1", "-s", "print('so', flush=True)", "import time; time.sleep(99)")
    child = forker().start("timeit", *words, cwd=tmp_path, environment=os.environ)
    end = time.monotonic() + 20
    while os.getpgid(child.pid) != child.pid and time.monotonic() < end:
        time.sleep(0.01)
    assert os.getpgid(child.pid) == child.pid
    assert child.poll() is None
    with pytest.raises(subprocess.TimeoutExpired, match=f"{child.pid}.* timed out"):
        child.communicate(timeout=0.1)
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (-signal.SIGTERM, "")
    assert out in ("", "so\n")  # told before it had begun, or after
    child.kill()  # nothing is there any more


def test_a_wrong_word_of_a_real_command(tmp_path):
    done = run_command("train", "system=pointnet", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("infogan3d-train: there is no system 'pointnet'")
