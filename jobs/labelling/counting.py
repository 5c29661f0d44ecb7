"""How many labels of each class a layer has: read once, in small turns, and kept up to date with each edit."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from qgis.core import QgsFeature, QgsFeatureRequest, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..classes import is_null, value_text
from ..given import given

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
