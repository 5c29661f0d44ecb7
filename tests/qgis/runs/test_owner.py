"""The engine's `owner.json`: it keeps us from writing where a process works, and tells the dock nothing."""

import json
import os
import time

import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.process import OWNER_FILE, refuse_owned
from geodistil.jobs.run_folder import RunFolder, RunSettings
from geodistil.jobs.runs.files import delete_run
from geodistil.jobs.runs.state import Status


def own(folder, pid, host=None, **more):
    values = {
        "host": host or os.uname().nodename,
        "pid": pid,
        "world": "",
        "started": "1",
        "since": time.time(),
        **more,
    }
    (folder / OWNER_FILE).write_text(json.dumps(values))


def test_a_run_folder_in_which_the_engine_works_is_not_written(make_run, engine, project):
    folder = make_run("town")
    before = (folder / "run.json").read_text()
    own(folder, engine.pid)
    with pytest.raises(GeoDistilError, match=f"in use: process {engine.pid}"):
        RunFolder(folder, [], RunSettings("other", {}, {})).write()
    assert (folder / "run.json").read_text() == before
    engine.kill()
    engine.wait()
    refuse_owned(folder)


def test_an_owner_on_another_machine_counts_as_long_as_it_touches_its_file(make_run):
    folder = make_run("town")
    own(folder, 1, "cluster7")
    with pytest.raises(GeoDistilError, match="on cluster7"):
        refuse_owned(folder)
    os.utime(folder / OWNER_FILE, (1, 1))
    refuse_owned(folder)


@pytest.mark.parametrize("text", [None, "", "[]", '{"pid": "x"}', "{", "\x00"])
def test_a_missing_or_broken_file_is_no_owner(make_run, text):
    folder = make_run("town")
    if text is not None:
        (folder / OWNER_FILE).write_text(text)
    refuse_owned(folder)


@pytest.mark.parametrize("left", [False, True])
def test_the_dock_shows_the_same_with_and_without_it_and_deletes_it_too(make_run, write, state_of, left):
    folder = make_run("town", write.started(2**22 + 1), write.progress(3))
    if left:
        own(folder, 2**22 + 1)
    assert state_of(folder).status is Status.KILLED
    assert delete_run(folder) and not folder.exists()
