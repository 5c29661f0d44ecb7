"""Layers as files the engine can read: label layers are copied, rasters are only named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.core import (
    QgsFields,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorLayer,
)

from .errors import GeoDistilError
from .layer_file import LayerFile
from .reading import Features, chosen
from .translation import tr

# A class field may be called `fid`; the GeoPackage's own key must then have another name.
KEY = "geodistil_fid"


def raster_path(layer: QgsRasterLayer) -> str:
    """The file behind a raster layer.

    Raises:
        GeoDistilError: the layer is a web service, a database table, a subdataset, or has no CRS.
    """
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path, inside = parts.get("path") or "", parts.get("layerName")
    if layer.providerType() != "gdal" or inside or not (path.startswith("/vsi") or Path(path).exists()):
        raise GeoDistilError(
            "raster",
            tr("The layer {layer} ({provider}) is not a raster file.").format(
                layer=layer.name(), provider=layer.providerType()
            ),
            tr("Save it as GeoTIFF with Export > Save As and choose that layer."),
        )
    _check_crs(layer)
    return path


class Snapshot:
    """Copies a vector layer of any provider to a GeoPackage, its filter and edits in progress included.

    Made on the main thread, called on any.

    Args:
        layer: the layer; only its geometry and `fields` are copied.
        path: the GeoPackage; its layer is called as the file.
        fields: the fields to copy.
        selected_only: only the selected features, where there are any.
        needed: whether a layer without features is an error.

    Raises:
        GeoDistilError: the layer has no CRS, or no such field.
    """

    def __init__(
        self,
        layer: QgsVectorLayer,
        path: Path,
        fields: Sequence[str] = (),
        selected_only: bool = False,
        needed: bool = False,
    ) -> None:
        _check_crs(layer)
        self._indices = [_index(layer, field) for field in fields]
        self._features = Features(layer)
        self._request = chosen(layer, selected_only).setSubsetOfAttributes(self._indices)
        fields = QgsFields()
        for index in self._indices:
            fields.append(layer.fields().at(index))
        self._name, self._path, self._needed = layer.name(), path, needed
        self._file = LayerFile(layer, path, fields, [f"FID={KEY}"])

    def __call__(self) -> None:
        """Copy.

        Raises:
            GeoDistilError: there are no features, the layer's server broke off, or the file cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        features = self._features(self._request)
        copied = self._file.write((each.geometry(), [each[index] for index in self._indices]) for each in features)
        self._features.complain()
        if self._needed and not copied:
            raise GeoDistilError(
                "labels",
                tr("The layer {layer} has no features.").format(layer=self._name),
                tr("Choose another or its filter."),
            )


def _index(layer: QgsVectorLayer, field: str) -> int:
    index = layer.fields().lookupField(field)
    if index < 0:  # QGIS's writer would end QGIS
        raise GeoDistilError(
            "labels",
            tr("Layer {layer} has no field {field}.").format(layer=layer.name(), field=field),
            tr("Choose one of its fields."),
        )
    return index


def _check_crs(layer: QgsRasterLayer | QgsVectorLayer) -> None:
    if not layer.crs().isValid():
        raise GeoDistilError(
            "raster" if isinstance(layer, QgsRasterLayer) else "labels",
            tr("The layer {layer} has no coordinate reference system.").format(layer=layer.name()),
            tr("Set it with Layer > Set CRS, in the file itself for rasters."),
        )
