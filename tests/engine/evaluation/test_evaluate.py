import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine
from rasterio.warp import transform_bounds

from engine.config import Area, ClassDefinition, Labels
from engine.errors import LabelError, RasterError
from engine.evaluation import Truth, evaluate, evaluate_detection, evaluate_segmentation

CLASSES = [ClassDefinition(name="roof", values=["r"]), ClassDefinition(name="road", values=["s"])]
CARS = [ClassDefinition(name="car"), ClassDefinition(name="truck")]
WHOLE = Area(kind="raster")


@pytest.fixture
def labels(write_boxes):
    path = write_boxes([(10, 10, 30, 30), (40, 0, 50, 64), (0, 50, 20, 60)], "labels.gpkg", kind=["r", "s", "maybe"])
    return Labels(path=str(path), field="kind", ignore_values=["maybe"])


def painted():
    """The class map that is right everywhere, but for the ignored label."""
    values = np.zeros((64, 64), int)
    values[10:30, 10:30], values[:, 40:50] = 1, 2
    return values


def test_a_perfect_class_map_has_perfect_scores_whatever_it_says_on_ignored_labels(write_map, labels):
    values = painted()
    values[50:60, 0:20] = 2
    scores = evaluate_segmentation(write_map(values), Truth(labels, CLASSES, WHOLE))
    assert scores["mean_iou"] == scores["pixel_accuracy"] == 1.0
    assert scores["pixels"] == 64 * 64 - 200 and scores["classes"]["roof"]["pixels"] == 400
    assert scores["confusion"]["names"] == ["background", "roof", "road"]


def test_scores_count_mistakes_inside_the_area_and_data_only(write_map, write_boxes, labels):
    values = painted()
    values[10:20, 10:30] = 0
    values[:, 45:50] = 255
    values[60:] = 1
    area = Area(kind="layer", path=str(write_boxes([(0, 0, 64, 48)], "area.gpkg")))
    scores = evaluate_segmentation(write_map(values), Truth(labels, CLASSES, area))
    assert scores["pixels"] == 48 * 59
    assert scores["classes"]["roof"]["iou"] == 0.5 and scores["classes"]["road"]["iou"] == 1.0
    assert scores["classes"]["background"]["precision"] == pytest.approx(1 - 200 / (48 * 54 - 200))


def test_without_background_only_labelled_ground_counts(write_map, labels):
    values = np.full((64, 64), 2)
    scores = evaluate_segmentation(write_map(values), Truth(labels, CLASSES, WHOLE, background=False))
    assert scores["pixels"] == 400 + 640 and scores["confusion"]["names"] == ["roof", "road"]
    assert scores["classes"]["road"]["precision"] == pytest.approx(640 / 1040)


def test_a_class_raster_is_truth_as_well(write_map):
    truth, values = painted(), painted()
    truth[:32] = 255
    values[40:, 40:50] = 1
    classes = [ClassDefinition(name="roof", values=["1"]), ClassDefinition(name="road", values=["2"])]
    labels = Labels(path=str(write_map(truth, "truth.tif")))
    scores = evaluate_segmentation(write_map(values), Truth(labels, classes, WHOLE))
    assert scores["pixels"] == 32 * 64
    assert scores["classes"]["road"]["recall"] == pytest.approx(8 / 32)
    roof = scores["classes"]["roof"]
    assert roof["iou"] is None and roof["precision"] == 0.0, "there is no roof, but one was found"


def test_windows_add_up_to_the_whole(write_map, labels, monkeypatch):
    values = np.random.default_rng(0).integers(0, 3, (64, 64))
    whole = evaluate_segmentation(write_map(values), Truth(labels, CLASSES, WHOLE))
    monkeypatch.setattr(evaluate, "WINDOW", 17)
    assert evaluate_segmentation(write_map(values), Truth(labels, CLASSES, WHOLE)) == whole


def test_a_class_map_in_degrees_is_compared_on_its_own_pixels(write_map, write_boxes, labels):
    """Pixels in degrees are not square on the ground; classes must not be resampled to square ones."""
    left, bottom, right, top = transform_bounds("EPSG:32632", "EPSG:4326", 600_000, 5_299_968, 600_032, 5_300_000)
    transform = Affine((right - left) / 64, 0, left, 0, (bottom - top) / 64, top)
    scores = evaluate_segmentation(
        write_map(painted(), crs="EPSG:4326", transform=transform), Truth(labels, CLASSES, WHOLE)
    )
    assert scores["mean_iou"] > 0.85 and 64 * 64 - 230 < scores["pixels"] < 64 * 64 - 170


