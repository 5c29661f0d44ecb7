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
from engine.data import prepare, training_loader
from engine.data.loading import TrainingChips
from engine.data.raster import RasterReader
from engine.data.reach import permit
from engine.errors import RasterError


@contextmanager
def serving(file, patience=10**9, breaks=()):
    """The address of a file on a server of this machine."""
    command = [sys.executable, str(Path(__file__).with_name("range_server.py")), *map(str, (file, patience, *breaks))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/mosaic.tif"
        finally:
            process.kill()


def sent(address, what="sent"):
    with urlopen(address.replace("mosaic.tif", what)) as answer:
        return int(answer.read())


def trained_from(address, labels, tools, batches, workers=2):
    """Training batches that processes read, and what is warned of."""
    run = tools.run(tools.source(address, labels=labels), workers=workers)
    warnings = []
    loader = training_loader(prepare(run), run, "segmentation", warn=warnings.append)
    return [next(loader) for _ in range(batches)], warnings


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


@pytest.mark.parametrize("store", ["http", "s3"])
def test_a_training_over_breaking_connections_gets_what_lies_on_the_server(mosaic, layer, tools, store, monkeypatch):
    labels = layer("a.gpkg", tools.scattered(2048, step=64))
    expected, _ = trained_from(str(mosaic), labels, tools, 6)
    with serving(mosaic, breaks=(20, 5)) as address:
        if store == "s3":
            host = address.removeprefix("http://").removesuffix("/mosaic.tif")
            settings = {"S3_ENDPOINT": host, "HTTPS": "NO", "VIRTUAL_HOSTING": "FALSE", "NO_SIGN_REQUEST": "YES"}
            for name, value in settings.items():
                monkeypatch.setenv(f"AWS_{name}", value)
        place = address if store == "http" else "/vsis3/bucket/mosaic.tif"
        workers = 2 if store == "http" else 0  # whose server may have been forked before there were these settings
        found, warnings = trained_from(place, labels, tools, 6, workers)
        assert sent(address, "broken") > 0
    assert not warnings
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.image.equal(theirs.image) and mine.mask.equal(theirs.mask)


def test_a_window_is_asked_for_again_where_its_connection_broke(mosaic, monkeypatch):
    monkeypatch.setattr("engine.data.raster._WAITS", (0.1, 0.1))
    local = RasterReader(mosaic)
    with serving(mosaic, breaks=(8, 3)) as address:
        reader = RasterReader(address)
        for index in range(12):
            window = index * 293 % 1700, index * 571 % 1700, 256, 256
            np.testing.assert_array_equal(reader.read(*window)[0], local.read(*window)[0])
        assert sent(address, "broken") > 3 and reader.damage.windows == 0


def test_a_training_whose_server_is_gone_says_so(mosaic, layer, tools):
    labels = layer("a.gpkg", tools.scattered(2048, step=64))
    begun = time.monotonic()
    with serving(mosaic) as address:
        run = tools.run(tools.source(address, labels=labels), workers=1)
        loader = training_loader(prepare(run), run, "segmentation")
        next(loader)
    with pytest.raises(RasterError, match=r"mosaic\.tif cannot be .*\. Check the "):
        for _ in range(10_000):
            next(loader)
    assert time.monotonic() - begun < 60


def test_a_virtual_raster_whose_tiles_are_far_away_is_not_taken_for_damaged(mosaic, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.data.raster._WAITS", ())
    with serving(mosaic) as address, rasterio.open(mosaic) as source:
        permit([tmp_path / "a.vrt"], allow_remote=[address.removesuffix("/mosaic.tif")])
        bands = "".join(
            f'<VRTRasterBand dataType="Byte" band="{band}"><SimpleSource><SourceFilename>/vsicurl/{address}'
            f"</SourceFilename><SourceBand>{band}</SourceBand></SimpleSource></VRTRasterBand>"
            for band in (1, 2, 3)
        )
        place = ", ".join(map(repr, source.transform.to_gdal()))
        (tmp_path / "a.vrt").write_text(
            f'<VRTDataset rasterXSize="2048" rasterYSize="2048"><SRS>EPSG:32632</SRS><GeoTransform>{place}'
            f"</GeoTransform>{bands}</VRTDataset>"
        )
        reader = RasterReader(tmp_path / "a.vrt")
        assert reader.read(0, 0, 64, 64)[1].all()
    with pytest.raises(RasterError, match=r"a\.vrt cannot be read: .* Check the connection"):
        reader.read(1500, 1500, 256, 256)
    assert reader.damage.windows == 0
