"""QGIS is killed in mid-training, with the real engine: the run goes on, and the next QGIS shows it and its result."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SESSION = Path(__file__).with_name("killed_session.py")
sys.path.insert(0, str(ROOT / "tests"))

from desktop.profile import Desktop, end, wait_for  # noqa: E402

pytestmark = pytest.mark.usefixtures("own_start")


def events(folder, kind):
    path = folder / "events.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


def test_a_killed_qgis_loses_nothing(run, engine, tmp_path):
    if not (shutil.which("xvfb-run") and shutil.which("qgis")):
        pytest.skip("no QGIS desktop or no xvfb-run here")
    desktop = Desktop(tmp_path / "desktop").link()
    process, result = desktop.start(SESSION, "begin", run=str(run))
    try:
        wait_for(lambda: events(run, "progress") or result.exists(), 60)
        assert not result.exists(), desktop.outcome(result)
        os.kill(int(result.with_suffix(".begun").read_text()), signal.SIGKILL)
    finally:
        end(process)
    assert not events(run, "finished"), "the training had ended already; it must be longer"
    wait_for(lambda: events(run / "predictions", "finished") or events(run / "predictions", "failed"), 120)
    assert len(events(run, "started")) == 1 and events(run, "finished") and not events(run / "predictions", "failed")
    assert desktop.run(SESSION, "come_back", 180) == {"group": "town", "layers": ["town: classes"], "heavy": []}
