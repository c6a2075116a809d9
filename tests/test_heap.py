"""Freed memory is kept where the C library can be asked to."""

import platform
import subprocess
import sys

import pytest

from infogan3d.heap import keep_freed_memory

SCRIPT = """
import resource, sys
import torch
torch.set_num_threads(1)
from infogan3d.heap import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    torch.ones(1_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than GNU's")
def test_big_tensors_reuse_their_pages():
    faults = {
        way: int(subprocess.check_output([sys.executable, "-c", SCRIPT, way], text=True))
        for way in ("keep", "leave")
    }
    assert faults["keep"] < 0.6 * faults["leave"]


def test_elsewhere_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False
