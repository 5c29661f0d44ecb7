"""Polygons written strip by strip, against the whole map at once."""

import json
import os
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio.features
import shapely
from pyproj import Geod
from rasterio.crs import CRS
from rasterio.transform import Affine

from engine.config.card import CardClass
from engine.data.grid import pixel_metres
from engine.errors import OutputError, RasterError, Stopped
from engine.events import EventLog
from engine.inference.vectors import MapFile, PolygonOptions, polygons

METRES = Affine(0.5, 0, 300_000, 0, -0.5, 3_000_000)
SOUTH_UP = Affine(0.5, 0, 300_000, 0, 0.5, 3_000_000)


def whole(values, transform=METRES):
    """(value, polygon) of every area, by GDAL on the whole array."""
    found = rasterio.features.shapes(values, connectivity=4, transform=transform)
    return [(int(value), shapely.geometry.shape(one)) for one, value in found if value not in (0, 255)]


def same(polygon_sets):
    """Whether polygons in any order cover the same."""
    first, second = (shapely.normalize(shapely.simplify(np.array(one, object), 0)) for one in polygon_sets)
    return sorted(shapely.to_wkt(first)) == sorted(shapely.to_wkt(second))


@pytest.mark.parametrize("strip_rows", [1, 2, 7, 16, 72, None])
def test_polygons_are_those_of_the_whole_map_whatever_the_strips(
    patchy, classes, write_map, read_back, tmp_path, strip_rows
):
    count = polygons(MapFile(write_map(patchy), strip_rows=strip_rows), tmp_path / "out.gpkg", classes)
    out = read_back(tmp_path / "out.gpkg")
    expected = whole(patchy)
    assert count == len(expected) == len(out.geometry)
    for value in (1, 2, 3):
        assert same([out.geometry[out.class_id == value], [one for number, one in expected if number == value]])


@pytest.mark.parametrize("transform", [METRES, SOUTH_UP], ids=["north-up", "south-up"])
def test_area_is_the_pixel_count_exactly_for_each_class(patchy, classes, write_map, read_back, tmp_path, transform):
    polygons(MapFile(write_map(patchy, transform=transform), strip_rows=5), tmp_path / "out.gpkg", classes)
    out = read_back(tmp_path / "out.gpkg")
    assert shapely.is_valid(out.geometry).all()
    for value in (1, 2, 3):
        assert shapely.area(out.geometry[out.class_id == value]).sum() == (patchy == value).sum() * 0.25
    assert shapely.coverage_is_valid(out.geometry)
    assert shapely.union_all(out.geometry).area == shapely.area(out.geometry).sum()
    # On the ground a pixel is a little larger than in UTM, near whose central meridian the scale is below one.
    pixel = np.prod(pixel_metres(CRS.from_epsg(32645), transform, *patchy.shape[::-1])[:2])
    assert out.area_m2.sum() == pytest.approx(np.isin(patchy, (1, 2, 3)).sum() * pixel, rel=1e-5)
    burnt = rasterio.features.rasterize(
        zip(out.geometry, out.class_id, strict=True), out_shape=patchy.shape, transform=transform
    )
    np.testing.assert_array_equal(burnt, np.where(patchy == 255, 0, patchy))


def test_pixels_that_touch_at_corners_are_polygons_of_their_own(classes, write_map, read_back, tmp_path):
    chess = (np.indices((6, 6)).sum(axis=0) % 2 + 1).astype(np.uint8)
    assert polygons(MapFile(write_map(chess), strip_rows=4), tmp_path / "out.gpkg", classes) == 36
    assert (shapely.area(read_back(tmp_path / "out.gpkg").geometry) == 0.25).all()


def test_an_area_that_touches_itself_at_a_corner_is_one_valid_polygon(classes, write_map, read_back, tmp_path):
    values = np.ones((6, 6), np.uint8)
    values[2, 2] = values[3, 3] = 0
    values[0, 0] = values[1, 1] = 0
    polygons(MapFile(write_map(values), strip_rows=3), tmp_path / "out.gpkg", classes)
    out = read_back(tmp_path / "out.gpkg").geometry
    assert shapely.is_valid(out).all()
    assert shapely.area(out).sum() == 32 * 0.25


