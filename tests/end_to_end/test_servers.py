"""Runs on a server on loopback, with the real engine: stopped, gone on with, cut off, brought back."""

import json
import time
from pathlib import Path

import pytest

from ..desktop.loopback import HOST, Loopback, sshd

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 240


@pytest.fixture(scope="module")
def loopback(tmp_path_factory):
    if sshd() is None:
        pytest.skip("sshd is not installed (package openssh-server)")
    server = Loopback(tmp_path_factory.mktemp("sshd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(loopback, qgis_app, monkeypatch, tmp_path):
    """A described server whose host key was accepted."""
    from geodistil.jobs.servers import ssh
    from geodistil.jobs.servers.host_keys import accept, look_at_host_key
    from geodistil.jobs.servers.server import Server, store_servers

    monkeypatch.setattr(ssh, "known_hosts", lambda: tmp_path / "known_hosts")
    described = Server(
        name="box",
        host=HOST,
        user=loopback.user,
        port=loopback.port,
        key=str(loopback.key),
        folder=str(tmp_path / "Ablage für 'alle' there"),
        python=f"cd {ROOT} && .venv/bin/python",
        id="1",
    )
    accept(look_at_host_key(described))
    store_servers([described])
    yield described
    store_servers([])


@pytest.fixture
def followers(qgis_app):
    from geodistil.jobs.servers.followers import Followers

    made = Followers()
    yield made
    made.leave()


@pytest.fixture
def wait(followers):
    """Waits while runs are followed; says what is known of a run where that takes too long."""

    def until(run, condition, seconds=DEADLINE):
        from geodistil.jobs.servers.note import read_note

        end = time.monotonic() + seconds
        while not condition(read_note(run)):
            followers.keep()
            assert time.monotonic() < end, f"{read_note(run)}\n{log(run)}"
            time.sleep(0.1)

    return until


def log(run):
    path = run / "log.txt"
    return path.read_text()[-2000:] if path.exists() else ""


def begin(run, server):
    from geodistil.jobs.runs.control import start
    from geodistil.jobs.servers.followers import assign

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


def test_a_run_is_cut_off_stopped_gone_on_with_and_brought_back(run, server, loopback, wait):
    from geodistil.jobs.runs.control import ask_to_stop
    from geodistil.jobs.runs.state import Status
    from geodistil.jobs.servers.note import Stage

    (run / "afterwards.json").unlink()
    begin(run, server)
    wait(run, lambda note: kinds(run, "progress"))
    there = Path(server.folder) / "runs"
    (folder,) = there.iterdir()
    assert state(run).status is Status.RUNNING
    assert loopback.cut()
    wait(run, lambda note: note.trouble)
    assert state(run).status is Status.RUNNING
    seen = len(kinds(run, "progress"))
    wait(run, lambda note: not note.trouble and len(kinds(run, "progress")) > seen)
    ask_to_stop(state(run))
    assert state(run).status is Status.STOPPING
    wait(run, lambda note: note.stage is Stage.ENDED)
    assert state(run).status is Status.STOPPED
    assert not (run / "stop").exists() and not (run / "model").exists()
    begin(run, server)
    wait(run, lambda note: note.stage is Stage.ENDED)
    assert state(run).status is Status.FINISHED, log(run)
    assert [each.name for each in there.iterdir()] == [folder.name]
    for name in ("events.jsonl", "log.txt", "report.html", "model/item.json", "model/model.safetensors"):
        assert (run / name).read_bytes() == (folder / name).read_bytes()
    steps = [event["step"] for event in kinds(run, "progress") if "part" not in event]
    assert steps == sorted(set(steps)), "steps were seen twice, or trained twice"
    assert json.loads((run / "run.json").read_text())["sources"][0]["raster"].startswith("/")
