import os
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

CRS = "EPSG:32632"
TRANSFORM = Affine(0.5, 0, 600_000, 0, -0.5, 5_300_000)


@pytest.fixture
def write_map(tmp_path):
    """Write a class map or class raster; returns its path."""

    def write(values, name="classes.tif", crs=CRS, transform=TRANSFORM, nodata=255):
        height, width = values.shape
        profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "height": height, "width": width}
        with rasterio.open(tmp_path / name, "w", **profile, crs=crs, transform=transform, nodata=nodata) as raster:
            raster.write(values.astype(np.uint8), 1)
        return tmp_path / name

    return write


@pytest.fixture
def write_boxes(tmp_path):
    """Write xyxy pixel boxes (y down) as polygons of a layer with some fields; returns its path."""

    def write(boxes, name, crs=CRS, **fields):
        corners = np.array(boxes, float).reshape(-1, 4)
        left, top = TRANSFORM.c + 0.5 * corners[:, 0], TRANSFORM.f - 0.5 * corners[:, 1]
        right, bottom = TRANSFORM.c + 0.5 * corners[:, 2], TRANSFORM.f - 0.5 * corners[:, 3]
        shapes = shapely.box(left, bottom, right, top)
        values = [np.array(value, float if key == "score" else object) for key, value in fields.items()]
        options = {"geometry_type": "Polygon", "driver": "GPKG", "crs": crs, "layer": name.split(".")[0]}
        pyogrio.raw.write(tmp_path / name, shapely.to_wkb(shapes), values, list(fields), **options)
        return tmp_path / name

    return write


@pytest.fixture
def real_data():
    """The folder of real imagery, where it is at hand."""
    folder = Path(os.environ.get("GEODISTIL_DATA", Path(__file__).parents[4] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real imagery at {folder}; set GEODISTIL_DATA")
    return folder
