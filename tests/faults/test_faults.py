"""The short form: every kind of fault once or twice, at moments that the seed draws."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .__main__ import KEPT, MARKS, PROMISES, figures, read, wanting, write_promises

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, kills and mounts")


KINDS = (
    *("training", "prediction", "SIGTERM, prediction", "training in stages, 2 workers", "dead worker"),
    *("small disk", "lost imagery", "replaced imagery", "no number", "set-up"),
)


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """What became of each kind, all by one call: it has the engine loaded, and what jobs make that nobody disturbs."""
    output = tmp_path_factory.mktemp("faults")
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--trials", "1", "--each", "1", "--output", output, "--only", *KINDS],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in (output / "results.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost(tried, kind):
    mine = [result for result in tried if result["name"] == kind]
    assert mine and [result for result in mine if result["faults"]] == []


def result(name, kills, *faults, **more):
    return {"name": name, "trial": 0, "kills": kills, "faults": list(faults), **more}


def test_a_kind_is_tried_until_so_many_have_hit_it_but_not_for_ever():
    assert wanting([], 3) and wanting([result("training", 2), result("training", 0)], 3)
    assert not wanting([result("training", 2), result("training", 1)], 3)
    assert not wanting([result("small disk", 0, skipped="no mount")], 3)
    assert wanting([result("small disk", 0)] * 4, 3) and not wanting([result("small disk", 0)] * 5, 3)
    assert wanting([result("small disk", 0)] * 300 + [result("small disk", 1)] * 30, 100), "it is hit, if rarely"
    assert wanting([result("small disk", 0)] * 99, 100) and not wanting([result("small disk", 0)] * 100, 100)


def test_figures_count_what_hit_and_what_was_survived(tmp_path):
    done = [
        result("no number", 1),
        result("SIGTERM, training", 5, seconds=[0.25, 1.5]),
        result("no number", 1, "it hung"),
        result("no number", 0),
    ]
    page = tmp_path / "page.md"
    page.write_text("\n".join(["above", MARKS[0], "| old |", MARKS[1], "below"]))
    write_promises(done, page)
    table = ["| SIGTERM, training | 5 | 5 | 1.5 s |", "| no number | 2 | 1 |  |"]
    head = ["| fault | tried | survived | slowest end |", "|---|---|---|---|"]
    assert page.read_text().splitlines() == ["above", MARKS[0], "", *head, *table, "", MARKS[1], "below"]


def test_the_promises_show_what_was_tried():
    assert figures(read(KEPT)) in PROMISES.read_text(encoding="utf-8")
