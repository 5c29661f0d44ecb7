"""A run's state, from nothing but its folder and the processes of this machine."""

import json
import socket
import subprocess
import sys
import time

import pytest
from geodistil.jobs.processes import SILENCE_SECONDS, look
from geodistil.jobs.runs.state import Status, abilities
from geodistil.jobs.runs.tracker import RunTracker, Watcher
from geodistil.jobs.runs.waiting import end_now, predict_afterwards, start
from geodistil.jobs.runs.words import message, stage_text, title

DEAD = 2**22 + 1
"""More than the system's largest process id."""


def note_launch(folder, pid, log=0):
    note = {"pid": pid, "host": socket.gethostname(), "time": time.time(), "log": log}
    (folder / "launch.json").write_text(json.dumps(note))


def test_a_run_without_events_has_not_started(make_run, state_of):
    state = state_of(make_run("town"))
    assert (state.status, state.name, state.fraction) == (Status.NEW, "town", 0)
    assert abilities(state) == {"folder", "template", "start", "start_now", "export", "delete"}


def test_a_run_is_running_while_its_process_lives(make_run, write, engine, state_of):
    now = time.time()
    stage = write.event("stage", name="student", index=2, of=3)
    state = state_of(make_run("town", write.started(engine.pid), stage, write.progress(30, stage="student")))
    assert (state.status, state.fraction) == (Status.RUNNING, 0.3)
    assert stage_text(state) == "student (3 of 3), step 30 of 100"
    assert state.seconds_left(state.history.time + 20) == pytest.approx(50, abs=0.5)
    assert title(state, 0, now).startswith("Running, ")
    assert "stop" in abilities(state) and not abilities(state) & {"start", "delete", "export"}


def test_a_run_that_was_asked_to_stop_is_stopping_until_it_has(make_run, write, engine, state_of):
    folder = make_run("town", write.started(engine.pid), write.progress(30))
    (folder / "stop").touch()
    assert state_of(folder).status is Status.STOPPING
    assert "end_now" in abilities(state_of(folder))
    write.append(folder, write.event("checkpoint", path="checkpoints/last.pt", stage="training", step=30))
    write.append(folder, write.event("stopped", message="Training stopped as asked."))
    state = state_of(folder)
    assert state.status is Status.STOPPED and "start" in abilities(state)
    assert message(state) == "It was asked to stop. It can go on from step 30 of training."


@pytest.mark.parametrize("way", ["ended", "never waited for", "number taken by another program"])
def test_a_run_whose_process_is_gone_without_an_ending_was_interrupted(make_run, write, engine, state_of, wait, way):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pid = {"ended": DEAD, "never waited for": engine.pid, "number taken by another program": other.pid}[way]
    folder = make_run("town", write.started(pid), write.progress(30))
    engine.kill()  # a zombie until the fixture waits for it
    wait(lambda: state_of(folder).status is Status.KILLED)
    other.kill()
    other.wait()
    state = state_of(folder)
    assert "start" in abilities(state) and "will begin anew" in message(state)
    assert state.seconds_left(time.time()) is None


def test_a_failed_run_tells_why_and_what_to_do(make_run, write, state_of):
    failed = write.event("failed", code="device", message="Out of memory.", hint="Lower the batch size.")
    state = state_of(make_run("town", write.started(DEAD), failed))
    assert (state.status, message(state)) == (Status.FAILED, "Out of memory. Lower the batch size.")


def test_a_failure_that_was_a_stop_counts_as_stopped(make_run, write, state_of):
    failed = write.event("failed", code="stopped", message="Stopped as asked.")
    assert state_of(make_run("town", write.started(DEAD), failed)).status is Status.STOPPED


