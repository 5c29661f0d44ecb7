import numpy as np

from engine.config import Area, ClassDefinition, Labels
from engine.evaluation import Truth, evaluate_segmentation, pooled_detection, pooled_segmentation
from engine.evaluation.detections import Boxes, detection_scores

from .test_boxes import scene


def test_pixels_of_several_maps_score_as_those_of_the_maps_side_by_side(write_map):
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 3, (2, 20, 60))
    classes = [ClassDefinition(name=name, values=[str(value)]) for value, name in enumerate(("roof", "road"), 1)]

    def scores(columns, name):
        labels = Labels(path=str(write_map(truth[:, columns], f"truth-{name}.tif")))
        found = write_map(predicted[:, columns], f"found-{name}.tif")
        return evaluate_segmentation(found, Truth(labels, classes, Area(kind="raster")))

    parts = [scores(slice(0, 25), "left"), scores(slice(25, 60), "right")]
    assert pooled_segmentation(parts) == scores(slice(0, 60), "both")


def test_detections_of_several_maps_are_ranked_together_and_never_meet():
    maps = [scene(40, seed=1), scene(25, seed=2), (Boxes(np.zeros((0, 4)), np.zeros(0, int)),) * 2]

    def moved(boxes, columns):
        return boxes.corners + np.array([columns, 0, columns, 0])

    # far apart in one picture is as good as in several
    together = [
        Boxes(
            np.concatenate([moved(pair[side], 1e5 * place) for place, pair in enumerate(maps)]),
            np.concatenate([pair[side].labels for pair in maps]),
            np.concatenate([pair[side].scores for pair in maps]),
        )
        for side in (0, 1)
    ]
    pooled = pooled_detection(maps, ["car", "bus"], 0.5)
    expected = detection_scores(*together, ["car", "bus"], 0.5)
    assert np.isclose(pooled["ap50"], expected["ap50"]) and np.isclose(pooled["ap"], expected["ap"])
    assert {key: pooled[key] for key in ("precision", "recall", "objects")} == {
        key: expected[key] for key in ("precision", "recall", "objects")
    }
