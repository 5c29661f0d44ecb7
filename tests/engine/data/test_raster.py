import pickle
import re
import shutil

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine, from_origin

from engine.data.raster import RasterReader
from engine.errors import RasterError


def smooth(height, width, bands=3):
    """Values that change slowly, so that any sound resampling agrees."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([40 + rows * 0.5 + columns * (0.3 + band / 10) for band in range(bands)])


def naive_sample(values, transform, grid, window):
    """Each grid pixel's value by bilinear interpolation of the native pixels around its centre."""
    column, row, width, height = window
    result = np.full((len(values), height, width), np.nan)
    for y in range(height):
        for x in range(width):
            px, py = ~transform @ (grid.transform @ (column + x + 0.5, row + y + 0.5))
            px, py = px - 0.5, py - 0.5
            left, top = int(np.floor(px)), int(np.floor(py))
            if 0 <= left < values.shape[2] - 1 and 0 <= top < values.shape[1] - 1:
                fx, fy = px - left, py - top
                block = values[:, top : top + 2, left : left + 2]
                result[:, y, x] = (
                    block[:, 0, 0] * (1 - fx) * (1 - fy)
                    + block[:, 0, 1] * fx * (1 - fy)
                    + block[:, 1, 0] * (1 - fx) * fy
                    + block[:, 1, 1] * fx * fy
                )
    return result


SHAPES = {
    "finer": from_origin(500_000, 5_300_000, 1.3, 1.3),
    "not square": from_origin(500_000, 5_300_000, 1.2, 0.9),
    "south-up": Affine(1, 0, 500_000, 0, 1, 5_299_900),
    "rotated": Affine.translation(500_000, 5_300_000) @ Affine.rotation(20) @ Affine.scale(1, -1),
    "degrees": None,
}


@pytest.mark.parametrize("name", SHAPES)
def test_warped_reads_agree_with_naive_resampling(raster, name):
    crs, transform = "EPSG:32632", SHAPES[name]
    if transform is None:
        crs, transform = "EPSG:4326", from_origin(9, 47.8, 1.3e-5, 9e-6)
    values = smooth(60, 80)
    reader = RasterReader(raster("a.tif", values.astype(np.float32), crs, transform), gsd=0.97)
    window = (-3, 20, 40, 40)
    image, valid = reader.read(*window)
    expected = naive_sample(values, transform, reader.grid, window)
    inside = ~np.isnan(expected[0])
    assert inside.sum() > 100
    assert valid[inside].all()
    assert np.abs(image - expected)[:, inside].max() < 0.2


def test_aligned_reads_are_the_file_itself(raster):
    path = raster("a.tif", (3, 50, 70))
    with rasterio.open(path) as dataset:
        values = dataset.read()
    image, valid = RasterReader(path, gsd=1.01).read(10, 20, 30, 25)
    np.testing.assert_array_equal(image, values[:, 20:45, 10:40])
    assert valid.all() and image.dtype == np.uint8


def test_outside_the_raster_nothing_is_valid(raster):
    path = raster("a.tif", (3, 50, 70))
    reader = RasterReader(path)
    image, valid = reader.read(-10, 40, 32, 32)
    assert valid[:10, 10:].all() and valid.sum() == 10 * 22
    with rasterio.open(path) as dataset:
        np.testing.assert_array_equal(image[:, :10, 10:], dataset.read()[:, 40:, :22])
    assert not reader.read(500, 500, 8, 8)[1].any()


@pytest.mark.parametrize("gsd", [None, 0.8])
def test_a_pixel_has_no_data_where_all_bands_say_so(raster, gsd):
    values = np.full((3, 40, 40), 9, np.uint8)
    values[:, 10:20, 10:20] = 0
    values[0, 30:, 30:] = 0
    for path, override in ((raster("said.tif", values, nodata=0), None), (raster("unsaid.tif", values), 0)):
        reader = RasterReader(path, gsd=gsd, nodata=override)
        _, valid = reader.read(0, 0, reader.grid.width, reader.grid.height)
        scale = 40 / reader.grid.width
        assert not valid[int(12 / scale) : int(18 / scale), int(12 / scale) : int(18 / scale)].any()
        assert valid[int(32 / scale) :, int(32 / scale) :].all()


def test_bands_that_are_not_read_still_say_what_data_is(raster):
    values = np.zeros((4, 16, 16), np.uint8)
    values[3, :8] = 7
    _, valid = RasterReader(raster("a.tif", values, photometric="minisblack"), [1, 2, 3], nodata=0).read(0, 0, 16, 16)
    assert valid[:8].all() and not valid[8:].any()


