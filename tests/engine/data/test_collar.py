"""No-data that lossy compression frayed, in windows and whole, beside imagery that must stay."""

import numpy as np
import pytest

from engine.data.raster import RasterReader

SIDE, WINDOW = 192, 48


@pytest.fixture
def scene():
    """Imagery (3, H, W) below a slanted border, white above it, and where the white is."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    white = rows < 60 + columns // 3
    values = np.random.default_rng(0).integers(40, 160, (3, SIDE // 4, SIDE // 4)).repeat(4, 1).repeat(4, 2)
    return np.where(white, 255, values).astype(np.uint8), white


def lossy(raster, values, nodata=255, **options):
    return raster("lossy.tif", values, nodata=nodata, compress="jpeg", jpeg_quality=60, photometric="ycbcr", **options)


def in_windows(reader):
    valid = np.zeros((SIDE, SIDE), bool)
    for row in range(0, SIDE, WINDOW):
        for column in range(0, SIDE, WINDOW):
            valid[row : row + WINDOW, column : column + WINDOW] = reader.read(column, row, WINDOW, WINDOW)[1]
    return valid


def test_the_collar_of_white_is_no_data_and_imagery_stays(raster, scene):
    values, white = scene
    path = lossy(raster, values, interleave="pixel")
    valid = RasterReader(path).read(0, 0, SIDE, SIDE)[1]
    with_collar = RasterReader(lossy(raster, values, nodata=None, interleave="pixel"))
    image = with_collar.read(0, 0, SIDE, SIDE)[0]
    frayed = white & ~(image == 255).all(axis=0)
    assert frayed.sum() > 100, "this file has no collar, so the test shows nothing"
    assert (valid & frayed).sum() < 0.3 * frayed.sum()
    assert (~valid & ~white).sum() <= 0.001 * (~white).sum()


def test_windows_agree_with_one_read_of_all(raster, scene):
    reader = RasterReader(lossy(raster, scene[0], interleave="pixel"))
    assert np.array_equal(in_windows(reader), reader.read(0, 0, SIDE, SIDE)[1])


def test_windows_are_contiguous_as_libraries_want_them_that_copy_nothing(raster, scene):
    reader = RasterReader(lossy(raster, scene[0], interleave="pixel"))
    assert all(values.flags.c_contiguous for values in reader.read(WINDOW, 2 * WINDOW, WINDOW, WINDOW))


def test_a_virtual_raster_of_lossy_files_has_the_collar_too(raster, scene, tmp_path):
    path = lossy(raster, scene[0], nodata=None, interleave="pixel")
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band}"><SimpleSource><SourceFilename>{path}</SourceFilename>'
        f"<SourceBand>{band}</SourceBand></SimpleSource></VRTRasterBand>"
        for band in (1, 2, 3)
    )
    vrt = tmp_path / "mosaic.vrt"
    vrt.write_text(
        f'<VRTDataset rasterXSize="{SIDE}" rasterYSize="{SIDE}"><SRS>EPSG:32632</SRS>'
        f"<GeoTransform>500000, 1, 0, 5300000, 0, -1</GeoTransform>{bands}</VRTDataset>"
    )
    expected = RasterReader(path, nodata=255).read(0, 0, SIDE, SIDE)[1]
    assert np.array_equal(RasterReader(vrt, nodata=255).read(0, 0, SIDE, SIDE)[1], expected)
    assert not expected.all()


def test_without_loss_only_the_value_itself_is_no_data(raster, scene):
    values, _ = scene
    values[:, 150:160, 20:40] = 250  # a bright roof
    values[:, 70:90, 0:20] = 250  # and one that touches the white
    valid = RasterReader(raster("whole.tif", values, nodata=255, compress="deflate")).read(0, 0, SIDE, SIDE)[1]
    assert np.array_equal(valid, ~(values == 255).all(axis=0))


def test_bright_ground_away_from_no_data_is_data(raster, scene):
    values, _ = scene
    values[:, 160:184, 24:48] = 250
    valid = RasterReader(lossy(raster, values, interleave="pixel")).read(0, 0, SIDE, SIDE)[1]
    assert valid[164:180, 28:44].all()
