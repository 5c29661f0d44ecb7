"""Run folders made by hand, processes that can pass for the engine, and a window for the dock."""

import json
import socket
import stat
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from ..waiting import wait_until

RECIPE = {"kind": "supervised"}

ENGINE = """#!/bin/sh
exec "{python}" "{program}" "$@"
"""
PROLOGUE = """
import json, os, pathlib, socket, sys, time
folder = pathlib.Path(sys.argv[-1])
def tell(kind, **values):
    with (folder / "events.jsonl").open("a") as log:
        log.write(json.dumps({"time": time.time(), "kind": kind, **values}) + "\\n")
def begin():
    (folder / "stop").unlink(missing_ok=True)
    tell("started", pid=os.getpid(), host=socket.gethostname(), device="cpu")
    tell("stage", name="training", index=0, of=1)
"""


def event(kind, when=None, **values):
    """An event as the engine writes it."""
    return {"time": time.time() if when is None else when, "kind": kind, **values}


def started(pid, when=None, host=None):
    return event("started", when, pid=pid, host=host or socket.gethostname(), device="cpu")


def progress(step, of=100, stage="training", when=None, **more):
    losses = {"detection/box": 1 / (step + 1), "segmentation/cross_entropy": 2 / (step + 1)}
    values = {"losses": losses, "eta_seconds": float(of - step), "fraction": step / of, **more}
    return event("progress", when, stage=stage, step=step, of=of, **values)


def append(folder, *events):
    with (folder / "events.jsonl").open("a") as log:
        log.writelines(json.dumps(each) + "\n" for each in events)


@pytest.fixture
def write():
    """Functions that write events."""
    return SimpleNamespace(event=event, started=started, progress=progress, append=append)


@pytest.fixture
def make_run(tmp_path):
    """Writes a run folder with events; settings are merged into its `run.json`."""

    def make(name, *events, **settings):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        run = {"version": 1, "name": name, "recipe": RECIPE, "training": {"device": "auto"}, "sources": [], **settings}
        (folder / "run.json").write_text(json.dumps(run))
        if events:
            append(folder, *events)
        return folder

    return make


@pytest.fixture
def engine():
    """A process that can pass for the engine, until the test ends or ends it."""
    from geodistil.jobs.processes import look

    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "-m", "engine", "train"])
    wait_until(lambda: look(process.pid).arguments)  # for a moment after its start it has none
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def engine_program(qgis_app, monkeypatch, tmp_path):
    """Puts a program in the engine's place; it gets the run folder as its last argument."""

    def put(body):
        program, python = tmp_path / "engine.py", tmp_path / "python"
        program.write_text(PROLOGUE + body)
        python.write_text(ENGINE.format(python=sys.executable, program=program))
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("GEODISTIL_PYTHON", str(python))

    return put


@pytest.fixture
def settings(qgis_app):
    """The dock's settings, empty before and after."""
    from qgis.core import QgsSettings

    QgsSettings().remove("geodistil")
    yield QgsSettings()
    QgsSettings().remove("geodistil")


@pytest.fixture
def wait(qgis_app):
    """Lets QGIS work until a condition holds."""
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    def until(condition, seconds=15):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            QApplication.processEvents()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            time.sleep(0.01)

    return until


@pytest.fixture
def state_of():
    """A run's state now, read afresh."""
    from geodistil.jobs.runs.tracker import RunTracker

    return lambda folder: RunTracker(folder).poll()


@pytest.fixture
def window(qgis_app):
    """What the dock uses of QGIS's interface, with a real window and a real message bar."""
    from qgis.gui import QgsMessageBar
    from qgis.PyQt.QtWidgets import QMainWindow

    class Window(QMainWindow):
        def __init__(self):
            super().__init__()
            self.bar = QgsMessageBar(self)

        def mainWindow(self):
            return self

        def messageBar(self):
            return self.bar

        def messages(self):
            return [item.text() for item in self.bar.items()]

    window = Window()
    window.resize(1280, 800)
    yield window
    dispose(window)


@pytest.fixture
def eager(monkeypatch):
    """A watcher that looks more often than people need."""
    from geodistil.jobs.runs import tracker

    monkeypatch.setattr(tracker, "POLL_SECONDS", 0.1)


@pytest.fixture
def dock(window, settings, eager, tmp_path):
    """The dock at work on the test's runs; `dock.opened_algorithms` is what it opened."""
    from geodistil.jobs.runs.files import set_run_folders
    from geodistil.ui.runs.dock import RunsDock
    from qgis.PyQt.QtCore import Qt

    (tmp_path / "runs").mkdir(exist_ok=True)
    set_run_folders([tmp_path / "runs"])
    opened = []
    dock = RunsDock(window, lambda *arguments: opened.append(arguments))
    dock.opened_algorithms = opened
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.show()
    dock.start()
    yield dock
    dock.stop()


@pytest.fixture
def waiting_list(qgis_app, monkeypatch):
    """The person's waiting list, empty, without a pause between starts."""
    from geodistil.jobs.runs import waiting

    monkeypatch.setattr(waiting, "PAUSE_SECONDS", 0.0)
    folder = waiting.list_folder()
    (folder / waiting.LIST_FILE).unlink(missing_ok=True)
    yield waiting.WaitingList(folder)
    (folder / waiting.LIST_FILE).unlink(missing_ok=True)


def dispose(widget):
    """Delete a window now, not when QGIS has already ended."""
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    widget.close()
    widget.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
