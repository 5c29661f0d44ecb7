"""A raster done in parts, by whoever and in whatever order, has the bytes of one that was done at once."""

import hashlib
import itertools
import random

import numpy as np
import pytest
import shapely
from rasterio.transform import from_origin

from engine.data.radiometry import Damage
from engine.data.vectors import Layer
from engine.errors import Stopped
from engine.inference import Arrays, Options, predict
from engine.inference.journal import Journal
from engine.inference.opened import JOURNAL, Opened, Prediction, make_plan
from engine.inference.predict import missing_rows, put_in_place, run_stretch, stretches
from engine.inference.region import Where
from engine.types import Objects


@pytest.fixture
def both(make_card):
    """A model of both tasks whose answers differ by the place in a window."""

    class Both:
        name, batch_size, parallel = "both", 2, 1
        card = make_card(tasks=["detection", "segmentation"])

        def run(self, images):
            ramp = np.linspace(0.5, 1, images.shape[-1], dtype=np.float32)
            light = images.mean(axis=1, dtype=np.float32) / 255 * ramp
            boxes = np.array([[8, 8, 60, 30], [40, 40, 64, 64]], np.float32) + images[0, 0, 0, 0] % 4
            objects = Objects(boxes, np.zeros(2, np.int64), np.array([0.9, 0.6], np.float32))
            return Arrays(np.stack([light, 1 - light, 0 * light], axis=1), [objects] * len(images))

    return Both()


def hashes(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def never():
    return False


def in_parts(backend, raster, output, options, seed=0):
    """As several workers do it: each part opens the raster anew, and one of them is done twice."""

    def prediction(writer=""):
        return Prediction(Opened(raster, backend.card, options.where), backend.card, output, options, never, writer)

    plan = make_plan(prediction(), backend, print)
    parts = stretches(sorted(set(range(plan.windows.rows)) - plan.finished), 1, 2)
    parts += parts[:1]
    random.Random(seed).shuffle(parts)
    for number, rows in enumerate(parts):
        run_stretch(prediction(f"-{number}"), backend, plan, rows, print)
    for attempt in ("-a", "-b"):
        results = put_in_place(prediction(attempt), plan)
    Journal(output / JOURNAL).remove()
    return results


def image(height, width, seed=3):
    coarse = np.random.default_rng(seed).integers(1, 255, (3, -(-height // 8), -(-width // 8)), dtype=np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)[:, :height, :width]


RASTERS = {
    "large": lambda write: write(image(700, 150)),
    "one window": lambda write: write(image(40, 30)),
    "wide": lambda write: write(image(50, 600)),
    "degrees": lambda write: write(image(400, 90), crs="EPSG:4326", transform=from_origin(11, 48, 1.4e-6, 0.9e-6)),
    "holes": lambda write: write(np.where(image(500, 130, 5) > 90, image(500, 130), 0).astype(np.uint8), nodata=0),
    "empty": lambda write: write(np.zeros((3, 300, 90), np.uint8), nodata=0),
}


@pytest.mark.parametrize("kind", RASTERS)
def test_parts_have_the_bytes_of_the_whole(both, write_raster, tmp_path, kind):
    raster, options = RASTERS[kind](write_raster), Options(overlap=0.25, confidence=True)
    results = in_parts(both, raster, tmp_path / "parts", options)
    whole = predict(both, raster, tmp_path / "whole", options)
    assert hashes(tmp_path / "parts") == hashes(tmp_path / "whole")
    assert results.classes == tmp_path / "parts" / "classes.tif" and whole.raster == results.raster


def test_parts_of_an_area_of_a_mosaic(both, write_raster, write_area, tmp_path):
    east = from_origin(691020, 5335000, 0.1, 0.1)
    rasters = (write_raster(image(500, 200), "a.tif"), write_raster(image(500, 200, 9), "b.tif", transform=east))
    area = write_area([shapely.Polygon([(20, 30), (390, 60), (200, 480)])])
    options = Options(overlap=0.25, where=Where(Layer(area, purpose="area layer")))
    in_parts(both, rasters, tmp_path / "parts", options)
    predict(both, rasters, tmp_path / "whole", options)
    assert hashes(tmp_path / "parts") == hashes(tmp_path / "whole")


def test_parts_of_a_map_of_values(values_backend, write_raster, tmp_path):
    raster = write_raster(image(700, 150))
    in_parts(values_backend(), raster, tmp_path / "parts", Options(overlap=0.25))
    predict(values_backend(), raster, tmp_path / "whole", Options(overlap=0.25))
    assert hashes(tmp_path / "parts") == hashes(tmp_path / "whole")


def test_a_stretch_that_is_not_wanted_ends_and_what_it_did_is_not_done_again(both, write_raster, tmp_path):
    raster, options = write_raster(image(700, 150)), Options(overlap=0.25)
    opened, told = Opened(raster, both.card, options.where), []
    plan = make_plan(Prediction(opened, both.card, tmp_path, options, never), both, print)
    asked = itertools.count()
    unwanted = Prediction(opened, both.card, tmp_path, options, lambda: next(asked) > 8, "-a")
    with pytest.raises(Stopped):
        run_stretch(unwanted, both, plan, range(8), print)
    finished = Journal(tmp_path / JOURNAL).finished()
    assert finished and finished < set(range(8))
    both.run, ran = (lambda images, run=both.run: ran.append(len(images)) or run(images)), []
    run_stretch(Prediction(opened, both.card, tmp_path, options, never, "-b"), both, plan, range(8), told.append)
    assert Journal(tmp_path / JOURNAL).finished() == set(range(8))
    assert sum(ran) == (8 - len(finished) + 1) * plan.windows.columns, "and the row above once more, for its border"


def test_rows_are_run_with_those_above_where_these_are_not_at_hand():
    assert list(missing_rows({1}, range(4), border=True)) == [(0, True), (1, False), (2, True), (3, True)]
    assert list(missing_rows({1}, range(4), border=False)) == [(0, True), (2, True), (3, True)]
    assert list(missing_rows(set(), range(2, 4), border=True)) == [(1, False), (2, True), (3, True)]


@pytest.mark.parametrize(
    ("rows", "left", "workers", "expected"),
    [
        (80, 1, 2, 4),
        (27, 1, 2, 2),  # of fourteen rows and one twice; four of seven would be as fast and do more
        (27, 9, 2, 1),
        (300, 100, 2, 10),  # those that come later have something to do
        (3, 1, 8, 3),
        (0, 1, 2, 0),
    ],
)
def test_rows_are_divided_into_stretches(rows, left, workers, expected):
    parts = stretches(range(rows), left, workers)
    assert len(parts) == expected
    assert [row for part in parts for row in part] == list(range(rows))
    assert max(map(len, parts), default=0) - min(map(len, parts), default=0) <= 1


def test_what_processes_could_not_read_is_counted_together():
    first, second = Damage(2, [(0.0, 0.0), (0.0, 1.0)], "torn"), Damage(3, [(5.0, 5.0), (6.0, 6.0)], "")
    assert first.joined(second) == Damage(5, [(0.0, 0.0), (0.0, 1.0), (5.0, 5.0)], "torn")
