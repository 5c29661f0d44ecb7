"""A layer of polygons is read in small turns, and what is new of it is suggested."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from qgis.core import QgsFeature, QgsFeatureRequest, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..classes import is_null, value_text
from ..errors import GeoDistilError, as_error
from ..reading import Features
from ..sources.facts import POLYGONS, label_kind, likely_class_field
from ..translation import tr
from ..types import given
from .counting import TURN_SECONDS
from .desk import Desk
from .geometry import areas_of
from .kept import Suggestion
from .reviewing import SAME
from .session import LabelSession
from .suggestions import is_suggestions, middle

SCORES = ("score", "confidence")
"""Fields of detections and of polygons of a class map; the latter's are percent."""

BATCH = 1000
"""Suggestions that are added in one turn."""


class Offer(NamedTuple):
    """What is suggested.

    Attributes:
        source: polygons; likely fields are taken for class and score, its name for the model's.
        name: the class of polygons without a class field.
        extent: only what touches this, in the label layer's CRS; none takes everything.
    """

    source: QgsVectorLayer
    name: str
    extent: QgsRectangle | None


class Filling(QObject):
    """Fills the suggestions of a label layer.

    What has a label already, or lies where the ground is known, is left out: nobody wants to judge it twice.

    Args:
        offer: what is suggested.
        session: the label layer's.
        desk: the label layer's.
        project: for transformations.
        parent: who owns this.

    Raises:
        GeoDistilError: it is not a layer of polygons with a CRS.
    """

    done = pyqtSignal(int, int)
    """So many are suggested, so many were left out."""
    failed = pyqtSignal(object)
    """With a `GeoDistilError`."""

    def __init__(
        self, offer: Offer, session: LabelSession, desk: Desk, project: QgsProject, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        source, name, extent = offer
        if sentence := _problem(source):
            raise GeoDistilError("layer", sentence)
        self._source, self._session, self._desk, self._name = source, session, desk, name
        fields = {field.name().lower(): field.name() for field in source.fields()}
        self._class = likely_class_field(source)
        self._score = next((fields[each] for each in SCORES if each in fields), "")
        request = QgsFeatureRequest().setDestinationCrs(session.layer.crs(), project.transformContext())
        if extent is not None:
            request.setFilterRect(extent)
        self._reader: Iterator[QgsFeature] | None = iter(Features(source)(request))
        self._found: list[Suggestion] = []
        self._left_out = self._suggested = 0
        self._ground = QgsGeometry.unaryUnion(desk.learned())
        self._known = QgsGeometry.createGeometryEngine(self._ground.constGet()) if not self._ground.isEmpty() else None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._turn)

    def start(self) -> None:
        """Begin; what was suggested there before goes."""
        self._timer.start()

    def stop(self) -> None:
        """Suggest no more; neither signal follows."""
        self._timer.stop()
        self._reader = iter(())

    def _turn(self) -> None:
        try:
            if self._reader is not None:
                self._read(time.perf_counter() + TURN_SECONDS)
            elif self._found:
                batch, self._found = self._found[:BATCH], self._found[BATCH:]
                self._suggested += len(batch)
                self._desk.open().add(batch)
            else:
                self._timer.stop()
                self.done.emit(self._suggested, self._left_out)
        except Exception as error:  # a slot that raises would go on for ever
            self.stop()
            self.failed.emit(as_error(error, tr("Reading the suggestions")))

    def _read(self, until: float) -> None:
        for feature in given(self._reader):
            for shape in _parts(feature.geometry()):
                self._take(feature, shape)
            if time.perf_counter() > until:
                return
        self._reader = None

    def _take(self, feature: QgsFeature, shape: QgsGeometry) -> None:
        if self._is_known(shape) or self._session.editor.has_label(shape, SAME):
            self._left_out += 1
            return
        value = feature[self._class] if self._class else self._name
        name = "" if is_null(value) else value_text(value)
        score = 1.0 if not self._score or is_null(feature[self._score]) else float(feature[self._score])
        self._found.append(Suggestion(shape, name, score / 100 if score > 1 else score, self._source.name()))

    def _is_known(self, shape: QgsGeometry) -> bool:
        place = middle(shape)
        if self._known is not None and self._known.contains(place.constGet()):
            return True
        complete = self._session.completeness
        return complete is not None and complete.has(place, self._session.layer.crs())


def offered(project: QgsProject) -> list[QgsVectorLayer]:
    """The layers of a project that look like predictions: polygons with a class and a score."""
    layers = [each for each in project.mapLayers().values() if not is_suggestions(each)]
    layers = [each for each in layers if label_kind(each) == POLYGONS]
    scored = [each for each in layers if any(field.name().lower() in SCORES for field in each.fields())]
    return sorted((each for each in scored if likely_class_field(each)), key=lambda each: each.name().casefold())


def _problem(layer: QgsVectorLayer) -> str:
    if not layer.isValid() or label_kind(layer) != POLYGONS:
        return tr("The layer {layer} has no polygons that could be suggestions.").format(layer=layer.name())
    if not layer.crs().isValid():
        return tr(
            "The layer {layer} has no coordinate reference system; set it with Layer > Set CRS of Layer(s)."
        ).format(layer=layer.name())
    return ""


def _parts(shape: QgsGeometry) -> Iterator[QgsGeometry]:
    """The single polygons of a shape, valid ones."""
    if shape.isEmpty():
        return
    areas = areas_of(shape if shape.isGeosValid() else shape.makeValid())
    yield from areas.asGeometryCollection() if areas.isMultipart() else [areas] * (not areas.isEmpty())
