"""Progress of a few long parts, and that none begins after a stop."""

import io

import pytest

from engine.cli.terminal import Steps, progress_listener
from engine.errors import Stopped
from engine.events import EventLog, PartOfLog, read_events

PARTS = [("weights", 1), ("graph", 8), ("check", 1)]


def test_parts_are_shares_of_the_whole_with_the_time_that_is_left(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    steps = Steps(PartOfLog(EventLog(tmp_path), 0.98, 1), PARTS)
    for part in ("weights", "graph", "check"):
        steps.begin(part)
        clock[0] += {"weights": 2, "graph": 14, "check": 1}[part]
    steps.end()
    found = [(e["part"], e["step"], e["of"], e["eta_seconds"], e["fraction"]) for e in read_events(tmp_path)]
    assert found == [
        ("weights", 1, 3, None, 0.98),
        ("graph", 2, 3, 18.0, 0.982),
        ("check", 3, 3, 1.8, 0.998),
        ("check", 3, 3, 0.0, 1.0),
    ]
    assert {event["stage"] for event in read_events(tmp_path)} == {"packaging"}


def test_no_part_begins_after_a_stop_and_one_may_be_left_out(tmp_path):
    steps = Steps(EventLog(tmp_path), PARTS)
    steps.begin("graph")
    (tmp_path / "stop").touch()
    with pytest.raises(Stopped, match="check"):
        steps.begin("check")


def test_a_terminal_and_a_log_show_every_part():
    said = io.StringIO()
    steps = Steps(EventLog(None, progress_listener(said)), PARTS)
    steps.begin("weights")
    steps.begin("graph")
    assert said.getvalue().splitlines()[1].startswith(" 10 %  packaging: graph 2 of 3, ")
