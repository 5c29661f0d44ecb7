"""Vector layers with odd content: features that are no places are left out and counted, or refused; time is bounded."""

import random
import sqlite3
import time

import numpy as np
import pyogrio
import pytest
import shapely
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.transform import from_origin

from engine.config import Area
from engine.data import prepare
from engine.data.geometries import clipped, mended
from engine.data.grid import Grid, Window, ground_grid
from engine.data.labels import labelled_area
from engine.data.masks import coverage
from engine.data.raster import RasterReader
from engine.data.vectors import Layer, extent, read_features
from engine.errors import LabelError
from engine.inference.region import Where, region_of
from tests.engine.fuzz.reading_rasters_and_vectors import outcome

NAN, INF = float("nan"), float("inf")


@pytest.fixture
def grid(tools):
    return ground_grid(CRS.from_epsg(32632), from_origin(tools.LEFT, tools.TOP, 1, 1), 256, 256)


def moved(polygon, x, y):
    """The polygon with one corner elsewhere."""
    corners = np.array(polygon.exterior.coords)
    corners[1] = x, y
    return shapely.Polygon(corners)


def write(path, geometries, crs="EPSG:32632", spatial_index="NO"):
    """As the layers of programs that do not look at what they write."""
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(geometries, object)), [np.array(["house"] * len(geometries), object)], ["class"],
        geometry_type="Unknown", crs=crs, driver="GPKG", spatial_index=spatial_index,
    )  # fmt: skip
    return str(path)


@pytest.mark.parametrize(("x", "y"), [(NAN, NAN), (INF, 5e6), (1e300, 1e300), (-1e300, 0)])
def test_features_that_are_no_places_are_counted_where_that_does_no_harm_and_refused_where_it_does(
    tmp_path, tools, grid, raster, x, y
):
    path = write(tmp_path / "a.gpkg", [*tools.scattered(256), moved(tools.square(50, 50), x, y)])
    layer, told = Layer(path), []
    with pytest.raises(
        LabelError, match=r"a\.gpkg .*has 1 feature with coordinates that are no places\. Mend or delete"
    ):
        read_features(layer, grid)
    assert len(read_features(layer, grid, told.append).geometries) == len(tools.scattered(256))
    assert len(told) == 1 and "left out: 1 with coordinates that are no places" in told[0]
    with pytest.raises(LabelError, match="no places"):
        region_of("b.tif", grid, Where(Layer(path, purpose="area layer")))
    image = raster("b.tif", (3, 256, 256))
    source = tools.source(image, labels=path, area=Area(kind="layer", path=path))
    source.labels.field = "class"
    assert sum("left out: 1 with coordinates" in warning for warning in prepare(tools.run(source)).warnings) == 2
    with pytest.raises(LabelError, match=r"labelled area's layer .* no places"):
        labelled_area(source, RasterReader(image), object())


def test_a_layer_of_nothing_else_is_refused(tmp_path, tools, grid):
    path = write(tmp_path / "a.gpkg", [moved(tools.square(5, 5), NAN, NAN), None, shapely.Polygon()])
    with pytest.raises(LabelError, match=r"no feature that can be used: 1 with coordinates"):
        read_features(Layer(path), grid, lambda _: None)


def test_what_has_no_area_is_left_out_and_no_line(tmp_path, tools, grid):
    x, y = tools.LEFT, tools.TOP - 9
    flat = shapely.Polygon([(x + 9, y), (x + 20, y), (x + 12, y)])
    told = []
    found = read_features(Layer(write(tmp_path / "a.gpkg", [flat, tools.square(5, 5)])), grid, told.append)
    assert len(found.geometries) == 1 and "1 without area" in told[0]


def test_measures_heights_curves_and_collections_are_areas_like_others(tmp_path, tools, grid):
    east, north = tools.LEFT, tools.TOP - 100
    ring = f"({east} {north} 5 6,{east + 9} {north} 5 6,{east + 9} {north + 9} 5 6,{east} {north} 5 6)"
    three = ring.replace(" 6", "")
    round_ = [(east, north), (east + 9, north + 9), (east + 18, north), (east + 9, north - 9), (east, north)]
    arc = f"CIRCULARSTRING({','.join(f'{x} {y}' for x, y in round_)})"
    kinds = [
        f"POLYGON ZM({ring})", f"POLYGON M({three})", f"POLYGON Z({three})", f"CURVEPOLYGON({arc})",
        f"MULTISURFACE(CURVEPOLYGON({arc}))",
        f"GEOMETRYCOLLECTION(POLYGON({ring.replace(' 5 6', '')}),POINT({east} {north}))",
    ]  # fmt: skip
    (tmp_path / "a.csv").write_text("WKT,class\n" + "".join(f'"{each}",house\n' for each in kinds))
    (tmp_path / "a.prj").write_text(CRS.from_epsg(32632).to_wkt())
    found = read_features(Layer(f"{tmp_path}/a.csv"), grid).geometries
    assert len(found) == len(kinds) and (shapely.area(found) > 40).all() and not shapely.has_z(found).any()
    assert set(shapely.get_type_id(found)) <= {3, 6}


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("EPSG:4978", "counts from the earth's centre"),
        ("EPSG:5773", "says heights only|no coordinate reference system"),
        ('LOCAL_CS["site",UNIT["metre",1]]', "from which no way leads"),
    ],
)
def test_systems_without_a_way_to_the_ground_are_named(tmp_path, tools, grid, crs, words):
    path = write(tmp_path / "a.gpkg", tools.scattered(64), crs=crs)
    for read in (read_features, extent):
        with pytest.raises(LabelError, match=rf"a\.gpkg.*({words})"):
            read(Layer(path), grid)


