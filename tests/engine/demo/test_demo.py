import subprocess
import sys
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.features import rasterize

from engine.demo import LOOKS, NORTH, SOUTH, generate, paint, scene
from engine.demo.canvas import cast_shadows, sun_direction
from engine.demo.scene import Painting, compose
from engine.demo.world import _parts
from engine.errors import OutputError


@pytest.fixture(scope="module")
def painting():
    return paint(SOUTH, 384, seed=1)


def pixels(shape, size):
    return rasterize([shape], (size, size), dtype=np.uint8) > 0


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(tmp_path):
    first, again = (generate(tmp_path / name, size=128, seed=3) for name in ("first", "again"))
    other = generate(tmp_path / "other", size=128, seed=4)
    names = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert len(names) == 20
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    assert first.north_train.raster.read_bytes() != other.north_train.raster.read_bytes()
    assert again.scenes()[0].name == "north_train"


def test_scenes_of_one_world_differ_and_do_not_overlap(tmp_path):
    world = generate(tmp_path, size=128)
    boxes = {}
    for part in world.scenes():
        with rasterio.open(part.raster) as raster:
            boxes.setdefault(str(raster.crs), []).append(shapely.box(*raster.bounds))
    assert set(boxes) == {"EPSG:32632", "EPSG:25833"}
    for same in boxes.values():
        assert shapely.union_all(same).area == pytest.approx(sum(box.area for box in same))
    assert len({part.raster.read_bytes() for part in world.scenes()}) == 5


def test_rasters_are_tiled_rgb_in_metres_and_truth_lies_inside_them(tmp_path):
    part = scene(tmp_path, size=288, seed=2)
    with rasterio.open(part.raster) as raster:
        assert (raster.count, raster.dtypes[0], raster.res, raster.block_shapes[0]) == (
            3,
            "uint8",
            (0.25, 0.25),
            (256, 256),
        )
        extent = shapely.box(*raster.bounds)
    for path, field, values in (
        (part.cars, "class", {"car", "truck"}),
        (part.areas, "class", {"roof", "road", "water"}),
        (part.labelled_area, "part", {"few", "rest"}),
    ):
        meta, _, geometry, (found,) = pyogrio.raw.read(path)
        assert meta["crs"] == "EPSG:32632" and list(meta["fields"]) == [field]
        assert set(found) <= values
        shapes = shapely.from_wkb(geometry)
        assert shapely.is_valid(shapes).all() and extent.buffer(1e-6).covers(shapely.union_all(shapes))


def test_the_labelled_area_covers_the_scene_and_a_quarter_of_it_is_few(tmp_path):
    part = scene(tmp_path, size=128)
    _, _, geometry, (names,) = pyogrio.raw.read(part.labelled_area)
    few, rest = shapely.area(shapely.from_wkb(geometry))[np.argsort(names)]
    assert few == pytest.approx(0.25 * (128 * 0.25) ** 2) and few + rest == pytest.approx((128 * 0.25) ** 2)


@pytest.mark.parametrize("lake", [(2, 60, 12, 80), (90, 30, 120, 60), (40, 4, 60, 20), (50, 100, 70, 126)])
def test_few_has_every_class_on_whichever_side_they_are(lake):
    square = shapely.box(0, 0, 128, 128)
    areas = {"road": square.boundary.buffer(3).intersection(square), "water": shapely.box(*lake)}
    few, rest = _parts(Painting(np.zeros((128, 128, 3), np.uint8), [], [], areas))
    assert few.area == 128 * 32 and few.intersection(areas["water"]).area > 0
    assert rest.equals(square.difference(few))


@pytest.mark.parametrize("look", LOOKS.values(), ids=list(LOOKS))
def test_a_scene_of_ordinary_size_shows_every_class(look):
    found = paint(look, 512, seed=0)
    assert {name for name, area in found.areas.items() if area.area > 0.01 * 512**2} == {"roof", "road", "water"}
    assert found.vehicle_classes.count("car") > 20
    assert 60 < found.image.mean() < 180 and found.image.std() > 25


def test_classes_do_not_overlap_one_another(painting):
    shapes = list(painting.areas.values())
    assert shapely.union_all(shapes).area == pytest.approx(sum(shape.area for shape in shapes), rel=1e-6)


def test_no_vehicle_overlaps_another_or_a_roof():
    town = compose(NORTH, 128.0, seed=5)
    outlines = np.array([vehicle.box.polygon() for vehicle in town.vehicles])
    first, second = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    assert (first == second).all()
    assert not shapely.intersects(outlines, town.roof_area()).any()


def test_truth_lies_on_what_it_names(painting):
    image, size = painting.image.astype(float), painting.image.shape[0]
    water, roof = pixels(painting.areas["water"].buffer(-4), size), pixels(painting.areas["roof"].buffer(-2), size)
    # In the south water is greenish blue, roofs are not.
    assert (image[water, 2] - image[water, 0]).mean() > 10
    assert (image[roof, 0] - image[roof, 2]).mean() > 10
    # A car is painted differently from the asphalt in front of it, whatever its colour.
    asphalt = pixels(painting.areas["road"].difference(shapely.union_all(painting.vehicles).buffer(3)), size)
    level, spread = np.median(image[asphalt]), image[asphalt].std()
    unlike = [np.abs(image[pixels(car, size)] - level).mean() for car in painting.vehicles if car.area > 100]
    assert np.median(unlike) > 1.2 * spread


def test_classes_share_colours_so_that_a_network_needs_context(painting):
    """The share of pixels that the nearest class colour gets right is far from perfect."""
    size, image = painting.image.shape[0], painting.image.reshape(-1, 3).astype(float)
    truth = sum(number * pixels(area, size) for number, area in enumerate(painting.areas.values(), 1)).ravel()
    means = np.array([image[truth == number].mean(0) for number in range(4)])
    nearest = ((image[:, None] - means) ** 2).sum(2).argmin(1)
    recall = [(nearest[truth == number] == number).mean() for number in range(4)]
    assert np.mean(recall) < 0.8


def test_shadows_fall_away_from_the_sun_and_are_as_long_as_its_height_says():
    height = np.zeros((80, 80), np.float32)
    height[38:42, 38:42] = 6.0
    for look in (NORTH, SOUTH):
        sun = sun_direction(look)
        shadow = cast_shadows(height, 0.5, sun) > 0
        rows, columns = np.nonzero(shadow)
        along = (columns - 39.5) * sun[0] + (rows - 39.5) * sun[1]
        assert along.max() <= 1.0
        length = 6.0 / np.tan(np.radians(look.sun_elevation)) / 0.5
        assert -along.min() / np.hypot(*sun[:2]) == pytest.approx(length, abs=3.5)
        assert not shadow[38:42, 38:42].any()


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="file"):
        scene(tmp_path / "file", size=128)


def test_the_command_writes_a_world_and_refuses_tiny_sizes(tmp_path):
    command = [sys.executable, "-m", "engine.demo", str(tmp_path), "--seed", "1", "--size"]
    root = Path(__file__).parents[3]
    done = subprocess.run([*command, "128"], cwd=root, capture_output=True, text=True, check=True)
    assert [Path(line).name for line in done.stdout.split()][-1] == "unlabelled.tif"
    assert subprocess.run([*command, "8"], cwd=root, capture_output=True).returncode == 2
