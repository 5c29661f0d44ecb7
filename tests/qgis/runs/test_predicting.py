"""What comes after a training: predicting is a state, with progress, a stop and a busy device."""

import json
import sys
import time
from pathlib import Path

import pytest
from geodistil.jobs.processes import look
from geodistil.jobs.runs.state import Status, abilities
from geodistil.jobs.runs.waiting import WaitingList, ask_to_stop, end_now, launch, predict_afterwards
from geodistil.jobs.runs.words import message, stage_text

ENGINE = """
import json, os, pathlib, socket, sys, time
command = sys.argv[1]
folder = pathlib.Path(sys.argv[-1])
folder.mkdir(exist_ok=True)
def tell(kind, **values):
    with (folder / "events.jsonl").open("a") as log:
        log.write(json.dumps({"time": time.time(), "kind": kind, **values}) + "\\n")
(folder / "stop").unlink(missing_ok=True)
if command == "train":
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "item.json").write_text("{}")
    tell("started", pid=os.getpid(), host=socket.gethostname(), device="cuda")
    tell("finished", outputs={"metrics": {"segmentation/mean_iou": 0.5}})
    sys.exit()
time.sleep(0.3)
tell("started", pid=os.getpid(), device="onnxruntime, cpu")
for step in range(1, 2000):
    tell("progress", stage="predict", step=step, of=2000, fraction=step / 2000, eta_seconds=60.0)
    if (folder / "stop").exists():
        (folder / "stop").unlink()
        tell("stopped", message="Stopped as asked.")
        sys.exit(1)
    if (folder / "go on").exists():
        tell("finished", outputs=[])
        sys.exit()
    time.sleep(0.05)
"""


@pytest.fixture
def start(tmp_path, make_run):
    """Launches a run with something to predict, by a program with the engine's manners."""
    package = tmp_path / "root" / "engine"
    package.mkdir(parents=True)
    (package / "__main__.py").write_text(ENGINE)
    started = []

    def go(name="town"):
        folder = tmp_path / "runs" / name
        if not folder.exists():
            predict_afterwards(make_run(name, training={"device": "cuda"}), ["/a.tif", "/b.tif"])
        started.append(launch(folder, Path(sys.executable), package.parent))
        return folder

    yield go
    for folder in (tmp_path / "runs").iterdir():
        (folder / "predictions").mkdir(exist_ok=True)
        (folder / "predictions" / "stop").touch()
    deadline = time.monotonic() + 10
    while any(look(pid) for pid in started) and time.monotonic() < deadline:
        for folder in (tmp_path / "runs").iterdir():
            (folder / "predictions" / "stop").touch()
        time.sleep(0.05)


def test_predicting_has_progress_and_a_stop_and_nothing_else_is_offered_meanwhile(start, state_of, wait):
    folder = start()
    wait(lambda: state_of(folder).status is Status.PREDICTING)
    able = abilities(state_of(folder))
    assert "stop" in able and not able & {"export", "delete", "start", "start_now"}
    wait(lambda: 0 < state_of(folder).fraction < 1)
    state = state_of(folder)
    assert stage_text(state) == "Prediction after the training (rasters: 2)"
    assert state.seconds_left(time.time()) > 50 and "0.500" in message(state)
    (folder / "predictions" / "go on").touch()
    wait(lambda: state_of(folder).status is Status.FINISHED)
    able = abilities(state_of(folder))
    assert {"results", "export", "delete"} <= able and "start" not in able


def test_its_device_is_busy(start, state_of, wait, make_run, tmp_path, monkeypatch):
    monkeypatch.setattr("geodistil.jobs.runs.waiting.PAUSE_SECONDS", 0.0)
    folder, following = start(), make_run("next", training={"device": "cuda"})
    wait(lambda: 0 < state_of(folder).fraction < 1)
    line = WaitingList(tmp_path)
    line.add(following)
    assert line.take([state_of(folder), state_of(following)]) is None
    (folder / "predictions" / "go on").touch()
    wait(lambda: state_of(folder).status is Status.FINISHED)
    assert line.take([state_of(folder), state_of(following)]) == following


def test_a_stop_ends_the_prediction_and_a_start_goes_on_without_training_again(start, state_of, wait):
    folder = start()
    wait(lambda: 0 < state_of(folder).fraction < 1)
    ask_to_stop(state_of(folder))
    wait(lambda: state_of(folder).status is Status.FINISHED)
    state = state_of(folder)
    assert "can go on from there" in message(state) and "start" in abilities(state)
    trained = (folder / "events.jsonl").read_text()
    start()
    wait(lambda: state_of(folder).status is Status.PREDICTING)
    (folder / "predictions" / "go on").touch()
    wait(lambda: "results" in abilities(state_of(folder)))
    assert (folder / "events.jsonl").read_text() == trained


def test_ending_it_at_once_ends_the_script_and_the_engine(start, state_of, wait):
    folder = start()
    wait(lambda: 0 < state_of(folder).fraction < 1)
    state = state_of(folder)
    pids = (state.launch.pid, state.prediction.started["pid"])
    assert pids[0] != pids[1] and all(map(look, pids))
    (folder / "predictions" / "stop").touch()
    end_now(state)
    wait(lambda: not any(map(look, pids)))
    assert state_of(folder).status is Status.FINISHED and not (folder / "predictions" / "stop").exists()


def test_an_engine_that_cannot_predict_is_told(start, state_of, wait, tmp_path):
    (tmp_path / "root" / "engine" / "__main__.py").write_text(
        ENGINE.replace("time.sleep(0.3)", 'sys.exit("error: There is no raster /a.tif.")')
    )
    folder = start()
    wait(lambda: state_of(folder).status is Status.FINISHED and json.loads((folder / "launch.json").read_text()))
    wait(lambda: not look(state_of(folder).launch.pid))
    assert "Nothing is predicted yet." in message(state_of(folder))
    start()  # this time there is nothing to train before
    wait(lambda: not look(state_of(folder).launch.pid))
    assert "Its prediction failed: There is no raster /a.tif." in message(state_of(folder))
    assert "start" in abilities(state_of(folder))


def test_a_prediction_that_has_ended_on_another_machine_is_over_at_once(make_run, write, state_of):
    folder = make_run("town", write.started(1, host="server"), write.event("finished", outputs={}))
    predict_afterwards(folder, ["a.tif"])
    (folder / "launch.json").write_text(json.dumps({"pid": 1, "host": "server", "time": time.time() - 60, "log": 0}))
    assert state_of(folder).status is Status.PREDICTING  # it has not begun to write
    (folder / "predictions").mkdir()
    write.append(folder / "predictions", write.started(2, host="server"), write.progress(1))
    assert state_of(folder).status is Status.PREDICTING
    write.append(folder / "predictions", write.event("finished", outputs=[]))
    assert state_of(folder).status is Status.FINISHED