def test_a_value_that_means_no_class_is_named(write_map, labels):
    with pytest.raises(RasterError, match=r"classes\.tif has the value 7"):
        evaluate_segmentation(write_map(np.full((64, 64), 7)), Truth(labels, CLASSES, WHOLE))


def test_a_class_map_without_crs_is_refused(write_map, labels):
    with pytest.raises(RasterError, match="reference"):
        evaluate_segmentation(write_map(painted(), crs=None), Truth(labels, CLASSES, WHOLE))


def test_detections_are_scored_inside_the_area_against_extents(write_boxes):
    truth = write_boxes(
        [(0, 0, 8, 4), (20, 0, 28, 4), (40, 0, 60, 8), (90, 0, 98, 4)], "cars.gpkg", kind=["car", "car", "truck", "car"]
    )
    found = write_boxes(
        [(0, 0, 8, 4), (40, 0, 60, 8), (20, 30, 28, 34), (92, 0, 98, 4)],
        "detections.gpkg",
        **{"class": ["car", "truck", "car", "car"], "score": [0.9, 0.8, 0.35, 0.7]},
    )
    area = Area(kind="layer", path=str(write_boxes([(-5, -5, 80, 80)], "area.gpkg")))
    scores = evaluate_detection(found, Truth(Labels(path=str(truth), field="kind"), CARS, area), 0.3)
    assert (scores["objects"], scores["detections"]) == (3, 3)
    assert scores["classes"]["truck"]["ap50"] == pytest.approx(1.0)
    assert scores["classes"]["car"]["precision"] == 0.5 and scores["classes"]["car"]["recall"] == 0.5
    everywhere = evaluate_detection(found, Truth(Labels(path=str(truth), field="kind"), CARS, WHOLE), 0.3)
    assert (everywhere["objects"], everywhere["recall"]) == (4, 0.75)


def test_labels_in_another_crs_and_beyond_the_detections_count(write_boxes):
    truth = write_boxes([(0, 0, 20, 20), (4000, 4000, 4020, 4020)], "cars.gpkg")
    found = write_boxes([(0, 0, 20, 20)], "detections.gpkg", **{"class": ["car"], "score": [0.9]})
    scores = evaluate_detection(found, Truth(Labels(path=str(truth)), CARS[:1], WHOLE), 0.3)
    assert (scores["objects"], scores["recall"], scores["precision"]) == (2, 0.5, 1.0)


def test_detections_on_ignored_labels_count_nowhere(write_boxes):
    truth = write_boxes([(0, 0, 20, 20), (100, 0, 160, 60)], "cars.gpkg", kind=["car", "unsure"])
    found = write_boxes(
        [(0, 0, 20, 20), (110, 10, 130, 30)], "detections.gpkg", **{"class": ["car"] * 2, "score": [0.5, 0.9]}
    )
    labels = Labels(path=str(truth), field="kind", ignore_values=["unsure"])
    scores = evaluate_detection(found, Truth(labels, CARS, WHOLE), 0.3)
    assert (scores["objects"], scores["detections"], scores["ap50"]) == (1, 1, pytest.approx(1.0))


@pytest.mark.parametrize("seed", range(4))
def test_perfect_detections_are_perfect_wherever_areas_and_ignored_labels_cut_them(write_boxes, seed):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 300, (60, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(4, 40, (60, 2))], axis=1).round(1).tolist()
    kinds = rng.choice(["car", "truck", "unsure"], 60, p=[0.5, 0.3, 0.2]).tolist()
    labels = Labels(path=str(write_boxes(boxes, "cars.gpkg", kind=kinds)), field="kind", ignore_values=["unsure"])
    area = Area(kind="layer", path=str(write_boxes([(20, 30, 180, 300), (210, 0, 330, 150)], "area.gpkg")))
    known = [(box, kind) for box, kind in zip(boxes, kinds, strict=True) if kind != "unsure"]
    fields = {"class": [kind for _, kind in known], "score": rng.uniform(0.5, 1, len(known)).tolist()}
    found = write_boxes([box for box, _ in known], "detections.gpkg", **fields)
    scores = evaluate_detection(found, Truth(labels, CARS, area), 0.3)
    assert scores["ap50"] == scores["ap"] == scores["f1"] == pytest.approx(1) and 0 < scores["objects"] < len(known)


