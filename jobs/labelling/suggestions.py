"""What a model suggests as labels: a temporary layer of its own beside the label layer, each shape to be reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..translation import tr
from .editing import commit
from .kept import Suggestion
from .link import Link
from .styles import style_suggestions

PROPERTY = "geodistil/suggestions"
"""Custom property of a layer of suggestions: the id of its label layer."""

CLASS, SCORE, STATE, MODEL = "class", "score", "state", "model"
OPEN, ACCEPTED, REJECTED = "open", "accepted", "rejected"
FIELDS = f"field={CLASS}:string&field={SCORE}:double&field={STATE}:string(10)&field={MODEL}:string"


class Suggestions(QObject):
    """The suggestions for one label layer. A reviewed one stays in the layer, unseen, for undo brings it back.

    Args:
        labels: the label layer.
        link: what it is for.
        project: where the layer of suggestions goes, above the labels.
        parent: who owns this.
    """

    changed = pyqtSignal()
    put = pyqtSignal(list)
    """Those that are new, or other than they were."""
    gone = pyqtSignal(list)
    """Those that there are no more."""

    def __init__(self, labels: QgsVectorLayer, link: Link, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project, self._link = project, link
        self.threshold = 0.0
        """Least score of those that are offered."""
        self.layer = _known(labels, project) or _made(labels, project)
        self._scores: dict[int, float] = {}
        self._states: dict[int, str] = {}
        self._edited: set[int] = set()
        self._wires = [
            (self.layer.selectionChanged, self._tell),
            (self.layer.committedGeometriesChanges, self._note),
            (self.layer.committedAttributeValuesChanges, self._note),
            (self.layer.afterCommitChanges, self.read_again),
            (self.layer.afterRollBack, self.read_again),
        ]
        for signal, slot in self._wires:
            signal.connect(slot)
        self.read_again()

    def close(self, remove: bool = True) -> None:
        """Listen no longer.

        Args:
            remove: whether the layer goes, too.
        """
        if sip.isdeleted(self.layer):
            return
        for signal, slot in self._wires:
            signal.disconnect(slot)
        self._wires = []
        if remove and self._project.mapLayer(self.layer.id()) is not None:
            self._project.removeMapLayer(self.layer.id())

    def read_again(self, *_: object) -> None:
        """Look at the layer, after someone has edited it."""
        request = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
        before, self._scores, self._states = set(self._states), {}, {}
        for feature in self.layer.getFeatures(request):
            self._scores[feature.id()] = float(feature[SCORE] if feature[SCORE] is not None else 1.0)
            self._states[feature.id()] = feature[STATE] or OPEN  # one that a person drew, or split off
        edited, self._edited = self._edited, set()
        self.put.emit(sorted((self._states.keys() - before) | (edited & self._states.keys())))
        self.gone.emit(sorted(before - self._states.keys()))
        self._show()

    def set_threshold(self, score: float) -> None:
        """Offer what has this score at least."""
        self.threshold = score
        self.layer.removeSelection()
        self._show()

    def set_link(self, link: Link) -> None:
        """Show classes in these colours."""
        self._link = link
        self._show()

    def open_ids(self) -> list[int]:
        """Those that are to be reviewed."""
        return [fid for fid, state in self._states.items() if state == OPEN and self._scores[fid] >= self.threshold]

    def is_open(self, fid: int) -> bool:
        """Whether one is to be reviewed."""
        return self._states.get(fid) == OPEN and self._scores[fid] >= self.threshold

    def is_unjudged(self, fid: int) -> bool:
        """Whether nobody has judged one, whatever its score."""
        return self._states.get(fid) == OPEN

    def unjudged_ids(self) -> set[int]:
        """All that nobody has judged, whatever their score."""
        return {fid for fid, state in self._states.items() if state == OPEN}

    def unjudged(self, ids: list[int]) -> dict[int, Suggestion]:
        """Those of these that nobody has judged, whatever their score."""
        features = self.layer.getFeatures(QgsFeatureRequest().setFilterFids(ids)) if ids else []
        return {each.id(): self._suggestion(each) for each in features if self.is_unjudged(each.id())}

    def selected(self) -> list[int]:
        """Those of the layer's selection that are to be reviewed."""
        return sorted(filter(self.is_open, self.layer.selectedFeatureIds()))

    def get(self, fid: int) -> Suggestion:
        """One as it is now, edits in progress included."""
        return self._suggestion(self.layer.getFeature(fid))

    def _suggestion(self, feature: QgsFeature) -> Suggestion:
        name, model = (str(feature[field] or "") for field in (CLASS, MODEL))
        return Suggestion(feature.geometry(), name, self._scores.get(feature.id(), 1.0), model)

    def touching(self, place: QgsRectangle) -> list[int]:
        """Those to be reviewed that touch a place, in the layer's CRS; the smallest first."""
        request = QgsFeatureRequest().setFilterRect(place).setFlags(QgsFeatureRequest.Flag.ExactIntersect)
        request.setNoAttributes()
        found = [(each.geometry().area(), each.id()) for each in self.layer.getFeatures(request)]
        return [fid for _, fid in sorted(found) if self.is_open(fid)]

    def centred_in(self, area: QgsGeometry) -> list[int]:
        """Those to be reviewed whose middle lies in an area, in the layer's CRS."""
        request = QgsFeatureRequest().setFilterRect(area.boundingBox()).setNoAttributes()
        engine = QgsGeometry.createGeometryEngine(area.constGet())
        engine.prepareGeometry()
        features = [each for each in self.layer.getFeatures(request) if self.is_open(each.id())]
        found = {each.id(): middle(each.geometry()) for each in features}
        return [fid for fid, place in found.items() if engine.contains(place.constGet())]

    def extents(self) -> Iterator[tuple[int, QgsRectangle]]:
        """Those to be reviewed, and where they are."""
        for feature in self.layer.getFeatures(QgsFeatureRequest().setNoAttributes()):
            if self.is_open(feature.id()):
                yield feature.id(), feature.geometry().boundingBox()

    def add(self, new: Iterable[Suggestion]) -> None:
        """Offer these, too."""
        features = []
        for each in new:
            feature = QgsFeature(self.layer.fields())
            feature.setGeometry(each.shape)
            feature.setAttributes([each.name, each.score, OPEN, each.model])
            features.append(feature)
        _, added = self.layer.dataProvider().addFeatures(features)
        for feature in added:
            self._scores[feature.id()], self._states[feature.id()] = feature[SCORE], OPEN
        self.put.emit([feature.id() for feature in added])
        self.layer.updateExtents()
        self._show()

    def drop(self, ids: Iterable[int]) -> None:
        """Take some away, as if they had never been suggested."""
        gone = [fid for fid in ids if fid in self._states]
        self.settle()
        self.layer.removeSelection()
        self.layer.dataProvider().deleteFeatures(gone)
        for fid in gone:
            del self._scores[fid], self._states[fid]
        self.gone.emit(gone)
        self._show()

    def write(self, field: str, values: dict[int, Any]) -> None:
        """Give some another class or state; the label layer's steps of undo do so."""
        known = {fid: value for fid, value in values.items() if fid in self._states}
        index = self.layer.fields().lookupField(field)
        self.layer.dataProvider().changeAttributeValues({fid: {index: value} for fid, value in known.items()})
        if field == STATE:
            self._states.update(known)
            self.layer.deselect([fid for fid in known if not self.is_open(fid)])
        else:
            self.put.emit(sorted(known))
        self.layer.triggerRepaint()
        self.changed.emit()

    def settle(self) -> None:
        """Keep what a person has edited with QGIS's own tools; it is a temporary layer, so this takes no time.

        Raises:
            GeoDistilError: the layer does not take its own edits.
        """
        if self.layer.isModified():
            commit(self.layer, stop=False)

    def _note(self, _layer: str, changes: dict[int, Any]) -> None:
        self._edited.update(changes)

    def _show(self) -> None:
        style_suggestions(self.layer, self._link, self.threshold)
        self._tell()

    def _tell(self, *_: object) -> None:
        self.changed.emit()


