"""Layers as files the engine can read: label layers are copied into a form of its own, rasters are only named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Callable, NamedTuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsFeatureSource,
    QgsFields,
    QgsGeometry,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

from .classes import class_text
from .errors import GeoDistilError
from .reading import Features
from .reference_systems import with_definition
from .tiles.service import is_service
from .translation import tr


class LayerFile:
    """A copy of a layer, of several parts and without curves; made on the main thread, written on any.

    Args:
        layer: gives geometry type, CRS (the one set by hand, where there is one) and name.
        path: the GeoPackage, in a folder that is there when it is written; its layer is called as the file.
        fields: of the copy.

    Raises:
        GeoDistilError: the CRS has lost its definition.
    """

    def __init__(self, layer: QgsFeatureSource, path: Path, fields: QgsFields) -> None:
        flat = QgsWkbTypes.linearType(layer.wkbType())
        self._type = flat if flat == QgsWkbTypes.Type.Unknown else QgsWkbTypes.multiType(flat)
        self._name, self._path, self._fields = layer.sourceName(), path, fields
        self._crs = with_definition(layer.sourceCrs(), self._name)
        self._options = QgsVectorFileWriter.SaveVectorOptions()
        self._options.driverName, self._options.layerName = "GPKG", path.stem
        self._context = QgsProject.instance().transformContext()

    def write(self, rows: Iterable[tuple[QgsGeometry, list[Any]]]) -> int:
        """Write features.

        Args:
            rows: a geometry and the values of the fields for each.

        Returns:
            How many there were.

        Raises:
            GeoDistilError: the file cannot be written.
        """
        writer = QgsVectorFileWriter.create(
            str(self._path), self._fields, self._type, self._crs, self._context, self._options
        )
        self._check(writer)
        count = 0
        for geometry, values in rows:
            feature = QgsFeature(self._fields)
            feature.setGeometry(self._straight(geometry))
            feature.setAttributes(values)
            if not writer.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                break
            count += 1
        writer.flushBuffer()
        self._check(writer)
        return count

    def _straight(self, geometry: QgsGeometry) -> QgsGeometry:
        """Without curves, which the engine's geometry library does not know; several parts everywhere."""
        if QgsWkbTypes.isCurvedType(geometry.wkbType()):
            geometry = QgsGeometry(geometry.constGet().segmentize())
        if self._type != QgsWkbTypes.Type.Unknown:
            geometry.convertToMultiType()
        return geometry

    def _check(self, writer: QgsVectorFileWriter) -> None:
        if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
            raise GeoDistilError(
                "output",
                tr("The features of {layer} cannot be written to {path}: {message}.").format(
                    layer=self._name, path=self._path, message=writer.errorMessage()
                ),
            )


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
