"""A model package against a table's tests, by the engine's own prediction and evaluation."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from engine.cli.main import main as engine
from engine.config import Area, Card, ClassDefinition, Labels
from engine.evaluation import (
    Truth,
    compared_boxes,
    evaluate_lines,
    evaluate_segmentation,
    pooled_detection,
    pooled_lines,
    pooled_segmentation,
)
from engine.packages import load_card

from .declare import Test

CANDIDATES = 0.05
"""Detections from this score are written: AP wants weak ones too, which a map does not show."""
LAYERS = {"detection": "detections.gpkg", "segmentation": "classes.tif"}


def predict(model: Path, tests: list[Test], folder: Path) -> None:
    """Predict each test's raster once, into a subfolder of its name."""
    for name, raster in {test.name: test.raster for test in tests}.items():
        call("predict", model, raster, "--output", folder / name, "--score", CANDIDATES, "--allow-remote")


def score(model: Path, tests: list[Test], folder: Path, lines: str | None = None) -> dict[str, Any]:
    """Scores of a model's tasks, each over all its tests together, and under `places` those of each place.

    Args:
        model: the package.
        tests: held-out ground.
        folder: of `predict`.
        lines: segmentation class that is scored as `lines` too.
    """
    card, scores = load_card(model), {}
    for task in card.tasks:
        mine = [test for test in tests if test.task == task]
        if mine:
            scores[task] = (_detection if task == "detection" else _segmentation)(card, mine, folder)
        if mine and task == "segmentation" and lines:
            found = [evaluate_lines(*_compared(card, test, folder), lines) for test in mine]
            scores["lines"] = pooled_lines(found)
    places = dict.fromkeys(test.place for test in tests if test.place)
    if len(places) > 1:
        alone = {place: [test for test in tests if test.place == place] for place in places}
        scores["places"] = {place: score(model, some, folder, lines) for place, some in alone.items()}
    return scores


def classes_of(card: Card, task: str) -> list[ClassDefinition]:
    """A card's classes as a run file has them."""
    listed = card.detection_classes if task == "detection" else card.segmentation_classes
    return [ClassDefinition(name=each.name, color=each.color, values=each.values) for each in listed]


def _segmentation(card: Card, tests: list[Test], folder: Path) -> dict[str, Any]:
    found = [evaluate_segmentation(*_compared(card, test, folder)) for test in tests]
    return pooled_segmentation(found, card.background)


def _detection(card: Card, tests: list[Test], folder: Path) -> dict[str, Any]:
    maps = [compared_boxes(*_compared(card, test, folder))[1:] for test in tests]
    return pooled_detection(maps, [each.name for each in card.detection_classes], card.thresholds())


def _compared(card: Card, test: Test, folder: Path) -> tuple[Path, Truth]:
    """What the evaluation of any task begins with."""
    layer = folder / test.name / LAYERS[test.task]
    truth = Truth(Labels(**test.labels), classes_of(card, test.task), Area(**test.area), card.background)
    return layer, truth


def call(*arguments: object) -> None:
    """Run the engine's command line in this process, quietly; its failure ends this program."""
    told = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(told):
        code = engine([str(argument) for argument in arguments])
    if code:
        reason = told.getvalue().strip().rpartition("\n")[2]
        raise SystemExit(f"python -m engine {' '.join(map(str, arguments))}: {reason}")
