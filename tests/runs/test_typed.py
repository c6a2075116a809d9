"""What is typed becomes what Hydra reads, and nothing else changes."""

import pytest

from infogan3d.runs.typed import hydra_words


@pytest.mark.parametrize(
    ("name", "words", "written"),
    [
        ("generate", ["format=glb,stl"], ["format='glb,stl'"]),
        ("generate", ["between=0,3", "count=4"], ["between='0,3'", "count=4"]),
        ("generate", ["-m", "format=glb,stl"], ["-m", "format=glb,stl"]),
        ("generate", ["codes.d0=3", "codes.arms=open"], ["+codes.d0=3", "+codes.arms=open"]),
        ("generate", ["+codes.d0=3", "set.arms=open"], ["+codes.d0=3", "set.arms=open"]),
        ("train", ["codes.noise=8"], ["codes.noise=8"]),
        ("reopen", ["my chair,2.glb", "run=a"], ["mesh='my chair,2.glb'", "run=a"]),
        ("reopen", ["mesh=a.glb"], ["mesh=a.glb"]),
        ("reopen", ["--cfg", "job"], ["--cfg", "job"]),
    ],
)
def test_words_as_hydra_reads_them(name, words, written):
    assert hydra_words(name, words) == written