@pytest.mark.parametrize("strip_rows", [5, 24, 72])
@pytest.mark.parametrize("options", [{}, {"minimum_area_m2": 4, "fill_holes_m2": 4}], ids=["all", "sieved"])
def test_simplified_neighbours_leave_no_gaps_and_do_not_overlap(
    patchy, classes, write_map, read_back, tmp_path, strip_rows, options
):
    values = np.where(patchy == 0, 3, patchy).astype(np.uint8)
    plain, simple = PolygonOptions(**options), PolygonOptions(simplify_m=1, **options)
    polygons(MapFile(write_map(values), strip_rows=strip_rows), tmp_path / "plain.gpkg", classes, plain)
    polygons(MapFile(write_map(values), strip_rows=strip_rows), tmp_path / "simple.gpkg", classes, simple)
    before, after = (read_back(tmp_path / f"{name}.gpkg").geometry for name in ("plain", "simple"))
    assert len(before) == len(after)
    assert shapely.coverage_is_valid(after)
    assert shapely.is_valid(after).all()
    assert shapely.area(after).sum() == pytest.approx(shapely.area(before).sum(), rel=0.02)
    assert len(shapely.get_coordinates(after)) < 0.9 * len(shapely.get_coordinates(before))


@pytest.mark.parametrize(("noise", "strip_rows"), [(0, 20), (0.1, 20), (0.1, 5)])
def test_without_background_simplification_keeps_the_ground_exactly(
    classes, write_map, read_back, tmp_path, noise, strip_rows
):
    random = np.random.default_rng(3)
    values = np.kron(random.integers(1, 4, (8, 8)), np.ones((8, 8), int)).astype(np.uint8)
    wrong = random.random(values.shape) < noise
    values[wrong] = random.integers(1, 4, wrong.sum())
    polygons(
        MapFile(write_map(values), strip_rows=strip_rows), tmp_path / "out.gpkg", classes, PolygonOptions(simplify_m=2)
    )
    out = read_back(tmp_path / "out.gpkg").geometry
    left, top = METRES.c, METRES.f
    assert shapely.coverage_union_all(out).equals(shapely.box(left, top - 32, left + 32, top))
    assert shapely.union_all(out).area == pytest.approx(32**2, rel=1e-12)
    assert shapely.area(out).sum() == pytest.approx(32**2, rel=1e-12)


def test_small_areas_are_given_away_and_none_is_left(patchy, classes, write_map, read_back, tmp_path):
    options = PolygonOptions(minimum_area_m2=8, fill_holes_m2=8)
    polygons(MapFile(write_map(patchy), strip_rows=30), tmp_path / "out.gpkg", classes, options)
    out = read_back(tmp_path / "out.gpkg")
    assert (shapely.area(out.geometry) >= 8).all()
    holes = shapely.get_parts([ring for one in out.geometry for ring in one.interiors])
    assert (shapely.area(shapely.polygons(holes)) > 1).all()
    assert "water" in out.__dict__["class"]


def test_a_small_area_higher_than_the_least_halo_goes_to_its_neighbour_across_strips(
    classes, write_map, read_back, tmp_path
):
    values = np.ones((400, 240), np.uint8)
    values[120:270, 40:190] = 2
    options = PolygonOptions(minimum_area_m2=160**2 * 0.25)
    assert polygons(MapFile(write_map(values), strip_rows=200), tmp_path / "out.gpkg", classes, options) == 1
    assert read_back(tmp_path / "out.gpkg").geometry[0].area == values.size * 0.25


def test_degrees_are_measured_in_metres_on_the_ellipsoid(classes, write_map, read_back, tmp_path):
    values = np.zeros((40, 30), np.uint8)
    values[10:20, 5:25] = 1
    values[12:15, 8:12] = 0
    step = 1.2e-6
    transform = Affine(step, 0, 85.5, 0, -step * 0.9, 27.6)
    polygons(MapFile(write_map(values, "EPSG:4326", transform), strip_rows=8), tmp_path / "out.gpkg", classes)
    out = read_back(tmp_path / "out.gpkg")
    ellipsoid = Geod(ellps="WGS84")
    area, _ = ellipsoid.geometry_area_perimeter(shapely.orient_polygons(out.geometry[0]))
    perimeter = sum(ellipsoid.geometry_length(ring) for ring in shapely.get_rings(out.geometry[0]))
    assert out.area_m2[0] == pytest.approx(abs(area), rel=1e-6)
    assert out.perimeter_m[0] == pytest.approx(perimeter, rel=1e-6)
    assert out.area_m2[0] == pytest.approx(188 * (step * 98_700) * (step * 0.9 * 110_810), rel=0.01)


