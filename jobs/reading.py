"""Features of any provider, all of them or a sentence: a server that dies ends an iteration as if it were complete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Event
from typing import Any

from qgis.core import (
    QgsFeature,
    QgsFeatureIterator,
    QgsFeatureRequest,
    QgsFeatureSource,
    QgsGeometry,
    QgsProcessingFeatureSource,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
)
from qgis.PyQt.QtCore import QCoreApplication, QObject, Qt, QThread, pyqtSignal, pyqtSlot

from .errors import GeoDistilError
from .given import given
from .translation import tr


def geometry_of(values: Any) -> QgsGeometry:
    """A GeoJSON geometry.

    Raises:
        ValueError: it is none.
    """
    from osgeo import ogr

    try:
        shape = ogr.CreateGeometryFromJson(json.dumps(values)) if isinstance(values, dict) else None
    except RuntimeError as error:  # where somebody has switched GDAL's exceptions on
        raise ValueError(str(error)) from error
    if shape is None:
        raise ValueError("it is no GeoJSON geometry")
    geometry = QgsGeometry()
    geometry.fromWkb(bytes(shape.ExportToWkb()))
    return geometry


LOCAL = ("ogr", "memory", "delimitedtext", "gpx", "spatialite")
"""Providers of files and memory, which do not go away while they are read."""

SETTLED_SECONDS = 5.0
"""What a busy main thread is given before a provider is asked for its errors."""


class Features:
    """A layer's features, edits in progress included. Made on the main thread, called on any.

    Args:
        layer: of any provider, or what a parameter of an algorithm gives.
    """

    def __init__(self, layer: QgsFeatureSource) -> None:
        self._name = layer.sourceName()
        if isinstance(layer, QgsProcessingFeatureSource):  # does not tell its provider, so that it may be a server's
            self._source, self._provider, self._remote = layer, None, True
            return
        self._source = QgsVectorLayerFeatureSource(layer)
        self._provider = layer.dataProvider() if layer.providerType() not in LOCAL else None
        self._remote = self._provider is not None
        if self._remote:
            layer.willBeDeleted.connect(self._forget)  # someone may take it out of the project meanwhile
        if self._remote and given(self._provider).hasErrors():  # what failed before would stay empty
            given(self._provider).clearErrors()
            given(self._provider).reloadData()

    def __call__(self, request: QgsFeatureRequest) -> Iterator[QgsFeature]:
        """Features; those of a server are asked for once more at their end, without geometry, and counted.

        Raises:
            GeoDistilError: the server does not answer, or fewer features came than there are.
        """
        iterator, came = self._asked(request), 0
        for feature in iterator:
            yield feature
            came += 1
        self.check(request, came)

    def check(self, request: QgsFeatureRequest, came: int) -> None:
        """Refuse a number of features that is not what a server has.

        Raises:
            GeoDistilError: the server does not answer, or has another number.
        """
        if self._remote and self._count(request) != came:
            raise self._broken()

    def complain(self) -> None:
        """To be called when all is read: a WFS tells of its failures nowhere else, and a moment later.

        Raises:
            GeoDistilError: the server did not answer, or not all features came.
        """
        if self._provider is None:
            return
        _settle(self._provider)
        if self._provider.hasErrors():
            raise self._broken("\n".join(self._provider.errors()))

    def _asked(self, request: QgsFeatureRequest) -> QgsFeatureIterator:
        """All features, also those that Processing's options would leave out as invalid: the engine repairs them."""
        if isinstance(self._source, QgsProcessingFeatureSource):
            return self._source.getFeatures(request, QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks)
        return self._source.getFeatures(request)

    def _forget(self) -> None:
        self._provider = None

    def _broken(self, details: str = "") -> GeoDistilError:
        return GeoDistilError(
            "labels",
            tr("The features of {name} cannot be read: its server does not answer, or broke off.").format(
                name=self._name
            ),
            tr("See that the server can be reached, then try again."),
            details,
        )

    def _count(self, request: QgsFeatureRequest) -> int:
        """How many there are; -1 where nobody answers."""
        bare = QgsFeatureRequest(request).setFlags(QgsFeatureRequest.Flag.NoGeometry).setSubsetOfAttributes([])
        iterator = self._asked(bare)
        number = sum(1 for _ in iterator)
        return number if iterator.isValid() else -1


class _Caller(QObject):
    called = pyqtSignal()


class _Listener(QObject):
    """Lives on a provider's thread; `heard` when that thread has done all that was waiting before the call."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = Event()

    @pyqtSlot()
    def hear(self) -> None:
        self.heard.set()


def _settle(provider: QObject) -> None:
    """Let a provider take what is waiting for it on its thread; an idle thread needs no time for that."""
    if provider.thread() == QThread.currentThread():
        QCoreApplication.sendPostedEvents(provider)
        return
    caller, listener = _Caller(), _Listener()
    listener.moveToThread(provider.thread())
    caller.called.connect(listener.hear, Qt.ConnectionType.QueuedConnection)
    caller.called.emit()
    listener.heard.wait(SETTLED_SECONDS)
    listener.deleteLater()


def chosen(layer: QgsVectorLayer, selected_only: bool) -> QgsFeatureRequest:
    """A request for a layer's features; only the selected ones where that is wanted and some are."""
    request = QgsFeatureRequest()
    if selected_only and layer.selectedFeatureCount():
        request.setFilterFids(layer.selectedFeatureIds())
    return request
