"""The bridge with real child processes: small Python programs in place of the engine, which write its events."""

import json
import os
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.events import EventReader
from geodistil.jobs.process import EngineProcess
from qgis.core import QgsProcessingFeedback

from .waiting import wait_until

PROLOGUE = """
import json, os, pathlib, subprocess, sys, time
folder = pathlib.Path(sys.argv[1])
def tell(kind, **values):
    with (folder / "events.jsonl").open("a") as log:
        log.write(json.dumps({"time": time.time(), "kind": kind, **values}) + "\\n")
"""


class Feedback(QgsProcessingFeedback):
    """A real feedback that also remembers."""

    def __init__(self):
        super().__init__(False)
        self.progress, self.infos, self.warnings = [], [], []
        self.progressChanged.connect(self.progress.append)

    def pushInfo(self, info):
        self.infos.append(info)

    def pushWarning(self, warning):
        self.warnings.append(warning)


@pytest.fixture
def start(qgis_app, tmp_path):
    """Starts a program as `python -m engine FOLDER` in a job folder."""
    job = tmp_path / "job"
    job.mkdir()

    def run(program, grace=10.0):
        package = tmp_path / "root" / "engine"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__main__.py").write_text(PROLOGUE + textwrap.dedent(program))
        return EngineProcess([str(job)], job, grace, python=Path(sys.executable), root=package.parent)

    run.job = job
    return run


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_progress_stages_and_warnings_reach_the_person(start):
    feedback = Feedback()
    ending = start("""
        tell("started", pid=1, device="cpu")
        tell("stage", name="student", index=1, of=2)
        tell("progress", stage="student", step=5, of=10, fraction=0.5, eta_seconds=600)
        tell("metrics", network="student", step=5, values={"segmentation/mean_iou": 0.5, "segmentation/iou/roof": 0.1})
        tell("warning", message="Few labels.")
        tell("finished", outputs={"model": "here"})
    """).follow(feedback)
    assert ending["outputs"] == {"model": "here"}
    assert feedback.progress[-1] == 50
    assert "Stage 2 of 2: student" in feedback.infos
    assert "student after 5 steps: segmentation/mean_iou 0.500" in feedback.infos
    assert feedback.warnings == ["Few labels."]


def test_a_failed_event_becomes_its_error(start):
    child = start("""
        tell("failed", code="raster", message="The raster a.tif is missing.", hint="Put it back.")
        sys.exit(1)
    """)
    with pytest.raises(GeoDistilError) as error:
        child.follow(Feedback())
    assert error.value.code == "raster"
    assert str(error.value) == "The raster a.tif is missing. Put it back."


def test_a_sentence_on_the_error_stream_is_the_error_where_no_event_tells(start):
    child = start("sys.exit('error: There is no run file at /x.')")
    with pytest.raises(GeoDistilError) as error:
        child.follow(Feedback())
    assert error.value.message == "There is no run file at /x."


def test_a_child_that_dies_is_told_with_the_log_s_last_lines(start):
    child = start("print('reading tiles', flush=True); os.abort()")
    with pytest.raises(GeoDistilError, match="died with exit code -6") as error:
        child.follow(Feedback())
    assert "reading tiles" in error.value.details


def test_a_child_killed_for_memory_says_so(start):
    child = start("os.kill(os.getpid(), 9)")
    with pytest.raises(GeoDistilError, match="memory ran out"):
        child.follow(Feedback())


def test_cancelling_lets_the_child_end_in_order(start):
    feedback = Feedback()
    child = start("""
        while not (folder / "stop").exists():
            time.sleep(0.02)
        tell("checkpoint", path="last.pt")
        tell("stopped", checkpoint="last.pt")
        sys.exit(1)
    """)
    threading.Timer(0.3, feedback.cancel).start()
    assert child.follow(feedback)["kind"] == "stopped"
    assert not (start.job / "stop").exists()


def test_a_child_that_removes_an_early_stop_still_hears_of_it(start):
    feedback = Feedback()
    child = start("""
        time.sleep(0.5)
        (folder / "stop").unlink()
        while not (folder / "stop").exists():
            time.sleep(0.02)
        tell("stopped")
    """)
    feedback.cancel()
    assert child.follow(feedback)["kind"] == "stopped"


def test_a_child_that_does_not_listen_is_killed_with_its_children(start):
    feedback = Feedback()
    child = start(
        """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (folder / "worker").write_text(str(worker.pid))
        time.sleep(60)
        """,
        grace=0.2,
    )
    wait_until(lambda: (start.job / "worker").exists() and (start.job / "worker").read_text())
    worker = int((start.job / "worker").read_text())
    feedback.cancel()
    assert child.follow(feedback) == {}
    wait_until(lambda: not alive(child.pid) and not alive(worker))


def test_workers_left_behind_by_a_dead_child_are_ended(start):
    child = start("""
        worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (folder / "worker").write_text(str(worker.pid))
        os._exit(3)
    """)
    with pytest.raises(GeoDistilError, match="exit code 3"):
        child.follow(Feedback())
    wait_until(lambda: not alive(int((start.job / "worker").read_text())))


def test_the_child_has_a_process_group_of_its_own(start):
    child = start("time.sleep(60)")
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    child.kill()
    assert not alive(child.pid)


def test_events_of_an_earlier_attempt_do_not_count(start):
    (start.job / "events.jsonl").write_text('{"kind": "failed", "message": "old"}\n')
    assert start('tell("finished", outputs={"model": "new"})').follow(Feedback())["outputs"] == {"model": "new"}


def test_a_command_without_events_ends_well_with_exit_code_0(start):
    assert start("print('scores')").follow(Feedback()) == {}
    assert "scores" in (start.job / "log.txt").read_text()


def test_a_python_that_cannot_start_is_named(qgis_app, tmp_path):
    with pytest.raises(GeoDistilError, match="cannot be started"):
        EngineProcess(["doctor"], tmp_path, python=tmp_path / "python")


def test_a_line_still_being_written_is_given_once_it_is_whole(tmp_path):
    path = tmp_path / "events.jsonl"
    reader = EventReader(tmp_path)
    assert reader.new() == []
    path.write_text('{"kind": "started"}\n{"kind": "prog')
    assert [event["kind"] for event in reader.new()] == ["started"]
    assert reader.new() == []
    with path.open("a") as file:
        file.write('ress", "step": 1}\n')
    assert reader.new() == [{"kind": "progress", "step": 1}]


def test_a_line_cut_short_by_a_kill_is_left_out(tmp_path):
    (tmp_path / "events.jsonl").write_text(
        '{"kind": "prog{"kind": "started"}\n' + json.dumps({"kind": "stage", "name": "a"}) + "\n"
    )
    assert [event["kind"] for event in EventReader(tmp_path).new()] == ["stage"]
