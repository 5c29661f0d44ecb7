"""Nothing that lies in a run folder's event log ends a reader, and one run's log never troubles another run."""

import json
import time

import pytest

from engine.config import PartialMultitask, save_run
from engine.events import CHUNK_BYTES, MOST_PROGRESS, EventLog, FinishedEvent, StageEvent, read_events
from engine.report import write_report
from engine.report.comparison import Finished, beside
from engine.report.history import MOST_POINTS, read_history
from engine.report.page import page

from ...damage.logs import LINES, RECORDED, STRANGE, mutated, with_line
from .conftest import RUN


def read(folder, log):
    (folder / "events.jsonl").write_bytes(log)
    events = read_events(folder)
    return list(events), events.damaged


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_damaged_line_is_left_out_and_counted(tmp_path, line):
    assert read(tmp_path, RECORDED)[1] == 0
    events, damaged = read(tmp_path, with_line(line))
    assert events == [json.loads(each) for each in RECORDED.splitlines()] and damaged == line.count(b"\n") + 1


def test_all_damage_at_once_leaves_a_report_that_says_so(run_folder):
    folder = run_folder([])
    (folder / "events.jsonl").write_bytes(b"\n".join([RECORDED, *LINES.values(), b""]))
    assert f"{len(LINES)} damaged lines" in write_report(folder).read_text(encoding="utf-8")


def test_strange_names_and_numbers_are_shown_as_they_can_be(run_folder):
    folder = run_folder([])
    (folder / "events.jsonl").write_bytes(RECORDED + "\n".join([*STRANGE, ""]).encode())
    text = write_report(folder).read_text(encoding="utf-8")
    assert "<script>" not in text and not {"\x00", "\x01", "\x07", "\x1b"} & set(text)
    assert read_history(read_events(folder)).damaged == 0


@pytest.mark.parametrize("seeds", [range(first, first + 50) for first in (0, 50)], ids=str)
def test_no_mutated_log_ends_a_reader(tmp_path, seeds):
    for seed in seeds:
        log = mutated(seed)
        events, damaged = read(tmp_path, log)
        assert len(events) + damaged <= log.count(b"\n"), seed
        history = read_history(read_events(tmp_path))
        history.best()
        assert all(len(curve) <= 40 for stage in history.stages for curve in stage.losses.values())


def test_a_mutated_log_has_a_report(run_folder):
    folder = run_folder([])
    for seed in (200, 201):
        (folder / "events.jsonl").write_bytes(mutated(seed))
        assert write_report(folder).stat().st_size > 3000, seed


def test_an_appender_begins_a_new_line(tmp_path):
    (tmp_path / "events.jsonl").write_bytes(b'{"time": 1, "kind": "prog')
    EventLog(tmp_path).write(StageEvent(name="student"))
    EventLog(tmp_path).write(FinishedEvent({}))
    events = read_events(tmp_path)
    assert [event["kind"] for event in events] == ["stage", "finished"] and events.damaged == 1


def test_a_line_longer_than_a_chunk_is_left_out_unless_it_is_the_end(tmp_path):
    rubbish = b"\x01" * (2 * CHUNK_BYTES + 5)
    end = json.dumps({"time": 5, "kind": "finished", "outputs": ["x" * 100] * 30_000}).encode()
    events, damaged = read(tmp_path, RECORDED + rubbish + b"\n" + RECORDED + end + b"\n" + RECORDED)
    assert damaged == 1 and len(events) == 3 * RECORDED.count(b"\n") + 1
    assert events[2 * RECORDED.count(b"\n")] == {"time": 5.0, "kind": "finished"}


def progress(step, **more):
    values = {"stage": "student", "step": step, "of": 10**6, "losses": {"box": 1 / step}, **more}
    return json.dumps({"time": 1000.0 + step, "kind": "progress", **values}).encode() + b"\n"


def test_a_very_long_log_is_read_in_little_time_and_memory(tmp_path):
    count = 100_000
    start = b'{"time": 1000, "kind": "started"}\n{"time": 1000, "kind": "stage", "name": "student"}\n'
    (tmp_path / "events.jsonl").write_bytes(start + b"".join(map(progress, range(1, count + 1))))
    before = time.process_time()
    events = list(read_events(tmp_path))
    assert time.process_time() - before < 1.0  # all of them take two seconds on the same machine
    assert MOST_PROGRESS < len(events) < 12 * MOST_PROGRESS
    history = read_history(read_events(tmp_path))
    curve = history.stages[0].losses["box"]
    assert history.stages[0].step == count and history.seconds == count
    assert MOST_POINTS <= len(curve) <= 2 * MOST_POINTS and all(value == 1 / step for step, value in curve.items())
    assert max(later - step for step, later in zip(sorted(curve), sorted(curve)[1:], strict=False)) < count / 100


def test_the_best_of_very_many_validations_is_kept(tmp_path):
    def metrics(step):
        values = {"segmentation/mean_iou": 0.9 if step == 3333 else step / 1e5}
        return {"time": step, "kind": "metrics", "stage": "s", "network": "n", "step": step, "values": values}

    history = read_history(metrics(step) for step in range(20_000))
    assert history.best()["n"][1] == 3333 and len(history.stages[0].metrics["n"]) <= 2 * MOST_POINTS


@pytest.fixture
def neighbours(tmp_path, events, validation):
    """A healthy run, and another beside it that was validated on the same ground."""
    for name, recipe in (("mine", PartialMultitask()), ("other", PartialMultitask(distillation=[]))):
        save_run(RUN.model_copy(update={"name": name, "recipe": recipe}), tmp_path / name)
        (tmp_path / name / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        (tmp_path / name / "validation.json").write_text(json.dumps(validation))
    return tmp_path / "mine", tmp_path / "other"


def test_a_torn_line_of_another_run_costs_the_comparison_nothing(neighbours):
    mine, other = neighbours
    with (other / "events.jsonl").open("ab") as log:
        log.write(b'{"time": 1, "kind": "prog\n')
    found = Finished.read(mine)
    assert [(each.folder, each.history.damaged) for each in beside(found)] == [(other, 1)]
    assert found.history.damaged == 0 and "damaged" not in page(found, beside(found))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("run.json", b'{"version": 2, "na'),
        ("run.json", b"\xff"),
        ("run.json", b"[" * 100_000),
        ("validation.json", b'{"sources": 5}'),
        ("validation.json", b'{"sources": [{"name": "a", "role": "detection", "labels": {"car": 5}}]}'),
        ("validation.json", b'{"networks": [1]}'),
        ("validation.json", b"[" * 100_000),
        ("validation.json", bytes(100)),
        ("events.jsonl", None),
    ],
    ids=range(9),
)
def test_a_damaged_file_of_another_run_leaves_that_run_out(neighbours, file, content):
    mine, other = Finished.read(neighbours[0]), neighbours[1]
    assert [each.folder for each in beside(mine)] == [other]
    (other / file).unlink()
    (other / file).mkdir() if content is None else (other / file).write_bytes(content)
    assert beside(mine) == []
