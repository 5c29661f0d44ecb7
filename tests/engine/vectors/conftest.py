"""Class maps made by hand, and what was written read back."""

from types import SimpleNamespace

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from engine.config.card import CardClass

METRES = Affine(0.5, 0, 300_000, 0, -0.5, 3_000_000)


@pytest.fixture
def classes():
    return [CardClass(name=name, color="#336699") for name in ("building", "road", "water")]


@pytest.fixture
def write_map(tmp_path):
    def write(values, crs="EPSG:32645", transform=METRES, name="classes.tif"):
        path = tmp_path / name
        height, width = values.shape
        with rasterio.open(
            path, "w", driver="GTiff", dtype=values.dtype, count=1, width=width, height=height, crs=crs,
            transform=transform, nodata=255,
        ) as raster:  # fmt: skip
            raster.write(values, 1)
        return path

    return write


@pytest.fixture
def read_back():
    def read(path):
        meta, _, wkb, columns = pyogrio.raw.read(path)
        return SimpleNamespace(
            geometry=shapely.from_wkb(wkb), crs=meta["crs"], **dict(zip(meta["fields"], columns, strict=True))
        )

    return read


@pytest.fixture
def patchy():
    """A class map with lakes in fields, speckle, diagonal touches and no-data."""
    random = np.random.default_rng(7)
    coarse = np.kron(random.integers(0, 4, (9, 11)), np.ones((8, 8), int)).astype(np.uint8)
    speckle = random.random(coarse.shape) < 0.1
    coarse[speckle] = random.integers(0, 4, speckle.sum())
    coarse[20:30, 30:50] = 255
    coarse[40:60, 10:30] = 1
    coarse[45:55, 15:25] = 3
    coarse[48:52, 18:22] = 1
    return coarse
