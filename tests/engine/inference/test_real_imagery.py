"""Prediction of real imagery in degrees: the layers lie on the raster, and windows leave no seams after warping."""

import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch

from engine.data.raster import RasterReader
from engine.inference.predict import Options, predict

DATA = Path(os.environ.get("GEODISTIL_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
TILES = sorted((DATA / "banepa").rglob("*.tif"))[:1]
pytestmark = pytest.mark.skipif(not TILES, reason=f"no real imagery in {DATA}; set GEODISTIL_DATA")


def test_a_tile_in_degrees_is_predicted_seamlessly_at_the_models_resolution(make_card, convolution, tmp_path):
    convolution.card = make_card(gsd=0.26, tile_size=128)
    results = predict(convolution, str(TILES[0]), tmp_path / "out", Options(overlap=0.25))
    reader = RasterReader(TILES[0], [1, 2, 3], gsd=0.26)
    image, valid = reader.read(0, 0, reader.grid.width, reader.grid.height)
    with torch.inference_mode():
        logits = convolution.network(torch.from_numpy(image[None].astype(np.float32))).segmentation[0].numpy()
    best = np.sort(logits, axis=0)
    clear = (best[-1] - best[-2] > 0.3) & valid
    with rasterio.open(results.classes) as written, rasterio.open(TILES[0]) as given:
        assert written.read(1)[clear] == pytest.approx(logits.argmax(axis=0)[clear])
        assert written.bounds == pytest.approx(given.bounds, abs=2 * written.transform.a)
        assert written.width == pytest.approx(given.width / 2, rel=0.05)