def middle(shape: QgsGeometry) -> QgsGeometry:
    """A point that lies in a shape, near its middle."""
    centre = shape.centroid()
    return centre if shape.contains(centre) else shape.pointOnSurface()


def is_suggestions(layer: object) -> bool:
    """Whether a layer holds suggestions, which are no labels and no predictions."""
    return isinstance(layer, QgsVectorLayer) and bool(layer.customProperty(PROPERTY))


def has_suggestions(labels: QgsVectorLayer, project: QgsProject) -> bool:
    """Whether a label layer's suggestions are in the project, of a dock that was closed."""
    layer = _known(labels, project)
    return layer is not None and layer.featureCount() > 0


def _known(labels: QgsVectorLayer, project: QgsProject) -> QgsVectorLayer | None:
    """The layer of suggestions that the project has: empty where the project was opened anew."""
    layers = [each for each in project.mapLayers().values() if is_suggestions(each) and each.isValid()]
    layers = [each for each in layers if each.fields().lookupField(MODEL) >= 0]  # else of an earlier version, and empty
    return next((each for each in layers if each.customProperty(PROPERTY) == labels.id()), None)


def _made(labels: QgsVectorLayer, project: QgsProject) -> QgsVectorLayer:
    name = tr("{layer}: suggestions").format(layer=labels.name())
    layer = QgsVectorLayer(f"Polygon?{FIELDS}&index=yes", name, "memory")
    layer.setCrs(labels.crs())
    layer.setCustomProperty(PROPERTY, labels.id())
    layer.setCustomProperty("skipMemoryLayersCheck", 1)  # a model makes them again, so QGIS need not ask on closing
    project.addMapLayer(layer, False)
    node = project.layerTreeRoot().findLayer(labels.id())
    parent = node.parent() if node is not None else project.layerTreeRoot()
    parent.insertLayer(parent.children().index(node) if node is not None else 0, layer)
    return layer
