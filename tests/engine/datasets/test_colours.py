"""Colour masks into class rasters."""

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from engine.datasets import rasters
from engine.datasets.isprs import COMPLETE, ERODED
from engine.datasets.rasters import write_class_raster
from engine.errors import LabelError

PLACE = from_origin(500_000, 6_000_000, 0.5, 0.5)


def read(path):
    with rasterio.open(path) as dataset:
        return dataset.read(1), dataset.crs, dataset.transform, dataset.nodata


@pytest.fixture
def image(made, tmp_path):
    return made.write(tmp_path / "image.tif", np.zeros((1, 20, 30), np.uint8), "EPSG:32633", PLACE)


def test_every_colour_becomes_its_class_with_the_images_georeferencing(made, image, tmp_path, monkeypatch):
    monkeypatch.setattr(rasters, "_STRIP", 7)  # several strips, the last one shorter
    values = np.random.default_rng(0).choice([1, 2, 3, 4, 5, 6, 255], (20, 30)).astype(np.uint8)
    mask = made.write(tmp_path / "mask.tif", made.coloured(values))
    found = write_class_raster(mask, image, tmp_path / "labels" / "classes.tif", ERODED)
    written, crs, transform, nodata = read(tmp_path / "labels" / "classes.tif")
    assert np.array_equal(written, values)
    assert (crs, transform, nodata) == ("EPSG:32633", PLACE, 255)
    assert found == {1, 2, 3, 4, 5, 6, 255}


def test_a_colour_without_a_class_is_named_with_its_file_and_place(made, image, tmp_path):
    bands = made.coloured(np.ones((20, 30), np.uint8))
    bands[:, 12, 3] = (254, 0, 1)
    mask = made.write(tmp_path / "noisy.tif", bands)
    with pytest.raises(LabelError, match=r"noisy.tif has the colour \(254, 0, 1\) at column 3, row 12"):
        write_class_raster(mask, image, tmp_path / "classes.tif", COMPLETE)


def test_black_is_no_class_of_a_complete_mask(made, image, tmp_path):
    mask = made.write(tmp_path / "mask.tif", np.zeros((3, 20, 30), np.uint8))
    with pytest.raises(LabelError, match=r"\(0, 0, 0\)"):
        write_class_raster(mask, image, tmp_path / "classes.tif", COMPLETE)


def test_a_mask_of_another_size_than_its_image_is_refused(made, image, tmp_path):
    mask = made.write(tmp_path / "mask.tif", np.zeros((3, 20, 31), np.uint8))
    with pytest.raises(LabelError, match=r"mask.tif has 31 x 20 pixels and its image image.tif 30 x 20"):
        write_class_raster(mask, image, tmp_path / "classes.tif", ERODED)


def test_a_mask_of_one_band_without_colours_is_refused(made, image, tmp_path):
    mask = made.write(tmp_path / "mask.tif", np.zeros((1, 20, 30), np.uint8))
    with pytest.raises(LabelError, match="three of uint8"):
        write_class_raster(mask, image, tmp_path / "classes.tif", ERODED)


def test_a_colour_table_is_read_like_its_colours(image, tmp_path):
    path = tmp_path / "indexed.png"
    indices = np.zeros((1, 20, 30), np.uint8)
    indices[0, 4:9] = 7
    with rasterio.open(path, "w", driver="PNG", width=30, height=20, count=1, dtype="uint8") as dataset:
        dataset.write_colormap(1, {0: (255, 255, 255), 7: (255, 0, 0)})
        dataset.write(indices)
    write_class_raster(path, image, tmp_path / "classes.tif", {(255, 255, 255): 0, (255, 0, 0): 1})
    assert np.array_equal(read(tmp_path / "classes.tif")[0], (indices[0] == 7).astype(np.uint8))
