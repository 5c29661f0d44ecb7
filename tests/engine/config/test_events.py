import json
import math

from engine.errors import RasterError
from engine.events import EventLog, read_events


def test_events_are_lines_that_a_reader_may_read_at_any_time(tmp_path):
    log = EventLog(tmp_path / "run")
    log.write("stage", name="student")
    assert [event["name"] for event in read_events(tmp_path / "run")] == ["student"]
    with (tmp_path / "run" / "events.jsonl").open("a") as file:
        file.write('{"kind": "prog')
    assert len(list(read_events(tmp_path / "run"))) == 1


def test_numbers_that_json_does_not_know_become_null(tmp_path):
    EventLog(tmp_path).write("progress", losses={"a": math.nan}, eta_seconds=math.inf, steps=[1.5])
    line = (tmp_path / "events.jsonl").read_text()
    assert json.loads(line)["losses"] == {"a": None}
    assert json.loads(line)["eta_seconds"] is None


def test_a_failure_keeps_code_message_and_hint(tmp_path):
    EventLog(tmp_path).failed(RasterError("a.tif is missing.", "Choose another."))
    event = next(read_events(tmp_path))
    assert (event["kind"], event["code"], event["hint"]) == ("failed", "raster", "Choose another.")


def test_a_stop_file_is_seen_and_a_log_without_folder_only_tells_its_listener(tmp_path):
    told = []
    log = EventLog(None, told.append)
    log.write("warning", message="thin labels")
    assert told[0]["message"] == "thin labels"
    assert not log.stop_requested()
    log = EventLog(tmp_path)
    (tmp_path / "stop").touch()
    assert log.stop_requested()


def test_reading_a_folder_without_events_gives_none(tmp_path):
    assert list(read_events(tmp_path)) == []
