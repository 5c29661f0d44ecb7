"""Starting and stopping real processes, and finding them again when QGIS is gone."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.runs.state import RunState, Status
from geodistil.jobs.runs.waiting import ask_to_stop, end_now, start
from geodistil.jobs.runs.words import message

ROOT = Path(__file__).resolve().parents[3]

TRAINING = """
begin()
for step in range(1, 2000):
    tell("progress", stage="training", step=step, of=2000, losses={}, fraction=step / 2000, eta_seconds=60)
    if (folder / "stop").exists():
        tell("checkpoint", path="checkpoints/last.pt", stage="training", step=step)
        tell("stopped", message="Training stopped as asked.")
        break
    if (folder / "go on").exists():
        tell("finished", outputs={})
        break
    time.sleep(0.05)
"""


def test_a_run_is_started_followed_and_stopped_in_order(make_run, engine_program, wait, state_of):
    engine_program("time.sleep(0.3)\n" + TRAINING)
    folder = make_run("town")
    start(folder)
    assert state_of(folder).status is Status.STARTING
    wait(lambda: state_of(folder).status is Status.RUNNING and state_of(folder).fraction > 0)
    ask_to_stop(state_of(folder))
    wait(lambda: state_of(folder).status is Status.STOPPED)
    assert "It can go on from step" in message(state_of(folder))


def test_qgis_killed_with_9_loses_nothing(make_run, engine_program, wait, state_of):
    """A QGIS of its own starts the run and is killed; the run goes on, is found again, and finishes."""
    engine_program(TRAINING)
    folder = make_run("town")
    program = """
import os, signal, sys, time
from pathlib import Path
from geodistil.jobs.runs.waiting import start
start(Path(sys.argv[1]))
time.sleep(0.5)
os.killpg(0, signal.SIGKILL)
"""
    command = [sys.executable, "-c", program, str(folder)]
    code = subprocess.run(command, cwd=ROOT / "build" / "plugins", start_new_session=True).returncode
    assert code == -9
    wait(lambda: state_of(folder).status is Status.RUNNING)
    step = state_of(folder).history.progress.get("step", 0)
    wait(lambda: state_of(folder).history.progress.get("step", 0) > step + 3)
    (folder / "go on").touch()
    wait(lambda: state_of(folder).status is Status.FINISHED)


def test_an_engine_that_cannot_import_what_it_needs_is_told_in_the_dock(
    make_run, monkeypatch, wait, state_of, qgis_app
):
    monkeypatch.setenv("GEODISTIL_PYTHON", sys.executable)  # QGIS's Python, where the engine's packages are absent
    folder = make_run("town")
    start(folder)
    wait(lambda: state_of(folder).status is not Status.STARTING)
    assert state_of(folder).status is Status.FAILED
    assert "rror" in message(state_of(folder))


def test_without_an_engine_nothing_is_started_and_the_sentence_says_why(make_run, monkeypatch, qgis_app, state_of):
    monkeypatch.setenv("GEODISTIL_PYTHON", "/nowhere/python")
    folder = make_run("town")
    with pytest.raises(GeoDistilError, match="/nowhere/python does not exist"):
        start(folder)
    assert state_of(folder).status is Status.NEW


def test_only_a_run_on_this_machine_is_ended(make_run, write, engine, state_of):
    with pytest.raises(GeoDistilError, match="does not run on this machine"):
        end_now(state_of(make_run("away", write.started(engine.pid, host="server"))))
    with pytest.raises(GeoDistilError, match="does not run"):
        end_now(state_of(make_run("over", write.started(engine.pid), write.event("stopped"))))
    assert engine.poll() is None


def test_a_run_that_shares_its_group_with_others_is_ended_alone(make_run, write, engine, state_of):
    """As one started by a script: killing the group would kill this test."""
    assert os.getpgid(engine.pid) == os.getpgrp()
    folder = make_run("town", write.started(engine.pid))
    (folder / "stop").touch()
    end_now(state_of(folder))
    assert engine.wait(5) == -9
    assert state_of(folder).status is Status.KILLED and not (folder / "stop").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(GeoDistilError, match="stop cannot be written"):
        ask_to_stop(RunState(tmp_path / "nowhere", {}, Status.RUNNING))


def test_starting_takes_little_of_qgis_s_time(make_run, engine_program):
    engine_program("begin()")
    spent = []
    for name in ("first", "second", "third"):
        folder = make_run(name)
        before = time.thread_time()
        start(folder)
        spent.append(time.thread_time() - before)
    assert min(spent) < 0.05
