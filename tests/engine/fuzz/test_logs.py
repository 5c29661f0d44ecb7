"""Event logs as they lie on strangers' disks: each is read to its end, and has a history and a report.

The long form: GEODISTIL_FUZZ=400 python -m pytest tests/engine/fuzz/test_logs.py
"""

import json

import pytest

from engine.config import Supervised, save_run
from engine.events import EventLog, NoteEvent, read_events
from engine.report import write_report
from engine.report.history import read_history
from tests.damage.logs import RECORDED, STRANGE
from tests.engine.fuzz.mutating import cases, damaged, mutated, said, seeded
from tests.engine.report.conftest import RUN

EVENTS = [json.loads(line) for line in RECORDED.splitlines()]
EVERY = 25
"""One of so many logs has its report written, which takes a second."""


def use(folder, whole):
    """What readers do with a log: all of it, a history, curves, at times a report; then a new event is found again."""
    events = list(read_events(folder))
    history = read_history(read_events(folder))
    history.best()
    assert all(len(curve) <= len(events) for stage in history.stages for curve in stage.losses.values())
    if whole:
        save_run(RUN.model_copy(update={"recipe": Supervised()}), folder)
        assert "</html>" in write_report(folder).read_text(encoding="utf-8")
    EventLog(folder).write(NoteEvent("after all that"))
    assert list(read_events(folder))[-1]["message"] == "after all that"


@pytest.mark.parametrize("seed", cases(40))
def test_bytes(tmp_path, seed):
    (tmp_path / "events.jsonl").write_bytes(damaged(RECORDED, seeded("log", seed)))
    assert said(lambda: use(tmp_path, seed % EVERY == 0)) == "ok"


@pytest.mark.parametrize("seed", cases(40))
def test_values(tmp_path, seed):
    """Lines that are whole JSON, with values that nobody writes."""
    rng = seeded("events", seed)
    lines = [json.dumps(each) for each in mutated(EVENTS, rng, rng.choice((1, 3, 30))) if isinstance(each, dict)]
    lines[rng.randrange(len(lines)) : 0] = rng.sample(STRANGE, 2)
    (tmp_path / "events.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8", errors="replace")
    assert said(lambda: use(tmp_path, seed % EVERY == 0)) == "ok"
