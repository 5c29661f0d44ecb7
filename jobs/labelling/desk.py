"""Where suggestions for one label layer lie while they are reviewed; kept while other layers are labelled, too."""

from __future__ import annotations

from qgis.core import QgsFeatureRequest, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..errors import GeoDistilError
from .completeness import Completeness
from .editing import LabelEditor
from .layers import recovered_area
from .link import raster_of, read_link
from .reviewing import Ledger, Reviewing
from .suggestions import Suggestions


class Desk(QObject):
    """See the module. What was learned of the ground joins the labelled area when, and only when, labels are saved.

    Args:
        layer: a label layer, with a link.
        project: where it is.
        parent: who owns this.
    """

    changed = pyqtSignal()
    failed = pyqtSignal(str)
    """The labelled area did not grow; with a sentence."""

    def __init__(self, layer: QgsVectorLayer, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer, self._project = layer, project
        self.suggestions: Suggestions | None = None
        self._ledger = Ledger()
        self._owed: list[QgsGeometry] = []
        layer.afterCommitChanges.connect(self._grow)

    def open(self) -> Suggestions:
        """The suggestions, whose layer is made where there is none."""
        if self.suggestions is None:
            self.suggestions = Suggestions(self.layer, read_link(self.layer), self._project, self)
            self.suggestions.changed.connect(self.changed)
        return self.suggestions

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

    def clear(self, remove: bool = True) -> None:
        """Take all suggestions away; `remove` says whether their layer is still there to go."""
        if self.suggestions is not None:
            self.suggestions.close(remove)
            self.suggestions.deleteLater()
            self.suggestions = None
            self.changed.emit()

    def close(self) -> None:
        """Listen no longer."""
        if self.suggestions is not None:
            self.suggestions.close(remove=False)
        if not sip.isdeleted(self.layer):
            self.layer.afterCommitChanges.disconnect(self._grow)

    def _grow(self) -> None:
        """The labels are on the disk now, so the ground around them may be called complete."""
        self._owed, shapes = [], self.learned()
        self._ledger.clear()
        if not shapes:
            return
        try:
            link = read_link(self.layer)
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
