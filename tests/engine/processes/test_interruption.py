"""A stop reaches work of every kind within seconds, or when what must not be torn apart is done."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.events import read_events
from engine.processes import OWNER_FILE

ROOT = Path(__file__).parents[3]
SECONDS = 3.0
PROGRAM = """
import hashlib, sys, tempfile, threading, time
from pathlib import Path
from engine.cli.job import carry_out
from engine.errors import GeoDistilError, Stopped
from engine.processes import held, interruptible, scratch

folder = Path(sys.argv[1])

def busy(until=60):
    end = time.monotonic() + until
    while time.monotonic() < end:
        sum(range(1000))

def looks(events):
    while not events.stop_requested():
        busy(0.1)
    raise Stopped("It looked.")

def computes(events):
    with tempfile.TemporaryDirectory(dir=folder):
        busy()

def swallows(events):
    for _ in range(60):
        try:
            busy(1)
        except Exception:
            pass

def waits(events):
    threading.Event().wait()

def sleeps_in_c(events):
    with scratch(folder):
        hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)

def holds(events):
    with held():
        busy(4)
        (folder / "whole").touch()
    busy()

def holds_but_here(events):
    with held(), interruptible():
        busy()

print("begun", flush=True)
try:
    carry_out(folder, lambda events: globals()[sys.argv[2]](events), lambda event: None)
except GeoDistilError as error:
    sys.exit(f"error: {error}")
"""


@pytest.fixture
def stopped(family, tmp_path):
    """Starts work of a kind, asks it to stop; gives the seconds that it took, and what it said."""

    def stopped(kind, ask):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path), kind]
        process = family.start(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout.readline() == "begun\n"
        time.sleep(1)
        asked = time.monotonic()
        ask(process, tmp_path)
        said = process.communicate()[1]
        assert process.returncode == 1, said
        assert not {"stop", OWNER_FILE} & {path.name for path in tmp_path.iterdir()}
        assert [event["kind"] for event in read_events(tmp_path)] == ["stopped"]
        return time.monotonic() - asked, said

    return stopped


def by_file(process, folder):
    (folder / "stop").touch()


def by(number):
    return lambda process, folder: process.send_signal(number)


@pytest.mark.parametrize(
    ("kind", "ask"),
    [
        ("looks", by_file),
        ("computes", by_file),
        ("swallows", by_file),
        ("waits", by_file),
        ("holds_but_here", by_file),
        ("computes", by(signal.SIGINT)),
        ("waits", by(signal.SIGTERM)),
    ],
)
def test_a_stop_reaches_work_within_seconds(stopped, tmp_path, kind, ask):
    seconds, said = stopped(kind, ask)
    assert seconds < SECONDS, seconds
    assert ("It looked." if kind == "looks" else "stopped as asked") in said and "Traceback" not in said
    assert {path.name for path in tmp_path.iterdir()} == {"events.jsonl"}


@pytest.mark.parametrize("ask", [by_file, by(signal.SIGINT), by(signal.SIGTERM)])
def test_work_that_answers_nothing_is_left(stopped, tmp_path, ask):
    seconds, said = stopped("sleeps_in_c", ask)
    assert seconds < SECONDS, seconds
    assert "stopped as asked" in said
    assert {path.name for path in tmp_path.iterdir()} == {"events.jsonl"}


def test_what_must_not_be_torn_apart_is_done_first(stopped, tmp_path):
    stopped("holds", by_file)
    assert (tmp_path / "whole").exists()
