"""Two trainings in one folder, one of which is killed: with the real commands."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.processes import OWNER_FILE, Owner
from tests import networks

ROOT = Path(__file__).parents[3]
NARROW = {**networks.NARROW, "weights": "none", "light": False}


def wait_for(condition, seconds=200):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_training_keeps_others_out_and_when_it_is_killed_its_readers_end_and_others_come_in(
    make_run, family, events, capsys
):
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 100_000}, workers=2)
    command = [sys.executable, "-m", "engine", "train", str(folder)]
    first = family.fork(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for(lambda: len(family.members()) >= 5)  # it, the server of its readers, a tracker of resources, two readers
    assert main(["train", str(folder)]) == 1
    said = capsys.readouterr().err
    assert f"process {first.pid} on" in said and "in use" in said
    assert not {"failed", "finished", "stopped"} & {event["kind"] for event in events(folder)}
    assert len(events(folder, "started")) == 1
    family.kill_and_wait(first)
    assert json.loads((folder / OWNER_FILE).read_text())["pid"] == first.pid
    with Owner(folder):
        pass


@pytest.mark.parametrize("ranks", [{"RANK": "1", "WORLD_SIZE": "2"}, {"LOCAL_RANK": "1"}, {"WORLD_SIZE": "2"}])
def test_a_rank_that_does_not_know_its_place_is_refused(make_run, monkeypatch, capsys, ranks):
    folder = make_run({"kind": "supervised", "network": NARROW})
    for name, value in ranks.items():
        monkeypatch.setenv(name, value)
    assert main(["train", str(folder)]) == 1
    said = capsys.readouterr().err
    assert "LOCAL_WORLD_SIZE" in said and "Start a training with torchrun" in said
    assert {path.name for path in folder.iterdir()} == {"run.json"}


@pytest.mark.parametrize("rank", ["0", "4"])
def test_more_ranks_than_a_batch_has_chips_are_refused(make_run, monkeypatch, capsys, rank):
    folder = make_run({"kind": "supervised", "network": NARROW}, batch_size=4)
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "5", "LOCAL_WORLD_SIZE": "5"}
    for name, value in {**place, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    assert main(["train", str(folder)]) == 1
    said = capsys.readouterr().err
    assert "has 5 processes, and its batches have 4 chips to share. Start at most 4, or raise" in said
    assert {path.name for path in folder.iterdir()} == {"run.json"}


def test_a_stop_reaches_packaging_and_leaves_the_training_and_no_half_of_a_model(make_run, family, events):
    folder = make_run({"kind": "supervised", "network": NARROW}, budget={"steps": 2})
    command = [sys.executable, "-m", "engine", "train", str(folder)]
    process = family.fork(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def parts():
        return {each["part"] for each in events(folder, "progress") if "part" in each}

    wait_for(lambda: (folder / "events.jsonl").exists() and "graph" in parts())
    asked = time.monotonic()
    (folder / "stop").touch()
    family.wait(3.0)
    assert time.monotonic() - asked < 3.0 and process.wait() == 1
    assert "what was trained is kept" in process.stderr.read() and events(folder, "stopped")
    assert (folder / "checkpoints" / "last.pt").exists() and not {"model", "stop"} & {p.name for p in folder.iterdir()}
