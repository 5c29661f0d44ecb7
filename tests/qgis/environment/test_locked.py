"""The locked sets hold what the engine asks for; a set that lags behind would install an engine that does not load."""

import re
from pathlib import Path

import pytest
import tomllib

ROOT = Path(__file__).resolve().parents[3]
LOCKS = sorted((ROOT / "resources" / "requirements").glob("*/3.*.txt"))
ASKED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_requirement_of_the_engine_is_locked(lock):
    locked = {plain(line.split("==")[0]) for line in lock.read_text().splitlines() if "==" in line}
    no_arm = lock.parent.name == "linux-arm"
    asked = [text for text in ASKED if not (no_arm and "platform_machine != 'aarch64'" in text)]
    missing = [text for text in asked if plain(re.match(r"[\w.-]+", text).group()) not in locked]
    assert not missing
