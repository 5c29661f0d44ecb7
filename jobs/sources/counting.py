"""How many labels of which value lie on a raster: counted off the main thread, from copies of the layers' sources."""

from __future__ import annotations

import math
from collections import Counter as Numbers
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsFeature,
    QgsFeatureRequest,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)

from ..background import Cancelled
from ..classes import NO_CLASS, RASTER_BACKGROUND, class_text, value_text
from ..errors import CancelledError
from ..reading import Features
from ..reference_systems import transform_between
from .facts import ground as imagery_ground

MOST_VALUES = 1000
"""A field with more values than this holds no classes; counting ends there."""

STRIP_PIXELS = 1 << 16

Ground = tuple[QgsCoordinateReferenceSystem, QgsRectangle]

ARRAY_CODES = {
    Qgis.DataType.Byte: "B",
    Qgis.DataType.UInt16: "H",
    Qgis.DataType.Int16: "h",
    Qgis.DataType.UInt32: "I",
    Qgis.DataType.Int32: "i",
}
"""Whole-number types, as `memoryview` calls them; other rasters hold no classes."""


@dataclass
class LabelCounts:
    """Labels on a raster.

    Args:
        by_value: number of features, or of pixels, of each label value.
        pixels: whether pixels of a class raster are the labels.
        without_value: features without a class.
        in_area: features of the labelled area's layer on the raster; none where it has no layer.
        too_many: the field has so many values that counting was given up.
    """

    by_value: dict[str, int] = field(default_factory=dict)
    pixels: bool = False
    without_value: int = 0
    in_area: int | None = None
    too_many: bool = False

    @property
    def total(self) -> int:
        """All features or pixels with a class."""
        return sum(self.by_value.values())


class Counter:
    """Counts the labels of one source. Made on the main thread, called on any.

    Args:
        raster: the imagery, whose extent is counted in.
        labels: the label layer.
        field: its class field; empty makes the layer's name the one value.
        area: the labelled area's layer, where there is one.
        extent: the part of the imagery that is exported, where it is no file.
    """

    def __init__(
        self,
        raster: QgsRasterLayer,
        labels: QgsMapLayer,
        field: str = "",
        area: QgsVectorLayer | None = None,
        extent: tuple[float, float, float, float] | None = None,
    ) -> None:
        ground = imagery_ground(raster, extent)
        self._labels = (
            _Pixels(labels, ground) if isinstance(labels, QgsRasterLayer) else _Features(labels, field, ground)
        )
        self._area = _Features(area, "", ground) if area is not None else None

    def __call__(self, cancelled: Cancelled) -> LabelCounts:
        """Count.

        Raises:
            CancelledError: it was cancelled.
        """
        counts = LabelCounts()
        self._labels.count(counts, cancelled)
        if self._area is not None:
            counts.in_area = sum(1 for _ in self._area.touching(cancelled))
        if cancelled():
            raise CancelledError
        return counts

    def complain(self) -> None:
        """Tell what went wrong on a layer's server; on the main thread, when all is counted.

        Raises:
            GeoDistilError: not all features came.
        """
        for layer in (self._labels, self._area):
            if isinstance(layer, _Features):
                layer.complain()


class _Features:
    """Vector labels."""

    def __init__(self, layer: QgsVectorLayer, field: str, ground: Ground) -> None:
        self._features = Features(layer)
        self._index = layer.fields().lookupField(field) if field else -1
        self._name = layer.name()
        self._request = features_on(layer.crs(), ground)
        self._request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
        self._request.setSubsetOfAttributes([self._index] if self._index >= 0 else [])

    def complain(self) -> None:
        self._features.complain()

    def touching(self, cancelled: Cancelled) -> Iterator[QgsFeature]:
        for feature in self._features(self._request):
            if cancelled():
                return
            yield feature

    def count(self, counts: LabelCounts, cancelled: Cancelled) -> None:
        for feature in self.touching(cancelled):
            value = class_text(feature[self._index]) if self._index >= 0 else self._name
            if value in NO_CLASS:
                counts.without_value += 1
                continue
            counts.by_value[value] = counts.by_value.get(value, 0) + 1
            if len(counts.by_value) > MOST_VALUES:
                counts.too_many = True
                return


class _Pixels:
    """Labels that are the pixels of a class raster, read strip by strip where they lie on the imagery."""

    def __init__(self, layer: QgsRasterLayer, ground: Ground) -> None:
        self._provider = layer.dataProvider().clone()
        self._code = ARRAY_CODES.get(self._provider.dataType(1), "")
        self._ground = features_on(self._provider.crs(), ground).filterRect().intersect(self._provider.extent())

    def count(self, counts: LabelCounts, cancelled: Cancelled) -> None:
        counts.pixels = True
        counts.too_many = not self._code
        numbers: Numbers[float] = Numbers()
        for strip in self._strips() if self._code else ():
            if cancelled() or len(numbers) > MOST_VALUES:
                break
            numbers.update(strip)
        counts.too_many = counts.too_many or len(numbers) > MOST_VALUES
        nodata = self._provider.sourceNoDataValue(1) if self._provider.sourceHasNoDataValue(1) else None
        background = (RASTER_BACKGROUND, nodata)
        if not counts.too_many:
            counts.by_value = {value_text(value): n for value, n in numbers.items() if value not in background}

    def _strips(self) -> Iterator[memoryview]:
        """Runs of pixels inside the ground, small enough that the other threads get their turn."""
        provider, extent = self._provider, self._provider.extent()
        across, down = extent.width() / provider.xSize(), extent.height() / provider.ySize()
        left = max(0, math.floor((self._ground.xMinimum() - extent.xMinimum()) / across + 0.5))
        right = min(provider.xSize(), math.floor((self._ground.xMaximum() - extent.xMinimum()) / across + 0.5))
        top = max(0, math.floor((extent.yMaximum() - self._ground.yMaximum()) / down + 0.5))
        bottom = min(provider.ySize(), math.floor((extent.yMaximum() - self._ground.yMinimum()) / down + 0.5))
        if self._ground.isEmpty() or left >= right:
            return
        rows = max(1, STRIP_PIXELS // (right - left))
        west, north = extent.xMinimum(), extent.yMaximum()
        for row in range(top, bottom, rows):
            end = min(row + rows, bottom)
            place = QgsRectangle(west + left * across, north - end * down, west + right * across, north - row * down)
            block = provider.block(1, place, right - left, end - row)
            yield memoryview(bytes(block.data())).cast(self._code)  # type: ignore[call-overload]  # a code known at run time only


def features_on(crs: QgsCoordinateReferenceSystem, ground: Ground) -> QgsFeatureRequest:
    """A request for the features, of a layer in `crs`, whose extents touch a rectangle of another CRS."""
    request = QgsFeatureRequest()
    ground_crs, extent = ground
    if crs == ground_crs:
        return request.setFilterRect(extent)
    try:
        transform = transform_between(ground_crs, crs, QgsProject.instance().transformContext())
        return request.setFilterRect(transform.transformBoundingBox(extent))
    except QgsCsException:  # the rectangle lies where the layer's CRS is not defined: nothing there
        return request.setFilterFids([])


def features_on_any(crs: QgsCoordinateReferenceSystem, grounds: Sequence[Ground]) -> QgsFeatureRequest:
    """As `features_on`, for the common extent of several rectangles."""
    request = features_on(crs, grounds[0])
    for ground in grounds[1:]:
        rectangle = QgsRectangle(request.filterRect())
        rectangle.combineExtentWith(features_on(crs, ground).filterRect())
        request.setFilterRect(rectangle)
    return request
