"""What a package says of the ground that it was trained on, held against the ground that it is scored on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsGeometry

from ..geojson import geometry_of
from ..packages import run_of
from ..reference_systems import transform_between
from ..run_folder import RUN_FILE
from ..text_files import read_json
from ..translation import local, tr
from .shelf import Model

LEAST = 0.0005
"""Smaller shares are slivers along blocks' borders."""

DEGREES = "EPSG:4326"


def trained_on(model: Model, crs: QgsCoordinateReferenceSystem) -> QgsGeometry | None:
    """The ground that has trained a model, in a CRS; none where its card does not say.

    Args:
        model: a sound one.
        crs: any.
    """
    try:
        geometry = geometry_of(model.card.get("geometry"))
    except ValueError:
        return None
    if geometry.isEmpty():
        return None
    degrees = QgsCoordinateReferenceSystem(DEGREES)
    geometry.transform(transform_between(degrees, crs, QgsCoordinateTransformContext()))
    return geometry if geometry.isGeosValid() else geometry.makeValid()


def names_raster(model: Model, raster: str) -> bool | None:
    """Whether a model's run has this imagery among its sources; none where the run is not known. For workers."""
    run = run_of(model.path)
    try:
        sources: Any = read_json(run / RUN_FILE)["sources"] if run is not None else None
        return None if sources is None else any(_same(run / each["raster"], raster) for each in sources)
    except (OSError, KeyError, TypeError, ValueError):
        return None


def said_of_training(trained: QgsGeometry | None, named: bool | None, ground: QgsGeometry) -> str:
    """What a model has seen of ground that it is scored on, in words.

    Args:
        trained: as `trained_on`, in the ground's CRS.
        named: as `names_raster`.
        ground: what counts.
    """
    share = trained.intersection(ground).area() / max(ground.area(), 1e-12) if trained is not None else 0.0
    if share > LEAST:
        return tr("trained on this imagery: {percent} % of this ground").format(percent=local(100 * share, 1))
    if trained is None:
        return tr("trained on this imagery") if named else tr("its package does not say what it was trained on")
    return tr("trained on other ground of this imagery") if named else tr("not trained on this ground")


def _same(one: Path, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