@pytest.mark.parametrize("gsd", [None, 0.8])
def test_alpha_is_validity_and_no_band(raster, gsd):
    values = np.full((4, 40, 40), 90, np.uint8)
    values[3] = 255
    values[3, :20] = 0
    reader = RasterReader(raster("a.tif", values, alpha=True), gsd=gsd)
    image, valid = reader.read(0, 0, reader.grid.width, reader.grid.height)
    assert reader.bands == [1, 2, 3] and len(image) == 3
    half = reader.grid.height // 2
    assert not valid[: half - 1].any() and valid[half + 1 :].all()


@pytest.mark.parametrize("gsd", [None, 0.8])
def test_a_mask_band_is_validity(raster, gsd):
    path = raster("a.tif", (3, 40, 40))
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as dataset:
        dataset.write_mask(np.repeat([0, 255], 20).astype(np.uint8)[:, None].repeat(40, axis=1))
    reader = RasterReader(path, gsd=gsd)
    _, valid = reader.read(0, 0, reader.grid.width, reader.grid.height)
    half = reader.grid.height // 2
    assert not valid[: half - 1].any() and valid[half + 1 :].all()


@pytest.mark.parametrize("gsd", [None, 0.8])
def test_nan_is_no_data_and_does_not_get_out(raster, gsd):
    values = np.full((2, 40, 40), 0.5, np.float32)
    values[:, :20] = np.nan
    reader = RasterReader(raster("a.tif", values), gsd=gsd)
    image, valid = reader.read(0, 0, reader.grid.width, reader.grid.height)
    assert np.isfinite(image).all() and 0.4 < valid.mean() < 0.6
    np.testing.assert_allclose(image[:, valid], 0.5)


def test_sixteen_bits_and_four_bands_come_as_they_are(raster):
    values = np.random.default_rng(0).integers(0, 60_000, (4, 30, 30)).astype(np.uint16)
    reader = RasterReader(raster("a.tif", values))
    image, _ = reader.read(0, 0, 30, 30)
    assert reader.dtype == "uint16" and reader.bands == [1, 2, 3, 4]
    np.testing.assert_array_equal(image, values)
    np.testing.assert_array_equal(RasterReader(reader.path, [4, 1]).read(0, 0, 30, 30)[0], values[[3, 0]])


def test_shrinking_averages_and_uses_overviews(raster):
    values = np.zeros((1, 256, 256), np.uint8)
    values[:, ::2] = 200
    path = raster("a.tif", values)
    plain, _ = RasterReader(path, gsd=8).read(4, 4, 20, 20)
    assert np.abs(plain.astype(int) - 100).max() <= 30
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4], rasterio.enums.Resampling.average)
    through, valid = RasterReader(path, gsd=8).read(4, 4, 20, 20)
    assert np.abs(through.astype(int) - 100).max() <= 2 and valid.all()


def test_a_jpeg_with_world_file_opens(raster, tmp_path):
    values = smooth(64, 64).astype(np.uint8)
    path = tmp_path / "photo.jpg"
    shutil.copy(raster("a.jpg", values, crs=None, transform=Affine.identity(), driver="JPEG"), path)
    path.with_suffix(".jgw").write_text("0.5\n0\n0\n-0.5\n340000.25\n2779999.75\n")
    with pytest.raises(RasterError, match=r"photo.jpg has no coordinate reference system; assign one"):
        RasterReader(path)
    path.with_name("photo.jpg.aux.xml").write_text("<PAMDataset><SRS>EPSG:32640</SRS></PAMDataset>")
    reader = RasterReader(path)
    assert reader.native_gsd == pytest.approx(0.5, rel=1e-3)
    assert np.abs(reader.read(8, 8, 32, 32)[0] - smooth(64, 64)[:, 8:40, 8:40]).max() < 12


def test_a_vrt_over_two_rasters_reads_across_the_seam(raster, tmp_path):
    paths = [
        raster(f"{x}.tif", np.full((1, 32, 32), x + 1, np.uint8), transform=from_origin(x * 32, 0, 1, 1))
        for x in (0, 1)
    ]
    parts = "".join(
        f"<SimpleSource><SourceFilename>{path}</SourceFilename><SourceBand>1</SourceBand>"
        f'<SrcRect xOff="0" yOff="0" xSize="32" ySize="32"/><DstRect xOff="{x * 32}" yOff="0" xSize="32" ySize="32"/>'
        "</SimpleSource>"
        for x, path in enumerate(paths)
    )
    mosaic = tmp_path / "mosaic.vrt"
    mosaic.write_text(
        '<VRTDataset rasterXSize="64" rasterYSize="32"><SRS>EPSG:32632</SRS><GeoTransform>0,1,0,0,0,-1</GeoTransform>'
        f'<VRTRasterBand dataType="Byte" band="1">{parts}</VRTRasterBand></VRTDataset>'
    )
    image, _ = RasterReader(mosaic).read(24, 0, 16, 16)
    np.testing.assert_array_equal(image[0, 0], [1] * 8 + [2] * 8)


