"""Two models on the same ground: the engine predicts it with both and scores both by the same labels."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..background import Background, Cancelled, start
from ..errors import CancelledError, GeoDistilError
from ..folders import job_folder
from ..foreign import taken
from ..gdal_files import permission
from ..given import given
from ..packages import least_score, read_card
from ..process import EngineProcess, finished
from ..progress import TaskFeedback, headed, spoken, without_truth
from ..reference_systems import extent_arguments
from ..snapshots import raster_path
from ..translation import local_brief, tr
from .ground import (
    TASKS,
    Ground,
    check_ground,
    common_classes,
    common_tasks,
    names_raster,
    said_of_training,
    trained_on,
)
from .shelf import Model
from .truth import RASTER_GROUND, GroundFile, Meaning, Outlines, TruthFiles, without_background

CANDIDATES = 0.05
"""Detections are predicted from this score on: AP wants weak ones too."""

MARGIN = 0.05
"""Share of the ground's extent that is predicted around it, so that nothing there is cut."""

GRACE = 2.0
"""Seconds that a cancelled engine gets for an orderly end."""

FILES = {"segmentation": "classes", "detection": "detections"}
"""What `predict` writes of a task."""

SCORES = {"segmentation": ("mean_iou", "iou"), "detection": ("ap50", "ap50")}
"""Of a task: the engine's name of the main score, and of each class's."""

Predicted = tuple[Path, "dict[str, Any]", Path, "dict[str, str]"]
"""Package, card, folder with the files, the engine's outputs."""


@dataclass
class Scored:
    """Two models on the same ground.

    Args:
        models: their packages.
        ground: its name.
        raster: id of the imagery's layer.
        scores: of both, by the engine's name (`segmentation/iou/roof`).
        training: what each has seen of this ground, in words.
        notes: what is to be known of the comparison, as sentences.
        predicted: of both.
    """

    models: tuple[Path, Path]
    ground: str
    raster: str
    scores: list[dict[str, float]] = field(default_factory=list)
    training: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    predicted: list[Predicted] = field(default_factory=list)

    def turned(self) -> Scored:
        """The same with the second model first."""
        lists = {name: getattr(self, name)[::-1] for name in ("models", "scores", "training", "predicted")}
        return replace(self, **lists)