def test_a_system_that_is_none_is_named(tmp_path, tools, grid):
    path = write(tmp_path / "a.gpkg", tools.scattered(64))
    with sqlite3.connect(path) as base:
        base.execute("UPDATE gpkg_spatial_ref_sys SET definition = 'PROJCS[\"a\",nonsense', organization = 'me'")
    with pytest.raises(LabelError, match=r"a\.gpkg"):
        read_features(Layer(path), grid)


def star(number, side=256):
    """A ring of random corners, which crosses itself as often as rings do."""
    return shapely.Polygon(np.random.default_rng(0).uniform(0, side, (number, 2)))


def test_a_star_of_few_corners_is_mended_exactly_and_one_of_many_by_the_same_rule():
    few = star(40)
    (exact,) = mended(np.array([few]), (256, 256))
    assert exact.area == pytest.approx(shapely.make_valid(few).area)
    many = star(150)
    (found,) = mended(np.array([many]), (256, 256))
    assert found.is_valid
    naive = rasterize([(shapely.make_valid(many), 1)], out_shape=(256, 256), dtype=np.uint8) > 0
    assert (coverage(found, Window(0, 0, 256, 256)) != naive).mean() < 0.002


def test_a_star_of_1500_corners_takes_seconds(tmp_path, tools, grid):
    ring = shapely.transform(star(1500), lambda xy: np.column_stack([tools.LEFT + xy[:, 0], tools.TOP - xy[:, 1]]))
    path = write(tmp_path / "a.gpkg", [ring])
    begun = time.monotonic()
    (found,) = read_features(Layer(path), grid).geometries
    assert time.monotonic() - begun < 8
    assert 0.4 < found.area / 256**2 < 0.6


def test_a_polygon_of_the_earth_is_read_as_what_lies_near_the_raster(tmp_path, grid):
    earth = shapely.Polygon(
        [(-179, -80), (179, -80), (179, 80), (-179, 80)], [[(-60, 0), (-50, 0), (-50, 9), (-60, 9)]]
    )
    path = write(tmp_path / "a.gpkg", [earth], "EPSG:4326")
    begun = time.monotonic()
    (found,) = read_features(Layer(path), grid).geometries
    assert time.monotonic() - begun < 3
    assert shapely.contains(found, shapely.box(0, 0, 256, 256)) and shapely.get_num_coordinates(found) < 6000


def test_what_lies_near_is_not_cut_and_what_is_cut_is_the_same_near_the_grid():
    box = (0.0, 0.0, 100.0, 100.0)
    near = shapely.box(-90, 10, 50, 190)
    large = shapely.union_all([shapely.box(-1e4, 20, 1e4, 40), shapely.box(30, -1e4, 60, 1e4)])
    line = shapely.LineString([(-1e5, 50), (1e5, 60)])
    found = clipped(np.array([near, large, line], object), box)
    assert found[0].equals(near)
    for before, after in ((large, found[1]), (line, found[2])):
        inside = shapely.box(-90, -90, 190, 190)
        assert shapely.symmetric_difference(before & inside, after & inside).area < 1e-6
        assert shapely.bounds(after)[2] <= 1700 + 1e-9


def test_labels_of_a_grid_in_degrees_are_cut_in_their_own_system(tmp_path, tools):
    grid = ground_grid(CRS.from_epsg(4326), from_origin(9, 47.8, 1.3e-5, 9e-6), 100, 100)
    assert isinstance(grid, Grid)
    country = shapely.box(300_000, 5_200_000, 800_000, 5_400_000)
    (found,) = read_features(Layer(write(tmp_path / "a.gpkg", [country])), grid).geometries
    assert shapely.contains(found, shapely.box(0, 0, grid.width, grid.height))


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bits_of_a_geopackage_are_read_or_refused_in_one_sentence(tmp_path, tools, seed):
    """Of pages with its tables, whose damage once ended in a traceback."""
    path = tmp_path / "a.gpkg"
    write(path, tools.scattered(256), spatial_index="YES")
    content, rng = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(8):
        content[rng.choice((rng.randrange(100), rng.randrange(len(content))))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    assert outcome(str(path)).startswith(("read", "refused by"))