def test_a_finished_run_tells_its_scores_and_offers_its_model(make_run, write, state_of):
    metrics = {"segmentation/mean_iou": 0.71234, "detection/ap50": None, "detection/threshold": 0.4}
    outputs = {"model": "/on/another/machine/model", "metrics": metrics}
    folder = make_run("town", write.started(DEAD), write.progress(50), write.event("finished", outputs=outputs))
    assert "predict" not in abilities(state_of(folder))
    (folder / "model").mkdir()
    (folder / "model" / "item.json").write_text("{}")
    (folder / "report.html").touch()
    state = state_of(folder)
    assert (state.status, state.fraction) == (Status.FINISHED, 1)
    assert message(state).startswith("Segmentation mean IoU 0.712 (")
    assert {"predict", "report"} <= abilities(state) and not abilities(state) & {"start", "stop"}


def test_what_was_predicted_afterwards_is_offered_and_its_failure_is_told(make_run, write, state_of):
    folder = make_run("town", write.started(DEAD), write.event("finished", outputs={}))
    predict_afterwards(folder, ["a.tif"])
    (folder / "predictions").mkdir()
    write.append(folder / "predictions", write.event("failed", message="The raster is gone."))
    state = state_of(folder)
    assert "The raster is gone." in message(state) and "results" not in abilities(state)
    write.append(folder / "predictions", write.event("finished", outputs=[{"raster": "a.tif", "classes": "b.tif"}]))
    state = state_of(folder)
    assert "failed" not in message(state) and "results" in abilities(state)


def test_a_run_that_goes_on_forgets_its_old_ending(make_run, write, engine, state_of):
    folder = make_run("town", write.started(DEAD), write.progress(60), write.event("stopped"))
    write.append(folder, write.started(engine.pid))
    state = state_of(folder)
    assert (state.status, state.fraction) == (Status.RUNNING, 0)


def test_a_launched_run_is_starting_until_the_engine_speaks(make_run, write, engine, state_of):
    folder = make_run("town", write.started(DEAD, when=1.0), write.event("stopped", when=2.0))
    note_launch(folder, engine.pid)
    assert state_of(folder).status is Status.STARTING
    write.append(folder, write.started(engine.pid, when=time.time() + 1))
    assert state_of(folder).status is Status.RUNNING


def test_an_engine_that_ends_before_its_first_word_failed_with_the_log_s_last_line(make_run, state_of):
    folder = make_run("town")
    (folder / "log.txt").write_text("error: An old sentence.\n")
    note_launch(folder, DEAD, log=24)
    assert message(state_of(folder)) == "The engine ended before it began; its log says more."
    with (folder / "log.txt").open("a") as log:
        log.write("loading\nerror: run.json has the unknown key 'colour'.\n\n")
    state = state_of(folder)
    assert (state.status, message(state)) == (Status.FAILED, "run.json has the unknown key 'colour'.")


@pytest.mark.parametrize(("silence", "status"), [(60, Status.RUNNING), (SILENCE_SECONDS + 60, Status.KILLED)])
def test_a_run_on_another_machine_lives_while_it_writes(make_run, write, state_of, silence, status):
    when = time.time() - silence
    folder = make_run("town", write.started(1, when, host="server"), write.progress(10, when=when))
    assert state_of(folder).status is status


def test_teachers_are_offered_once_both_are_trained(make_run, write, state_of):
    folder = make_run("town", write.started(DEAD), write.event("stage", name="detection_teacher", index=0, of=3))
    (folder / "checkpoints").mkdir()
    for name in ("detection_teacher", "segmentation_teacher"):
        (folder / "checkpoints" / f"{name}.safetensors").touch()
    write.append(folder, write.event("stage", name="segmentation_teacher", index=1, of=3))
    assert "teachers" not in abilities(state_of(folder))
    write.append(folder, write.event("stage", name="student", index=2, of=3))
    assert "teachers" in abilities(state_of(folder))


