"""Files the engine wrote become the outputs a person asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

from qgis.core import QgsProcessingContext, QgsVectorFileWriter, QgsVectorLayer

from ..errors import GeoDistilError, file_errors
from ..gdal_files import open_vector, translate
from ..translation import tr
from ..types import given


def place_raster(source: Path, destination: str) -> None:
    """Move a GeoTIFF to its destination; another format is translated by GDAL.

    Raises:
        GeoDistilError: the destination cannot be written.
    """
    if Path(destination).suffix.lower() in (".tif", ".tiff"):
        _move(source, Path(destination))
    elif not translate(source, destination):
        raise GeoDistilError(
            "output",
            tr("GDAL cannot write {destination}.").format(destination=destination),
            tr("Choose a file that ends in .tif."),
        )


def place_vector(source: Path, destination: str, context: QgsProcessingContext, layer: str = "") -> None:
    """Move a GeoPackage to its destination; one layer of several, and other formats, are written by QGIS.

    Args:
        source: the GeoPackage.
        destination: where it goes.
        context: knows how coordinates are transformed.
        layer: the layer to write; empty where there is only one.

    Raises:
        GeoDistilError: the destination cannot be written.
    """
    suffix = Path(destination).suffix.lower()
    if suffix == ".gpkg" and not layer:
        _move(source, Path(destination))
        return
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = QgsVectorFileWriter.driverForExtension(suffix)
    options.layerName = layer or Path(destination).stem
    address = f"{source}|layername={layer}" if layer else str(source)
    error, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(
        QgsVectorLayer(address, source.stem, "ogr"), destination, context.transformContext(), options
    )
    if error != QgsVectorFileWriter.WriterError.NoError:
        raise GeoDistilError(
            "output",
            tr("{destination} cannot be written: {message}.").format(destination=destination, message=message),
            tr("Choose a file ending in .gpkg."),
        )


def make_folder(folder: Path) -> None:
    """Make a folder for results.

    Raises:
        GeoDistilError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GeoDistilError(
            "output",
            tr("{destination} cannot be written: {reason}.").format(destination=folder, reason=error.strerror or error),
        ) from error


def write_page(path: Path, text: str) -> None:
    """Write a text file, in a folder that may not be there yet.

    Raises:
        GeoDistilError: it cannot be written.
    """
    make_folder(path.parent)
    with file_errors():
        path.write_text(text, encoding="utf-8")


def distinct(path: Path, field: str) -> list[str]:
    """The values of a text field of a file's first layer, sorted; none where it has no such field. For any thread."""
    data = open_vector(path)
    layer = data.GetLayer(0) if data is not None else None
    if layer is None or layer.GetLayerDefn().GetFieldIndex(field) < 0:
        return []
    column, table = (name.replace('"', '""') for name in (field, layer.GetName()))
    rows = given(data).ExecuteSQL(f'SELECT DISTINCT "{column}" FROM "{table}"')  # nosec B608 # quoted; a file has no other rights
    values = {row.GetField(0) for row in rows}
    given(data).ReleaseResultSet(rows)
    return sorted(values - {None})


def first_layer(path: Path) -> str:
    """The name of a vector file's first layer; empty where it has none, or is no vector file."""
    data = open_vector(path)
    return data.GetLayer(0).GetName() if data is not None and data.GetLayerCount() else ""


def _move(source: Path, destination: Path) -> None:
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(str(source), str(destination))
        sidecar = Path(f"{source}.aux.xml")  # a class map's names
        if sidecar.exists():
            shutil.move(str(sidecar), f"{destination}.aux.xml")
    except OSError as error:
        raise GeoDistilError(
            "output",
            tr("{destination} cannot be written: {reason}.").format(
                destination=destination, reason=error.strerror or error
            ),
        ) from error
