"""A tiny town and a network trained on it through the toolbox, once for all tests."""

import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SIDE = 192
TINY = {"encoder": "resnet18", "width": 32}


@pytest.fixture(scope="session", autouse=True)
def engine(qgis_app):
    """Skips where the engine's Python is absent."""
    from geodistil.jobs.environment import engine_python
    from geodistil.jobs.errors import GeoDistilError

    try:
        return engine_python()
    except GeoDistilError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def boxes():
    """Where things are: (column, row, column, row, class) in pixels, on a regular grid with gaps."""
    places = [(column, row) for column in range(8, SIDE - 24, 32) for row in range(8, SIDE - 24, 32)]
    return [(column, row, column + 16, row + 12, ("red", "blue")[(column + row) // 32 % 2]) for column, row in places]


@pytest.fixture(scope="session")
def town(make_raster, boxes, tmp_path_factory):
    """A raster of red and blue blocks on grey ground."""
    image = np.random.default_rng(0).integers(90, 130, (3, SIDE, SIDE)).astype("uint8")
    for left, top, right, bottom, kind in boxes:
        image[0 if kind == "red" else 2, top:bottom, left:right] = 250
    return make_raster(tmp_path_factory.mktemp("town") / "town.tif", image)


@pytest.fixture
def town_layers(project, town, boxes, make_boxes):
    """The town in the project: imagery, and its blocks as labels."""
    from qgis.core import QgsRasterLayer

    imagery, labels = QgsRasterLayer(str(town), "town"), make_boxes(boxes, "blocks")
    project.addMapLayers([imagery, labels])
    return imagery, labels


@pytest.fixture(scope="session")
def training(town, boxes, make_boxes, provider, tmp_path_factory):
    """Parameters of a tiny training for both tasks."""
    from geodistil.jobs.snapshots import Snapshot

    labels = tmp_path_factory.mktemp("labels") / "blocks.gpkg"
    Snapshot(make_boxes(boxes, "blocks"), labels, "kind")()
    recipe = {"student": TINY, "detection_teacher": TINY, "segmentation_teacher": TINY}
    return {
        "DETECTION_RASTERS": [str(town)],
        "DETECTION_LABELS": str(labels),
        "DETECTION_FIELD": "class",
        "SEGMENTATION_RASTERS": [str(town)],
        "SEGMENTATION_LABELS": str(labels),
        "SEGMENTATION_FIELD": "class",
        "NAME": "tiny",
        "STEPS": 6,
        "CHIP_SIZE": 64,
        "BATCH_SIZE": 2,
        "DEVICE": "cpu",
        "OPTIONS": json.dumps({"recipe": recipe, "training": {"validations": 1, "workers": 0}}),
    }


@pytest.fixture(scope="session")
def trained(training, tmp_path_factory):
    """Results of the tiny training."""
    import processing

    folder = tmp_path_factory.mktemp("runs") / "tiny"
    return processing.run("geodistil:trainpartialmultitask", {**training, "RUN_FOLDER": str(folder)})
