"""What `check` and a prediction say before any work: one class alone, a raster across many latitudes."""

import numpy as np
import pytest
from rasterio.transform import from_origin

from engine.config import Card, CardClass
from engine.data import prepare
from engine.errors import ConfigError
from engine.inference.checks import doubts, open_raster


def test_one_class_without_background_is_refused(raster, layer, tools):
    labels = layer("a.gpkg", tools.scattered(160))
    source = tools.source(raster("a.tif", (3, 160, 160)), "segmentation", labels)
    with pytest.raises(ConfigError, match=r"only segmentation class 'house' and without background .* Set background"):
        prepare(tools.run(source, background=False))
    assert prepare(tools.run(source, background=True)).label_counts["segmentation"]["house"] > 0
    boxes = tools.source(raster("b.tif", (3, 160, 160)), "detection", labels)
    assert prepare(tools.run(boxes, background=False)).label_counts["detection"]["house"] > 0


def test_a_raster_across_many_latitudes_is_doubtful(raster):
    values = np.full((1, 3000, 60), 7, np.uint8)
    path = raster("world.tif", values, "EPSG:4326", from_origin(10, 70, 0.02, 0.02))
    card = Card(
        name="m", tasks=["segmentation"], gsd=2000, bands=[1], dtype="uint8", mean=[0], std=[1], tile_size=64,
        segmentation_classes=[CardClass(name="a", color="#000000")], network=None,
    )  # fmt: skip
    assert any("world.tif covers so much" in sentence for sentence in doubts(open_raster(path, card), path, card))
