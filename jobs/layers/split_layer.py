"""The spatial split as a temporary map layer."""

from __future__ import annotations

import json
from typing import Any

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsJsonUtils,
    QgsProject,
    QgsRendererCategory,
    QgsVectorLayer,
)

from ..reference_systems import transform_between
from ..translation import tr

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