class Scoring(QObject):
    """The engine at work; QGIS goes on meanwhile. It has no parent: its task outlives whoever asked.

    Args:
        ground: what a person chose.
        models: two sound ones.
        project: knows how coordinates are transformed.

    Raises:
        GeoDistilError: nothing can be compared on this ground.
    """

    progressed = pyqtSignal(float, str)
    """Percent, and what is being done."""
    done = pyqtSignal(object)
    """With a `Scored`."""
    failed = pyqtSignal(object)
    """With a `GeoDistilError`; of a cancel, too."""

    def __init__(self, ground: Ground, models: tuple[Model, Model], project: QgsProject) -> None:
        super().__init__()
        check_ground(ground, models)
        raster = given(ground.raster)
        self._models, self._untrained = models, ground.untrained
        self._raster, self._extent = raster_path(raster), raster.dataProvider().extent()
        self._crs: QgsCoordinateReferenceSystem = raster.dataProvider().crs()
        self._scored = Scored((models[0].path, models[1].path), ground.name, raster.id())
        self._folder = job_folder("ground")
        self._task: Background | None = None
        self._context = project.transformContext()
        try:
            tasks = [task for task in common_tasks(models) if task in ground.truths]
            self._truths = [TruthFiles(ground.truths[task], task, self._folder) for task in tasks]
            self._area = Outlines(ground.area) if ground.area is not None else None
            self._files = {name: GroundFile(self._folder / f"{name}.gpkg", self._crs) for name in ("area", "labelled")}
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def start(self) -> None:
        """Begin."""
        self._task = start(Background(tr("Score two models on the same ground"), self._work, self._end, self._fail))

    def cancel(self) -> None:
        """Give up; `failed` follows with a cancel."""
        if self._task is not None:
            self._task.cancel()

    def _end(self, scored: Scored) -> None:
        self._task = None
        self.done.emit(scored)

    def _fail(self, error: GeoDistilError) -> None:
        self._task = None  # which holds this: nobody but the main thread may let go of either
        self.failed.emit(error)

    # on another thread

    def _work(self, cancelled: Cancelled) -> Scored:
        try:
            return self._score(cancelled, TaskFeedback(cancelled, self.progressed.emit))
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def _score(self, cancelled: Cancelled, feedback: TaskFeedback) -> Scored:
        feedback.part(0, 1, tr("Copying the labels"))
        meanings = [truth.write(self._models, cancelled) for truth in self._truths]
        ground = self._ground(cancelled)
        areas = self._areas(ground, cancelled)
        if cancelled():
            raise CancelledError
        self._note(meanings)
        part = self._extent_arguments(ground)
        for number, model in enumerate(self._models):
            feedback.part(1 + 44 * number, 45 + 44 * number, model.name)
            self._predict(model, number, part, feedback)
        steps = [(number, place) for number in range(2) for place in range(len(self._truths))]
        self._scored.scores = [{}, {}]
        for step, (number, place) in enumerate(steps):
            feedback.part(90 + 10 * step / len(steps), 90 + 10 * (step + 1) / len(steps), tr("Scoring"))
            self._evaluate(number, self._truths[place], meanings[place], areas[place], feedback)
        for truth in self._truths:
            shutil.rmtree(truth.folder, ignore_errors=True)
        self._scored.notes = list(dict.fromkeys(self._scored.notes))
        return self._scored

    def _ground(self, cancelled: Cancelled) -> QgsGeometry:
        """The ground that counts, in the imagery's CRS; what both models have seen of it is noted."""
        ground = QgsGeometry.fromRect(self._extent)
        if self._area is not None:
            ground = ground.intersection(self._area(self._crs, cancelled))
        if len(self._truths) == 1 and self._truths[0].raster:  # nothing counts beyond a class raster
            ground = ground.intersection(self._truths[0].outline(self._crs, self._context))
        if ground.isEmpty() and not cancelled():
            raise GeoDistilError(
                "labels",
                tr("The labelled area, or the labels, do not touch the imagery."),
                tr("Choose those of this imagery, or check the coordinate reference systems."),
            )
        trained = [trained_on(model, self._crs) for model in self._models]
        if self._untrained:
            for each in filter(None, trained):
                ground = ground.difference(each)
            if ground.isEmpty():
                raise GeoDistilError(
                    "labels",
                    tr("The models were trained on all of this ground, so nothing is left that could judge them."),
                    tr("Choose other ground, or count what they were trained on, too."),
                )
        self._scored.training = [
            said_of_training(seen, names_raster(model, self._raster), ground)
            for model, seen in zip(self._models, trained)
        ]
        return ground

    def _areas(self, ground: QgsGeometry, cancelled: Cancelled) -> list[list[str]]:
        """`evaluate`'s arguments for the ground that counts, of each of the labels."""
        whole = self._area is None and not self._untrained
        usual = [] if whole else self._files["area"].write(ground)
        areas = []
        for truth in self._truths:
            alone = self._labels_alone(truth.task)
            if alone and truth.outlines is not None:
                labelled = ground.intersection(truth.outlines(self._crs, cancelled))
                areas.append(self._files["labelled"].write(labelled))
            else:
                areas.append([*usual, *([RASTER_GROUND] if alone else [])])
        return areas

    def _labels_alone(self, task: str) -> bool:
        """Whether only labels count: ground without one means something to one of the models only."""
        return task == "segmentation" and any(without_background(self._models))

    def _extent_arguments(self, ground: QgsGeometry) -> list[str]:
        box = ground.boundingBox()
        box.grow(MARGIN * max(box.width(), box.height()))
        part: QgsRectangle = box.intersect(self._extent)
        return [] if part == self._extent else extent_arguments(part)

    def _predict(self, model: Model, number: int, part: list[str], feedback: TaskFeedback) -> None:
        package = taken(str(model.path))
        card, folder = read_card(package), self._folder / f"model_{number + 1}"
        folder.mkdir()
        score = ["--score", str(min(CANDIDATES, least_score(card)))] if "detection" in card["tasks"] else []
        command = ["predict", str(package), self._raster, "--output", str(folder), *part, *score]
        try:
            outputs = finished(command, folder, feedback, GRACE)["outputs"][0]
        except GeoDistilError as error:
            message = tr("{model}: {sentence}").format(model=model.name, sentence=error.message)
            raise GeoDistilError(error.code, message, error.hint, error.details) from error
        same = number and model.name == self._models[0].name
        name = f"{model.name} (2)" if same else model.name
        self._scored.predicted.append((package, {**card, "name": name}, folder, outputs))

    def _evaluate(
        self, number: int, truth: TruthFiles, meaning: Meaning, area: list[str], feedback: TaskFeedback
    ) -> None:
        package, _, folder, outputs = self._scored.predicted[number]
        path = folder / f"{truth.task}.json"
        command = ["evaluate", outputs[FILES[truth.task]], "--task", truth.task, "--model", str(package)]
        command += [*truth.arguments(), *meaning.arguments(), *area, "--output", str(path)]
        EngineProcess([*command, *permission(command)], folder, GRACE).follow(feedback)
        if feedback.isCanceled():
            raise CancelledError
        scores = json.loads(path.read_text(encoding="utf-8"))
        self._scored.scores[number].update(_scores(scores, truth.task, common_classes(self._models, truth.task)))
        common = {name: one for name, one in scores["classes"].items() if name in meaning.names.values()}
        if sentence := without_truth({"classes": common}):
            self._scored.notes.append(sentence)

    def _note(self, meanings: list[Meaning]) -> None:
        """What the comparison leaves out."""
        notes, (first, second) = self._scored.notes, self._models
        for task in TASKS:
            if (task in first.card["tasks"]) != (task in second.card["tasks"]):
                one = first if task in first.card["tasks"] else second
                notes.append(tr("{task}: only {model} does it.").format(task=headed(spoken(task)), model=one.name))
        for truth, meaning in zip(self._truths, meanings):
            common = common_classes(self._models, truth.task)
            for model in self._models:
                own = [each["name"] for each in model.card[f"{truth.task}_classes"] if each["name"] not in common]
                if own:
                    text = tr("Only {model} knows {classes}, which is not compared.")
                    notes.append(text.format(model=model.name, classes=", ".join(own)))
            if meaning.ignored:
                text = tr("Ground with labels of {values} counts nowhere: not both models know them.")
                notes.append(text.format(values=", ".join(meaning.ignored)))
            if self._labels_alone(truth.task):
                notes.append(tr("Ground without a label counts nowhere, for not both models have a background."))
        if first.card["gsd"] != second.card["gsd"]:
            text = tr("Each is scored at its own ground sampling distance: {first} m and {second} m.")
            sizes = [local_brief(each.card["gsd"]) for each in self._models]
            notes.append(text.format(first=sizes[0], second=sizes[1]))


def _scores(scores: dict[str, Any], task: str, common: list[str]) -> dict[str, float]:
    """The engine's scores by their names in cards; what is undefined is left out."""
    main, each = SCORES[task]
    found = {f"{task}/{main}": scores[main]}
    found |= {
        f"{task}/{each}/{name}": scores["classes"][name][each]
        for name in ["background", *common]
        if name in scores["classes"]
    }
    return {name: value for name, value in found.items() if value is not None}
