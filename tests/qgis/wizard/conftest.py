"""A town with boxes and areas, as layers of a project, and drafts of runs on it."""

import time

import numpy as np
import pytest
from qgis.core import QgsRasterLayer
from qgis.PyQt.QtWidgets import QApplication

BOXES = [(8, 8, 20, 20, "car"), (40, 8, 60, 20, "bus"), (8, 40, 20, 50, "car"), (80, 80, 90, 90, None)]
ROOFS = [(4, 4, 30, 30, "roof"), (50, 50, 90, 90, "road"), (60, 4, 90, 30, "roof")]


@pytest.fixture
def wait(qgis_app):
    """Lets QGIS work until a condition holds."""

    def until(condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "nothing happened"
            QApplication.processEvents()
            time.sleep(0.005)

    return until


@pytest.fixture
def town(project, make_raster, make_boxes, tmp_path):
    """Layers by name: two rasters, boxes, roofs."""
    image = np.random.default_rng(0).integers(0, 255, (3, 128, 128)).astype("uint8")
    layers = {
        "north": QgsRasterLayer(str(make_raster(tmp_path / "north.tif", image)), "north"),
        "south": QgsRasterLayer(str(make_raster(tmp_path / "south.tif", image)), "south"),
        "cars": make_boxes(BOXES, "cars"),
        "roofs": make_boxes(ROOFS, "roofs"),
    }
    project.addMapLayers(list(layers.values()))
    return layers
