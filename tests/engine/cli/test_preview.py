"""Colours of the report's chips."""

import numpy as np
import pytest
import rasterio
import torch

from engine.cli.validation_files import shown
from engine.config import load_run
from engine.data import prepare


@pytest.fixture
def street(make_run):
    """A run whose imagery is of greens and greys, in bytes or in 16 bits."""

    def make(dtype):
        run = load_run(make_run({"kind": "supervised"}, name=dtype, roles=("segmentation",)))
        with rasterio.open(run.sources[0].raster) as raster:
            profile, image = raster.profile, raster.read().astype(float)
        image[0], image[2] = image[0] * 0.5, image[2] * 0.4
        path = str(load_path(run)) + f".{dtype}.tif"
        with rasterio.open(path, "w", **{**profile, "dtype": dtype}) as raster:
            raster.write(image.astype(dtype))
        return prepare(run.model_copy(update={"sources": [run.sources[0].model_copy(update={"raster": path})]}))

    def load_path(run):
        return run.sources[0].raster

    return make


def test_grey_stays_grey_in_imagery_of_bytes(street):
    prepared = street("uint8")
    assert max(prepared.mean) > 1.5 * min(prepared.mean), "it is greener than grey"
    grey = torch.arange(256, dtype=torch.uint8).repeat(3, 16, 1)
    picture = shown(grey, prepared).astype(int)
    assert (np.ptp(picture, axis=2) == 0).all()
    assert picture.min() < 40 and picture.max() == 255 and (np.diff(picture[0, :, 0]) >= 0).all()


def test_other_imagery_is_stretched_band_by_band(street):
    prepared = street("uint16")
    middle = torch.tensor(prepared.mean)[:, None, None].repeat(1, 4, 4)
    np.testing.assert_array_equal(shown(middle, prepared), 127)
