"""The waiting list: one training at a time on a device, over restarts, for all QGIS windows together."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.runs import waiting
from geodistil.jobs.runs.state import Status
from geodistil.jobs.runs.tracker import Watcher
from geodistil.jobs.runs.waiting import WaitingList, share_device
from geodistil.jobs.servers.note import Note

from ..slow_disks import main_thread_s_touches

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def on(make_run, write, engine, state_of):
    """States of runs: on a device, running or not."""

    def make(name, device, running=False):
        events = [write.started(engine.pid)] if running else []
        return state_of(make_run(name, *events, training={"device": device}))

    return make


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(waiting, "PAUSE_SECONDS", 0.0)


def test_runs_wait_in_their_order_each_once_and_a_restart_keeps_it(tmp_path):
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    mine = WaitingList(tmp_path)
    for run in (first, second, first, third):
        mine.add(run)
    mine.remove(second)
    assert WaitingList(tmp_path).runs() == [first, third]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("cpu", "cpu", True),
        ("cuda", "cuda:0", True),
        ("cuda:1", "cuda:0", False),
        ("all", "cuda:1", True),
        ("cpu", "cuda", False),
        ("auto", "mps", True),
    ],
)
def test_devices_are_the_same_by_name_and_auto_may_be_any(one, other, shared):
    assert share_device(one, other) is share_device(other, one) is shared


def test_a_run_waits_until_its_device_is_free(tmp_path, on, no_pause):
    busy, next_one = on("busy", "cpu", running=True), on("next", "cpu")
    line = WaitingList(tmp_path)
    line.add(next_one.folder)
    assert line.take([busy, next_one]) is None
    assert line.take([next_one]) == next_one.folder
    assert line.runs() == []


def test_a_run_for_another_device_does_not_wait_behind_one_that_does(tmp_path, on, no_pause):
    states = [on("busy", "cuda", running=True), on("first", "cuda:0"), on("second", "cuda"), on("third", "cpu")]
    line = WaitingList(tmp_path)
    for state in states[1:]:
        line.add(state.folder)
    assert line.take(states) == states[3].folder
    assert line.take(states) is None
    assert line.runs() == [states[1].folder, states[2].folder]


def test_the_first_in_line_is_not_overtaken(tmp_path, on, no_pause):
    states = [on("busy", "cpu", running=True), on("any", "auto"), on("quick", "cuda")]
    line = WaitingList(tmp_path)
    for state in states[1:]:
        line.add(state.folder)
    assert line.take(states) is None  # `any` must wait, and may want the GPU that `quick` wants


def test_a_run_that_trains_on_another_machine_takes_no_device_here(tmp_path, make_run, write, state_of, no_pause):
    away = state_of(make_run("away", write.started(1, host="server")))
    here = state_of(make_run("here"))
    line = WaitingList(tmp_path)
    line.add(here.folder)
    assert away.busy and line.take([away, here]) == here.folder


def test_runs_on_a_server_wait_for_that_server_only(tmp_path, on, no_pause):
    def there(state, server, **changed):
        return replace(state, server=Note(server, server), **changed)

    here, busy = on("here", "auto", running=True), there(on("busy", "auto"), "box", status=Status.COPYING)
    same, other = there(on("same", "all"), "box"), there(on("other", "all"), "big box")
    line = WaitingList(tmp_path)
    for state in (same, other):
        line.add(state.folder)
    states = [here, busy, same, other]
    assert line.take(states) == other.folder
    assert line.take(states) is None and line.runs() == [same.folder]
    back = replace(busy, status=Status.FINISHED)
    assert line.take([here, back, same, other]) == same.folder


def test_what_someone_else_started_finished_or_deleted_leaves_the_list(
    tmp_path, on, make_run, write, state_of, no_pause
):
    finished = state_of(make_run("finished", write.event("finished", outputs={})))
    states = [on("at work", "cuda", running=True), on("deleted", "cpu"), finished]
    away = tmp_path / "unmounted" / "run"
    line = WaitingList(tmp_path)
    for folder in (*(state.folder for state in states), away):
        line.add(folder)
    (states[1].folder / "run.json").unlink()
    watcher = Watcher()
    watcher.watch([], line.runs())
    watcher.poll()
    assert line.take(states, watcher.deleted) is None
    assert line.runs() == [away]


def test_runs_that_wait_on_a_disk_far_away_are_left_alone_until_it_is_their_turn(tmp_path, on, no_pause):
    busy, waits = on("busy", "cpu", running=True), on("waits", "cpu")
    line = WaitingList(tmp_path / "list")
    line.add(waits.folder)
    line.add(tmp_path / "runs" / "unknown")
    with main_thread_s_touches(tmp_path / "runs") as touched:
        assert line.take([busy, waits]) is None
    assert touched == []


def test_after_a_start_the_next_waits_a_little_so_that_the_first_is_seen(tmp_path, on):
    states = [on("first", "cpu"), on("second", "cpu")]
    line = WaitingList(tmp_path)
    for state in states:
        line.add(state.folder)
    assert line.take(states) == states[0].folder
    assert WaitingList(tmp_path).take(states) is None
    assert line.runs() == [states[1].folder]


def test_two_qgis_windows_never_start_the_same_run(tmp_path, on):
    """Both look at the same list at the same time, with the same stale picture of who is busy."""
    runs = [on(f"run{index}", "cpu").folder for index in range(3)]
    for run in runs:
        WaitingList(tmp_path).add(run)
    program = """
import sys
from pathlib import Path
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.runs.state import RunState, Status
from geodistil.jobs.runs.waiting import WaitingList
states = [RunState(Path(text), {"training": {"device": "cpu"}}, Status.NEW) for text in sys.argv[2:]]
print("ready", flush=True)
sys.stdin.readline()
try:
    print(WaitingList(Path(sys.argv[1])).take(states))
except GeoDistilError as error:
    print("busy", error)
"""
    command = [sys.executable, "-c", program, str(tmp_path), *map(str, runs)]
    options = {"cwd": ROOT / "build" / "plugins", "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    windows = [subprocess.Popen(command, **options) for _ in range(2)]
    assert [window.stdout.readline() for window in windows] == ["ready\n"] * 2
    for window in windows:
        window.stdin.write("\n")
        window.stdin.flush()
    answers = sorted(window.communicate()[0].strip() for window in windows)
    assert str(runs[0]) in answers and answers.count(str(runs[0])) == 1 and str(runs[1]) not in answers
    assert WaitingList(tmp_path).runs() == runs[1:]


def test_a_damaged_list_is_an_empty_one(tmp_path):
    (tmp_path / "waiting.json").write_text('{"runs": ["/a')
    assert WaitingList(tmp_path).runs() == []
    WaitingList(tmp_path).add(tmp_path)
    assert json.loads((tmp_path / "waiting.json").read_text())["runs"] == [str(tmp_path)]


def test_a_list_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(GeoDistilError, match=r"waiting list .* cannot be written"):
        WaitingList(tmp_path / "file").add(tmp_path)
