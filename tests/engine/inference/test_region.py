"""Prediction of a part of a raster says what prediction of the whole does, and runs no window more than it must."""

import numpy as np
import pyogrio
import pyproj
import pytest
import rasterio
import shapely

from engine.data.vectors import Layer
from engine.errors import ConfigError, LabelError, RasterError
from engine.inference.predict import Options, predict
from engine.inference.region import Where
from engine.inference.windows import window_grid

LEFT, TOP = 691000, 5335000


@pytest.fixture
def image():
    """(3, 300, 410) patches with blobs of more than 200 among them."""
    rng = np.random.default_rng(5)
    values = rng.integers(0, 200, (3, 30, 41)).astype(np.uint8).repeat(10, axis=1).repeat(10, axis=2)
    for left, top, right, bottom in [
        (60, 50, 110, 90),
        (150, 150, 170, 170),
        (195, 140, 215, 160),
        (300, 250, 400, 290),
    ]:
        values[:, top:bottom, left:right] = 255
    return values


class Counted:
    """A backend that counts the windows that it runs."""

    def __init__(self, backend):
        self.__dict__.update(backend=backend, windows=0, card=backend.card, name=backend.name, batch_size=2, parallel=1)

    def run(self, images):
        self.windows += len(images)
        return self.backend.run(images)


def read(path):
    with rasterio.open(path) as raster:
        return raster.read(1), raster.transform


def area(path, **options):
    return Options(overlap=0.25, where=Where(Layer(path, purpose="area layer", **options)))


@pytest.mark.parametrize("tile", [(64, 16), (64, 0), (32, 16)])
@pytest.mark.parametrize(
    "part", [(0, 0, 200, 150), (50, 47, 30, 40), (63, 48, 1, 1), (140, 90, 60, 60), (33, 96, 97, 16)]
)
def test_the_lattice_around_a_part_has_the_windows_of_the_whole_that_touch_it(tile, part):
    whole = window_grid(200, 150, tile[0], tile[1] / tile[0])
    column, row, width, height = part
    around = whole.around(*part)
    touching = [
        (window.column, window.row)
        for window in whole
        if column - tile[0] < window.column < column + width and row - tile[0] < window.row < row + height
    ]
    assert [(window.column + column, window.row + row) for window in around] == touching
    spans = [around.finished(i) for i in range(around.rows)]
    assert [y for span in spans for y in range(*span)] == list(range(height))


@pytest.mark.parametrize("extent", [(100, 90, 230, 200), (0, 0, 64, 300), (95, 20, 99, 22), (300, 200, 500, 400)])
def test_an_extent_has_the_pixels_of_the_whole_raster(convolution, write_raster, image, tmp_path, extent):
    left, top, right, bottom = extent
    raster, backend = write_raster(image), Counted(convolution)
    options = {"overlap": 0.25, "confidence": True}
    whole = predict(backend, raster, tmp_path / "whole", Options(**options))
    ran, backend.windows = backend.windows, 0
    bounds = LEFT + left / 10, TOP - bottom / 10, LEFT + right / 10, TOP - top / 10
    part = predict(backend, raster, tmp_path / "part", Options(**options, where=Where(extent=bounds)))
    assert backend.windows < ran
    for layer in ("classes", "confidence"):
        values, place = read(getattr(part, layer))
        assert (values == read(getattr(whole, layer))[0][top:bottom, left:right]).all()
        assert (place.c, place.f) == pytest.approx((LEFT + left / 10, TOP - top / 10))


def test_an_extent_may_come_in_another_crs(convolution, write_raster, image, tmp_path):
    change = pyproj.Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    bounds = change.transform_bounds(LEFT + 10, TOP - 20, LEFT + 20, TOP - 10)
    where = Where(extent=bounds, extent_crs="EPSG:4326")
    values, place = read(predict(convolution, write_raster(image), tmp_path / "out", Options(where=where)).classes)
    assert (place.c, place.f) == pytest.approx((LEFT + 10, TOP - 10), abs=0.5)
    assert values.shape == pytest.approx((100, 100), abs=8)


