"""Several processes do one job: nothing is done twice but what a lost one leaves, and the bytes are those of one."""

import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import rasterio

from engine.events import EventLog
from engine.inference.archive import items
from engine.inference.many import predict_many
from engine.inference.predict import Options, predict
from engine.inference.rows import next_row
from engine.inference.sharing import Crew, Share

# A process of its own, which has no threads yet when it forks, and loads the engine once for all processes.
SCRIPT = """
import json, os, signal, sys, time
from pathlib import Path
import numpy as np
from engine.config import Card
from engine.events import EventLog
from engine.inference import Arrays, Options
from engine.inference.archive import items
from engine.inference.many import predict_many
from engine.inference.sharing import Crew
from engine.types import Objects

folder, card, rasters = Path(sys.argv[1]), Card.model_validate_json(sys.argv[2]), sys.argv[3:]
SIZE = 2

class Slow:
    name, batch_size, parallel, card = "slow", 2, 1, card
    def run(self, images):
        time.sleep(0.01)
        light = images.mean(axis=1, dtype=np.float32) / 255
        boxes = np.array([[8, 8, 60, 30], [40, 40, 64, 64]], np.float32) + images[0, 0, 0, 0] % 4
        objects = Objects(boxes, np.zeros(2, np.int64), np.array([0.9, 0.6], np.float32))
        return Arrays(np.stack([light, 1 - light, 0 * light], axis=1), [objects] * len(images))

def job(output, crew=None, log=None):
    outcome = predict_many(Slow(), items(rasters, output), Options(confidence=True), EventLog(log), crew)
    assert len(outcome.results) == len(rasters)

def member(rank):
    child = os.fork()
    if not child:
        try:
            with Crew(folder / "shared" / "crew", rank, SIZE) as crew:
                job(folder / "shared", crew, folder / f"log{rank}")
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child

def rows():
    # Unlike rglob, os.walk does not mind folders that go while it looks: rows get their names by being renamed.
    return sum(len(name) == 6 and name.isdecimal() for _, names, _ in os.walk(folder / "shared") for name in names)

lost, stays = member(0), member(1)
while rows() < 4:
    time.sleep(0.002)
os.kill(lost, signal.SIGKILL)
os.waitpid(lost, 0)
assert os.waitpid(stays, 0)[1] == 0
job(folder / "alone")
"""


def hashes(folder):
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def progress(path):
    events = [json.loads(line) for line in path.read_text().splitlines()]
    return [event for event in events if event["kind"] == "progress"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_two_processes_one_of_them_killed_give_the_bytes_of_one(make_card, write_raster, tmp_path):
    rng = np.random.default_rng(0)
    shapes = {"large.tif": (3, 120, 40), "small.tif": (3, 20, 20)}
    rasters = [
        write_raster(rng.integers(0, 255, shape, dtype=np.uint8).repeat(8, axis=1).repeat(8, axis=2), name)
        for name, shape in shapes.items()
    ]
    card = make_card(tasks=["detection", "segmentation"]).model_dump_json()
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), card, *rasters]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    alone = hashes(tmp_path / "alone")
    assert len(alone) == 8
    assert hashes(tmp_path / "shared") == alone, "and nothing that processes shared is left"
    assert progress(tmp_path / "log1" / "events.jsonl")[-1]["fraction"] == 1


def test_the_command_shares_its_rasters_where_the_environment_says_so(bright_onnx, write_raster, tmp_path):
    values = np.random.default_rng(1).integers(0, 255, (3, 300, 200), dtype=np.uint8)
    for name in ("a.tif", "b.tif"):
        (tmp_path / "many").mkdir(exist_ok=True)
        write_raster(values, f"many/{name}")
    (tmp_path / "many" / "bad.tif").write_text("no raster")

    def start(output, **environment):
        command = ["predict", bright_onnx, tmp_path / "many", "--output", tmp_path / output]
        command = [sys.executable, "-m", "engine", *map(str, command), "--backend", "onnxruntime", "--json"]
        environment = {**os.environ, "GEODISTIL_CACHE": str(tmp_path / "cache"), **environment}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=Path(__file__).parents[3], env=environment, **streams)

    both = [start("shared", RANK=str(rank), WORLD_SIZE="2") for rank in (0, 1)]
    told = [process.communicate(timeout=100) for process in both]
    assert [process.returncode for process in both] == [1, 0], told
    result = json.loads(told[0][0])
    assert [Path(one["classes"]).parent.name for one in result["outputs"]] == ["a", "b"]
    assert [Path(one["raster"]).name for one in result["failed"]] == ["bad.tif"]
    with rasterio.open(result["outputs"][0]["classes"]) as classes:
        assert set(np.unique(classes.read(1))) == {0, 1}
    assert (tmp_path / "shared" / "a" / "classes.tif").read_bytes() == (
        tmp_path / "shared" / "b" / "classes.tif"
    ).read_bytes()
    assert (tmp_path / "shared" / "events.jsonl").exists()


