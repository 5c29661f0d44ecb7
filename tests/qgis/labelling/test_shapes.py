"""Shapes, completeness and cells, against what is worked out by hand."""

import numpy as np
import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.labelling import editing
from geodistil.jobs.labelling.link import area_of, read_link
from geodistil.jobs.labelling.walking import Completeness, GridCells, next_place, ranked_cells
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsVectorLayer,
)

from .conftest import NORTH, WEST


def at(x, y):
    return QgsPointXY(x, y)


def rectangle(x1, y1, x2, y2):
    return QgsGeometry.fromRect(QgsRectangle(x1, y1, x2, y2))


def test_a_rotated_box_has_right_angles_and_reaches_the_third_click():
    shape = editing.rotated_box(at(0, 0), at(4, 3), at(-1, 7))
    corners = np.array([[each.x(), each.y()] for each in shape.asPolygon()[0]])
    sides = np.diff(corners, axis=0)
    assert np.allclose([sides[place] @ sides[place + 1] for place in range(3)], 0)
    assert np.allclose(np.hypot(*sides.T), [5, 6.2, 5, 6.2])  # (4, 3) x (-1, 7) = 31, over 5
    assert shape.distance(QgsGeometry.fromPointXY(at(-1, 7))) < 1e-9
    assert editing.rotated_box(at(0, 0), at(0, 0), at(1, 1)).isEmpty()


@pytest.mark.parametrize("crs", ["EPSG:32633", "EPSG:4326", "EPSG:3857", "EPSG:2264"])
def test_a_box_around_a_point_has_its_size_on_the_ground(qgis_app, project, crs):
    there, zone = QgsCoordinateReferenceSystem(crs), QgsCoordinateReferenceSystem("EPSG:32617")
    if crs == "EPSG:32633":
        zone = QgsCoordinateReferenceSystem("EPSG:32633")
    middle = at(500000, 3900000)
    into = QgsCoordinateTransform(zone, there, project)
    shape = editing.box_around(into.transform(middle), 20, there)
    shape = shape.densifyByCount(4)
    shape.transform(QgsCoordinateTransform(there, zone, project))
    assert shape.area() == pytest.approx(400, rel=2e-3)
    assert shape.centroid().asPoint().distance(middle) < 0.1


def test_what_is_covered_is_cut_away():
    shape, others = (
        rectangle(0, 0, 10, 10),
        [rectangle(5, 0, 20, 10), rectangle(0, 8, 10, 9), rectangle(50, 50, 60, 60)],
    )
    left = editing.without(shape, others)
    assert left.area() == pytest.approx(45) and left.isMultipart()
    assert all(left.intersection(each).area() == 0 for each in others)
    assert editing.without(shape, [rectangle(-1, -1, 11, 11)]).isEmpty()
    assert editing.without(shape, [rectangle(10, 0, 20, 10)]).area() == 100
    overlapping = [rectangle(1, 1, 6, 6), rectangle(4, 4, 9, 9), rectangle(4, 1, 9, 5)]
    assert editing.without(shape, overlapping).area() == pytest.approx(45)
    bow = QgsGeometry.fromWkt("Polygon((0 0, 10 10, 10 0, 0 10, 0 0))")
    assert editing.without(shape, [bow]).area() == pytest.approx(50)


def test_lines_that_cross_themselves_become_areas():
    bow = editing.polygon([at(0, 0), at(10, 10), at(10, 0), at(0, 10)])
    assert bow.isGeosValid() and bow.area() == pytest.approx(50)
    assert editing.polygon([at(0, 0), at(1, 1)]).isEmpty()
    assert editing.polygon([at(0, 0), at(1, 1), at(2, 2)]).isEmpty()


@pytest.fixture
def completeness(make, north, project):
    return Completeness(area_of(read_link(make()), project), north, project)


def test_complete_ground_grows_without_overlaps_and_is_cut_at_the_raster(completeness, read, tmp_path):
    crs = completeness.area.crs()
    assert completeness.share == 0
    completeness.mark(rectangle(WEST - 100, NORTH - 16, WEST + 32, NORTH + 100), crs)
    assert completeness.share == pytest.approx(32 * 16 / 64**2)
    completeness.mark(rectangle(WEST + 16, NORTH - 16, WEST + 48, NORTH), crs)
    completeness.mark(rectangle(WEST, NORTH - 60, WEST + 4, NORTH - 50), crs)
    assert completeness.share == pytest.approx((48 * 16 + 40) / 64**2)
    assert sorted(each.geometry().area() for each in completeness.area.getFeatures()) == pytest.approx([40, 48 * 16])
    assert read(tmp_path / "made.gpkg").complete == pytest.approx(48 * 16 + 40)
    assert completeness.covers(rectangle(WEST + 20, NORTH - 16, WEST + 30, NORTH), crs)
    assert not completeness.covers(rectangle(WEST + 20, NORTH - 17, WEST + 30, NORTH), crs)


def test_a_view_in_degrees_is_transformed(completeness, project, north):
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    view = rectangle(WEST + 10, NORTH - 30, WEST + 40, NORTH - 10)
    there = view.densifyByCount(50)
    there.transform(QgsCoordinateTransform(north.crs(), degrees, project))
    completeness.mark(there, degrees)
    assert completeness.complete.symDifference(view).area() < 0.01
    assert completeness.covers(there, degrees)


def test_ground_beside_the_raster_and_layers_that_cannot_be_written_are_refused(completeness):
    crs = completeness.area.crs()
    with pytest.raises(GeoDistilError, match="shows nothing of the raster"):
        completeness.mark(rectangle(WEST + 100, NORTH, WEST + 120, NORTH + 10), crs)
    completeness.area.setReadOnly(True)
    with pytest.raises(GeoDistilError, match="labelled area is read-only"):
        completeness.mark(rectangle(WEST, NORTH - 10, WEST + 20, NORTH), crs)
    assert completeness.share == 0


def test_cells_cover_the_raster_once_and_each_touches_the_next(north):
    cells = GridCells(north, 50)
    assert len(cells) == 9
    assert sum(cell.shape.area() for cell in cells) == pytest.approx(64**2)
    assert QgsGeometry.unaryUnion([cell.shape for cell in cells]).isGeosEqual(QgsGeometry.fromRect(north.extent()))
    assert all(cells[place].shape.touches(cells[place + 1].shape) for place in range(8))
    assert cells[0].extent == QgsRectangle(WEST, NORTH - 25, WEST + 25, NORTH)


def test_walking_passes_by_what_is_complete():
    done = {"a", "c"}
    assert next_place("abcd", None, 1, done.__contains__) == 1
    assert next_place("abcd", 1, 1, done.__contains__) == 3
    assert next_place("abcd", 3, 1, done.__contains__) == 1
    assert next_place("abcd", None, -1, done.__contains__) == 3
    assert next_place("abcd", 1, -1, lambda _: False) == 0
    assert next_place("ac", 0, 1, done.__contains__) is None
    assert next_place("", None, 1, lambda _: False) is None


def test_ranked_cells_come_in_their_order_and_only_on_the_raster(north, project):
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=rank:integer", "next", "memory")
    for rank, left in ((3, 0), (1, 20), (2, 40), (4, 500)):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(rectangle(WEST + left, NORTH - 10, WEST + left + 10, NORTH))
        feature["rank"] = rank
        layer.dataProvider().addFeature(feature)
    layer.updateExtents()
    cells = ranked_cells(layer, north, project)
    assert [cell.extent.xMinimum() - WEST for cell in cells] == [20, 40, 0]
