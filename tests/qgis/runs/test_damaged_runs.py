"""Whatever lies in a run folder, the dock's reader goes on, says how much is damaged, and shows all other runs."""

import json
import os
import sys
import time

import pytest
from geodistil.jobs import afterwards
from geodistil.jobs.events import CHUNK_BYTES, LONGEST_LINE, EventReader, last_event
from geodistil.jobs.runs.files import predicted
from geodistil.jobs.runs.history import MOST_PARSED, loss_charts, score_charts
from geodistil.jobs.runs.state import Status
from geodistil.jobs.runs.tracker import EventFile, RunTracker, Watcher
from geodistil.jobs.runs.waiting import WaitingList
from geodistil.jobs.runs.words import device_text, message, stage_text, title, warning

from ...damage.logs import LINES, RECORDED, STRANGE, mutated, with_line


def history_of(folder, log):
    (folder / "events.jsonl").write_bytes(log)
    file = EventFile(folder)
    file.read()
    return file.history


def shown(state):
    """Everything that the dock says and draws of a run."""
    told = [writer(state) for writer in (stage_text, device_text, message, warning)]
    charts = [*loss_charts(state.history.stages), *score_charts(state.history.stages)]
    return [title(state, 0, time.time()), *told, *(chart.summary() for chart in charts)]


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_damaged_line_is_left_out_and_counted(tmp_path, line):
    whole, found = history_of(tmp_path, RECORDED), history_of(tmp_path, with_line(line))
    assert whole.damaged == 0 and found.damaged == line.count(b"\n") + 1
    assert found.stages == whole.stages and found.ending == whole.ending and found.time == whole.time
    assert EventReader(tmp_path).new() == [json.loads(each) for each in RECORDED.splitlines()]


def test_all_damage_at_once_is_told_beside_the_last_warning(make_run, qgis_app):
    folder = make_run("town")
    (folder / "events.jsonl").write_bytes(b"\n".join([RECORDED, *LINES.values(), b""]))
    state = RunTracker(folder).poll()
    assert state.status is Status.FINISHED and str(len(LINES)) in warning(state)
    assert shown(state)[0] == "Finished"


def test_strange_names_and_numbers_are_shown_as_they_can_be(make_run, qgis_app):
    folder = make_run("town")
    (folder / "events.jsonl").write_bytes(RECORDED + "\n".join([*STRANGE, ""]).encode())
    state = RunTracker(folder).poll()
    assert state.history.damaged == 0 and all(isinstance(text, str) for text in shown(state))


@pytest.mark.parametrize("seeds", [range(first, first + 50) for first in (0, 50)], ids=str)
def test_no_mutated_log_ends_the_reader(make_run, qgis_app, seeds):
    folder = make_run("town")
    for seed in seeds:
        log = mutated(seed)
        (folder / "events.jsonl").write_bytes(log)
        state = RunTracker(folder).poll()
        assert all(isinstance(text, str) for text in shown(state)), seed
        assert state.history.damaged <= log.count(b"\n"), seed
        assert len(EventReader(folder).new()) <= log.count(b"\n"), seed


