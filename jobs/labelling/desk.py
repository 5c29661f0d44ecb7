"""Where suggestions for one label layer lie while they are reviewed; other layers may be labelled meanwhile."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsCoordinateReferenceSystem, QgsFeatureRequest, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..errors import GeoDistilError
from ..types import given
from .completeness import Completeness
from .editing import LabelEditor
from .keeping import Keeper, Restoring
from .kept import place_to_write
from .layers import recovered_area
from .link import raster_of, read_link
from .reviewing import Ledger, Reviewing
from .suggestions import Suggestions, has_suggestions


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
