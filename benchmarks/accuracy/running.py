"""One row with one seed: a run folder, trained, predicted and scored; what is there already is not done again."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from engine.cli.train import train_run
from engine.config import Run, load_run, save_run
from engine.events import read_events
from engine.files import json_or_none, write_text
from engine.models.encoders import parameters
from engine.packages import load_package
from engine.recipes import CHECKPOINTS, best_weights
from engine.report.history import read_history
from engine.training.checkpoint_files import LAST, PREVIOUS

from .declare import Form, Ground, Row
from .mosaic import permit_mosaics
from .scoring import predict, score

RESULT_FILE = "result.json"
TEACHERS_FILE = "taught_by.json"
"""Which weights taught a row: its folder's teachers may be trained anew."""


def slug(name: str) -> str:
    """A name as a folder's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def run_of(row: Row, form: Form, ground: Ground, seed: int, seed_folder: Path) -> Run:
    """The run file of a row; its teachers are the networks that other rows of the seed have trained."""
    teachers = {name: _each(rows, lambda row: str(seed_folder / slug(row))) for name, rows in row.teachers.items()}
    recipe = row.recipe | ({"teachers_from": teachers} if teachers else {})
    if row.start_from:
        recipe["start_from"] = str(seed_folder / slug(row.start_from) / "model")
    training = {
        "budget": {"steps": row.steps},
        "chip_size": form.chip_size,
        "batch_size": form.batch_size,
        "seed": seed + row.draw,
        "learning_rate": 1e-3 if form.name == "full" else 2e-3,
        "ema_decay": {"small": 0.98, "medium": 0.99, "full": 0.998}[form.name],
        "validations": 4,
        "validation_chips": 256 if form.name == "full" else 64,
        **row.training,
    }
    return Run(
        name=row.name,
        gsd=form.gsd,
        sources=ground.sources[row.sources],
        recipe=recipe,
        training=training,
        allow_remote=True,
        **(ground.settings | _classes_of(row, ground)),
    )


def _classes_of(row: Row, ground: Ground) -> dict[str, Any]:
    listed = ground.settings.get("segmentation_classes", [])
    return {"segmentation_classes": [each for each in listed if each["name"] in row.classes]} if row.classes else {}


def carry_out(row: Row, form: Form, ground: Ground, seed: int, seed_folder: Path) -> dict[str, Any]:
    """Train, predict and score a row, or read its result where it was done before.

    A folder of other settings or other teachers is emptied; one of the same goes on from its checkpoint, which is
    removed when the row has its result.
    """
    permit_mosaics()
    folder = seed_folder / slug(row.name)
    run = run_of(row, form, ground, seed, seed_folder)
    teachers = _taught_by(row, seed_folder)
    if not _is_same(folder, run, teachers):
        shutil.rmtree(folder, ignore_errors=True)
    save_run(run, folder)
    if not (folder / TEACHERS_FILE).exists():
        write_text(folder / TEACHERS_FILE, json.dumps(teachers))
    result_file = folder / RESULT_FILE
    if (known := json_or_none(result_file)) is not None:
        return known
    if not _is_trained(folder):
        train_run(folder)
    tests = ground.tests_of(row)
    predict(folder / "model", tests, folder / "predictions")
    scores = score(folder / "model", tests, folder / "predictions", ground.lines)
    result = _result(row, folder, seed) | {"scores": scores}
    write_text(result_file, json.dumps(result, indent=2) + "\n")
    for generation in (LAST, PREVIOUS):
        (folder / CHECKPOINTS / generation).unlink(missing_ok=True)
    return result


def _taught_by(row: Row, seed_folder: Path) -> dict[str, str | list[str]]:
    """A digest of the weights of each of a row's teachers, of an ensemble of each member."""

    def digest(trained_by: str) -> str:
        return hashlib.sha256(best_weights(seed_folder / slug(trained_by), "student").read_bytes()).hexdigest()

    begun = {"start_from": digest(row.start_from)} if row.start_from else {}
    return begun | {name: _each(rows, digest) for name, rows in row.teachers.items()}


def _each(rows: str | tuple[str, ...], found: Callable[[str], str]) -> str | list[str]:
    return found(rows) if isinstance(rows, str) else [found(row) for row in rows]


def _is_same(folder: Path, run: Run, teachers: dict[str, str | list[str]]) -> bool:
    file = folder / TEACHERS_FILE  # written last
    if not file.exists():
        return False
    before = load_run(folder).model_copy(update={"allow_remote": run.allow_remote})  # which changes no weights
    return before == run and json_or_none(file) == teachers


def _is_trained(folder: Path) -> bool:
    return [event["kind"] for event in read_events(folder)][-1:] == ["finished"]


def _result(row: Row, folder: Path, seed: int) -> dict[str, Any]:
    history = read_history(read_events(folder))
    network, _ = load_package(folder / "model")
    return {
        "row": row.name,
        "seed": seed,
        "steps": row.steps,
        "minutes": round(history.seconds / 60, 2),
        "parameters": parameters(network),
        "device": history.started.get("device", ""),
        "precision": history.started.get("precision", ""),
        "versions": history.started.get("versions", {}),
        "date": datetime.now(timezone.utc).date().isoformat(),
    }
