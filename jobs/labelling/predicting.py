"""A model is asked for suggestions: the engine predicts a raster, or a part of it, in a process of its own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..background import Background, Cancelled, start
from ..errors import GeoDistilError
from ..folders import job_folder
from ..foreign import taken
from ..given import given
from ..packages import read_card
from ..process import finished
from ..progress import TaskFeedback, spoken
from ..reference_systems import extent_arguments, view_on
from ..snapshots import raster_path
from ..sources.draft import SEGMENTATION
from ..tiles.fetching import Progress, fetch_kept
from ..tiles.plan import Order, estimate, refuse_many
from ..tiles.service import Service, is_service, service_of
from ..translation import tr

LEAST = 0.1
"""Detections are asked for from this score on, or a lower one that a person chose: more may be wanted afterwards."""

FETCHING = 30
"""Percent of the progress, where a service's imagery is fetched first."""

SMALLEST_PIXELS = 16
"""Smaller areas go to their neighbours: nobody wants to judge them one by one."""


@dataclass(frozen=True)
class Question:
    """What is to be predicted.

    Args:
        model: where a person pointed.
        raster: its file; empty where it is a web service.
        role: detection or segmentation.
        score: least score.
        extent: the part that is asked for; none for the whole raster.
        crs: the extent's.
        service: whose part, the extent in its CRS, is fetched first.
    """

    model: str
    raster: str
    role: str
    score: float
    extent: QgsRectangle | None = None
    crs: QgsCoordinateReferenceSystem | None = None
    service: Service | None = None


class Asking(QObject):
    """The engine at work on a question; QGIS goes on meanwhile. It has no parent: its task outlives whoever asked.

    Args:
        question: what is asked.
    """

    progressed = pyqtSignal(float, str)
    """Percent, and what is being done."""
    done = pyqtSignal(QgsVectorLayer)
    """The answer: polygons with class and score, in no project, named after the model."""
    failed = pyqtSignal(object)
    """With a `GeoDistilError`; of a cancel, too."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question
        self._task: Background | None = None
        self._folder, self._name = Path(), ""

    def start(self) -> None:
        """Begin."""
        self._task = start(Background(tr("Suggest labels"), self._ask, self._open, self._fail))

    def cancel(self) -> None:
        """Give up; `failed` follows with a cancel."""
        if self._task is not None:
            self._task.cancel()

    def _ask(self, cancelled: Cancelled) -> Path:
        """On another thread."""
        self._folder = folder = job_folder("suggest")
        try:
            return self._predict(folder, TaskFeedback(cancelled, self.progressed.emit))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _predict(self, folder: Path, feedback: TaskFeedback) -> Path:
        question = self._question
        model = taken(question.model)
        card = read_card(model)
        self._name = card["name"]
        if question.role not in card["tasks"]:
            raise GeoDistilError(
                "package",
                tr("The model {name} has no {task}, so it suggests no labels of this layer.").format(
                    name=card["name"], task=spoken(question.role)
                ),
                tr("Choose another model."),
            )
        raster = question.raster if question.service is None else self._fetched(card["gsd"], feedback)
        areas = question.role == SEGMENTATION
        part = [] if question.extent is None else extent_arguments(question.extent, question.crs)
        command = ["predict", str(model), raster, "--output", str(folder), *part]
        command += ["--confidence"] if areas else ["--score", str(min(LEAST, question.score))]
        files = finished(command, folder, feedback)["outputs"][0]
        return _polygons(files, model, card, folder, feedback) if areas else Path(files["detections"])

    def _fetched(self, pixel: float, feedback: TaskFeedback) -> str:
        """The part of the service, at pixels as fine as the model's; what is kept of it already is there at once."""
        service, extent = given(self._question.service), self._question.extent
        order = Order(service, extent, estimate(service, extent, pixel))
        refuse_many(order, tr("Zoom in, or fetch it first with Fetch imagery."))

        def told(progress: Progress) -> None:
            feedback.setProgress(FETCHING * progress.done / progress.of)
            feedback.setProgressText(progress.text)

        path = str(fetch_kept(order, told, feedback.isCanceled))
        feedback.part(FETCHING, 100)
        return path

    def _fail(self, error: GeoDistilError) -> None:
        self._task = None  # which holds this: nobody but the main thread may let go of either
        self.failed.emit(error)

    def _open(self, path: Path) -> None:
        self._task = None
        layer = QgsVectorLayer(str(path), self._name, "ogr")
        folder = self._folder  # read as long as the layer lives
        layer.destroyed.connect(lambda *_: shutil.rmtree(folder, ignore_errors=True))
        self.done.emit(layer)


def raster_of_question(raster: QgsRasterLayer | None) -> str:
    """The file that the engine is to look at.

    Raises:
        GeoDistilError: there is no raster, or it is no file.
    """
    if raster is None:
        raise GeoDistilError(
            "raster",
            tr("The raster of this label layer is not in the project."),
            tr("Add it, or take suggestions from a layer."),
        )
    return raster_path(raster)


def imagery_of_question(raster: QgsRasterLayer | None, whole: bool) -> tuple[str, Service | None]:
    """The file that is to be predicted; or, with an empty path, the web service whose view is fetched for that.

    Args:
        raster: what is labelled.
        whole: whether all of it is asked for, and not a view.

    Raises:
        GeoDistilError: there is no raster, or it is neither; or it is a service, which has no end.
    """
    if not is_service(raster):
        return raster_of_question(raster), None
    if whole:
        raise GeoDistilError(
            "raster",
            tr("The layer {layer} is a web service, which has no end.").format(layer=given(raster).name()),
            tr("Take suggestions in this view."),
        )
    return "", service_of(raster)


def common_extent(view: QgsRectangle, raster: QgsRasterLayer, project: QgsProject, crs: Any) -> QgsRectangle:
    """The part of a view that shows the raster, in the raster's CRS.

    Args:
        view: in `crs`.
        raster: what is labelled.
        project: for transformations.
        crs: the view's.

    Raises:
        GeoDistilError: the view shows nothing of it.
    """
    seen = view_on(view, crs, raster, project).intersect(raster.extent())
    if seen.isEmpty():
        raise GeoDistilError("labels", tr("This view shows nothing of the raster."), tr("Zoom to it first."))
    return seen


def _polygons(files: dict[str, str], model: Path, card: dict[str, Any], folder: Path, feedback: TaskFeedback) -> Path:
    """Polygons of a class map, with the mean confidence of each."""
    path, pixel = folder / "areas.gpkg", card["gsd"]
    command = ["polygons", files["classes"], "--model", str(model), "--confidence", files["confidence"]]
    command += ["--minimum-area", str(SMALLEST_PIXELS * pixel * pixel), "--simplify", str(pixel)]
    ending = finished([*command, "--output", str(path), "--events", str(folder)], folder, feedback)
    return Path(ending["outputs"]["polygons"])
