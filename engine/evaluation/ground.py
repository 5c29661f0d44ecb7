"""What a run's sources hold and how they are divided, for the report."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from shapely import Geometry

from ..config import Run
from ..data import Prepared, PreparedSource
from ..data.class_raster import ClassRaster

_DETAIL = 200
"""Outlines are simplified to this part of the source's longer side."""


def described_sources(prepared: Prepared, run: Run) -> list[dict[str, Any]]:
    """Areas, labels and outlines of each source.

    Returns:
        For each: `name`, `role`, `area_m2` (of unlabelled sources all of it), `training_m2`, `validation_m2`, for
        labelled ones `unit` (objects or pixels) and `labels` {class: {training, validation}}, and `outlines`: rings in
        metres from the raster's upper left corner, y down, of its `raster`, `training` and `validation` ground.
    """
    return [_described(source, run) for source in prepared.sources]


def _described(source: PreparedSource, run: Run) -> dict[str, Any]:
    gsd = source.reader.grid.gsd
    grounds = {"raster": source.reader.outline(), "training": source.training, "validation": source.validation}
    values: dict[str, Any] = {
        "name": source.name,
        "role": source.role,
        "area_m2": round(source.square_metres(source.area)),
        "training_m2": round(source.square_metres(source.training)),
        "validation_m2": round(source.square_metres(source.validation)),
        "outlines": {name: _rings(ground, gsd) for name, ground in grounds.items()},
    }
    if source.labels is not None:
        values["unit"] = "pixels" if isinstance(source.labels, ClassRaster) else "objects"
        values["labels"] = _labels(source, run)
    return values


def _labels(source: PreparedSource, run: Run) -> dict[str, dict[str, int]]:
    classes = run.detection_classes if source.role == "detection" else run.segmentation_classes
    grounds = {"training": source.training, "validation": source.validation}
    found = {side: np.zeros(len(classes)) for side in grounds}
    for side, ground in grounds.items():
        for index, there in source.points.by_class().items():
            for piece in source.points.where(there).pieces():
                inside = shapely.contains_xy(ground, piece.columns, piece.rows)
                found[side][index] += piece.counts[inside].sum()
    return {
        # a part of a feature is a label too
        definition.name: {side: math.ceil(found[side][index] - 1e-6) for side in grounds}
        for index, definition in enumerate(classes)
    }


def _rings(ground: Geometry, gsd: float) -> list[list[list[float]]]:
    """Outer and inner rings of polygons, as whole metres would be drawn."""
    if ground.is_empty:
        return []
    left, top, right, bottom = ground.bounds
    simple = ground.simplify(max(right - left, bottom - top) / _DETAIL)
    rings = [ring for part in shapely.get_parts(simple) if part.geom_type == "Polygon" for ring in _both(part)]
    return [[[round(x * gsd, 1), round(y * gsd, 1)] for x, y in ring.coords] for ring in rings]


def _both(polygon: shapely.Polygon) -> list[shapely.LinearRing]:
    return [polygon.exterior, *polygon.interiors]
