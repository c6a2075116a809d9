"""A forked command is a process of its own: words, folder, environment, output, exit code."""

import os

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


def test_a_wrong_word_of_a_real_command(tmp_path):
    done = run_command("train", "system=pointnet", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("infogan3d-train: there is no system 'pointnet'")
