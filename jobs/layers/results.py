"""Files the engine wrote become the outputs a person asked for, and the split a layer of the map."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsJsonUtils,
    QgsLayerMetadata,
    QgsMapLayer,
    QgsProcessingContext,
    QgsProject,
    QgsRendererCategory,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from ..errors import GeoDistilError, file_errors
from ..gdal_files import open_vector, translate
from ..given import given
from ..reference_systems import transform_between
from ..translation import local_brief, tr

COLORS = {"training": (tr("Training blocks"), "#1f78b4"), "validation": (tr("Validation blocks"), "#ff7f00")}


def split_layer(blocks: list[dict[str, Any]], crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
    """A memory layer of blocks, coloured by what they are for.

    Args:
        blocks: the key `blocks` of the engine's `check`: source, crs (WKT), polygon (GeoJSON), split.
        crs: the layer's CRS.
    """
    layer = QgsVectorLayer("MultiPolygon?field=source:string&field=split:string", tr("Split into blocks"), "memory")
    layer.setCrs(crs)
    # one transform a CRS: making them is what takes long
    transforms = {text: _transform(text, crs) for text in {block["crs"] for block in blocks}}
    layer.dataProvider().addFeatures([_feature(layer, block, transforms[block["crs"]]) for block in blocks])
    layer.updateExtents()
    categories = [QgsRendererCategory(value, _symbol(color), name) for value, (name, color) in COLORS.items()]
    layer.setRenderer(QgsCategorizedSymbolRenderer("split", categories))
    return layer


def _transform(wkt: str, crs: QgsCoordinateReferenceSystem) -> QgsCoordinateTransform:
    source = QgsCoordinateReferenceSystem.fromWkt(wkt)
    return transform_between(source, crs, QgsProject.instance().transformContext())


def _feature(layer: QgsVectorLayer, block: dict[str, Any], transform: QgsCoordinateTransform) -> QgsFeature:
    feature = QgsFeature(layer.fields())
    geometry = _geometry(block["polygon"])
    geometry.transform(transform)
    geometry.convertToMultiType()
    feature.setGeometry(geometry)
    feature.setAttributes([block["source"], block["split"]])
    return feature


def _geometry(polygon: dict[str, Any]) -> QgsGeometry:
    text = json.dumps({"type": "Feature", "properties": {}, "geometry": polygon})
    features = QgsJsonUtils.stringToFeatureList(text)
    return features[0].geometry() if features else QgsGeometry()


def _symbol(color: str) -> QgsFillSymbol:
    return QgsFillSymbol.createSimple(
        {"color": f"{_rgb(color)},60", "outline_color": color, "outline_width": "0.4", "outline_width_unit": "MM"}
    )


def _rgb(color: str) -> str:
    return ",".join(str(int(color[place : place + 2], 16)) for place in (1, 3, 5))


VOCABULARY = "GeoDistil"


@dataclass(frozen=True)
class Origin:
    """Where a result comes from.

    Args:
        title: what it shows, of which imagery.
        group: the layer tree's group that it belongs to, as names from the root on; empty for none.
        facts: (what, value) pairs for a person to read.
        history: what was done, the oldest first.
        keywords: names of model and classes.
        imagery: the file that it was made of; empty where that is not known.
    """

    title: str
    group: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    history: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    imagery: str = ""

    def metadata(self, layer: QgsMapLayer) -> QgsLayerMetadata:
        """The layer's metadata, without anybody's name or address."""
        metadata = QgsLayerMetadata()
        metadata.setIdentifier(layer.source())
        metadata.setType("dataset")
        metadata.setTitle(self.title)
        metadata.setAbstract("\n".join(f"{name}: {value}" for name, value in self.facts))
        metadata.setHistory(list(self.history))
        metadata.setCrs(layer.crs())
        metadata.addKeywords(VOCABULARY, list(self.keywords))
        return metadata


def of_model(title: str, card: dict[str, Any], package: str, imagery: str) -> Origin:
    """The origin of what a model made.

    Args:
        title: what it shows, of which imagery.
        card: the model's.
        package: where the model is.
        imagery: the file that it was made of.
    """
    made = _now()
    facts = (
        (tr("Model"), card["name"]),
        (tr("Trained"), card.get("created") or tr("unknown")),
        (tr("Ground sampling distance"), f"{local_brief(card['gsd'])} m"),
        (tr("Imagery"), imagery),
        (tr("Model package"), package),
        (tr("Made"), made),
    )
    step = tr("{made}: {title}, by the model {model}").format(made=made, title=title, model=card["name"])
    classes = [each["name"] for task in ("segmentation", "detection") for each in card.get(f"{task}_classes", ())]
    return Origin(title, (card["name"],), facts, (step,), tuple(dict.fromkeys([card["name"], *classes])), imagery)


def of_layer(title: str, layer: QgsMapLayer, group: tuple[str, ...]) -> Origin:
    """The origin of what was made of another layer, whose own origin it goes on from.

    Args:
        title: what it shows, of which layer.
        layer: the other layer.
        group: of the layer tree, as names from the root on.
    """
    made, before = _now(), layer.metadata()
    facts = ((tr("Made of"), layer.source()), (tr("Made"), made))
    history = (*before.history(), tr("{made}: {title}").format(made=made, title=title))
    abstract = ((tr("Its origin"), before.abstract().replace("\n", "; ")),) if before.abstract() else ()
    return Origin(title, group, facts + abstract, history, tuple(before.keywords(VOCABULARY)))


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="minutes")


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
