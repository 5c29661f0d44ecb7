"""Error layers against the scores they belong to, and against mistakes made by hand."""

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely

from engine.config import Area, ClassDefinition, Labels
from engine.errors import OutputError
from engine.evaluation import (
    Truth,
    evaluate_detection,
    evaluate_segmentation,
    write_detection_errors,
    write_segmentation_errors,
)
from engine.evaluation.detections import Boxes, assigned

CLASSES = [ClassDefinition(name="roof", values=["r"]), ClassDefinition(name="road", values=["s"])]
CARS = [ClassDefinition(name="car"), ClassDefinition(name="truck")]
WHOLE = Area(kind="raster")


@pytest.fixture
def labels(write_boxes):
    path = write_boxes([(10, 10, 30, 30), (40, 0, 50, 64), (0, 50, 20, 60)], "labels.gpkg", kind=["r", "s", "maybe"])
    return Labels(path=str(path), field="kind", ignore_values=["maybe"])


def test_every_pixel_is_right_wrong_or_not_counted(write_map, labels, tmp_path):
    values = np.zeros((64, 64), int)
    values[10:30, 10:30], values[:, 40:50] = 1, 2
    values[10:12, 10:30] = 0  # 40 pixels of roof missed
    values[20:22, 10:30] = 2  # 40 pixels of roof taken for road
    values[0:2, 0:10] = 1  # 20 pixels of roof where there is none
    values[62:, 60:] = 255
    output = tmp_path / "errors.tif"
    counts = write_segmentation_errors(write_map(values), Truth(labels, CLASSES, WHOLE), output)
    counted = 64 * 64 - 200 - 8
    assert counts == {"right": counted - 100, "another class": 40, "false positive": 20, "missed": 40}
    with rasterio.open(output) as raster:
        errors, bounds = raster.read(1), raster.bounds
        assert raster.nodata == 255 and len(raster.colormap(1)) >= 4
    with rasterio.open(tmp_path / "classes.tif") as raster:
        assert raster.bounds == bounds
    assert (errors[10:12, 10:30] == 3).all() and (errors[20:22, 10:30] == 1).all() and (errors[0:2, 0:10] == 2).all()
    assert (errors[50:60, 0:20] == 255).all() and (errors[62:, 60:] == 255).all()
    scores = evaluate_segmentation(tmp_path / "classes.tif", Truth(labels, CLASSES, WHOLE))
    assert scores["pixel_accuracy"] == pytest.approx(counts["right"] / counted)


def test_without_background_a_wrong_pixel_has_another_class(write_map, labels, tmp_path):
    counts = write_segmentation_errors(
        write_map(np.full((64, 64), 2)), Truth(labels, CLASSES, WHOLE, background=False), tmp_path / "e.tif"
    )
    assert counts == {"right": 640, "another class": 400, "false positive": 0, "missed": 0}


@pytest.fixture
def cars(write_boxes):
    truth = [(0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10)]
    found = [(0, 1, 10, 10), (0, 0, 10, 9), (20, 0, 30, 10), (60, 60, 70, 70), (40, 0, 50, 10)]
    labels = write_boxes(truth, "truth.gpkg", kind=["car", "truck", "car"])
    kinds = {"class": ["car", "car", "car", "car", "car"], "score": [0.9, 0.8, 0.7, 0.6, 0.1]}
    return write_boxes(found, "detections.gpkg", **kinds), Labels(path=str(labels), field="kind")


def test_hits_false_ones_and_missed_objects_become_boxes(cars, tmp_path):
    detections, labels = cars
    output = tmp_path / "errors.gpkg"
    counts = write_detection_errors(detections, Truth(labels, CARS, WHOLE), output, score_threshold=0.3)
    assert counts == {"true positive": 1, "false positive": 3, "missed": 2}
    meta, _, wkb, values = pyogrio.raw.read(output, layer="errors")
    fields = dict(zip(meta["fields"], values, strict=True))
    assert sorted(zip(fields["error"], fields["class"], fields["score"].tolist(), strict=True), key=str) == sorted(
        [
            ("true positive", "car", 0.9),
            ("false positive", "car", 0.8),
            ("false positive", "car", 0.7),
            ("false positive", "car", 0.6),
            ("missed", "truck", pytest.approx(np.nan, nan_ok=True)),
            ("missed", "car", pytest.approx(np.nan, nan_ok=True)),
        ],
        key=str,
    )
    hit = shapely.from_wkb(wkb)[fields["error"].tolist().index("true positive")]
    assert np.allclose(hit.bounds, (600_000, 5_300_000 - 5, 600_005, 5_300_000 - 0.5), atol=1e-6)


def test_the_layer_s_counts_are_those_of_the_scores(cars, tmp_path):
    detections, labels = cars
    for threshold in (0.05, 0.3, 0.75, [0.65] * len(CARS)):
        counts = write_detection_errors(detections, Truth(labels, CARS, WHOLE), tmp_path / "e.gpkg", threshold)
        scores = evaluate_detection(detections, Truth(labels, CARS, WHOLE), threshold)
        hits = counts["true positive"]
        assert scores["precision"] == pytest.approx(hits / (hits + counts["false positive"]))
        assert scores["recall"] == pytest.approx(hits / (hits + counts["missed"]))


@pytest.mark.parametrize("seed", range(5))
def test_no_object_is_hit_twice_and_every_hit_overlaps_by_half(seed):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 30, (40, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(3, 9, (40, 2))], axis=1)
    found, truth = (
        Boxes(boxes[:25] + rng.normal(0, 0.5, (25, 4)), np.zeros(25, int), rng.random(25)),
        Boxes(boxes[:20], np.zeros(20, int)),
    )
    hit = assigned(found, truth, 0.5, 0.2)
    taken = hit[hit >= 0]
    assert len(taken) == len(set(taken.tolist())) > 3
    for mine, index in zip(found.corners[hit >= 0], taken, strict=True):
        one, other = shapely.box(*mine), shapely.box(*truth.corners[index])
        assert one.intersection(other).area >= 0.5 * one.union(other).area
    assert (hit[found.scores < 0.2] == -1).all()


def test_a_place_that_cannot_be_written_is_named(cars, tmp_path):
    (tmp_path / "file").write_text("")
    detections, labels = cars
    with pytest.raises(OutputError, match="file"):
        write_detection_errors(detections, Truth(labels, CARS, WHOLE), tmp_path / "file" / "errors.gpkg")
