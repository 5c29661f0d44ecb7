"""A tiny town and a network trained on it through the toolbox, once for all tests."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.networks import TINY

from ..qgis.servers.conftest import followers, loopback  # noqa: F401 # fixtures

ROOT = Path(__file__).resolve().parents[2]
SIDE = 192
MAKE = """
import json, sys
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
path, metadata, weights = sys.argv[1], json.loads(sys.argv[2]), np.array(json.loads(sys.argv[3]), np.float32)
shape = [[1, 3, 64, 64], [1, len(weights), 64, 64]]
graph = helper.make_graph(
    [helper.make_node("Conv", ["image", "weights"], ["out"])], "model",
    [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape[0])],
    [helper.make_tensor_value_info("out", TensorProto.FLOAT, shape[1])],
    [numpy_helper.from_array(weights[:, :, None, None], "weights")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
helper.set_model_props(model, {key: json.dumps(value) for key, value in metadata.items()})
onnx.save(model, path)
"""
RED_OR_BLUE = [[0.9, 0, 0.9], [2, -1, 0], [0, -1, 2]]
"""Grey ground, red blocks, blue blocks; of a band's value / 255."""


@pytest.fixture(scope="session", autouse=True)
def engine(qgis_app, quick_engine):
    """Skips where the engine's Python is absent."""
    from geodistil.jobs.environment import engine_python
    from geodistil.jobs.errors import GeoDistilError

    try:
        python = engine_python()
    except GeoDistilError as error:
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in quick_engine.items():
            patch.setenv(name, value)
        yield python


@pytest.fixture
def own_start(engine, monkeypatch):
    """The engine's Python itself starts its programs: for tests of how those end, and of runs that are followed."""
    monkeypatch.delenv("GEODISTIL_PYTHON", raising=False)


@pytest.fixture(autouse=True)
def no_job_folders():
    """What algorithms do among temporary files goes with them, however they end."""
    from qgis.core import QgsProcessingUtils

    def folders():
        return {path.name for path in Path(QgsProcessingUtils.tempFolder()).glob("geodistil_*")}

    before = folders()
    yield
    assert folders() <= before


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


@pytest.fixture
def run(town, boxes, make_boxes, tmp_path):
    """A short run that predicts its raster afterwards, as the wizard would have written it."""
    from geodistil.jobs.runs.waiting import predict_afterwards
    from geodistil.jobs.snapshots import Snapshot

    folder = tmp_path / "town"
    (folder / "labels").mkdir(parents=True)
    Snapshot(make_boxes(boxes, "blocks"), folder / "labels" / "blocks.gpkg", "kind")()
    labels = {"path": "labels/blocks.gpkg", "field": "class"}
    colors = {"red": "#ff0000", "blue": "#0000ff"}
    classes = [{"name": name, "color": color, "values": [name]} for name, color in colors.items()]
    values = {
        "version": 2,
        "name": "town",
        "sources": [{"raster": str(town), "role": "segmentation", "labels": labels}],
        "segmentation_classes": classes,
        "recipe": {"kind": "supervised", "network": TINY},
        "training": {
            "budget": {"steps": 40},
            "chip_size": 64,
            "batch_size": 2,
            "validations": 1,
            "workers": 0,
            "device": "cpu",
        },
    }
    (folder / "run.json").write_text(json.dumps(values))
    predict_afterwards(folder, [str(town)])
    return folder


@pytest.fixture
def make_onnx(engine, tmp_path):
    """Writes an ONNX file that knows a pixel by its colour, with the engine's Python."""

    def make(metadata, weights=RED_OR_BLUE):
        path = tmp_path / "colours.onnx"
        subprocess.run([engine, "-c", MAKE, path, json.dumps(metadata), json.dumps(weights)], check=True)
        return path

    return make


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """The engine's cache, empty."""
    monkeypatch.setenv("GEODISTIL_CACHE", str(tmp_path / "cache"))
