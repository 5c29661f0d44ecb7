"""Rasters whose geometry or values make no sense: one sentence names the raster and what is wrong with it."""

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine, from_origin

from engine.cli.main import main
from engine.config import save_run
from engine.data.raster import RasterReader
from engine.errors import RasterError
from engine.evaluation.evaluate import native_grid
from engine.inference.vectors import ClassMap

EAST, NORTH = 500_000, 5_300_000
NAN, INF = float("nan"), float("inf")
GEOCENTRIC, HEIGHTS = "EPSG:4978", "EPSG:5773"
CASES = {
    "zero": ((0, 0, EAST, 0, 0, NORTH), "EPSG:32632", "without size"),
    "zero column": ((0, 0, EAST, 0, -1, NORTH), "EPSG:32632", "without size"),
    "not a number": ((NAN, 0, EAST, 0, -1, NORTH), "EPSG:32632", "no numbers"),
    "huge": ((1e300, 0, EAST, 0, -1e300, NORTH), "EPSG:32632", "no place|too large|no numbers"),
    "tiny": ((1e-300, 0, EAST, 0, -1e-300, NORTH), "EPSG:32632", "pixels of|without"),
    "singular": ((1, 2, EAST, 2, 4, NORTH), "EPSG:32632", "without area"),
    "infinite origin": ((1, 0, INF, 0, -1, NORTH), "EPSG:32632", "no numbers"),
    "nowhere": ((1, 0, 1e20, 0, -1, 1e20), "EPSG:32632", "no place"),
    "metres called degrees": ((1, 0, EAST, 0, -1, NORTH), "EPSG:4326", "which no degrees are"),
    "one side called degrees": ((0.1, 0, 8, 0, -0.1, 200), "EPSG:4326", "which no degrees are"),
    "geocentric": ((1, 0, EAST, 0, -1, NORTH), GEOCENTRIC, "counts from the earth's centre"),
    "heights": ((1, 0, EAST, 0, -1, NORTH), HEIGHTS, "says heights only"),
    "too coarse": ((1e7, 0, EAST, 0, -1e7, NORTH), "EPSG:3857", "pixels of|no place"),
}


def virtual(path, place, crs, kind="Byte"):
    """GDAL's own format for tests says any geometry and type."""
    terms = ", ".join(repr(float(place[index])) for index in (2, 0, 1, 5, 3, 4))
    path.write_text(
        f'<VRTDataset rasterXSize="64" rasterYSize="64"><SRS>{crs}</SRS><GeoTransform>{terms}</GeoTransform>'
        f'<VRTRasterBand dataType="{kind}" band="1"/></VRTDataset>'
    )
    return path


@pytest.mark.parametrize("name", CASES)
def test_odd_geometry_is_one_sentence_wherever_a_raster_is_read(tmp_path, name):
    place, crs, words = CASES[name]
    path = virtual(tmp_path / "odd.vrt", place, crs)
    for read in (RasterReader, ClassMap, native_grid):
        with pytest.raises(RasterError, match=rf"odd\.vrt .*({words})") as caught:
            read(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["CFloat32", "CFloat64", "CInt16", "CInt32"])
def test_complex_values_are_named(tmp_path, kind):
    path = virtual(tmp_path / "odd.vrt", (1, 0, EAST, 0, -1, NORTH), "EPSG:32632", kind)
    with pytest.raises(RasterError, match=r"odd\.vrt holds complex numbers\. Export"):
        RasterReader(path)


def test_a_container_of_rasters_is_named_with_what_is_in_it(tmp_path):
    path, profile = str(tmp_path / "two.gpkg"), {"width": 16, "height": 16, "count": 1, "dtype": "uint8"}
    for table, append in (("a", "NO"), ("b", "YES")):
        with rasterio.open(
            path, "w", driver="GPKG", crs="EPSG:3857", transform=from_origin(0, 0, 1, 1), raster_table=table,
            append_subdataset=append, **profile,
        ) as dataset:  # fmt: skip
            dataset.write(np.ones((1, 16, 16), np.uint8))
    with pytest.raises(
        RasterError, match=r"two\.gpkg has no bands\. Name one of the 2 rasters in it, such as GPKG:.*a"
    ):
        RasterReader(path)


def test_pixels_far_too_coarse_for_a_model_are_named_before_anything_is_computed(raster):
    path = raster("coarse.tif", (3, 16, 16), crs="EPSG:3857", transform=from_origin(0, 0, 9000, 9000))
    with pytest.raises(RasterError, match=r"coarse\.tif has pixels of .* too coarse to be read at 0\.1 m"):
        RasterReader(path, gsd=0.1)


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:4326", from_origin(-180, 90, 360 / 64, 180 / 64)),
        ("EPSG:4326", from_origin(0, 91.4, 5, 182.8 / 64)),
        ("EPSG:3857", from_origin(-20037508.34, 20037508.34, 626172, 626172)),
        ("EPSG:4807", from_origin(-5, 58, 0.01, 0.01)),
        ("EPSG:2056+5728", from_origin(2_600_000, 1_200_000, 0.1, 0.1)),
        ("EPSG:32632", Affine(0.5, 0.5, EAST, 0.5, -0.5, NORTH)),
        ("EPSG:32632", Affine(1, 0, EAST, 0, 1, NORTH)),
        ('LOCAL_CS["site",UNIT["metre",1]]', from_origin(1e7, 0, 1, 1)),
    ],
)
def test_unusual_but_sound_geometry_is_read(raster, crs, transform):
    reader = RasterReader(raster("a.tif", (1, 64, 64), crs=crs, transform=transform))
    assert np.isfinite(reader.native_gsd)


def test_check_names_the_raster(tmp_path, raster, layer, tools, capsys):
    odd = virtual(tmp_path / "odd.vrt", *CASES["metres called degrees"][:2])
    labels = layer("a.gpkg", tools.scattered(64))
    save_run(tools.run(tools.source(str(odd), labels=labels)), tmp_path / "run")
    for command in ("check", "train"):
        assert main([command, str(tmp_path / "run")]) == 1
        assert "odd.vrt has the coordinate reference system 'WGS 84', in degrees" in capsys.readouterr().err
