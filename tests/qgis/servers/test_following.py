"""A run on a server is followed through all that may happen; a real sshd, and a program with the engine's manners."""

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from geodistil.jobs.runs import waiting
from geodistil.jobs.runs.state import Status
from geodistil.jobs.runs.tracker import RunTracker
from geodistil.jobs.runs.words import device_text, message
from geodistil.jobs.servers.following import Follower, Followers, assign
from geodistil.jobs.servers.note import Stage, read_note
from geodistil.jobs.servers.server import SBATCH, store_servers

from ...desktop.loopback import end_trainings

ENGINE = """
import json, os, pathlib, socket, sys, time
folder = pathlib.Path(sys.argv[-1])
behaviour = json.loads((folder / "run.json").read_text())["behaviour"]
def tell(kind, **values):
    with (folder / "events.jsonl").open("a") as log:
        log.write(json.dumps({"time": time.time(), "kind": kind, **values}) + "\\n")
if behaviour == "dies":
    sys.exit("error: There is no torch here.")
(folder / "stop").unlink(missing_ok=True)
tell("started", pid=os.getpid(), host=socket.gethostname(), device="one card")
tell("stage", name="training", index=0, of=1)
step = 0
while not (folder / "stop").exists() or behaviour == "deaf":
    step += 1
    tell("progress", stage="training", step=step, of=1000, losses={"sum": 1 / step}, fraction=step / 1000)
    if behaviour == "short" and step == 5:
        (folder / "model").mkdir()
        (folder / "model" / "item.json").write_text("{}")
        tell("finished", outputs={})
        time.sleep(1.5)  # as the real one does, which has libraries to leave; longer than it is looked for
        break
    time.sleep(0.1)
else:
    tell("stopped")
"""


@pytest.fixture
def box(trusted, tmp_path):
    """The server, with such an engine."""
    package = tmp_path / "site" / "engine"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(ENGINE)
    described = replace(trusted, python=f"echo Welcome; cd {package.parent} && /usr/bin/python3")
    store_servers([described])
    yield described
    store_servers([])
    end_trainings(Path(trusted.folder))


@pytest.fixture
def make_run(tmp_path):
    def make(behaviour, **settings):
        folder = tmp_path / "runs" / behaviour
        folder.mkdir(parents=True)
        values = {"version": 2, "name": behaviour, "behaviour": behaviour, **settings}
        (folder / "run.json").write_text(json.dumps(values))
        return folder

    return make


