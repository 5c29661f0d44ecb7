"""Right-angled outlines."""

import numpy as np
import pytest
import rasterio.features
import shapely
import shapely.affinity

from engine.inference.vectors import MapFile, PolygonOptions, polygons
from engine.inference.vectors.outlines import main_direction, right_angled

BLOCK = shapely.union_all([shapely.box(20, 20, 80, 50), shapely.box(20, 20, 45, 90)])


def corners(polygon):
    """The cosines between edges that follow each other."""
    edges = np.diff(shapely.get_coordinates(polygon.exterior), axis=0)
    following = np.roll(edges, -1, axis=0)
    return (edges * following).sum(axis=1) / np.hypot(*edges.T) / np.hypot(*following.T)


def in_pixels(polygon):
    mask = rasterio.features.rasterize([polygon], out_shape=(128, 128), dtype="uint8")
    parts = [shapely.geometry.shape(one) for one, value in rasterio.features.shapes(mask) if value]
    return max(parts, key=shapely.area)


@pytest.mark.parametrize("degrees", [0, 10, 31, 45, 77])
def test_a_turned_block_gets_back_its_six_right_corners(degrees):
    truth = shapely.affinity.rotate(BLOCK, degrees)
    squared = right_angled(in_pixels(truth), 2.5)
    np.testing.assert_allclose(corners(squared), 0, atol=1e-9)
    assert len(squared.exterior.coords) == 7
    assert squared.intersection(truth).area / squared.union(truth).area > 0.95


@pytest.mark.parametrize("degrees", [-40, -5, 0, 20, 44])
def test_the_main_direction_is_that_of_the_walls(degrees):
    assert np.degrees(main_direction(shapely.affinity.rotate(BLOCK, degrees))) == pytest.approx(degrees)


def test_a_courtyard_keeps_its_yard():
    yard = shapely.affinity.rotate(shapely.box(20, 20, 100, 90).difference(shapely.box(40, 40, 70, 70)), 15)
    squared = right_angled(yard, 1)
    assert len(squared.interiors) == 1
    assert squared.area == pytest.approx(yard.area, rel=1e-6)


def test_what_right_angles_would_spoil_stays_as_it_is():
    wedge = shapely.Polygon([(0, 0), (100, 0), (0, 100)])
    assert right_angled(wedge, 1).equals(wedge)


def test_polygons_of_the_asked_class_alone_are_squared(classes, write_map, read_back, tmp_path):
    house, pond = shapely.affinity.rotate(BLOCK, 20), shapely.Point(105, 105).buffer(15)
    values = rasterio.features.rasterize([(house, 1), (pond, 3)], out_shape=(128, 128), dtype="uint8")
    options = PolygonOptions(right_angled={1}, simplify_m=0.3)
    polygons(MapFile(write_map(values), strip_rows=32), tmp_path / "out.gpkg", classes, options)
    out = read_back(tmp_path / "out.gpkg")
    cosines = {value: np.abs(corners(out.geometry[out.class_id == value][0])).max() for value in (1, 3)}
    assert cosines[1] < 1e-6
    assert cosines[3] > 0.5
