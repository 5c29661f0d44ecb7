"""Tiny rasters, cards and backends."""

import json
import math
import time

import numpy as np
import onnx
import pyogrio
import pyproj
import pytest
import rasterio
import shapely
import torch
from onnx import TensorProto, helper, numpy_helper
from rasterio import features
from rasterio.transform import from_origin
from torch import nn

from engine.config import Card, CardClass, Network
from engine.errors import DeviceError
from engine.inference.backends import Arrays, TorchBackend
from engine.types import Objects, Outputs


@pytest.fixture
def make_card():
    def make(**changes):
        values = {
            "name": "tiny",
            "tasks": ["segmentation"],
            "gsd": 0.1,
            "bands": [1, 2, 3],
            "dtype": "uint8",
            "mean": [100.0, 100.0, 100.0],
            "std": [50.0, 50.0, 50.0],
            "tile_size": 64,
            "segmentation_classes": [
                CardClass(name="roof", color="#ff0000"),
                CardClass(name="water", color="#0000ff"),
            ],
            "detection_classes": [CardClass(name="car", color="#00ff00")],
            "network": Network(),
        }
        return Card(**{**values, **changes})

    return make


@pytest.fixture
def values_backend(make_card):
    """Makes a regression whose answer to the same ground differs by its place in a window."""

    class Mean:
        name, batch_size, parallel = "mean", 1, 1
        card = make_card(tasks=["regression"], values=[CardClass(name="height", color="#000000")])

        def __init__(self, calls=math.inf, pause=0.0):
            self.calls, self.pause, self.ran = calls, pause, 0

        def run(self, images):
            if self.ran == self.calls:
                raise DeviceError("The device is gone.")
            self.ran += 1
            time.sleep(self.pause)
            ramp = np.linspace(0, 1, images.shape[-1], dtype=np.float32)
            return Arrays(values=images.mean(axis=1, keepdims=True, dtype=np.float32) * ramp)

    return Mean


@pytest.fixture
def write_raster(tmp_path):
    """Writes (C, H, W) as a GeoTIFF of 10 cm pixels in UTM, unless told otherwise."""

    def write(values, name="raster.tif", crs="EPSG:32632", transform=None, **profile):
        bands, height, width = values.shape
        path = tmp_path / name
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=width,
            height=height,
            count=bands,
            dtype=values.dtype,
            crs=crs,
            transform=transform or from_origin(691000, 5335000, 0.1, 0.1),
            **profile,
        ) as raster:
            raster.write(values)
        return str(path)

    return write


@pytest.fixture
def write_area(tmp_path):
    """Writes polygons, in the raster's pixels of 10 cm, as a layer of longitudes and latitudes."""

    def write(geometries, crs="EPSG:4326", name="area.gpkg", **fields):
        change = pyproj.Transformer.from_crs("EPSG:32632", crs or "EPSG:32632", always_xy=True).transform
        ground = shapely.transform(
            geometries, lambda x, y: change(691000 + x / 10, 5335000 - y / 10), interleaved=False
        )
        kind = shapely.get_type_id(ground[0])
        pyogrio.raw.write(
            tmp_path / name,
            shapely.to_wkb(ground),
            [np.array(values, object) for values in fields.values()],
            np.array(list(fields), object),
            geometry_type={1: "LineString", 3: "Polygon"}[kind],
            crs=crs,
        )
        return str(tmp_path / name)

    return write


@pytest.fixture
def bright_onnx(tmp_path):
    """A model that tells bright pixels from dark ones."""
    weights = np.array([[-1, -1, -1], [1, 1, 1]], np.float32)[:, :, None, None]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "weights"], ["out"])],
        "bright",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 2, 64, 64])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    said = {"model_type": "Segmentor", "class_names": {"0": "_background", "1": "bright"}, "resolution": 10}
    statistics = {"tiles_size": 64, "standardization_mean": [0.5] * 3, "standardization_std": [0.2] * 3}
    helper.set_model_props(model, {key: json.dumps(value) for key, value in {**said, **statistics}.items()})
    onnx.save(model, tmp_path / "bright.onnx")
    return tmp_path / "bright.onnx"


class Convolution(nn.Module):
    """Three classes by a 5 x 5 convolution: sees two pixels each way, far less than half an overlap."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.convolution = nn.Conv2d(3, 3, 5, padding=2)

    def forward(self, image):
        return Outputs(segmentation=self.convolution(image / 25 - 4).float())


class Blobs:
    """A detector that is right by construction: the extents of bright components, cut by the window's edges."""

    name, batch_size, parallel = "blobs", 4, 1

    def __init__(self, card):
        self.card = card
        self.sizes = []

    def run(self, images):
        self.sizes.append(len(images))
        return Arrays(objects=[self.find(image[0]) for image in images])

    def find(self, band):
        bright = (band > 200).astype(np.uint8)
        shapes = [shape for shape, _ in features.shapes(bright, mask=bright > 0, connectivity=8)]
        boxes = np.array([features.bounds(shape) for shape in shapes], np.float32).reshape(-1, 4)
        low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
        scores = np.linspace(0.9, 0.5, len(boxes), dtype=np.float32)
        return Objects(np.concatenate([low, high], axis=1), np.zeros(len(boxes), np.int64), scores)


@pytest.fixture
def convolution(make_card):
    return TorchBackend(Convolution(), make_card(), "cpu")


@pytest.fixture
def blobs(make_card):
    return Blobs(make_card(tasks=["detection"]))