@pytest.fixture
def wait(followers):
    def until(run, condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            followers.keep()
            assert time.monotonic() < end, f"{read_note(run)} {state(run).status}"
            time.sleep(0.05)

    return until


def state(run):
    return RunTracker(run).poll()


def begin(run, server):
    assign(run, server)
    waiting.start(run)


def there(server):
    (folder,) = (Path(server.folder) / "runs").iterdir()
    return folder


def pid_there(server):
    return json.loads((there(server) / "launch.json").read_text())["pid"]


def test_a_run_ends_with_its_model_here(box, make_run, wait):
    run = make_run("short", training={"device": "all"})
    assign(run, box)
    assert state(run).status is Status.NEW and device_text(state(run)) == "all on box"
    waiting.start(run)
    seen = []
    wait(run, lambda: seen.append(state(run).status) or read_note(run).stage is Stage.ENDED)
    assert state(run).status is Status.FINISHED and (run / "model" / "item.json").exists()
    assert device_text(state(run)) == "one card on box"
    assert seen[0] is Status.COPYING
    assert Status.FINISHED not in seen[:-1], "it counted as finished before its model was here"


def test_what_is_left_to_predict_waits_for_a_start_here(box, make_run, wait):
    run = make_run("short")
    (run / "afterwards.json").write_text(json.dumps({"predict": ["/nowhere.tif"]}))
    begin(run, box)
    wait(run, lambda: read_note(run).stage is Stage.ENDED)
    assert state(run).status is Status.FINISHED and not state(run).predicted


def test_an_engine_that_is_killed_there_is_interrupted_here(box, make_run, wait):
    run = make_run("long")
    begin(run, box)
    wait(run, lambda: state(run).history.progress)
    os.kill(pid_there(box), signal.SIGKILL)
    wait(run, lambda: read_note(run).stage is Stage.ENDED)
    assert state(run).status is Status.KILLED


def test_an_engine_that_cannot_begin_says_why(box, make_run, wait):
    run = make_run("dies")
    begin(run, box)
    wait(run, lambda: read_note(run).stage is Stage.ENDED)
    assert (state(run).status, message(state(run))) == (Status.FAILED, "There is no torch here.")


def test_an_engine_that_does_not_stop_is_ended_at_once(box, make_run, wait):
    run = make_run("deaf")
    begin(run, box)
    wait(run, lambda: state(run).history.progress)
    pid = pid_there(box)
    waiting.ask_to_stop(state(run))
    wait(run, (there(box) / "stop").exists)
    assert state(run).status is Status.STOPPING
    waiting.end_now(state(run))
    wait(run, lambda: read_note(run).stage is Stage.ENDED)
    assert state(run).status is Status.KILLED
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_connection_that_breaks_off_loses_no_event_and_repeats_none(box, make_run, wait, loopback):
    run = make_run("long")
    begin(run, box)
    for _ in range(3):
        before = state(run).history.progress.get("step", 0) if (run / "events.jsonl").exists() else 0
        wait(run, lambda before=before: state(run).history.progress.get("step", 0) > before)
        assert loopback.cut()
        wait(run, lambda: read_note(run).trouble)
        assert state(run).status is Status.RUNNING and "broke off" in message(state(run))
        wait(run, lambda: not read_note(run).trouble)
    waiting.ask_to_stop(state(run))
    wait(run, lambda: read_note(run).stage is Stage.ENDED)
    assert (run / "events.jsonl").read_bytes() == (there(box) / "events.jsonl").read_bytes()
    assert len((run / "events.jsonl").read_text().split('"started"')) == 2, "it was started twice"


def test_a_server_that_goes_and_comes_is_waited_for(box, make_run, wait, loopback):
    run = make_run("long")
    begin(run, box)
    wait(run, lambda: state(run).history.progress)
    loopback.stop()
    try:
        wait(run, lambda: "does not answer" in read_note(run).trouble)
        assert state(run).status is Status.RUNNING
    finally:
        loopback.start()
    wait(run, lambda: not read_note(run).trouble)
    waiting.ask_to_stop(state(run))
    wait(run, lambda: state(run).status is Status.STOPPED)


def test_the_next_qgis_follows_from_where_this_one_was(box, make_run, wait, followers):
    run = make_run("long")
    begin(run, box)
    wait(run, lambda: state(run).history.progress)
    followers.leave()
    time.sleep(1.5)
    seen = (run / "events.jsonl").read_bytes()
    other = Followers()
    until = time.monotonic() + 30
    while (run / "events.jsonl").read_bytes() == seen and time.monotonic() < until:
        other.keep()
        time.sleep(0.1)
    waiting.ask_to_stop(state(run))
    while other.keep() != [run] and time.monotonic() < until:
        time.sleep(0.1)
    assert (run / "events.jsonl").read_bytes() == (there(box) / "events.jsonl").read_bytes()
    assert state(run).status is Status.STOPPED


def test_another_log_there_takes_the_place_of_this_one(box, make_run, wait):
    run = make_run("short")
    (run / "log.txt").write_text("of an earlier training, on this machine, and longer than what comes from there\n" * 9)
    begin(run, box)
    wait(run, lambda: read_note(run).stage is Stage.WORKING)
    (there(box) / "log.txt").write_text("of there\n")
    wait(run, lambda: read_note(run).stage is Stage.ENDED)
    assert (run / "log.txt").read_text() == "of there\n"


def test_two_that_follow_one_run_do_not_write_twice(box, make_run, wait, loopback):
    run = make_run("long")
    begin(run, box)
    wait(run, lambda: state(run).history.progress)
    log = loopback.folder / "sshd.log"
    connections = log.read_text().count("Accepted publickey")
    second = Follower(run, read_note(run).token, lambda *_: box)
    second.start()
    step = state(run).history.progress["step"]
    wait(run, lambda: state(run).history.progress["step"] > step + 20)
    assert log.read_text().count("Accepted publickey") == connections, "both follow"
    waiting.ask_to_stop(state(run))
    wait(run, lambda: read_note(run).stage is Stage.ENDED)
    second.leave()
    assert (run / "events.jsonl").read_bytes() == (there(box) / "events.jsonl").read_bytes()


def test_a_copy_is_cancelled_and_goes_on(box, make_run, wait):
    run = make_run("long")
    large = run / "labels.bin"
    large.write_bytes(os.urandom(1 << 20) * 256)
    begin(run, box)
    wait(run, lambda: read_note(run).fraction > 0)
    waiting.ask_to_stop(state(run))
    wait(run, lambda: read_note(run).stage is not Stage.COPYING)
    assert state(run).status is Status.STOPPED and "cancelled" in message(state(run))
    assert not (there(box) / "labels.bin").exists()
    waiting.start(run)
    wait(run, lambda: state(run).history.progress)
    assert (there(box) / "labels.bin").stat().st_size == large.stat().st_size
    waiting.ask_to_stop(state(run))
    wait(run, lambda: read_note(run).stage is Stage.ENDED)


def test_what_cannot_begin_has_failed_with_its_sentence(box, make_run, wait, tmp_path):
    run = make_run("long")
    for wrong, sentence in (
        ({"folder": "/proc/nowhere"}, "On box, /proc/nowhere cannot be read or written: "),
        ({"python": "/nowhere/python"}, "The server box has no Python that starts with /nowhere/python: "),
        ({"python": "cd / && /usr/bin/python3"}, "The Python cd / && /usr/bin/python3 on box has no engine: "),
        ({"port": 1}, "The server box does not answer at 127.0.0.1: "),
        ({"host": "no-such-host.invalid"}, "There is no host no-such-host.invalid, the address of the server box."),
    ):
        store_servers([replace(box, **wrong)])
        begin(run, box)
        wait(run, lambda: state(run).status is Status.FAILED)
        assert message(state(run)).startswith(sentence)
    store_servers([])
    begin(run, box)
    wait(run, lambda: state(run).status is Status.FAILED)
    assert message(state(run)).startswith("The server box is not among the servers any more.")


def test_a_server_without_slurm_has_its_sentence(box, make_run, wait):
    if shutil.which("sbatch"):
        pytest.skip("there is a Slurm here")
    store_servers([replace(box, queue=SBATCH)])
    run = make_run("long")
    begin(run, box)
    wait(run, lambda: state(run).status is Status.FAILED)
    assert message(state(run)).startswith("On box: there is no sbatch. ")


def test_a_disk_with_too_little_room_is_told_before_anything_is_copied(box, make_run, wait, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        store_servers([replace(box, folder=str(disk))])
        run = make_run("long")
        begin(run, box)
        wait(run, lambda: state(run).status is Status.FAILED)
        assert message(state(run)).startswith(f"On box, {disk} has 0.001 GB free, and the run's files need 0.050 GB.")
        assert not list(disk.iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)
