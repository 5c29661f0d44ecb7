"""What a layer tells at once, without reading features or pixels; for the main thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsMapLayer,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..errors import GeoDistilError
from ..reference_systems import ground_size
from ..snapshots import raster_file

POINTS, LINES, POLYGONS, CLASS_RASTER, OTHER = "points", "lines", "polygons", "class raster", "other"

TYPES = {
    Qgis.DataType.Byte: "uint8",
    Qgis.DataType.UInt16: "uint16",
    Qgis.DataType.Int16: "int16",
    Qgis.DataType.UInt32: "uint32",
    Qgis.DataType.Int32: "int32",
    Qgis.DataType.Float32: "float32",
    Qgis.DataType.Float64: "float64",
    Qgis.DataType.ARGB32: "colours",
    Qgis.DataType.ARGB32_Premultiplied: "colours",
}


@dataclass(frozen=True)
class RasterFacts:
    """A raster layer.

    Args:
        name: as in the project.
        path: the file that the engine will open; empty where the layer is no file and has to be exported.
        crs: of the file itself; another one that was set in QGIS alone is a problem, see `crs_problem`.
        extent: in that CRS.
        columns: pixels; 0 for services without a resolution of their own.
        rows: pixels.
        bands: number of bands.
        dtype: numpy's name, or `colours`.
        nodata: of the first band, where the file says.
        gsd: ground metres of a pixel at the raster's middle; none where it cannot be told.
    """

    name: str
    path: str
    crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle
    columns: int
    rows: int
    bands: int
    dtype: str
    nodata: float | None
    gsd: float | None


def raster_facts(layer: QgsRasterLayer) -> RasterFacts:
    """Facts of a raster layer; nothing of it is read."""
    provider = layer.dataProvider()
    crs, extent = provider.crs(), provider.extent()
    columns, rows = provider.xSize(), provider.ySize()
    return RasterFacts(
        name=layer.name(),
        path=_path(layer),
        crs=crs,
        extent=extent,
        columns=columns,
        rows=rows,
        bands=layer.bandCount(),
        dtype=TYPES.get(provider.dataType(1), "other"),
        nodata=provider.sourceNoDataValue(1) if provider.sourceHasNoDataValue(1) else None,
        gsd=_gsd(crs, extent, columns, rows),
    )


def ground(
    layer: QgsRasterLayer, extent: tuple[float, float, float, float] | None = None
) -> tuple[QgsCoordinateReferenceSystem, QgsRectangle]:
    """Where the imagery is that the engine will see: all of a file, the part of other rasters that is exported."""
    provider = layer.dataProvider()
    if extent is not None and not _path(layer):
        return provider.crs(), QgsRectangle(*extent)
    return provider.crs(), provider.extent()


def label_kind(layer: QgsMapLayer | None) -> str:
    """What kind of labels a layer could be."""
    if isinstance(layer, QgsRasterLayer):
        return CLASS_RASTER
    if not isinstance(layer, QgsVectorLayer):
        return OTHER
    kinds = {
        QgsWkbTypes.GeometryType.PointGeometry: POINTS,
        QgsWkbTypes.GeometryType.LineGeometry: LINES,
        QgsWkbTypes.GeometryType.PolygonGeometry: POLYGONS,
    }
    return kinds.get(layer.geometryType(), OTHER)


FIELD_NAMES = ("class", "kind", "type", "label", "category", "vehicle")


def likely_class_field(layer: QgsMapLayer | None) -> str:
    """The field that a label layer is drawn by, or one whose name sounds like classes; empty where there is none."""
    if not isinstance(layer, QgsVectorLayer):
        return ""
    names = {field.name().lower(): field.name() for field in layer.fields()}
    renderer = layer.renderer()
    drawn = renderer.classAttribute().strip('"') if isinstance(renderer, QgsCategorizedSymbolRenderer) else ""
    return next((names[name] for name in (drawn.lower(), *FIELD_NAMES) if name in names), "")


def _path(layer: QgsRasterLayer) -> str:
    try:
        path = raster_file(layer)
    except GeoDistilError:
        return ""
    return path if path.startswith("/vsi") else str(Path(path).absolute())


def _gsd(crs: QgsCoordinateReferenceSystem, extent: QgsRectangle, columns: int, rows: int) -> float | None:
    """The side of a square as large as the raster's middle pixel, in metres on the ellipsoid."""
    if not crs.isValid() or not columns or not rows or extent.isEmpty():
        return None
    return ground_size(crs, extent.center(), extent.width() / columns, extent.height() / rows)
