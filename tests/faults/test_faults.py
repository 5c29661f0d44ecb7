"""The short form: every kind of fault once or twice, at moments that the seed draws."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, kills and mounts")


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """A function that runs kinds of faults: the kills that hit and what went wrong."""
    output = tmp_path_factory.mktemp("faults")

    def run(*kinds, trials=1, each=1):
        command = [sys.executable, "-m", "tests.faults", "--trials", str(trials), "--each", str(each)]
        done = subprocess.run(
            [*command, "--output", output, "--only", *kinds],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=600,
        )
        results = [json.loads(line) for line in (output / "results.jsonl").read_text().splitlines()]
        mine = [result for result in results if result["name"] in kinds]
        assert done.returncode in (0, 1) and len(mine) >= len(kinds), done.stderr
        return mine

    return run


@pytest.mark.parametrize(
    "kinds",
    [
        ("training", "prediction", "SIGTERM, prediction"),
        ("training in stages, 2 workers", "dead worker"),
        ("small disk", "lost imagery"),
        ("replaced imagery", "no number"),
    ],
    ids=lambda kinds: kinds[0],
)
def test_nothing_is_lost(faults, kinds):
    assert [result for result in faults(*kinds) if result["faults"]] == []
