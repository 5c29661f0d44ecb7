"""What the installer has started ends with it: else a later installation would find another at work."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import os, sys
from jobs.installer.job import run
sleeper = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
run([sys.executable, "-c", sleeper], os.environ, lambda: None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no signal for this")
def test_programs_end_with_a_killed_installer():
    installer = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    child = Path(f"/proc/{int(installer.stdout.readline())}")
    assert child.exists()
    os.kill(installer.pid, signal.SIGKILL)
    installer.wait()
    deadline = time.monotonic() + 3
    while child.exists() and " Z " not in (child / "stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
