"""Runs on a server on loopback, with the real engine: stopped, gone on with, cut off, brought back."""

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ..desktop.loopback import described, end_trainings
from ..desktop.profile import Desktop, end, wait_for
from ..qgis.probe import STALL_SECONDS, Probe
from ..qgis.waiting import let_qgis_work_until
from ..qgis.windows import MapWindow

SESSION = Path(__file__).with_name("servers_session.py")
DEADLINE = 600


@pytest.fixture
def server(loopback, qgis_app, monkeypatch, tmp_path):
    """A described server whose host key was accepted."""
    from geodistil.jobs.servers import ssh
    from geodistil.jobs.servers.server import Server, store_servers
    from geodistil.jobs.servers.ssh import accept, look_at_host_key

    monkeypatch.setattr(ssh, "known_hosts", lambda: tmp_path / "known_hosts")
    server = Server(name="box", id="1", **described(loopback, tmp_path / "Ablage für 'alle' there"))
    accept(look_at_host_key(server))
    store_servers([server])
    yield server
    store_servers([])
    end_trainings(Path(server.folder))


@pytest.fixture
def wait(followers):
    """Waits while runs are followed; says what is known of a run where that takes too long."""

    def until(run, condition, seconds=DEADLINE):
        end = time.monotonic() + seconds
        while not condition(read_note(run)):
            followers.keep()
            assert time.monotonic() < end, f"{read_note(run)}\n{log(run)}"
            time.sleep(0.1)

    return until


def read_note(run):
    from geodistil.jobs.servers import note

    return note.read_note(run)


def log(run):
    path = run / "log.txt"
    return path.read_text()[-2000:] if path.exists() else ""


def begin(run, server):
    from geodistil.jobs.runs.waiting import start
    from geodistil.jobs.servers.following import assign

    if not (run / "server.json").exists():
        assign(run, server)
    start(run)


def kinds(run, kind):
    path = run / "events.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


def state(run):
    from geodistil.jobs.runs.tracker import RunTracker

    return RunTracker(run).poll()


def lengthen(run, steps):
    """A training that is still at it when the test comes to stop it; 100 steps are two seconds."""
    values = json.loads((run / "run.json").read_text())
    values["training"]["budget"] = {"steps": steps}
    (run / "run.json").write_text(json.dumps(values))


