"""One label layer at work: its editor, labelled area and counts by class, until it is left or goes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..classes import is_null, value_text
from ..errors import GeoDistilError
from ..given import given
from ..translation import local, tr
from .editing import LabelEditor
from .layers import labels_note, layer_problem, recovered_area
from .link import LabelClass, Link, raster_of, read_link, with_new_values, write_link
from .styles import style_labels
from .walking import Completeness

TURN_SECONDS = 0.01
"""Most that one turn reads."""

EVERY = 256
"""Labels between two looks at the clock."""


class ClassCounts(QObject):
    """The counts of one layer.

    Args:
        layer: the label layer.
        field: its class field.
        parent: who owns this.
    """

    changed = pyqtSignal()

    def __init__(self, layer: QgsVectorLayer, field: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layer, self._field = layer, field
        self._classes: dict[int, str] = {}
        self._counts: Counter[str] = Counter()
        self._gone: set[int] = set()
        self._reader: Iterator[QgsFeature] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._read_some)
        layer.featureAdded.connect(self._look)
        layer.featureDeleted.connect(self._drop)
        layer.attributeValueChanged.connect(self._change)
        layer.beforeCommitChanges.connect(self._finish)  # ids change then
        layer.subsetStringChanged.connect(self.read_again)
        layer.updatedFields.connect(self.read_again)
        self.read_again()

    @property
    def reading(self) -> bool:
        """Whether not all labels were read yet."""
        return self._reader is not None

    @property
    def total(self) -> int:
        """All labels, those without a class too."""
        return len(self._classes)

    def __getitem__(self, name: str) -> int:
        """How many labels a class has."""
        return self._counts[name]

    def names(self) -> list[str]:
        """Classes that have labels."""
        return [name for name, count in self._counts.items() if name and count]

    def read_again(self) -> None:
        """Count anew, after changes that are not edits."""
        self._classes, self._counts, self._gone = {}, Counter(), set()
        self._index = self._layer.fields().lookupField(self._field)
        self._reader = self._layer.getFeatures(self._request()) if self._index >= 0 else None
        if self._reader is not None:
            self._timer.start()
        self.changed.emit()

    def close(self) -> None:
        """Listen no longer."""
        self._timer.stop()
        self._reader = None
        for signal, slot in (
            (self._layer.featureAdded, self._look),
            (self._layer.featureDeleted, self._drop),
            (self._layer.attributeValueChanged, self._change),
            (self._layer.beforeCommitChanges, self._finish),
            (self._layer.subsetStringChanged, self.read_again),
            (self._layer.updatedFields, self.read_again),
        ):
            signal.disconnect(slot)

    def _request(self) -> QgsFeatureRequest:
        request = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
        return request.setSubsetOfAttributes([self._index])

    def _read_some(self, seconds: float = TURN_SECONDS) -> None:
        until = time.perf_counter() + seconds
        for number, feature in enumerate(given(self._reader), 1):
            fid = feature.id()
            if fid not in self._classes and fid not in self._gone:  # else an edit has told of it already
                self._put(fid, feature[self._index])
            if number % EVERY == 0 and time.perf_counter() > until:
                self.changed.emit()
                return
        self._timer.stop()
        self._reader, self._gone = None, set()
        self.changed.emit()

    def _finish(self, *_: object) -> None:
        if self._reader is not None:
            self._read_some(float("inf"))

    def _put(self, fid: int, value: object) -> None:
        name = "" if is_null(value) else value_text(value)
        self._classes[fid] = name
        self._counts[name] += 1

    def _look(self, fid: int) -> None:
        """A label was added, or is back."""
        request = self._request().setFilterFid(fid)
        for feature in self._layer.getFeatures(request):
            self._take_out(fid)
            self._put(fid, feature[self._index])
        self.changed.emit()

    def _drop(self, fid: int) -> None:
        self._take_out(fid)
        if self._reader is not None:
            self._gone.add(fid)
        self.changed.emit()

    def _change(self, fid: int, index: int, value: object) -> None:
        if index == self._index:
            self._take_out(fid)
            self._put(fid, value)
            self.changed.emit()

    def _take_out(self, fid: int) -> None:
        if fid in self._classes:
            self._counts[self._classes.pop(fid)] -= 1


GATHER_MILLISECONDS = 20
"""Changes within this time are told as one: an edit of many labels is many changes."""


class LabelSession(QObject):
    """See the module.

    Args:
        layer: a label layer, with a link.
        project: where it is.
        parent: who owns this.
    """

    changed = pyqtSignal()
    """Counts, selection, undo, names, or what keeps the layer from being labelled."""
    relinked = pyqtSignal()
    """The classes are others."""

    def __init__(self, layer: QgsVectorLayer, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer, self._project = layer, project
        self._link = given(read_link(layer))
        self.editor = LabelEditor(layer, self._link)
        self.counts = ClassCounts(layer, self._link.field, self)
        self.completeness: Completeness | None = None
        self._area: QgsVectorLayer | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(GATHER_MILLISECONDS)
        self._timer.timeout.connect(self._tell)
        self._signals = [
            self.counts.changed,
            layer.undoStack().indexChanged,
            layer.selectionChanged,
            layer.nameChanged,
            layer.crsChanged,
            layer.updatedFields,
            layer.readOnlyChanged,
            layer.editingStarted,
            layer.editingStopped,
        ]
        for signal in self._signals:
            signal.connect(self._gather)

    @property
    def link(self) -> Link:
        """What the layer is for."""
        return self._link

    @property
    def raster(self) -> QgsRasterLayer | None:
        """What is labelled; none where it is not in the project."""
        return raster_of(self._link, self._project)

    def problem(self) -> str:
        """Why nothing can be drawn now; empty where something can."""
        return layer_problem(self.layer, self._link.field, self._link.names())

    def note(self) -> str:
        """What is worth knowing."""
        return labels_note(self.layer, self._link, self._project)

    def set_link(self, link: Link) -> None:
        """Change what the layer is for, its classes and colours too."""
        restyle = link.classes != self._link.classes
        self._link = self.editor.link = link
        write_link(self.layer, link)
        if restyle:
            style_labels(self.layer, link)
            self.relinked.emit()

    def set_classes(self, wanted: list[tuple[str, LabelClass]]) -> None:
        """Change the classes; labels of those that are renamed get the new name.

        Args:
            wanted: the name that each had before, empty for new ones, and the class as it is to be.

        Raises:
            GeoDistilError: a class that has labels would go, or the layer does not take the new names.
        """
        kept = {before for before, _ in wanted}
        for name in self._link.names():
            if name not in kept and self.counts[name]:
                raise GeoDistilError(
                    "labels",
                    tr("The class {name} has labels ({count}).").format(name=name, count=local(self.counts[name])),
                    tr("Give them another class first, or delete them."),
                )
        self._check_names(wanted)
        for before, each in wanted:
            if before and before != each.name and self.counts[before]:
                self.editor.rename_class(before, each.name)
        self.set_link(replace(self._link, classes=tuple(each for _, each in wanted)))

    def load_area(self) -> None:
        """Look at the labelled area; it is made where there is none.

        Raises:
            GeoDistilError: it cannot be written.
        """
        area = recovered_area(self.layer, self._link, self._project)
        self._link = self.editor.link = given(read_link(self.layer))
        self.completeness = None if area is None else Completeness(area, self.raster, self._project)
        self._hear(area)

    def complete(self, shape: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Save the labels, then call a shape complete and save that: what is called complete is always there.

        Raises:
            GeoDistilError: one of them cannot be saved, or the shape is not on the raster.
        """
        if self.completeness is None:
            self.load_area()
        self.editor.save()
        if self.completeness is not None:
            self.completeness.mark(shape, crs)

    def close(self) -> None:
        """Leave the layer; its edits stay in QGIS."""
        self._timer.stop()
        for signal in self._signals:
            signal.disconnect(self._gather)
        self.counts.close()
        self._hear(None)

    def _hear(self, area: QgsVectorLayer | None) -> None:
        """Listen to this labelled area, which people may edit by hand, and to no other."""
        if self._area is not None and not sip.isdeleted(self._area):
            self._area.editingStopped.disconnect(self._look_at_area)
        self._area = area
        if area is not None:
            area.editingStopped.connect(self._look_at_area)

    def _look_at_area(self) -> None:
        if self.completeness is not None:
            self.completeness.read_again()
            self._gather()

    def _check_names(self, wanted: list[tuple[str, LabelClass]]) -> None:
        if sentence := layer_problem(self.layer, self._link.field, [each.name for _, each in wanted]):
            raise GeoDistilError("labels", sentence)

    def _gather(self, *_: object) -> None:
        self._timer.start()

    def _tell(self) -> None:
        link = with_new_values(self._link, self.counts.names())
        if link.classes != self._link.classes:  # pasted, or a renaming that was taken back
            self.set_link(link)
        self.changed.emit()