def test_a_claim_is_for_one_and_those_of_the_dead_are_taken_over(tmp_path):
    with Crew(tmp_path / "crew", 0, 2, beat=0.02, patience=0.3) as first:
        assert first.take("work") and first.take("work")
        with Crew(tmp_path / "crew", 1, 2, beat=0.02, patience=0.3) as second:
            assert not second.take("work") and second.taken("work")
            pulse = tmp_path / "crew" / f"{first.name}.beat"
            pulse.write_text(json.dumps({"host": "elsewhere", "pid": 1}))
            time.sleep(0.4)
            assert not second.take("work"), "it still gives signs of life"
            first._ended.set()
            time.sleep(0.5)
            assert second.take("work") and not first.take("work")
            second.complete = False
            assert first.taken("work")
        assert not first.taken("work"), "who has left has no claims"


def test_the_last_one_to_leave_removes_the_folder(tmp_path):
    with Crew(tmp_path / "crew", 0, 2) as crew:
        crew.tell("done", 1)
    assert (tmp_path / "crew").is_dir(), "the other one has yet to come"
    with Crew(tmp_path / "crew", 1, 2) as last:
        assert last.agree("thing", lambda: [1]) == last.agree("thing", lambda: [2]) == [1]
    assert not (tmp_path / "crew").exists()


def test_the_folder_stays_for_a_process_on_another_machine_and_goes_when_nothing_came_of_a_start(tmp_path):
    with Crew(tmp_path / "crew", 0, 2) as elsewhere:
        (tmp_path / "crew" / f"{elsewhere.name}.beat").write_text(json.dumps({"host": "elsewhere", "pid": 1}))
        with Crew(tmp_path / "crew", 1, 2):
            pass
        assert (tmp_path / "crew").is_dir()
    with pytest.raises(ZeroDivisionError), Crew(tmp_path / "vain", 0, 2):
        raise ZeroDivisionError
    assert not (tmp_path / "vain").exists()


def test_failures_are_of_this_start_and_results_as_long_as_their_files_are_there(tmp_path):
    with Crew(tmp_path / "crew", 0, 2) as crew:
        failed, good = Share(crew, "bad"), Share(crew, "good")
        failed.outcome = {"failed": {"message": "no"}}
        (tmp_path / "classes.tif").touch()
        good.outcome = {"results": {"raster": "elsewhere.tif", "classes": str(tmp_path / "classes.tif")}}
        assert failed.outcome and good.outcome
        time.sleep(0.02)
    with Crew(tmp_path / "crew", 0, 2) as crew:
        failed, good = Share(crew, "bad"), Share(crew, "good")
        assert failed.outcome is None and good.outcome
        (tmp_path / "classes.tif").unlink()
        assert good.outcome is None


def test_a_process_goes_on_downwards_and_else_to_the_middle_of_what_is_left():
    assert next_row(set(range(10)), set(), None) == 0
    assert next_row(set(range(1, 10)), {0}, None) == 5
    assert next_row({1, 2, 6, 7, 8, 9}, {0, 5}, 5) == 6
    assert next_row({1, 2, 6, 7, 8, 9}, {0, 5}, 9) == 8
    assert next_row({7, 8}, set(), 3) == 7, "the row above is finished"
    assert next_row(set(), {1}, 3) is None


def test_a_map_of_values_is_shared_like_any_other(values_backend, write_raster, tmp_path):
    raster = write_raster(np.random.default_rng(2).integers(0, 255, (3, 600, 60), dtype=np.uint8))

    def member(rank):
        with Crew(tmp_path / "crew", rank, 2) as crew:
            return predict_many(
                values_backend(pause=0.01), items([raster], tmp_path / "out"), Options(), EventLog(None), crew
            )

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(member, (0, 1))
    alone = predict(values_backend(), raster, tmp_path / "alone", Options())
    assert first == second and first.results[0].values.read_bytes() == alone.values.read_bytes()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["values.tif"]