def test_an_empty_detection_layer_is_a_score_of_zero(write_boxes):
    truth = write_boxes([(0, 0, 20, 20)], "cars.gpkg")
    found = write_boxes([], "detections.gpkg", **{"class": [], "score": []})
    scores = evaluate_detection(found, Truth(Labels(path=str(truth)), CARS[:1], WHOLE), 0.3)
    assert (scores["ap"], scores["recall"], scores["precision"]) == (0.0, 0.0, None)


def test_what_is_wrong_with_detections_is_named(write_boxes, tmp_path):
    truth = Labels(path=str(write_boxes([(0, 0, 20, 20)], "cars.gpkg")))
    box = [(0, 0, 20, 20)]
    cases = {
        "do not exist": tmp_path / "nowhere.gpkg",
        "no field 'score'": write_boxes(box, "scoreless.gpkg", **{"class": ["car"]}),
        "'tank'": write_boxes(box, "tank.gpkg", **{"class": ["tank"], "score": [0.5]}),
        "no coordinate reference": write_boxes(box, "nocrs.gpkg", crs=None, **{"class": ["car"], "score": [0.5]}),
    }
    (tmp_path / "text.gpkg").write_text("no layer")
    cases["cannot be read"] = tmp_path / "text.gpkg"
    for words, path in cases.items():
        with pytest.raises(LabelError, match=words):
            evaluate_detection(path, Truth(truth, CARS, WHOLE), 0.3)


FAR = [(9000, 9000, 9020, 9020)]


def test_labels_that_do_not_touch_a_class_map_are_an_error(write_map, write_boxes):
    area = Area(kind="layer", path=str(write_boxes([(0, 0, 64, 48)], "area.gpkg")))
    away = Labels(path=str(write_boxes(FAR, "away.gpkg", kind=["r"])), field="kind")
    for ground, words in (
        (WHOLE, r"away\.gpkg.* does not touch .*classes\.tif\."),
        (area, r"away\.gpkg.* inside the area"),
    ):
        with pytest.raises(LabelError, match=words):
            evaluate_segmentation(write_map(painted()), Truth(away, CLASSES, ground))
    around = write_boxes([*FAR, (-500, -500, -480, -480)], "around.gpkg", kind=["r", "r"])
    scores = evaluate_segmentation(write_map(painted()), Truth(Labels(path=str(around), field="kind"), CLASSES, area))
    assert scores["pixels"] == 64 * 48, "ground inside an area may be without objects"
    with pytest.raises(LabelError, match="does not touch"):
        evaluate_segmentation(write_map(painted()), Truth(Labels(path=str(around), field="kind"), CLASSES, WHOLE))


def test_labels_that_do_not_touch_the_area_of_detections_are_an_error(write_boxes):
    found = write_boxes([(0, 0, 20, 20)], "detections.gpkg", **{"class": ["car"], "score": [0.9]})
    area = Area(kind="layer", path=str(write_boxes([(0, 0, 64, 48)], "area.gpkg")))
    with pytest.raises(LabelError, match=r"away\.gpkg.* does not touch .*detections\.gpkg inside the area"):
        evaluate_detection(found, Truth(Labels(path=str(write_boxes(FAR, "away.gpkg"))), CARS, area), 0.3)


def test_a_real_class_raster_against_a_shifted_copy_scores_as_counted_by_hand(real_data, tmp_path):
    scene = min((real_data / "dubai").glob("*_classes.tif"))
    names = ["building", "land", "road", "vegetation", "water"]
    classes = [ClassDefinition(name=name, values=[str(value)]) for value, name in enumerate(names, 1)]
    with rasterio.open(scene) as raster:
        truth, profile = raster.read(1), raster.profile
    guess = np.roll(truth, 3, axis=1)
    with rasterio.open(tmp_path / "guess.tif", "w", **profile) as raster:
        raster.write(guess, 1)
    labels = Labels(path=str(scene), ignore_values=["0"])
    scores = evaluate_segmentation(tmp_path / "guess.tif", Truth(labels, classes, WHOLE))
    # 0 is the file's no-data value, in the guess as in the truth.
    known = (truth > 0) & (guess > 0)
    assert profile["nodata"] == 0
    assert scores["pixels"] == known.sum()
    for value, name in enumerate(names, 1):
        there, said = known & (truth == value), known & (guess == value)
        if (there | said).any():
            assert scores["classes"][name]["iou"] == pytest.approx((there & said).sum() / (there | said).sum())
