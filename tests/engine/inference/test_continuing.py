"""Predictions killed without warning go on, and end with the bytes of one that was left alone."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DeviceError
from engine.inference import Options, predict
from engine.inference.journal import Journal
from engine.inference.windows import window_grid
from tests import forks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

# A process of its own, which has no threads yet when it forks, and loads the engine once for all attempts.
SCRIPT = """
import os, random, signal, sys, time
from pathlib import Path
import numpy as np
from engine.config import Card
from engine.inference import Arrays, Options, predict
from engine.types import Objects

CALLS = 20  # of the network in an attempt: four rows of ten windows, of the fifty
raster, folder, kills, card = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Card.model_validate_json(sys.argv[4])

class Slow:
    name, batch_size, parallel, card = "slow", 2, 2, card
    def __init__(self, calls=None):
        self.calls = calls
    def run(self, images):
        if self.calls is not None:  # then it stands still, so that all attempts together cannot finish the map
            self.calls -= 1
            time.sleep(1000 * (self.calls < 0))
        time.sleep(0.002)
        light = images.mean(axis=1, dtype=np.float32) / 255
        boxes = np.array([[8, 8, 60, 30], [40, 40, 64, 64]], np.float32) + images[0, 0, 0, 0] % 4
        objects = Objects(boxes, np.zeros(2, np.int64), np.array([0.9, 0.6], np.float32))
        return Arrays(np.stack([light, 1 - light, 0 * light], axis=1), [objects] * len(images))

def attempt(calls=None):
    child = os.fork()
    if not child:
        predict(Slow(calls), raster, folder, Options(confidence=True, overlap=0.25))
        os._exit(0)
    return child

def rows():
    return len([path for path in (folder / "prediction.partial").glob("*") if path.name.isdecimal()])

for number in range(kills):
    before, child = rows(), attempt(CALLS)
    while number % 2 and rows() == before:  # every other one gets somewhere, however busy the machine is
        time.sleep(0.001)
    time.sleep(random.Random(number).uniform(0, 0.1))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print(rows(), flush=True)
assert os.waitpid(attempt(), 0)[1] == 0
"""


def hashes(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(Path(folder).iterdir())}


def test_a_prediction_killed_ten_times_ends_with_the_same_bytes(make_card, write_raster, tmp_path):
    coarse = np.random.default_rng(0).integers(0, 255, (3, 300, 60), dtype=np.uint8)
    raster = write_raster(coarse.repeat(8, axis=1).repeat(8, axis=2), compress="deflate", tiled=True)
    card = make_card(tasks=["detection", "segmentation"]).model_dump_json()

    def run(name, kills):
        command = [sys.executable, "-c", SCRIPT, raster, str(tmp_path / name), str(kills), card]
        done = forks.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        return [int(line) for line in done.stdout.split()]

    run("whole", 0)
    rows = run("killed", 10)
    assert rows[-1] > 0 and rows == sorted(rows), "each attempt goes on from the rows that others finished"
    whole = hashes(tmp_path / "whole")
    assert list(whole) == ["classes.tif", "classes.tif.aux.xml", "confidence.tif", "detections.gpkg"]
    assert hashes(tmp_path / "killed") == whole


@pytest.mark.parametrize("begun", [Journal.remove, lambda journal: journal.prepare({"another": 1})])
def test_a_journal_whose_removal_was_killed_is_never_believed(begun, tmp_path, monkeypatch):
    """Found by tests/faults: what was left of it had a row without its files."""
    job = {"raster": "a.tif"}
    journal = Journal(tmp_path / "prediction.partial")
    journal.prepare(job)
    for row in range(3):
        (journal.begin(row) / "classes.tif").write_bytes(b"map")
        journal.commit(row)

    def killed(folder, ignore_errors=False):
        for path in Path(folder).rglob("classes.tif"):
            path.unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("shutil.rmtree", killed)
        begun(journal)
    again = Journal(tmp_path / "prediction.partial")
    again.prepare(job)
    assert again.finished() == set() and [path.name for path in tmp_path.iterdir()] == ["prediction.partial"]


def test_a_map_of_values_goes_on_where_its_network_broke_off(values_backend, write_raster, tmp_path):
    raster = write_raster(np.random.default_rng(1).integers(0, 255, (3, 500, 100), dtype=np.uint8))

    whole = predict(values_backend(), raster, tmp_path / "whole", Options(overlap=0.25)).values
    with pytest.raises(DeviceError, match="gone"):
        predict(values_backend(15), raster, tmp_path / "broken", Options(overlap=0.25))
    rest = values_backend()
    found = predict(rest, raster, tmp_path / "broken", Options(overlap=0.25)).values
    windows = len(window_grid(100, 500, 64, 0.25))
    assert windows - 15 <= rest.ran < windows
    assert found.read_bytes() == whole.read_bytes()
    assert [path.name for path in (tmp_path / "broken").iterdir()] == ["values.tif"]
