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
        events.append({"kind": "stage", "name": stage, "index": 0, "of": 2, "networks": networks})
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
