"""A raster to label, label layers for it, and a window with a map."""

from types import SimpleNamespace

import numpy as np
import pytest
from geodistil.jobs.labelling.layers import make_labels
from geodistil.jobs.labelling.link import LabelClass
from qgis.core import QgsRasterLayer

from ..waiting import let_qgis_work_until

CLASSES = [LabelClass("car", "#e6194b"), LabelClass("truck", "#4363d8")]
WEST, NORTH = 500000, 5000000
"""Upper left corner of the raster, which is 64 m wide and high, in pixels of half a metre."""


@pytest.fixture
def wait(qgis_app):
    """Lets QGIS work until a condition holds."""
    return lambda condition, seconds=15: let_qgis_work_until(condition, seconds)


@pytest.fixture
def north(project, make_raster, tmp_path):
    """The raster, in the project."""
    image = np.random.default_rng(0).integers(0, 255, (3, 128, 128)).astype("uint8")
    layer = QgsRasterLayer(str(make_raster(tmp_path / "north.tif", image)), "north")
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def make(north, project, tmp_path):
    """Makes a label layer of the raster."""

    def labels(role="detection", name="made.gpkg", classes=CLASSES):
        return make_labels(north, tmp_path / name, role, list(classes), project)

    return labels


@pytest.fixture
def read(qgis_app):
    """What a file has on disk, read by GDAL alone: [(class, origin, extent)] of its labels, and the complete m²."""
    from osgeo import ogr

    def file(path):
        dataset = ogr.Open(str(path))
        labels = [
            (each.GetField("class"), each.GetField("origin"), each.geometry().GetEnvelope())
            for each in dataset.GetLayerByName("labels")
        ]
        complete = sum(each.geometry().Area() for each in dataset.GetLayerByName("labelled_area"))
        return SimpleNamespace(labels=labels, complete=complete)

    return file
