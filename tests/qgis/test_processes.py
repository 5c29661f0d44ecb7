"""A process is ours by its id, its start and its command line; nobody else's is taken for ours, or ended."""

import ast
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.processes import end, engine, is_engine, look, unix, with_helpers
from geodistil.jobs.runs.state import RunState, Status, abilities
from geodistil.jobs.runs.tracker import RunTracker
from geodistil.jobs.runs.waiting import end_now

from .waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
WEEK = 7 * 24 * 3600
SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def begin():
    """Starts programs, which end with the test."""
    children = []

    def start(*command):
        children.append(subprocess.Popen(command))
        wait_until(lambda: look(children[-1].pid) and look(children[-1].pid).arguments[1:] == tuple(command[1:]))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.wait()


@pytest.fixture
def stranger(begin, tmp_path):
    """A program of another kind, with a name like ours."""
    program = tmp_path / "search-engine"
    shutil.copy(shutil.which("sleep"), program)
    return begin(str(program), "60")


@pytest.fixture
def run_of(tmp_path):
    """A run folder whose last event is of some time ago, by a process of some id."""
    import json

    def make(pid, seconds_ago):
        when = time.time() - seconds_ago
        (tmp_path / "run.json").write_text("{}")
        events = [
            {"time": when - 10, "kind": "started", "pid": pid, "host": socket.gethostname(), "device": "cpu"},
            {"time": when, "kind": "progress", "stage": "training", "step": 1, "of": 2, "losses": {}},
        ]
        (tmp_path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        return tmp_path

    return make


def ended_by_force(folder):
    """What comes of ending a run's process although it is not there."""
    state = RunTracker(folder).poll()
    with pytest.raises(GeoDistilError, match="does not run on this machine"):
        end_now(RunState(folder, {}, Status.STOPPING, state.history))


def test_a_stranger_with_an_old_run_s_id_is_not_the_run(stranger, run_of):
    folder = run_of(stranger.pid, WEEK)
    state = RunTracker(folder).poll()
    assert state.status is Status.KILLED and {"start", "delete"} <= abilities(state)
    ended_by_force(folder)
    assert stranger.poll() is None


def test_another_run_s_engine_with_an_old_run_s_id_is_not_the_run(begin, run_of):
    other = begin(sys.executable, "-c", SLEEP, "-m", "engine", "train", "/another")
    folder = run_of(other.pid, WEEK)
    assert RunTracker(folder).poll().status is Status.KILLED
    ended_by_force(folder)
    assert other.poll() is None


def test_the_run_s_own_engine_is_known(begin, run_of):
    own = begin(sys.executable, "-c", SLEEP, "-m", "engine", "train", "/run")
    assert RunTracker(run_of(own.pid, 0)).poll().status is Status.RUNNING


def test_a_stranger_beside_a_recent_run_is_not_the_run(stranger, run_of):
    """As young as the last event: only its command line tells."""
    assert RunTracker(run_of(stranger.pid, 0)).poll().status is Status.KILLED


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        (("/venv/bin/python", "-m", "engine", "train", "/run"), True),
        (("C:\\GeoDistil\\venv\\Scripts\\python.exe", "-m", "engine", "train", "C:\\run"), True),
        (("/venv/bin/python", "/plugins/geodistil/jobs/afterwards.py", "/run"), True),
        (("C:\\venv\\python.exe", "C:\\plugins\\geodistil\\jobs\\afterwards.py", "C:\\run"), True),
        (("/venv/bin/python", "/venv/bin/geodistil", "train", "/run"), True),
        (("C:\\venv\\Scripts\\geodistil.exe", "train", "run"), True),
        (("/usr/bin/search-engine", "60"), False),
        (("/usr/bin/python3", "-m", "engineering"), False),
        (("python.exe", "C:\\games\\engine.py"), False),
        (("C:\\QGIS\\bin\\python3.exe", "-m", "jupyter"), False),
    ],
)
def test_command_lines_are_told_apart(line, ours):
    assert is_engine(line) is ours


def test_ending_takes_helpers_and_leaves_others(begin, stranger):
    program = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); {SLEEP}"
    own = begin(sys.executable, "-c", program, "-m", "engine")
    wait_until(lambda: len(with_helpers(look(own.pid))) == 2)
    helper = with_helpers(look(own.pid))[1]
    assert os.getpgid(helper.pid) == os.getpgid(stranger.pid) == os.getpgrp()
    end([look(own.pid)])
    assert own.wait(5) == -9
    wait_until(lambda: look(helper.pid) is None)
    assert stranger.poll() is None


def test_a_process_that_has_ended_meanwhile_is_not_replaced_by_another(begin, stranger):
    """Its id, taken from an earlier look, is the stranger's now."""
    from dataclasses import replace

    was = replace(look(stranger.pid), token=look(stranger.pid).token - 100)
    end([was])
    unix.kill(was)
    assert stranger.poll() is None


@pytest.mark.skipif(not shutil.which("ps"), reason="needs ps")
def test_what_ps_tells_of_a_process_is_what_the_kernel_tells(begin):
    own = begin(sys.executable, "-c", SLEEP, "-m", "engine")
    here, told = look(own.pid), unix.look(own.pid)
    assert (told.pid, told.parent, told.arguments[-2:]) == (here.pid, os.getpid(), ("-m", "engine"))
    assert told.started == pytest.approx(here.started, abs=2)
    assert engine(own.pid, time.time()).is_same(here)
    own.kill()
    wait_until(lambda: look(own.pid) is None)
    assert unix.look(own.pid) is None  # not waited for yet
    assert os.getpid() in [process.pid for process in unix.everyone()]


def test_a_line_of_ps_is_read_as_macos_writes_it():
    line = "  501     1 S    Fri Nov 27 09:05:07 2026     /opt/python -m engine train /Users/me/my runs/town"
    process = unix.parsed(line)
    assert (process.pid, process.parent) == (501, 1)
    assert process.started == time.mktime((2026, 11, 27, 9, 5, 7, 0, 0, -1)) and is_engine(process.arguments)
    assert unix.parsed("  502   501 Z+   Fri Nov 27 09:05:07 2026     (python)") is None
    assert unix.parsed("  PID  PPID STAT STARTED COMMAND") is None


def test_nothing_of_the_plugin_signals_by_a_number_alone():
    """Who ends a process does so in `jobs.processes`, which looks who it is, or by a child that is not waited for.

    On a server `there.py` looks likewise: at the time when the process began.
    """
    doors = {}
    for room in ("jobs", "toolbox", "ui"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                name = getattr(node, "attr", getattr(node, "value", None))
                if name in ("killpg", "taskkill", "TerminateProcess") or ast.unparse(node) == "os.kill":
                    doors.setdefault(path.relative_to(ROOT).as_posix(), set()).add(name)
    assert doors == {
        "jobs/process.py": {"killpg"},
        "jobs/processes/linux.py": {"kill"},
        "jobs/processes/unix.py": {"kill"},
        "jobs/processes/windows.py": {"TerminateProcess"},
        "jobs/servers/there.py": {"kill", "killpg"},
    }