SMALL = {
    "run.json": [
        '{"version": 2, "na', "[]", "5", '{"recipe": [1], "training": "x", "name": {}}', "[" * 100_000, "\ud800",
        '{"recipe": {"kind": 5}, "training": {"device": ["cpu"]}, "sources": 3}',
    ],
    "launch.json": ['{"pid": 12', "[]", '{"pid": "x", "host": 5, "time": "y"}', '{"pid": 1e999, "time": NaN}'],
    "afterwards.json": ['{"predict": ["a', '{"predict": 5}', '{"predict": [5, null]}', "[]", "null"],
}  # fmt: skip
"""Files of a run folder, torn and of other types."""


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, found in SMALL.items() for text in found])
def test_a_damaged_small_file_costs_only_what_it_says(make_run, write, qgis_app, name, text):
    folder, other = make_run("town", write.started(1), write.event("finished")), make_run("other")
    (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    watcher = Watcher()
    watcher.watch([folder.parent], [])
    watcher.poll()
    states = {change.folder: change for change in watcher.changes()}
    assert states[other].status is Status.NEW and states[folder].status is Status.FINISHED
    assert all(isinstance(each, str) for each in [*shown(states[folder]), states[folder].name, states[folder].recipe])


@pytest.mark.parametrize(
    "text", ['{"runs": ["/a', '{"runs": 5}', '{"runs": [1, null, {}]}', '{"started": "x", "runs": ["/a"]}', "[]", "9"]
)
def test_a_damaged_waiting_list_is_an_empty_one_that_can_be_added_to(tmp_path, qgis_app, text):
    (tmp_path / "waiting.json").write_text(text)
    waiting = WaitingList(tmp_path)
    assert waiting.take([]) is None
    before = waiting.runs()
    waiting.add(tmp_path / "run")
    assert waiting.runs() == [*before, tmp_path / "run"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["waiting.json"]


def test_a_clock_that_was_set_back_does_not_hold_the_waiting_list_up(tmp_path, make_run, qgis_app):
    folder = make_run("town")
    (tmp_path / "waiting.json").write_text(json.dumps({"runs": [str(folder)], "started": time.time() + 9000}))
    assert WaitingList(tmp_path).take([RunTracker(folder).poll()]) == folder


def test_lines_longer_than_a_chunk_are_read_in_pieces_and_too_long_ones_left_out(tmp_path):
    names = json.dumps({"time": 5, "kind": "finished", "outputs": [{"raster": "x" * 100}] * 20_000}).encode()
    history = history_of(tmp_path, RECORDED + names + b"\n")
    assert len(names) > max(CHUNK_BYTES, MOST_PARSED) and history.finished and history.damaged == 0
    assert len(EventReader(tmp_path).new()[-1]["outputs"]) == 20_000
    assert len(last_event(tmp_path)["outputs"]) == 20_000
    history = history_of(tmp_path, RECORDED + b"x" * (LONGEST_LINE + CHUNK_BYTES) + b"\n" + RECORDED)
    assert history.damaged == 1 and history.finished


def test_a_very_long_log_is_shown_when_all_of_it_is_read_and_other_runs_meanwhile(make_run, write, monkeypatch):
    monkeypatch.setattr("geodistil.jobs.runs.tracker.MOST_CHUNKS", 1)
    folder, other = make_run("long", *(write.progress(step, of=20_000) for step in range(20_000))), make_run("other")
    write.append(folder, write.event("finished"))
    chunks = os.path.getsize(folder / "events.jsonl") / CHUNK_BYTES
    watcher = Watcher()
    watcher.watch([folder.parent], [])
    polls = 0
    while folder not in {change.folder: change for change in watcher.changes()}:
        watcher.poll()
        polls += 1
        assert polls < 20
    assert polls > chunks > 2 and [change.folder for change in watcher.changes()] == [other, folder]
    assert watcher.changes()[-1].status is Status.FINISHED


def test_outputs_of_a_prediction_are_found_at_the_end_of_a_damaged_log(make_run):
    folder = make_run("town")
    (folder / "predictions").mkdir()
    outputs = [{"raster": "a.tif", "classes": "b.tif", "detections": None}, 5, {"classes": 7}, {"raster": 3}]
    end = json.dumps({"time": 1, "kind": "finished", "outputs": outputs}).encode()
    (folder / "predictions" / "events.jsonl").write_bytes(b"\n".join([end, *LINES.values(), b'{"time": 1, "kin']))
    assert predicted(folder) == outputs[:1]
    (folder / "predictions" / "events.jsonl").write_bytes(end[:-3] + b"\n")
    assert predicted(folder) == []


def test_a_training_is_done_whatever_follows_its_end_and_a_torn_list_predicts_nothing(tmp_path, monkeypatch, capsys):
    log, called = tmp_path / "events.jsonl", []
    monkeypatch.setattr(afterwards, "engine", lambda *arguments: called.append(arguments) or 0)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "item.json").touch()
    log.write_bytes(RECORDED + b"\n".join(LINES[name] for name in ("torn", "nul", "rubbish", "nested", "a list")))
    assert afterwards.is_trained(tmp_path)
    log.write_bytes(RECORDED + RECORDED.splitlines(keepends=True)[0] + RECORDED[: RECORDED.rindex(b'{"time"') + 40])
    assert not afterwards.is_trained(tmp_path)
    for text in ('{"predict": ["a', '{"predict": 5}', "[]", "[" * sys.getrecursionlimit() * 9):
        (tmp_path / "afterwards.json").write_text(text)
        assert afterwards.main(tmp_path) == 1 and "afterwards.json is damaged" in capsys.readouterr().out
    assert called == [("train", str(tmp_path))] * 4
