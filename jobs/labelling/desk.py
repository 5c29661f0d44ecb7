"""Where suggestions for one label layer lie while they are reviewed, and how they come there, in small turns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..classes import is_null, value_text
from ..errors import GeoDistilError, as_error
from ..given import given
from ..reading import Features
from ..sources.facts import POLYGONS, label_kind, likely_class_field
from ..translation import tr
from .editing import LabelEditor, areas_of
from .keeping import Keeper, Restoring
from .kept import Suggestion, place_to_write
from .layers import recovered_area
from .link import raster_of, read_link
from .reviewing import SAME, Ledger, Reviewing
from .session import TURN_SECONDS, LabelSession
from .suggestions import Suggestions, has_suggestions, is_suggestions, middle
from .walking import Completeness


class Desk(QObject):
    """See the module. What was learned of the ground joins the labelled area when, and only when, labels are saved.

    Args:
        layer: a label layer, with a link.
        project: where it is.
        parent: who owns this.
    """

    changed = pyqtSignal()
    failed = pyqtSignal(str)
    """The labelled area did not grow, or suggestions are not kept; with a sentence."""
    restored = pyqtSignal(int)
    """So many suggestions of a former QGIS are offered again."""

    def __init__(self, layer: QgsVectorLayer, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer, self._project = layer, project
        self.suggestions: Suggestions | None = None
        self._ledger = Ledger()
        self._owed: list[QgsGeometry] = []
        self._keeper: Keeper | None = None
        self._restoring = Restoring(layer, self)
        self._restoring.found.connect(self._restore)
        self._restoring.failed.connect(self.failed)
        self._restoring.done.connect(self.restored)
        self._restoring.ended.connect(self.changed)
        layer.afterCommitChanges.connect(self._grow)

    def restore(self) -> None:
        """Offer again what a former dock or QGIS has left to be reviewed."""
        if has_suggestions(self.layer, self._project):
            self.open()
        else:
            self._restoring.start()
        self.changed.emit()

    @property
    def busy(self) -> bool:
        """Whether some are still to be offered again."""
        return self._restoring.busy

    def open(self) -> Suggestions:
        """The suggestions, whose layer is made where there is none."""
        return self.suggestions or self._make(place_to_write(self.layer))[0]

    def _make(self, path: Path | None) -> tuple[Suggestions, Keeper]:
        made = self.suggestions = Suggestions(self.layer, given(read_link(self.layer)), self._project, self)
        made.changed.connect(self.changed)
        keeper = self._keeper = Keeper(made, path, made)
        keeper.failed.connect(self.failed)
        return made, keeper

    def _restore(self, crs: QgsCoordinateReferenceSystem) -> None:
        if self.suggestions is not None:  # others came before
            return
        suggestions, keeper = self._make(self._restoring.partial)
        if crs.isValid() and not suggestions.layer.featureCount():
            suggestions.layer.setCrs(crs)
        self._restoring.begin(suggestions, keeper)

    def reviewing(self, editor: LabelEditor) -> Reviewing:
        """What accepts and rejects, with the editor of the layer."""
        return Reviewing(editor, self.open(), self._ledger, self._project)

    def learned(self) -> list[QgsGeometry]:
        """Ground that is known and not yet in the labelled area, in the label layer's CRS."""
        return [*self._owed, *self._ledger.ground()]

    def lose(self, ids: list[str]) -> bool:
        """Whether layers that go take the suggestions with them, which then are given up."""
        if self.suggestions is None or self.suggestions.layer.id() not in ids:
            return False
        self.clear(remove=False)
        return True

    def clear(self, remove: bool = True, forget: bool = True) -> None:
        """Take all suggestions away.

        Args:
            remove: whether their layer is still there to go.
            forget: whether they go from the disk, too.
        """
        self._restoring.stop()
        gone, self.suggestions = self.suggestions, None  # before its layer goes, which is heard here, too
        if gone is not None:
            if forget:
                given(self._keeper).clear()
            gone.close(remove)
            gone.deleteLater()
            self._keeper = None
            self.changed.emit()

    def close(self) -> None:
        """Listen no longer."""
        self._restoring.stop()
        if self.suggestions is not None:
            self.suggestions.close(remove=False)
        if not sip.isdeleted(self.layer):
            self.layer.afterCommitChanges.disconnect(self._grow)

    def _grow(self) -> None:
        """The labels are on the disk now, so the ground around them may be called complete."""
        if self._keeper is not None:
            self._keeper.settle()
        self._owed, shapes = [], self.learned()
        self._ledger.clear()
        if not shapes:
            return
        try:
            link = given(read_link(self.layer))
            area = recovered_area(self.layer, link, self._project)
            if area is None:
                return
            completeness = Completeness(area, raster_of(link, self._project), self._project)
            if completeness.complete.isEmpty():
                shapes = [*shapes, self._hull_of_the_rest(shapes)]
            completeness.grow(QgsGeometry.unaryUnion(shapes), self.layer.crs())
        except GeoDistilError as error:
            self._owed = shapes  # with the next labels that are saved
            self.failed.emit(str(error))

    def _hull_of_the_rest(self, reviewed: list[QgsGeometry]) -> QgsGeometry:
        """The hull of the other labels, which is what counts while nothing is called complete."""
        ground = QgsGeometry.unaryUnion(reviewed)
        known = QgsGeometry.createGeometryEngine(ground.constGet())
        known.prepareGeometry()
        request = QgsFeatureRequest().setNoAttributes()
        shapes = [each.geometry() for each in self.layer.getFeatures(request)]
        rest = [each for each in shapes if not each.isEmpty() and not known.contains(each.constGet())]
        return QgsGeometry.collectGeometry(rest).convexHull() if rest else QgsGeometry()


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
