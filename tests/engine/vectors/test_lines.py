"""Centre lines."""

import numpy as np
import pytest
import rasterio.features
import shapely
from rasterio.transform import Affine

from engine.errors import Stopped
from engine.events import EventLog
from engine.inference.vectors import LineOptions, MapClass, MapFile, centre_lines
from engine.inference.vectors.lines import bridge, prune, thin, without_thick

METRES = Affine(0.5, 0, 300_000, 0, -0.5, 3_000_000)
PLAIN = LineOptions(minimum_area_m2=0, fill_holes_m2=0, spur_m=0, minimum_length_m=0, simplify_m=0, smoothing=0)


def thinned_naively(mask, iterations):
    """Zhang and Suen's conditions (a) to (d) pixel by pixel, as in the paper."""
    image = np.pad(mask, 1).astype(int)
    for half in range(2 * iterations):
        gone = []
        for row, column in np.argwhere(image):
            north, south, west, east = (
                image[row - 1, column], image[row + 1, column], image[row, column - 1], image[row, column + 1],
            )  # fmt: skip
            ring = [
                north, image[row - 1, column + 1], east, image[row + 1, column + 1],
                south, image[row + 1, column - 1], west, image[row - 1, column - 1],
            ]  # fmt: skip
            rises = sum(a == 0 and b == 1 for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
            if half % 2 == 0:
                sides = north * east * south == 0 and east * south * west == 0
            else:
                sides = north * east * west == 0 and north * south * west == 0
            if 2 <= sum(ring) <= 6 and rises == 1 and sides:
                gone.append((row, column))
        for pixel in gone:
            image[pixel] = 0
    return image[1:-1, 1:-1].astype(bool)


def burnt(*shapes, size=(128, 160)):
    """A map of roads (2) from shapes in pixels."""
    return rasterio.features.rasterize([(one, 2) for one in shapes], out_shape=size, dtype="uint8")


def to_map(geometry):
    return shapely.transform(geometry, lambda x, y: METRES @ (x, y), interleaved=False)


@pytest.mark.parametrize("iterations", [1, 2, 5, 20])
def test_thinning_is_that_of_the_paper(iterations):
    random = np.random.default_rng(iterations)
    mask = np.kron(random.random((8, 9)) < 0.6, np.ones((5, 5))).astype(bool) ^ (random.random((40, 45)) < 0.03)
    np.testing.assert_array_equal(thin(mask, iterations), thinned_naively(mask, iterations))


def test_a_wide_place_gives_no_line():
    mask = np.zeros((60, 90), bool)
    mask[5:55, 5:55] = True
    mask[28:33, 55:85] = True
    left = without_thick(thin(mask, 4))
    assert not left[:, 8:50].any()
    assert left[30, 62:80].all()


@pytest.mark.parametrize("strip_rows", [9, 40, 64])
def test_lines_are_those_of_the_whole_map_whatever_the_strips(write_map, read_back, tmp_path, strip_rows):
    roads = burnt(
        shapely.LineString([(5, 10), (150, 120)]).buffer(4),
        shapely.LineString([(20, 120), (60, 60), (140, 8)]).buffer(3),
        shapely.Point(110, 50).buffer(30).exterior.buffer(3),
    )
    options = PLAIN.model_copy(update={"maximum_width_m": 10})
    given = write_map(roads)
    for name, rows in (("whole", 128), ("strips", strip_rows)):
        centre_lines(MapFile(given, strip_rows=rows), tmp_path / f"{name}.gpkg", MapClass(2), options)
    whole, strips = (shapely.union_all(read_back(tmp_path / f"{name}.gpkg").geometry) for name in ("whole", "strips"))
    # Vertices are every fifth pixel of the same skeleton.
    assert shapely.hausdorff_distance(whole, strips, densify=0.05) < 1
    assert strips.length == pytest.approx(whole.length, rel=0.02)


@pytest.mark.parametrize("degrees", [0, 17, 45, 90])
@pytest.mark.parametrize("width", [4, 7, 10])
def test_length_and_width_are_those_of_the_road(write_map, read_back, tmp_path, degrees, width):
    way = shapely.affinity.rotate(shapely.LineString([(30, 64), (130, 64)]), degrees)
    road = burnt(way.buffer(width / 2, cap_style="flat"), size=(128, 160))
    assert (
        centre_lines(
            MapFile(write_map(road), strip_rows=50), tmp_path / "out.gpkg", MapClass(2), LineOptions(maximum_width_m=8)
        )
        == 1
    )
    out = read_back(tmp_path / "out.gpkg")
    assert out.class_id.tolist() == [2]
    assert out.width_m[0] == pytest.approx(width * 0.5, abs=0.3)
    assert out.length_m[0] == pytest.approx(50, abs=width * 0.5 + 1)
    assert shapely.hausdorff_distance(out.geometry[0], to_map(way)) < width * 0.5
    assert out.geometry[0].within(to_map(way).buffer(0.75))


def test_crossing_roads_with_a_gap_are_joined_along_their_direction(write_map, read_back, tmp_path):
    road = shapely.LineString([(5, 64), (155, 64)])
    roads = burnt(road.buffer(3), shapely.LineString([(110, 5), (110, 123)]).buffer(3))
    roads[:, 50:62] = 0
    given = write_map(roads)
    open_way, closed = LineOptions(maximum_width_m=6, spur_m=4), LineOptions(maximum_width_m=6, spur_m=4, gap_m=12)
    assert centre_lines(MapFile(given, strip_rows=40), tmp_path / "open.gpkg", MapClass(2), open_way) == 5
    assert centre_lines(MapFile(given, strip_rows=40), tmp_path / "closed.gpkg", MapClass(2), closed) == 4
    network = shapely.union_all(read_back(tmp_path / "closed.gpkg").geometry)
    assert network.buffer(1).covers(to_map(shapely.LineString([(10, 64), (150, 64)])))


def test_ends_that_do_not_point_at_each_other_stay_apart():
    facing = shapely.linestrings([[(0, 0), (10, 0)], [(14, 0), (24, 0)]])
    beside = shapely.linestrings([[(0, 0), (10, 0)], [(10, 4), (0, 4)]])
    assert len(bridge(facing, 5, 30)) == 1
    assert len(bridge(facing, 3, 30)) == 2
    assert len(bridge(beside, 5, 30)) == 2


def test_each_end_is_joined_once_and_to_the_nearest():
    lines = shapely.linestrings([[(0, 0), (10, 0)], [(12, 0), (24, 0)], [(13, 0.5), (24, 3)]])
    joined = bridge(lines, 6, 40)
    assert len(joined) == 2
    assert sorted(shapely.length(joined).round(3)) == [round(float(np.hypot(11, 2.5)), 3), 24]


def test_spurs_are_pruned_and_the_road_grows_together():
    lines = shapely.linestrings([[(0, 0), (10, 0)], [(10, 0), (20, 0)], [(10, 0), (10, 2)], [(20, 0), (20, 30)]])
    left = prune(lines, 5)
    assert len(left) == 1
    assert left[0].length == 50


def test_specks_and_holes_make_no_lines_of_their_own(write_map, tmp_path):
    road = burnt(shapely.LineString([(5, 64), (155, 64)]).buffer(4))
    random = np.random.default_rng(0)
    flipped = random.random(road.shape) < 0.01
    noisy = np.where(flipped, 2 - road, road).astype(np.uint8)
    options = LineOptions(maximum_width_m=8, minimum_area_m2=5, fill_holes_m2=5)
    assert centre_lines(MapFile(write_map(noisy), strip_rows=40), tmp_path / "out.gpkg", MapClass(2), options) == 1


def test_a_map_without_the_class_gives_an_empty_layer(write_map, read_back, tmp_path):
    options = LineOptions(gap_m=5)
    assert (
        centre_lines(MapFile(write_map(np.ones((40, 40), np.uint8))), tmp_path / "out.gpkg", MapClass(2), options) == 0
    )
    assert len(read_back(tmp_path / "out.gpkg").length_m) == 0


def test_degrees_and_south_up_are_measured_in_metres(write_map, read_back, tmp_path):
    road = np.zeros((60, 120), np.uint8)
    road[28:33, 10:110] = 2
    transform = Affine(5e-6, 0, 85.5, 0, 4.5e-6, 27.6)
    options = LineOptions(maximum_width_m=5)
    assert (
        centre_lines(
            MapFile(write_map(road, "EPSG:4326", transform), strip_rows=16), tmp_path / "out.gpkg", MapClass(2), options
        )
        == 1
    )
    out = read_back(tmp_path / "out.gpkg")
    assert out.length_m[0] == pytest.approx(95 * 5e-6 * 98_700, rel=0.05)
    assert out.width_m[0] == pytest.approx(5 * 4.5e-6 * 110_810, rel=0.1)


def test_a_stop_leaves_nothing_behind(write_map, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "stop").touch()
    with pytest.raises(Stopped):
        centre_lines(
            MapFile(write_map(np.ones((9, 9), np.uint8))),
            tmp_path / "out" / "a.gpkg",
            MapClass(1),
            events=EventLog(tmp_path / "out"),
        )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["events.jsonl", "stop"]
