"""What killed processes leave goes when the next one starts; what is another's, or a living one's, stays."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from engine.cli.job import carry_out
from engine.processes import scratch, sweep, sweep_semaphores
from engine.processes.ownership import SHARED, _name

ROOT = Path(__file__).parents[3]
FILLS = """
import sys, threading
from pathlib import Path
from engine.processes import scratch
with scratch(Path(sys.argv[1])) as folder:
    (folder / "model").mkdir()
    (folder / "model" / "weights").write_bytes(bytes(1000))
    print(folder, flush=True)
    threading.Event().wait()
"""
LOCKS = """
import multiprocessing, threading
from engine.processes import name_semaphores
name_semaphores()
lock = multiprocessing.get_context("spawn").Lock()
print(lock._semlock.name, flush=True)
threading.Event().wait()
"""


@pytest.fixture
def begun(family):
    """Starts a program; gives it, and what it says."""

    def start(program, *arguments):
        process = family.start([sys.executable, "-c", program, *arguments], cwd=ROOT, stdout=subprocess.PIPE)
        return process, process.stdout.readline().strip()

    return start


def aged(path, seconds):
    for each in (*path.rglob("*"), path):
        os.utime(each, (time.time() - seconds,) * 2)


def test_a_folder_goes_with_its_work_and_that_of_a_killed_process_when_the_next_one_starts(begun, family, tmp_path):
    process, said = begun(FILLS, str(tmp_path))
    left = Path(said)
    carry_out(tmp_path, lambda events: None, lambda event: None)
    assert (left / "model" / "weights").exists(), "its owner lives"
    family.kill_and_wait(process)
    assert left.exists()
    carry_out(tmp_path, lambda events: None, lambda event: None)
    assert {path.name for path in tmp_path.iterdir()} == {"events.jsonl"}
    with scratch(tmp_path) as folder:
        (folder / "file").touch()
    assert not folder.exists()


def test_only_what_is_surely_left_is_removed(tmp_path):
    elsewhere = ".geodistil-0123abcd-77-1234-0123abcd"
    others = (".model-old", ".geodistil-notes", "model", ".review", elsewhere, ".model-ab12cd_9")
    for name in others:
        (tmp_path / name / "model").mkdir(parents=True)
    (tmp_path / ".model-1234abcd").touch()
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*others, ".model-1234abcd"}
    for name in others:
        aged(tmp_path / name, 3700)
    (tmp_path / ".model-ab12cd_9" / "model" / "new").touch()
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*others, ".model-1234abcd"} - {elsewhere}
    aged(tmp_path / ".model-ab12cd_9", 3700)
    sweep(tmp_path)
    assert not (tmp_path / ".model-ab12cd_9").exists()


def test_a_folder_that_cannot_be_looked_into_is_left(tmp_path):
    sweep(tmp_path / "none")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows semaphores as files")
def test_semaphores_of_a_process_that_was_killed_with_its_tracker_are_removed(begun, family):
    process, said = begun(LOCKS)
    path = SHARED / f"sem.{said.lstrip('/')}"
    assert path.exists()
    own = multiprocessing.get_context("spawn").Lock()
    foreign = SHARED / f"sem.{own._semlock.name.lstrip('/')}"
    sweep_semaphores()
    assert path.exists(), "its owner lives"
    for each in psutil.Process(process.pid).children():
        each.kill()  # the tracker, which would remove it
    family.kill_and_wait(process)
    assert path.exists()
    sweep_semaphores()
    assert not path.exists() and foreign.exists()


def test_a_name_says_whose_it_is():
    assert str(os.getpid()) in _name().split("-")
