import ast
import json
import math
import re
from dataclasses import fields
from pathlib import Path

import pytest

from engine.errors import RasterError
from engine.events import KINDS, EventLog, NoteEvent, PartOfLog, ProgressEvent, StageEvent, WarningEvent, read_events
from jobs.events import sound_event

ROOT = Path(__file__).parents[3]
SAMPLES = {
    "str": "a", "int": 1, "float": 0.5, "object": {"model": "m"}, "Sequence[str]": ["a"],
    "Mapping[str, str]": {"a": "b"}, "Mapping[str, float]": {"a": 0.5},
}  # fmt: skip


def full(kind):
    """An event of a kind with a value in each field."""
    return KINDS[kind](**{each.name: SAMPLES[each.type.removesuffix(" | None")] for each in fields(KINDS[kind])})


def test_events_are_lines_that_a_reader_may_read_at_any_time(tmp_path):
    log = EventLog(tmp_path / "run")
    log.write(StageEvent(name="student"))
    assert [event["name"] for event in read_events(tmp_path / "run")] == ["student"]
    with (tmp_path / "run" / "events.jsonl").open("a") as file:
        file.write('{"kind": "prog')
    assert len(list(read_events(tmp_path / "run"))) == 1


def test_numbers_that_json_does_not_know_become_null(tmp_path):
    EventLog(tmp_path).write(
        ProgressEvent(stage="a", step=1, of=2, losses={"a": math.nan}, eta_seconds=math.inf, fraction=0.5)
    )
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
    log.write(WarningEvent("thin labels"))
    assert told[0].message == "thin labels"
    assert not log.stop_requested()
    log = EventLog(tmp_path)
    (tmp_path / "stop").touch()
    assert log.stop_requested()


def test_reading_a_folder_without_events_gives_none(tmp_path):
    assert list(read_events(tmp_path)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_as_it_was_written_by_the_engine_and_the_plugin(kind, tmp_path):
    event = full(kind)
    EventLog(tmp_path).write(event)
    (found,) = read_events(tmp_path)
    assert found == {
        "time": found["time"],
        "kind": kind,
        **{each.name: getattr(event, each.name) for each in fields(event)},
    }
    assert sound_event((tmp_path / "events.jsonl").read_bytes().rstrip()) == found


def test_what_is_not_there_is_left_out_but_what_is_not_known_is_null(tmp_path):
    log = EventLog(tmp_path)
    log.write(ProgressEvent(stage="predict", step=1, of=4, eta_seconds=None, fraction=0.25))
    log.write(NoteEvent("a", stage="student"))
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert list(lines[0]) == ["time", "kind", "stage", "step", "of", "eta_seconds", "fraction"]
    assert list(lines[1]) == ["time", "kind", "stage", "message"]


def test_a_part_of_the_work_has_its_share_of_the_fraction_and_keeps_the_rest(tmp_path):
    part = PartOfLog(EventLog(tmp_path), 0.5, 0.75)
    part.write(ProgressEvent(stage="a", step=1, of=2, eta_seconds=3.0, fraction=0.5))
    part.write(WarningEvent("thin labels"))
    progress, warning = read_events(tmp_path)
    assert (progress["fraction"], progress["step"], progress["eta_seconds"]) == (0.625, 1, 3.0)
    assert warning["message"] == "thin labels"


def test_kinds_and_keys_of_other_versions_are_read(tmp_path):
    line = {"time": 1, "kind": "of next year", "unheard": [1]}
    (tmp_path / "events.jsonl").write_text(json.dumps(line) + "\n")
    assert list(read_events(tmp_path)) == [line]


def test_all_kinds_are_declared_in_one_place_written_somewhere_and_documented():
    declared = {each.__name__ for each in KINDS.values()}
    made, derived = set(), set()
    for path in (ROOT / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in declared:
                made.add(node.func.id)
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base) in {"Event", *declared} for base in node.bases):
                derived.add(node.name)
            written = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write"
            if written and ast.unparse(node.func.value).split(".")[-1].lstrip("_") == "events":
                assert not node.keywords and not isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}"
    assert made == derived == declared
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^- `(\w+)` \(([\w, ]+)\)", text[text.index("Events (`{") :], re.MULTILINE))
    assert listed == {kind: ", ".join(each.name for each in fields(KINDS[kind])) for kind in KINDS}
