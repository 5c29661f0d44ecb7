import re

import numpy as np
import pytest
from pyproj import Geod
from rasterio.crs import CRS
from rasterio.transform import Affine, from_origin

from engine.data.grid import ground_grid, native_gsd, pixel_range, uneven

FOOT = 1200 / 3937


def side_lengths(grid):
    """A pixel's width and height on the ground, measured independently between the middle pixel's corners."""
    column, row = grid.width / 2, grid.height / 2
    lon, lat = grid.to_lonlat(np.array([column, column + 1, column]), np.array([row, row, row + 1]))
    geod = Geod(ellps="GRS80")
    return geod.inv(lon[0], lat[0], lon[1], lat[1])[2], geod.inv(lon[0], lat[0], lon[2], lat[2])[2]


RASTERS = {
    "degrees": ("EPSG:4326", from_origin(85.5, 27.6, 2e-6, 2e-6)),
    "degrees in the far north": ("EPSG:4326", from_origin(25, 70, 1e-5, 3e-6)),
    "web mercator at 60 degrees": ("EPSG:3857", from_origin(2_000_000, 8_399_737, 1, 1)),
    "US feet": ("EPSG:2263", from_origin(980_000, 200_000, 0.5, 0.5)),
    "not square": ("EPSG:32632", from_origin(500_000, 5_300_000, 0.2, 0.5)),
    "south-up": ("EPSG:32632", Affine(0.2, 0, 500_000, 0, 0.2, 5_300_000)),
    "rotated": ("EPSG:32632", Affine.translation(500_000, 5_300_000) @ Affine.rotation(30) @ Affine.scale(0.2, -0.2)),
}


@pytest.mark.parametrize("name", RASTERS)
def test_a_grid_pixel_measures_the_ground_sampling_distance_both_ways(name):
    crs, transform = RASTERS[name]
    grid = ground_grid(CRS.from_user_input(crs), transform, 400, 300, gsd=0.7)
    assert side_lengths(grid) == pytest.approx((0.7, 0.7), rel=1e-3)
    assert grid.transform.b == grid.transform.d == 0
    assert grid.transform.a > 0 > grid.transform.e


@pytest.mark.parametrize("name", RASTERS)
def test_the_grid_covers_the_raster_to_half_a_pixel(name):
    crs, transform = RASTERS[name]
    grid = ground_grid(CRS.from_user_input(crs), transform, 400, 300, gsd=0.7)
    corners = np.array([transform @ corner for corner in ((0, 0), (400, 0), (400, 300), (0, 300))])
    columns = (corners[:, 0] - grid.transform.c) / grid.transform.a
    rows = (corners[:, 1] - grid.transform.f) / grid.transform.e
    assert (columns.min(), rows.min()) == pytest.approx((0, 0), abs=1e-2)
    assert (columns.max(), rows.max()) == pytest.approx((grid.width, grid.height), abs=0.51)


def test_web_mercator_metres_are_not_ground_metres():
    crs, transform = RASTERS["web mercator at 60 degrees"]
    assert native_gsd(CRS.from_user_input(crs), transform, 400, 300) == pytest.approx(0.5, rel=0.01)


def test_feet_are_metres_on_the_ground():
    crs, transform = RASTERS["US feet"]
    assert native_gsd(CRS.from_user_input(crs), transform, 400, 300) == pytest.approx(0.5 * FOOT, rel=1e-3)


@pytest.mark.parametrize(("gsd", "aligned"), [(None, True), (0.2, True), (0.2035, True), (0.206, False), (0.1, False)])
def test_native_pixels_are_kept_within_two_percent(gsd, aligned):
    transform = from_origin(500_000, 5_300_000, 0.2, 0.2)
    grid = ground_grid(CRS.from_epsg(32632), transform, 400, 300, gsd)
    assert (grid.transform == transform) is aligned


def test_a_crs_without_tie_to_the_earth_counts_in_its_own_unit():
    local = CRS.from_wkt('LOCAL_CS["site",UNIT["US survey foot",0.3048006096012192]]')
    assert native_gsd(local, from_origin(0, 0, 1, 1), 10, 10) == pytest.approx(FOOT)


def test_a_raster_across_many_latitudes_says_how_large_its_pixels_are():
    wide = ground_grid(CRS.from_epsg(4326), from_origin(10, 70, 0.0022, 0.0022), 300, 31_800)
    least, most = pixel_range(wide)
    middle = np.cos(np.radians(35))
    assert least == pytest.approx(wide.gsd * np.cos(np.radians(70)) / middle, rel=0.01)
    assert most == pytest.approx(wide.gsd / middle, rel=0.01)
    sentence = uneven(wide, "world.tif")
    assert re.match(r"world\.tif covers so much that its pixels measure 92\.\d to 27\d m .* such as UTM\.", sentence)


@pytest.mark.parametrize("crs, left, top, step", [
    ("EPSG:4326", 10, 50, 0.0001),
    ("EPSG:3857", 1_000_000, 8_000_000, 10),
    ("EPSG:32632", 500_000, 5_300_000, 10),
    ("EPSG:2263", 980_000, 200_000, 1),
])  # fmt: skip
def test_rasters_of_ordinary_size_are_even(crs, left, top, step):
    assert uneven(ground_grid(CRS.from_user_input(crs), from_origin(left, top, step, step), 10_000, 10_000), "a") == ""