@pytest.mark.parametrize(
    "roles, tasks, expected",
    [
        (["segmentation", "unlabelled"], None, "segmentation"),
        (["detection", "detection"], [], "detection"),
        (["detection", "segmentation"], ["detection"], "detection"),
        (["detection", "segmentation"], None, ""),
        (["unlabelled"], None, ""),
        ([["segmentation"], {}, None], 5, ""),
    ],
)
def test_a_model_of_one_task_can_teach_a_student_of_both(make_run, write, state_of, roles, tasks, expected):
    sources = [{"role": role} for role in roles]
    folder = make_run("town", write.event("finished", outputs={}), recipe={"tasks": tasks}, sources=sources)
    assert state_of(folder).only_task == expected and "both_tasks" not in abilities(state_of(folder))
    (folder / "model").mkdir()
    (folder / "model" / "item.json").write_text("{}")
    assert ("both_tasks" in abilities(state_of(folder))) == bool(expected)


def test_weights_that_come_after_the_log_are_noticed_as_while_a_run_is_copied(make_run, write):
    folder = make_run("town", write.event("finished", outputs={}))
    tracker = RunTracker(folder)
    assert "teachers" not in abilities(tracker.poll())
    (folder / "checkpoints").mkdir()
    for name in ("detection_teacher", "segmentation_teacher"):
        assert tracker.poll() is None
        (folder / "checkpoints" / f"{name}.safetensors").touch()
    assert "teachers" in abilities(tracker.poll())


def test_following_a_run_tells_only_what_is_new(make_run, write, engine):
    folder = make_run("town", write.started(engine.pid), write.progress(1))
    tracker = RunTracker(folder)
    assert tracker.poll().history.progress["step"] == 1
    assert tracker.poll() is None
    line = json.dumps(write.progress(2)) + "\n"
    with (folder / "events.jsonl").open("a") as log:
        log.write(line[:40])
    assert tracker.poll() is None
    with (folder / "events.jsonl").open("a") as log:
        log.write(line[40:])
    assert tracker.poll().history.progress["step"] == 2
    engine.kill()
    engine.wait()
    assert tracker.poll().status is Status.KILLED


def test_a_run_that_is_trained_anew_from_a_new_file_has_a_new_history(make_run, write):
    folder = make_run("town", *(write.progress(step) for step in range(50)), write.event("finished", outputs={}))
    tracker = RunTracker(folder)
    assert tracker.poll().status is Status.FINISHED
    (folder / "events.jsonl").unlink()
    assert tracker.poll().status is Status.NEW
    write.append(folder, write.progress(7))
    assert [point[0] for point in tracker.poll().history.stages[0].losses] == [7]


def test_ending_a_run_at_once_ends_its_helpers_too(make_run, engine_program, wait, state_of):
    engine_program("""
import subprocess
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "engine"])
begin()
tell("warning", message=str(helper.pid))
while True:
    time.sleep(1)
""")
    folder = make_run("town")
    start(folder)
    wait(lambda: state_of(folder).history.warning)
    state = state_of(folder)
    helper = int(state.history.warning)
    end_now(state)
    wait(lambda: state_of(folder).status is Status.KILLED)
    wait(lambda: look(helper) is None)


def test_a_damaged_note_of_a_start_is_as_none_and_the_others_are_watched_on(make_run, write, tmp_path):
    damaged, sound = make_run("damaged"), make_run("sound", write.started(DEAD))
    (damaged / "launch.json").write_text('{"pid": "unknown", "host": "", "time": "yesterday"}')
    watcher = Watcher()
    watcher.watch([tmp_path / "runs"], [])
    for _ in range(2):
        watcher.poll()
    states = {change.folder: change for change in watcher.changes()}
    assert len(watcher.changes()) == 2 and states[sound].status is Status.KILLED
    assert states[damaged].status is Status.NEW


def test_a_model_that_is_being_written_says_so_and_how_long_it_takes(make_run, write, state_of, engine):
    part = write.event("progress", stage="packaging", part="graph", step=6, of=7, eta_seconds=50.0, fraction=0.99)
    state = state_of(make_run("town", write.started(engine.pid), write.progress(99), part))
    assert (state.status, state.fraction) == (Status.RUNNING, 0.99)
    assert 40 < state.seconds_left(time.time()) <= 50
    assert message(state) == "The model and its report are being written."
