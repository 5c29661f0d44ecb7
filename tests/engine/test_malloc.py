"""What freed memory costs when it is asked for again, in page faults."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import resource
import sys

import numpy as np

from engine import malloc

getattr(malloc, sys.argv[1], lambda: None)()
faults = []
for turn in range(50):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    buffers = [np.ones(2**21, np.float32) for _ in range(3)]  # 8 MB each
    del buffers
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(sorted(faults)[25])
"""


def faults_a_turn(function, **environment):
    """Of a turn that asks for buffers which the turn before had freed; the median."""
    command = [sys.executable, "-c", PROGRAM, function]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc has these thresholds")
def test_a_worker_of_dask_keeps_its_buffers():
    as_dask_starts_them = {"MALLOC_TRIM_THRESHOLD_": "65536"}
    assert faults_a_turn("none", **as_dask_starts_them) > 1000
    assert faults_a_turn("usual_thresholds", **as_dask_starts_them) < 10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc has these thresholds")
def test_a_training_keeps_more_than_any_threshold():
    assert faults_a_turn("keep_freed", MALLOC_TRIM_THRESHOLD_="65536") < 10