@pytest.mark.parametrize("strip_rows", [None, 300])
def test_the_least_area_is_of_ground_at_every_latitude(classes, write_map, read_back, tmp_path, strip_rows):
    values = np.zeros((3600, 40), np.uint8)  # 0 to 72 degrees north, pixels of 2.2 km and less
    for row in range(40, 3600, 400):
        values[row : row + 12, 5:15], values[row : row + 12, 20:35] = 1, 2
    transform = Affine(0.02, 0, 10, 0, -0.02, 72)
    class_map = write_map(values, "EPSG:4326", transform)
    polygons(MapFile(class_map, strip_rows=strip_rows), tmp_path / "all.gpkg", classes)
    every = np.sort(read_back(tmp_path / "all.gpkg").area_m2)
    least = float(every[[6, 7]].mean())
    polygons(
        MapFile(class_map, strip_rows=strip_rows),
        tmp_path / "large.gpkg",
        classes,
        PolygonOptions(minimum_area_m2=least),
    )
    np.testing.assert_allclose(np.sort(read_back(tmp_path / "large.gpkg").area_m2), every[every >= least])


@pytest.mark.parametrize(
    ("crs", "origin", "metres"),
    [("EPSG:3857", (0, 8_399_738), 0.5), ("EPSG:2263", (980_000, 200_000), 0.3048)],
    ids=["Web Mercator at 60 degrees", "feet"],
)
def test_ground_is_measured_where_the_crs_has_other_units(classes, write_map, read_back, tmp_path, crs, origin, metres):
    transform = Affine.translation(*origin) * Affine.scale(1, -1)
    polygons(MapFile(write_map(np.ones((10, 10), np.uint8), crs, transform)), tmp_path / "out.gpkg", classes)
    out = read_back(tmp_path / "out.gpkg")
    assert out.area_m2[0] == pytest.approx(100 * metres**2, rel=0.01)
    assert out.perimeter_m[0] == pytest.approx(40 * metres, rel=0.005)


def test_a_crs_without_a_place_on_earth_counts_in_its_own_unit(classes, write_map, read_back, tmp_path):
    local = 'LOCAL_CS["site",UNIT["foot",0.3048]]'
    polygons(
        MapFile(write_map(np.ones((10, 20), np.uint8), local, Affine(1, 0, 5, 0, -1, 9))),
        tmp_path / "out.gpkg",
        classes,
    )
    out = read_back(tmp_path / "out.gpkg")
    assert out.area_m2[0] == pytest.approx(200 * 0.3048**2)
    assert out.perimeter_m[0] == pytest.approx(60 * 0.3048)


def test_confidence_is_the_mean_over_the_areas_pixels(patchy, classes, write_map, read_back, tmp_path):
    confidence = np.random.default_rng(1).integers(0, 101, patchy.shape).astype(np.uint8)
    confidence[patchy == 255] = 255
    given = write_map(confidence, name="confidence.tif")
    polygons(MapFile(write_map(patchy), confidence=given, strip_rows=10), tmp_path / "out.gpkg", classes)
    out = read_back(tmp_path / "out.gpkg")
    for one, mean in zip(out.geometry, out.confidence, strict=True):
        inside = rasterio.features.rasterize([one], out_shape=patchy.shape, transform=METRES) == 1
        assert mean == pytest.approx(confidence[inside].mean())


def test_chosen_classes_alone_are_written_with_their_names(patchy, classes, write_map, read_back, tmp_path):
    polygons(MapFile(write_map(patchy), strip_rows=16), tmp_path / "out.gpkg", classes, PolygonOptions(classes={1, 3}))
    out = read_back(tmp_path / "out.gpkg")
    names = set(zip(out.__dict__["class"], out.class_id, strict=True))
    assert names == {("building", 1), ("water", 3)}


