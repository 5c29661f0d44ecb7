"""Click to segment in a real QGIS window, with the engine; then QGIS is killed, and nothing is lost."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SESSION = Path(__file__).with_name("clicking_session.py")
sys.path.insert(0, str(ROOT / "tests"))

from desktop.profile import Desktop, end, wait_for  # noqa: E402

pytestmark = pytest.mark.usefixtures("own_start")


def test_an_area_by_click_and_what_is_left_to_review_outlive_a_killed_window(engine, make_raster, tmp_path):
    if not (shutil.which("xvfb-run") and shutil.which("qgis")):
        pytest.skip("no QGIS desktop or no xvfb-run here")
    image = np.full((3, 192, 192), 60, np.uint8)
    image[:, 16:40, 16:48] = 200  # 16 m wide, 12 m high, pixels of half a metre
    ground = make_raster(tmp_path / "ground.tif", image)
    subprocess.run([engine, str(ROOT / "tests" / "click_models.py"), str(tmp_path)], check=True)
    values = {"folder": str(tmp_path), "ground": str(ground)}
    values.update({name: str(tmp_path / f"{name}.onnx") for name in ("encoder", "decoder")})
    desktop = Desktop(tmp_path / "desktop").link()
    process, result = desktop.start(SESSION, "begin", **values)
    try:
        wait_for(lambda: (tmp_path / "ready").exists() or result.exists(), 240)
        assert not result.exists(), desktop.outcome(result)
        os.kill(int(result.with_suffix(".begun").read_text()), signal.SIGKILL)
    finally:
        end(process)
    back = desktop.run(SESSION, "come_back", 240, **values)
    (label,) = back["labels"]
    assert label[:2] == ["red", "accepted"] and label[3] == pytest.approx(16 * 12)
    assert back["suggestions"] == [["blue", 0.8], ["red", 0.7], ["red", 0.9]]
