"""The plugin's windows, filled, on a screen of 100 % and of 200 %, light and dark, in English and German."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs" / "screenshots" / "windows.py"


@pytest.mark.parametrize("circumstances", ["", "--scale 2 --dark --language de"])
def test_nothing_is_cut_off_unreadable_or_out_of_reach_of_keys(circumstances, tmp_path, monkeypatch):
    if not shutil.which("xvfb-run"):
        pytest.skip("no xvfb-run here")
    command = [ROOT / ".venv" / "bin" / "python", SCRIPT, "--output", tmp_path, *circumstances.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.stem for path in tmp_path.glob("*.png")} == set(_scenes(monkeypatch))


def _scenes(monkeypatch):
    """The names of the windows that the script knows."""
    monkeypatch.setattr("sys.path", sys.path.copy())
    spec = importlib.util.spec_from_file_location("windows_script", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script.SCENES