def test_other_formats_hold_the_same_as_the_geopackage(patchy, classes, write_map, read_back, tmp_path):
    given = write_map(patchy)
    for name in ("out.gpkg", "out.fgb"):
        polygons(MapFile(given, strip_rows=40), tmp_path / name, classes)
    package, flat = read_back(tmp_path / "out.gpkg"), read_back(tmp_path / "out.fgb")
    assert same([package.geometry, flat.geometry])
    assert sorted(package.area_m2) == sorted(flat.area_m2)
    assert package.crs == flat.crs == "EPSG:32645"
    assert pyogrio.read_info(tmp_path / "out.gpkg", layer="polygons")["capabilities"]["fast_spatial_filter"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["classes.tif", "out.fgb", "out.gpkg"]


@pytest.mark.parametrize("name", ["out.gpkg", "out.fgb"])
def test_a_map_of_background_gives_an_empty_layer_with_its_fields(classes, write_map, tmp_path, name):
    assert polygons(MapFile(write_map(np.zeros((9, 9), np.uint8))), tmp_path / name, classes) == 0
    meta, _, wkb, _ = pyogrio.raw.read(tmp_path / name)
    assert list(meta["fields"]) == ["class", "class_id", "area_m2", "perimeter_m"]
    assert len(wkb) == 0


def test_progress_goes_to_the_end_and_a_stop_leaves_nothing_behind(patchy, classes, write_map, tmp_path):
    told = []
    given, out = write_map(patchy), tmp_path / "out"
    polygons(MapFile(given, strip_rows=8), out / "one.gpkg", classes, events=EventLog(out, told.append))
    assert told[-1].kind == "progress"
    assert told[-1].fraction == 1
    (out / "stop").touch()
    with pytest.raises(Stopped):
        polygons(MapFile(given, strip_rows=8), out / "two.gpkg", classes, events=EventLog(out))
    assert sorted(path.name for path in out.iterdir()) == ["events.jsonl", "one.gpkg", "stop"]
    assert all(json.loads(line) for line in (out / "events.jsonl").read_text().splitlines())


def test_a_map_that_breaks_half_way_leaves_the_earlier_file_and_nothing_else(patchy, classes, write_map, tmp_path):
    given, out = write_map(patchy), tmp_path / "out.gpkg"
    (tmp_path / "out.gpkg.partial.gpkg").write_bytes(b"of a process that was killed")
    polygons(MapFile(given, strip_rows=8), out, classes)
    before = out.read_bytes()
    with given.open("r+b") as file:
        file.truncate(patchy.size // 2)
    with pytest.raises(RasterError, match="cannot be read at row"):
        polygons(MapFile(given, strip_rows=8), out, classes)
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["classes.tif", "out.gpkg"]


def test_a_real_class_map_keeps_its_pixels_area_by_class(read_back, tmp_path):
    folder = Path(os.environ.get("GEODISTIL_DATA", Path(__file__).parents[4] / "shared" / "data")) / "dubai"
    if not folder.exists():
        pytest.skip(f"no real imagery at {folder}; set GEODISTIL_DATA")
    path = min(folder.glob("*_classes.tif"))
    names = [CardClass(name=name, color="#336699") for name in ("building", "land", "road", "vegetation", "water")]
    polygons(MapFile(path, strip_rows=100), tmp_path / "out.gpkg", names)
    out = read_back(tmp_path / "out.gpkg")
    with rasterio.open(path) as raster:
        pixels = np.bincount(raster.read(1).ravel(), minlength=6)
        pixel = raster.res[0] * raster.res[1]
    areas = [shapely.area(out.geometry[out.class_id == value]).sum() for value in range(1, 6)]
    np.testing.assert_allclose(areas, pixels[1:6] * pixel, rtol=1e-12)
    assert shapely.coverage_is_valid(out.geometry)


def test_bad_input_has_a_sentence_that_names_it(patchy, classes, write_map, tmp_path):
    out = tmp_path / "out.gpkg"
    with pytest.raises(RasterError, match=r"absent\.tif does not exist"):
        polygons(MapFile(tmp_path / "absent.tif"), out, classes)
    with pytest.raises(RasterError, match="value 3, and the model has 2 classes"):
        polygons(MapFile(write_map(patchy)), out, classes[:2])
    with pytest.raises(RasterError, match="no coordinate reference system"):
        polygons(MapFile(write_map(patchy, crs=None)), out, classes)
    with pytest.raises(RasterError, match="not one of uint8"):
        polygons(MapFile(write_map(patchy.astype(np.float32))), out, classes)
    with pytest.raises(RasterError, match="not on the grid"):
        polygons(MapFile(write_map(patchy), confidence=write_map(patchy[1:], name="small.tif")), out, classes)
    with pytest.raises(OutputError, match=r"\.gpkg, \.fgb"):
        polygons(MapFile(write_map(patchy)), tmp_path / "out.shp", classes)
    with pytest.raises(OutputError, match=r"nowhere.*cannot be written"):
        polygons(MapFile(write_map(patchy)), tmp_path / "nowhere" / "out.gpkg", classes)
    assert not out.exists()
