"""Layers as files the engine can read: label layers are copied, rasters are only named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Callable, NamedTuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeatureRequest,
    QgsFeatureSource,
    QgsGeometry,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorLayer,
)

from .classes import class_text
from .errors import GeoDistilError
from .layer_file import LayerFile
from .reading import Features
from .tiles.service import is_service
from .translation import tr

CLASS_FIELD = "class"
"""The field of a copy that holds the classes, as texts; what it was called in the layer, a GeoPackage may not allow."""


def raster_path(layer: QgsRasterLayer) -> str:
    """The file behind a raster layer that the engine is to read.

    Raises:
        GeoDistilError: as `raster_file`; or the layer has no CRS, or another than its file.
    """
    path = raster_file(layer)
    _check_crs(layer)
    return path


def raster_file(layer: QgsRasterLayer) -> str:
    """The file behind a raster layer.

    Raises:
        GeoDistilError: the layer is a web service, a database table or a subdataset.
    """
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path, inside = parts.get("path") or "", parts.get("layerName")
    if layer.providerType() != "gdal" or inside or not (path.startswith("/vsi") or Path(path).exists()):
        raise GeoDistilError(
            "raster",
            tr("The layer {layer} ({provider}) is not a raster file.").format(
                layer=layer.name(), provider=layer.providerType()
            ),
            tr("Fetch the part that you need with Fetch imagery, and choose that layer.")
            if is_service(layer)
            else tr("Save it as GeoTIFF with Export > Save As and choose that layer."),
        )
    return path


class Which(NamedTuple):
    """Which features are copied.

    Attributes:
        request: of the layer; none takes all.
        needed: whether a layer without features is an error.
    """

    request: QgsFeatureRequest | None = None
    needed: bool = False


ALL, NEEDED = Which(), Which(needed=True)


class Snapshot:
    """Copies features of any provider to a GeoPackage, a layer's filter and edits in progress included.

    The one way from a layer to a file of the engine. Made on the main thread, called on any. Geometries are copied as
    they are, invalid ones too: the engine repairs them.

    Args:
        layer: a vector layer, or what a parameter of an algorithm gives.
        path: the GeoPackage, whose folder is made where its parent is there; its layer is called as the file.
        field: its values, as texts, become the field `class`; empty fills it with the layer's name, none leaves it out.
        more: fields that are copied as they are.
        which: the features.

    Raises:
        GeoDistilError: the layer has no CRS, or no such field.
    """

    def __init__(
        self,
        layer: QgsFeatureSource,
        path: Path,
        field: str | None = None,
        more: Sequence[str] = (),
        which: Which = ALL,
    ) -> None:
        self._name, self._path, self._needed = layer.sourceName(), path, which.needed
        if not layer.sourceCrs().isValid():
            raise _without_crs(self._name)
        self._features = Features(layer)
        self._class = _index(layer, field) if field else None
        self._named = field is not None
        self._more = [_index(layer, each) for each in more]
        read = [*self._more, *([] if self._class is None else [self._class])]
        self._request = QgsFeatureRequest(which.request or QgsFeatureRequest()).setSubsetOfAttributes(read)
        fields = QgsVectorLayer(f"NoGeometry?field={CLASS_FIELD}:string", "", "memory").fields()
        if not self._named:
            fields.clear()
        for index in self._more:
            fields.append(layer.fields().at(index))
        self._file = LayerFile(layer, path, fields)

    def __call__(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Copy; what was copied until then is left where it is cancelled.

        Raises:
            GeoDistilError: there are no features, the layer's server broke off, or the file cannot be written.
        """
        self._path.parent.mkdir(exist_ok=True)  # not its parents: a run folder that was given up stays away
        copied = self._file.write(self._rows(cancelled))
        if cancelled():
            return
        self._features.complain()
        if self._needed and not copied:
            raise GeoDistilError(
                "labels",
                tr("The layer {layer} has no features.").format(layer=self._name),
                tr("Choose another or its filter."),
            )

    def _rows(self, cancelled: Callable[[], bool]) -> Iterator[tuple[QgsGeometry, list[Any]]]:
        for feature in self._features(self._request):
            if cancelled():
                return
            text = self._name if self._class is None else class_text(feature[self._class])
            yield feature.geometry(), [*[text] * self._named, *(feature[index] for index in self._more)]


def _index(layer: QgsFeatureSource, field: str) -> int:
    index = layer.fields().lookupField(field)
    if index < 0:  # QGIS's writer would end QGIS
        raise GeoDistilError(
            "labels",
            tr("Layer {layer} has no field {field}.").format(layer=layer.sourceName(), field=field),
            tr("Choose one of its fields."),
        )
    return index


def _without_crs(layer: str, code: str = "labels") -> GeoDistilError:
    return GeoDistilError(
        code,
        tr("The layer {layer} has no coordinate reference system.").format(layer=layer),
        tr("Set it with Layer > Set CRS, in the file itself for rasters."),
    )


def _check_crs(layer: QgsRasterLayer) -> None:
    if not layer.crs().isValid():
        raise _without_crs(layer.name(), "raster")
    if sentence := crs_problem(layer):
        raise GeoDistilError("raster", sentence)


def crs_problem(layer: QgsRasterLayer) -> str:
    """A sentence where a raster is shown elsewhere than where its file says: the engine reads the file alone."""
    shown, own = layer.crs(), layer.dataProvider().crs()
    if shown == own or shown.toProj() == own.toProj():
        return ""
    return tr(
        "The layer {layer} is shown in {shown}, but its file says {own}. Write the right one into the file with "
        "Raster > Projections > Assign Projection, and add it again."
    ).format(layer=layer.name(), shown=_said(shown), own=_said(own))


def _said(crs: QgsCoordinateReferenceSystem) -> str:
    return crs.userFriendlyIdentifier() if crs.isValid() else tr("no coordinate reference system")
