"""Rasters over HTTP, from a server on this machine that counts what it sends."""

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
import rasterio
import rasterio.shutil

from engine.config import PartialMultitask
from engine.data import prepare
from engine.data.loading import TrainingChips
from engine.data.raster import RasterReader
from engine.errors import RasterError


@contextmanager
def serving(file, patience=10**9):
    """The address of a file on a server of this machine."""
    command = [sys.executable, str(Path(__file__).with_name("range_server.py")), str(file), str(patience)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/mosaic.tif"
        finally:
            process.kill()


def sent(address):
    with urlopen(address.replace("mosaic.tif", "sent")) as answer:
        return int(answer.read())


@pytest.fixture
def mosaic(raster, tmp_path):
    """A Cloud-Optimised GeoTIFF of 12 MB: noise, which does not compress."""
    rasterio.shutil.copy(
        raster("plain.tif", (3, 2048, 2048)), tmp_path / "mosaic.tif", driver="COG", compress="deflate", blocksize=256
    )
    return tmp_path / "mosaic.tif"


def test_a_window_of_a_large_remote_raster_does_not_fetch_the_file(mosaic):
    with serving(mosaic) as address:
        readers = [RasterReader(address, gsd=gsd) for gsd in (None, 1.3)]
        images = [reader.read(500, 600, 128, 128)[0] for reader in readers]
        assert sent(address) < mosaic.stat().st_size / 5
    for image, gsd in zip(images, (None, 1.3), strict=True):
        np.testing.assert_array_equal(image, RasterReader(mosaic, gsd=gsd).read(500, 600, 128, 128)[0])


def test_a_remote_raster_trains(mosaic, layer, tools):
    with serving(mosaic) as address:
        run = tools.run(
            tools.source(address, labels=layer("a.gpkg", tools.scattered(512))),
            tools.source(address, "unlabelled"),
            recipe=PartialMultitask(unlabelled=True),
        )
        chips = TrainingChips(prepare(run), run, "segmentation")
        assert any((chips.chip(index).mask == 1).any() for index in range(8))


def test_a_server_that_stalls_or_died_gives_a_sentence_within_seconds(mosaic):
    begun = time.monotonic()
    with rasterio.Env(GDAL_HTTP_LOW_SPEED_TIME=1, GDAL_HTTP_CONNECTTIMEOUT=1, GDAL_HTTP_MAX_RETRY=0):
        with serving(mosaic, patience=6) as address:
            reader = RasterReader(address)
            with pytest.raises(RasterError, match=r"127\.0\.0\.1.*mosaic\.tif cannot be read: .* Check the connection"):
                for row in range(0, 2048, 256):
                    reader.read(0, row, 2048, 256)
            assert reader.damage.windows == 0
        with pytest.raises(RasterError, match=r"mosaic\.tif cannot be opened as a raster: .* Check the address"):
            RasterReader(address.replace("mosaic", "again/mosaic"))
    assert time.monotonic() - begun < 20
