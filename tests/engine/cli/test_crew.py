"""`predict` among other processes: what its environment says, and who ends when."""

import json
import os
from argparse import Namespace

import pytest

from engine.cli.crew import Place, own_gpu, place, refuse_crews, shared
from engine.errors import OutputError
from engine.events import read_events
from engine.processes import Owner, me


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"RANK": "1", "WORLD_SIZE": "4"}, (1, 4)),
        ({"RANK": "0", "WORLD_SIZE": "1"}, None),
        ({"RANK": "4", "WORLD_SIZE": "4"}, None),
        ({"RANK": "one", "WORLD_SIZE": "4"}, None),
    ],
)
def test_the_environment_says_which_process_this_is(monkeypatch, environment, expected):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert place() == expected


def test_each_process_of_a_machine_sees_one_of_the_gpus_that_it_may_use(monkeypatch):
    for local, expected in (("0", "4"), ("1", "6"), ("2", "4")):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
        monkeypatch.setenv("LOCAL_RANK", local)
        own_gpu()
        assert os.environ["CUDA_VISIBLE_DEVICES"] == expected


def test_the_stop_file_of_the_job_ends_every_process_but_not_one_that_comes_later(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    options = Namespace(output=tmp_path, device="cpu", rasters=["a.tif"])
    old = tmp_path / "stop"
    old.touch()
    os.utime(old, (1, 1))

    def work(events, crew):
        before = events.stop_requested()
        (tmp_path / "stop").touch()
        return [before, events.stop_requested()]

    assert shared(options, Place(0, 2), work) == [False, True]
    assert [event["kind"] for event in read_events(tmp_path)] == ["finished"], "the first process tells it to all"
    os.utime(old, (1, 1))
    assert shared(options, Place(1, 2), work) == [False, True]
    assert {path.name for path in tmp_path.iterdir()} == {"stop", "events.jsonl"}


def test_one_prediction_works_in_a_folder_alone_or_shared(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    options, others = (Namespace(output=tmp_path, device="cpu", rasters=[name]) for name in ("a.tif", "b.tif"))

    def work(events, crew):
        refused = []
        for attempt in (lambda: refuse_crews(tmp_path), lambda: shared(others, Place(0, 2), work)):
            with pytest.raises(OutputError, match="in use") as error:
                attempt()
            refused.append(error)
        return len(refused)

    assert shared(options, Place(0, 2), work) == 2
    with Owner(tmp_path), pytest.raises(OutputError, match=f"process {os.getpid()}"):
        shared(options, Place(0, 2), work)
    dead = tmp_path / "prediction.shared-dead"
    dead.mkdir()
    (dead / "0.x.1.beat").write_text(json.dumps({**me().as_dict(), "started": "1"}))
    refuse_crews(tmp_path)
    assert not dead.exists(), "what dead processes left is in nobody's way"