def test_a_reader_pickles_and_reads_the_same(raster):
    reader = RasterReader(raster("a.tif"), gsd=0.7)
    image, valid = reader.read(3, 4, 20, 20)
    again, again_valid = pickle.loads(pickle.dumps(reader)).read(3, 4, 20, 20)
    np.testing.assert_array_equal(image, again)
    np.testing.assert_array_equal(valid, again_valid)


def test_the_footprint_is_the_raster_in_degrees(raster):
    reader = RasterReader(raster("a.tif", (1, 64, 64), "EPSG:4326", from_origin(9, 47.8, 1e-5, 1e-5)), gsd=0.5)
    corners = np.array(reader.footprint()["coordinates"][0])
    west, south, east, north = *corners.min(axis=0), *corners.max(axis=0)
    assert (west, south, east, north) == pytest.approx((9, 47.8 - 64e-5, 9 + 64e-5, 47.8), abs=1e-9)


def test_errors_name_the_file_and_what_is_wrong(raster, tmp_path):
    with pytest.raises(RasterError, match=r"nowhere.tif does not exist"):
        RasterReader(tmp_path / "nowhere.tif")
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(RasterError, match=r"text.tif cannot be opened as a raster"):
        RasterReader(tmp_path / "text.tif")
    with pytest.raises(RasterError, match=r"lost.tif has no coordinate reference system; assign one"):
        RasterReader(raster("lost.tif", crs=None))
    with pytest.raises(RasterError, match=r"grey.tif has 1 band; the run asks for 1, 2, 3"):
        RasterReader(raster("grey.tif", (1, 16, 16)), [1, 2, 3])


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize("gsd", [None, 0.7])
def test_a_damaged_block_is_no_data_and_the_rest_is_read(raster, tmp_path, gsd, truncated):
    path = raster("a.tif", (3, 256, 256), compress="deflate", tiled=True, blockxsize=64, blockysize=64)
    reader = RasterReader(path, gsd=gsd)
    size, file = reader.grid.width // 4, tmp_path / "a.tif"
    whole, _ = reader.read(0, 0, size, size)
    data = file.read_bytes()
    cut = 3 * len(data) // 4
    file.write_bytes(data[:cut] if truncated else data[:cut] + bytes(len(data) - cut))
    reader = RasterReader(path, gsd=gsd)
    image, valid = reader.read(0, 0, size, size)
    assert valid.all() and np.array_equal(image, whole)
    assert reader.damage.windows == 0
    for row in (3 * size, 3 * size + 1):
        _, valid = reader.read(3 * size - 1, row, size, size)
        assert not valid.any()
    assert reader.damage.windows == 2
    sentence = reader.damage.sentence(path)
    assert re.search(
        r"a\.tif is damaged: 2 windows cannot be read and count as no data, around 5002[12]\d\.\d", sentence
    )


def test_a_file_that_vanished_is_no_damage(raster, tmp_path):
    reader = RasterReader(raster("a.tif", (3, 64, 64)))
    (tmp_path / "a.tif").unlink()
    with pytest.raises(RasterError, match=r"a\.tif does not exist"):
        reader.read(0, 0, 64, 64)


@pytest.mark.parametrize("gsd", [None, 0.5, 2])
def test_a_fourth_band_that_is_asked_for_is_data_even_where_the_file_calls_it_alpha(raster, gsd):
    values = smooth(32, 32, 4).astype(np.uint8)
    values[3, :16] = 0
    path = raster("infrared.tif", values, alpha=True, nodata=255)
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2], rasterio.enums.Resampling.average)
    image, valid = RasterReader(path, [4, 1, 2], gsd=gsd).read(0, 0, *(2 * [round(32 / (gsd or 1))]))
    step = round(2 * (gsd or 1)) / 2
    expected = values[[3, 0, 1]].repeat(2, axis=1).repeat(2, axis=2)[:, :: int(2 * step), :: int(2 * step)]
    assert valid.all()
    assert np.median(np.abs(image.astype(int) - expected)) <= 1 and (image[0, : len(image[0]) // 3] == 0).all()
