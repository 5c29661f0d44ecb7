"""Training places are uniform over labelled ground; stages draw their own chips; coarse masks keep what prevails."""

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.enums import Resampling
from rasterio.transform import from_origin

from engine.config import load_run
from engine.data import Draw, prepare
from engine.data.grid import Window
from engine.data.labels import ClassRaster
from engine.data.loading import TrainingChips
from engine.data.raster import RasterReader
from engine.data.sampling import GroundSampler


def test_thousands_of_small_plots_are_drawn_from_evenly():
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 990, (3000, 2)) * 100
    corners = np.unique(corners, axis=0)
    plots = shapely.multipolygons(shapely.box(*corners.T, *(corners.T + 100)))
    sampler = GroundSampler(plots)
    places = np.array([sampler.draw(rng) for _ in range(20_000)])
    assert len(np.unique(places, axis=0)) == len(places), "no fixed points"
    index = shapely.STRtree(shapely.get_parts(plots)).query(shapely.points(places), predicate="intersects")[1]
    drawn = np.bincount(index, minlength=len(corners))
    expected = len(places) / len(corners)
    chi_square = ((drawn - expected) ** 2 / expected).sum() / (len(corners) - 1)
    assert 0.85 < chi_square < 1.15
    inside = (places % 100) / 100
    assert np.abs(np.histogram2d(*inside.T, bins=4)[0] / len(places) - 1 / 16).max() < 0.006


def test_holes_and_slivers_are_respected():
    ground = shapely.union(shapely.box(0, 0, 100, 100) - shapely.box(10, 10, 90, 90), shapely.box(0, 200, 1000, 200.5))
    sampler, rng = GroundSampler(ground), np.random.default_rng(1)
    places = np.array([sampler.draw(rng) for _ in range(4000)])
    assert shapely.intersects_xy(shapely.buffer(ground, 1e-6), *places.T).all()
    share = (places[:, 1] > 150).mean()
    assert abs(share - 500 / (3600 + 500)) < 0.02


def test_each_stage_has_chips_of_its_own_and_always_the_same(make_run):
    run = load_run(make_run({"kind": "partial_multitask"}))
    prepared = prepare(run)

    def origins(stage):
        chips = TrainingChips(prepared, run, "segmentation", Draw(stage=stage))
        return [chips.chip(index).origin for index in range(12)]

    assert origins("student") == origins("student")
    assert origins("student") != origins("segmentation_teacher")


@pytest.mark.parametrize("overviews", [[], [2, 4]])
def test_a_class_raster_read_coarser_shows_the_class_that_prevails(tmp_path, overviews):
    values = np.full((400, 400), 1, np.uint8)
    values[::2, ::2] = 2  # a quarter of the pixels, and all that every other pixel sees
    path = tmp_path / "classes.tif"
    profile = {"driver": "GTiff", "width": 400, "height": 400, "count": 1, "dtype": "uint8", "crs": "EPSG:32632"}
    with rasterio.open(path, "w", transform=from_origin(500_000, 5_000_000, 0.5, 0.5), **profile) as file:
        file.write(values, 1)
    if overviews:  # every second pixel, as gdaladdo makes them if nobody says otherwise
        with rasterio.open(path, "r+") as file:
            file.build_overviews(overviews, Resampling.nearest)
    for gsd, share in ((0.5, 0.25), (2.0, 0.0)):
        grid = RasterReader(str(path), gsd=gsd).grid
        mask = ClassRaster(str(path), grid, {1: 0, 2: 1}, 2).mask(Window(0, 0, 64, 64))
        assert (mask == 1).mean() == share
