"""Finished results in the repository, one file a table and form: another machine fills only what is missing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from .declare import Form, Row, Settings, Table
from .summary import Results

RESULTS = Path(__file__).with_name("results")
_FACTS = ("row", "seed", "steps", "minutes", "parameters", "device", "precision", "versions", "date")


def keep(name: str, table: Table, form: Form, results: Results, folder: Path = RESULTS) -> Path:
    """Write what a table shows of its results, each with a digest of the settings that it came from."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps(_shown(table, result) | {"settings": digest(table, form, table.row(row))})
        for row, seeds in results.items()
        for _, result in sorted(seeds.items())
    ]
    file = _file(name, form, folder)
    file.write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
    return file


def kept(name: str, table: Table, form: Form, folder: Path = RESULTS) -> Results:
    """The kept results of rows that still have the settings they came from."""
    file, results = _file(name, form, folder), {}
    current = {row.name: digest(table, form, row) for row in table.rows}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        result = json.loads(line)
        if current.get(result["row"]) == result["settings"]:
            results.setdefault(result["row"], {})[result["seed"]] = result
    return results


def digest(table: Table, form: Form, row: Row) -> str:
    """Of everything in a row's `run.json` but its files, and of its teachers' likewise."""
    said = [
        [each.recipe, each.training, each.steps, each.sources, sorted(each.teachers.items())]
        + [given for given in (each.start_from, each.classes) if given]
        for each in table.needed(row)
    ]
    common = [form.name, form.chip_size, form.batch_size, form.gsd]
    return hashlib.sha256(json.dumps([common, said], sort_keys=True).encode()).hexdigest()[:12]


def _file(name: str, form: Form, folder: Path) -> Path:
    return folder / f"{name}-{form.name}.jsonl"


def _shown(table: Table, result: dict[str, Any]) -> dict[str, Any]:
    """A result with only the scores that are columns."""
    scores: Settings = {}
    for metric in table.metrics:
        if (value := metric.of(result["scores"])) is not None:
            place = scores
            for key in metric.path[:-1]:
                place = place.setdefault(key, {})
            place[metric.path[-1]] = round(value, 6)
    return {key: result[key] for key in _FACTS if key in result} | {"scores": scores}
