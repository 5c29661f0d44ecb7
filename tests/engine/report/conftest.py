import json
import math

import pytest

from engine.config import Area, ClassDefinition, Labels, PartialMultitask, Run, Source, save_run

RUN = Run(
    name="Town & <country>",
    sources=[
        Source(raster="north.tif", role="detection", labels=Labels(path="cars.gpkg", where="scene = 1")),
        Source(raster="south.tif", role="segmentation", labels=Labels(path="areas.gpkg"), area=Area(path="area.gpkg")),
    ],
    detection_classes=[ClassDefinition(name="car", color="#ff00aa")],
    segmentation_classes=[ClassDefinition(name="roof", color="#aa3311"), ClassDefinition(name="road", color="#777777")],
    recipe=PartialMultitask(),
)


def training_events(steps=40):
    """Two stages with falling losses and rising metrics, ten seconds an event."""
    events = [
        {"kind": "started", "host": "desk", "device": "cpu (2 threads)"},
        {"kind": "warning", "message": "Few <labels>."},
    ]
    for stage, network in (("detection_teacher", "detection_teacher"), ("student", "student")):
        networks = {network: f"FPN resnet, 1.{len(stage)} M parameters"}
        roles = ["detection"] if network == "detection_teacher" else ["detection", "segmentation"]
        events.append({"kind": "stage", "name": stage, "index": 0, "of": 2, "networks": networks, "roles": roles})
        for step in range(1, steps + 1):
            losses = {"classification": 2 * math.exp(-step / 20), "box": 0.5 + 0.3 * math.sin(step)}
            progress = {"step": step, "of": steps, "losses": losses, "samples_per_second": 12.5}
            events.append({"kind": "progress", "stage": stage, **progress})
            if step % 10 == 0:
                values = {
                    "detection/ap50": 0.2 + step / 100,
                    "detection/ap": step / 200,
                    "detection/ap50/car": 0.2 + step / 100,
                }
                if network == "student":
                    areas = {"mean_iou": 0.5 + step / 200, "iou/background": 0.9, "iou/roof": 0.123, "f1/roof": 0.219}
                    values |= {f"segmentation/{name}": value for name, value in areas.items()}
                events.append({"kind": "metrics", "stage": stage, "network": network, "step": step, "values": values})
    return [{"time": 1000.0 + 10 * index, **event} for index, event in enumerate(events)]


@pytest.fixture
def run_folder(tmp_path):
    """A run folder whose events a test gives."""

    def write(events):
        save_run(RUN, tmp_path)
        (tmp_path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        return tmp_path

    return write


@pytest.fixture
def events():
    return training_events()


@pytest.fixture
def validation():
    """`validation.json` of a run without anything to complain of."""
    calibration = {"count": [0, 4], "confidence": [None, 0.75], "correct": [None, 0.5], "ece": 0.25}
    curve = {"precision": [1.0, 0.8], "recall": [0.2, 0.9]}
    square = [[0.0, 0.0], [40.0, 0.0], [40.0, 30.0], [0.0, 30.0]]
    source = {"name": "north", "role": "detection", "area_m2": 1200, "training_m2": 900, "validation_m2": 300}
    return {
        "score_threshold": 0.3,
        "sources": [
            {
                **source,
                "unit": "objects",
                "labels": {"car": {"training": 40, "validation": 9}},
                "outlines": {"raster": [square], "training": [square[:3]], "validation": [square[1:]]},
            },
            {
                **source,
                "role": "segmentation",
                "unit": "pixels",
                "labels": {"roof": {"training": 7000, "validation": 900}, "road": {"training": 8000, "validation": 70}},
                "outlines": {"raster": [square], "training": [square], "validation": []},
            },
        ],
        "networks": {
            "student": {"parameters": 2_500_000, "megapixels_per_second": 3.0},
            "detection_teacher": {"parameters": 21_000_000, "megapixels_per_second": 1.0},
        },
        "segmentation": {
            "confusion": {
                "names": ["background", "roof", "road"],
                "matrix": [[9000, 900, 100], [200, 700, 0], [0, 0, 12000]],
            },
            "curves": {"background": curve, "roof": curve, "road": curve},
            "calibration": calibration,
            "chips": 12,
        },
        "detection": {
            "curves": {"car": curve},
            "calibration": calibration | {"ece": 0.05},
            "objects": {"car": 9},
            "detections": {"car": 8},
            "chips": 5,
        },
    }