def test_outside_the_polygons_is_no_data_and_no_work(convolution, write_raster, write_area, image, tmp_path):
    raster, backend = write_raster(image), Counted(convolution)
    whole = read(predict(backend, raster, tmp_path / "whole", Options(overlap=0.25)).classes)[0]
    backend.windows = 0
    polygons = [shapely.box(10, 10, 40, 40), shapely.Polygon([(300, 200), (380, 200), (300, 280)])]
    path = write_area(polygons, use=["yes", "yes"])
    values, place = read(predict(backend, raster, tmp_path / "part", area(path)).classes)
    assert backend.windows <= 10
    assert (place.c, place.f) == pytest.approx((LEFT + 1, TOP - 1), abs=0.11)
    column, row = round((place.c - LEFT) * 10), round((TOP - place.f) * 10)
    expected = np.full_like(whole, 255)
    inside = rasterio.features.rasterize(polygons, whole.shape).astype(bool)
    expected[inside] = whole[inside]
    shown = expected[row : row + values.shape[0], column : column + values.shape[1]]
    assert (values != shown).sum() <= 8, "a pixel's centre may fall on the other side of a border in another CRS"
    assert (shown != 255).sum() == inside.sum()


def test_objects_of_a_part_are_whole_and_centred_in_it(blobs, write_raster, write_area, image, tmp_path):
    raster = write_raster(image)
    path = write_area([shapely.box(140, 120, 203, 200)], use=["yes"])
    found = predict(blobs, raster, tmp_path / "part", area(path)).detections
    bounds = pyogrio.read_bounds(found, layer="detections")[1].T
    assert bounds == pytest.approx(np.array([[LEFT + 15, TOP - 17, LEFT + 17, TOP - 15]]), abs=0.01)
    extent = LEFT + 20, TOP - 20, LEFT + 26, TOP - 10
    found = predict(blobs, raster, tmp_path / "extent", Options(where=Where(extent=extent))).detections
    bounds = pyogrio.read_bounds(found, layer="detections")[1].T
    assert bounds == pytest.approx(np.array([[LEFT + 19.5, TOP - 16, LEFT + 21.5, TOP - 14]]), abs=0.01)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_what_is_wrong_with_a_place_is_said(blobs, write_raster, write_area, image, tmp_path):
    raster = write_raster(image)

    def fails(where, error, match):
        with pytest.raises(error, match=match):
            predict(blobs, raster, tmp_path / "out", Options(where=where))

    here = write_area([shapely.box(0, 0, 9, 9)], use=["yes"])
    away = write_area([shapely.box(900, 0, 990, 9)], name="away.gpkg", use=["yes"])
    lines = write_area([shapely.LineString([(0, 0), (9, 9)])], name="lines.gpkg", use=["yes"])
    lost = write_area([shapely.box(0, 0, 9, 9)], crs=None, name="lost.gpkg", use=["yes"])
    layer = {"purpose": "area layer"}
    fails(Where(Layer(away, **layer)), RasterError, r"The area layer away\.gpkg.* does not touch .*raster\.tif")
    fails(Where(Layer(lines, **layer)), LabelError, r"lines\.gpkg has no polygons")
    fails(Where(Layer(lost, **layer)), LabelError, r"lost\.gpkg.* has no coordinate reference system")
    fails(Where(Layer(here, where="use = 'no'", **layer)), LabelError, r"has no features with the filter")
    fails(Where(Layer(here, **layer), (LEFT + 20, TOP - 9, LEFT + 22, TOP)), RasterError, r"not touch the extent in ")
    fails(Where(extent=(0, 0, 1, 1)), RasterError, r"The extent does not touch .*raster\.tif.*--extent-crs")
    fails(Where(extent=(2, 0, 1, 1)), ConfigError, r"The extent is empty")
    fails(Where(extent=(0, 0, 1, 1), extent_crs="EPSG:0"), ConfigError, r"EPSG:0 is no CRS")
    assert not blobs.sizes
