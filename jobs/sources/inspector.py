"""Keeps the label counts of sources, counting in the background what is not known yet."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..background import Background, start
from ..errors import GeoDistilError
from ..translation import tr
from .counting import Counter, LabelCounts
from .draft import AREA_LAYER, SourceDraft
from .facts import CLASS_RASTER, label_kind
from .problems import Problems, source_problems

Key = tuple[Any, ...]


class Inspector(QObject):
    """What is known of sources; layers are looked at on the main thread, features counted on others.

    Args:
        project: where the layers are.
    """

    counted = pyqtSignal()
    """Something that was being counted is known now."""

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._known: dict[Key, LabelCounts] = {}
        self._failed: dict[Key, str] = {}
        self._tasks: dict[Key, Background] = {}

    def counts(self, source: SourceDraft) -> LabelCounts | None:
        """The labels of a source; none while they are counted, or where there is nothing to count."""
        if not source.labelled or self._unusable(source):
            return None
        key = self._key(source)
        if key not in self._known and key not in self._failed and key not in self._tasks:
            self._count(source, key)
        return self._known.get(key)

    def problems(self, source: SourceDraft) -> Problems:
        """The mistakes in a source, by field."""
        counts = self.counts(source)
        problems = source_problems(source, counts, self._project)
        if source.labelled and not problems and self._key(source) in self._failed:
            problems["labels"] = self._failed[self._key(source)]
        return problems

    def counting(self, source: SourceDraft) -> bool:
        """Whether its labels are being counted."""
        return source.labelled and not self._unusable(source) and self._key(source) in self._tasks

    def forget(self) -> None:
        """Count everything anew: features may have been edited."""
        self._known.clear()
        self._failed.clear()

    def failed(self, sources: list[SourceDraft]) -> bool:
        """Whether labels of these could not be counted, or someone cancelled that."""
        return any(source.labelled and self._key(source) in self._failed for source in sources)

    def try_again(self) -> None:
        """Count anew what could not be counted."""
        self._failed.clear()

    def close(self) -> None:
        """Cancel what is being counted."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    def _unusable(self, source: SourceDraft) -> bool:
        return bool(source_problems(source, None, self._project))

    def _count(self, source: SourceDraft, key: Key) -> None:
        layer = self._project.mapLayer
        raster, labels = layer(source.raster), layer(source.labels)
        area = layer(source.area_layer) if source.area == AREA_LAYER else None
        field = "" if label_kind(labels) == CLASS_RASTER else source.field
        counter = Counter(raster, labels, field, area, source.extent)
        self._tasks[key] = start(
            Background(
                tr("Count the labels of {raster}").format(raster=raster.name()),
                counter,
                lambda counts: self._done(key, counter, counts),
                lambda error: self._fail(key, error),
            )
        )

    def _done(self, key: Key, counter: Counter, counts: LabelCounts) -> None:
        try:
            counter.complain()
        except GeoDistilError as error:
            self._fail(key, error)
            return
        self._known[key] = counts
        self._end(key)

    def _fail(self, key: Key, error: GeoDistilError) -> None:
        self._failed[key] = str(error)
        self._end(key)

    def _end(self, key: Key) -> None:
        if self._tasks.pop(key, None) is not None:
            self.counted.emit()

    def _key(self, source: SourceDraft) -> Key:
        layers = [self._project.mapLayer(name) for name in (source.raster, source.labels, source.area_layer)]
        area = layers[2] if source.area == AREA_LAYER else None
        return (*(_identity(layer) for layer in (*layers[:2], area)), source.field, source.extent)


def _identity(layer: QgsMapLayer | None) -> Key:
    """What makes a count stale when it changes."""
    if isinstance(layer, QgsVectorLayer):
        return layer.id(), layer.subsetString(), layer.featureCount() if layer.isEditable() else -1
    return (layer.id(),) if isinstance(layer, QgsRasterLayer) else ()
