"""The plugin's windows, filled, on a screen of 100 % and of 200 %, light and dark, in English and German."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs" / "screenshots" / "windows.py"
WINDOWS = 14


@pytest.mark.parametrize("circumstances", ["", "--scale 2 --dark --language de"])
def test_nothing_is_cut_off_unreadable_or_out_of_reach_of_keys(circumstances, tmp_path):
    if not shutil.which("xvfb-run"):
        pytest.skip("no xvfb-run here")
    command = [ROOT / ".venv" / "bin" / "python", SCRIPT, "--output", tmp_path, *circumstances.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(tmp_path.glob("*.png"))) == WINDOWS