@contextmanager
def held_up(run):
    """The training there waits meanwhile, however long what is done with it takes here."""
    pid = read_note(run).pid
    os.killpg(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(pid, signal.SIGCONT)


def test_a_run_is_cut_off_stopped_gone_on_with_and_brought_back(run, server, loopback, wait):
    from geodistil.jobs.runs.state import Status
    from geodistil.jobs.runs.waiting import ask_to_stop
    from geodistil.jobs.servers.note import Stage

    (run / "afterwards.json").unlink()
    lengthen(run, 400)
    begin(run, server)
    wait(run, lambda note: kinds(run, "progress"))
    there = Path(server.folder) / "runs"
    (folder,) = there.iterdir()
    with held_up(run):
        assert state(run).status is Status.RUNNING
        assert loopback.cut()
        wait(run, lambda note: note.trouble)
        assert state(run).status is Status.RUNNING
        wait(run, lambda note: not note.trouble)
        seen = len(kinds(run, "progress"))
    wait(run, lambda note: len(kinds(run, "progress")) > seen)
    with held_up(run):
        ask_to_stop(state(run))
        assert state(run).status is Status.STOPPING
        wait(run, lambda note: (folder / "stop").exists())
    wait(run, lambda note: note.stage is Stage.ENDED)
    assert state(run).status is Status.STOPPED
    assert not (run / "stop").exists() and not (run / "model").exists()
    begin(run, server)
    wait(run, lambda note: note.stage is Stage.ENDED)
    assert state(run).status is Status.FINISHED, log(run)
    assert [each.name for each in there.iterdir()] == [folder.name]
    for name in ("events.jsonl", "log.txt", "report.html", "split.json", "model/item.json", "model/model.safetensors"):
        assert (run / name).read_bytes() == (folder / name).read_bytes()
    steps = [event["step"] for event in kinds(run, "progress") if "part" not in event]
    assert steps == sorted(set(steps)), "steps were seen twice, or trained twice"
    assert json.loads((run / "run.json").read_text())["sources"][0]["raster"].startswith("/")


def test_what_a_server_has_trained_predicts_here_afterwards(run, server, qgis_app, project):
    from geodistil.jobs.runs.files import RUNS, set_run_folders
    from geodistil.jobs.servers.following import assign
    from geodistil.ui.runs.dock import RunsDock
    from qgis.core import QgsSettings
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QAction, QApplication, QTableView

    assign(run, server)
    QgsSettings().remove(RUNS)  # the trainings that other tests have started
    set_run_folders([run])
    window = MapWindow()
    dock = RunsDock(window, print)
    table = dock.findChild(QTableView)
    dock.start()
    probe = Probe()
    try:
        let_qgis_work_until(lambda: table.model().rowCount() == 1)
        table.selectRow(0)
        next(each for each in dock.findChildren(QAction) if each.text() == "Start").trigger()
        let_qgis_work_until(lambda: kinds(run / "predictions", "finished"), DEADLINE)
        let_qgis_work_until(lambda: table.model().index(0, 1).data() == "Finished", DEADLINE)
    finally:
        dock.stop()
        set_run_folders([])
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    print(f"longest stall {1000 * probe.longest_with_others:.0f} ms, busiest turn {1000 * probe.busiest:.0f} ms")
    assert probe.busiest < STALL_SECONDS
    (output,) = kinds(run / "predictions", "finished")[0]["outputs"]
    assert Path(output["classes"]).exists() and (run / "report.html").exists()


def test_a_queue_of_slurm_is_waited_in_and_trains(run, server, wait):
    if shutil.which("sbatch") is None or subprocess.run(["sinfo"], capture_output=True).returncode:
        pytest.skip("no Slurm is running here (package slurm-wlm)")
    from geodistil.jobs.runs.state import Status
    from geodistil.jobs.runs.waiting import ask_to_stop
    from geodistil.jobs.runs.words import message
    from geodistil.jobs.servers.note import Stage
    from geodistil.jobs.servers.server import SBATCH, store_servers

    (run / "afterwards.json").unlink()
    store_servers([replace(server, queue=SBATCH, queue_options="--time=10 --job-name='two words'")])
    other = ["sbatch", "--parsable", "--exclusive", "--output=/dev/null", "--wrap", "sleep 600"]
    taken = subprocess.run(other, check=True, capture_output=True, text=True).stdout.strip()
    try:
        begin(run, server)
        wait(run, lambda note: note.stage is Stage.WORKING and note.waits)
        job = f"(job {read_note(run).job})"
        assert state(run).status is Status.STARTING and message(state(run)) == f"It waits in the queue of box {job}."
        ask_to_stop(state(run))
        wait(run, lambda note: note.stage is Stage.CANCELLED)
        assert state(run).status is Status.STOPPED and message(state(run)) == "It was stopped before it began."
        begin(run, server)
        wait(run, lambda note: note.stage is Stage.WORKING and note.waits)
    finally:
        subprocess.run(["scancel", taken], check=True)
    wait(run, lambda note: note.stage is Stage.ENDED)
    assert state(run).status is Status.FINISHED, log(run)
    assert (run / "model" / "item.json").exists()


def begin_in_window(desktop, run, loopback, tmp_path):
    lengthen(run, 400)
    runs = tmp_path / "runs"
    runs.mkdir()
    fields = {name: str(value) for name, value in described(loopback, tmp_path / "there").items()}
    values = {"template": str(run), "runs": str(runs), "name": "harbour", "pictures": ""}
    values |= {"following": str(tmp_path / "following"), "server": {"name": "gpu-box", **fields}}
    return *desktop.start(SESSION, "begin", **values), runs


def test_a_server_trains_what_a_qgis_window_gives_it_and_the_next_qgis_gets_the_model(run, loopback, tmp_path):
    if not (shutil.which("xvfb-run") and shutil.which("qgis")):
        pytest.skip("no QGIS desktop or no xvfb-run here")
    desktop = Desktop(tmp_path / "desktop").link()
    process, result, runs = begin_in_window(desktop, run, loopback, tmp_path)
    trained = runs / "harbour"
    try:
        wait_for(lambda: (tmp_path / "following").exists() or result.exists(), 400)
        assert not result.exists(), desktop.outcome(result)
        os.kill(int(result.with_suffix(".begun").read_text()), signal.SIGKILL)
    finally:
        end(process)
    assert not kinds(trained, "finished"), "the training had ended already; it must be longer"
    assert desktop.run(SESSION, "come_back", 1000) == {"state": "Finished"}
    assert (trained / "model" / "item.json").exists() and (trained / "report.html").exists()
    assert len(kinds(trained, "started")) == 1
    settings = (tmp_path / "desktop" / "profiles" / "default" / "QGIS" / "QGIS3.ini").read_text()
    assert str(loopback.key) in settings and "PRIVATE KEY" not in settings
