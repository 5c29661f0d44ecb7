"""(b) The uneven pair: vehicles in Munich as boxes, buildings in Banepa as areas."""

from __future__ import annotations

from pathlib import Path

from ..banepa import BUILDING, make_banepa, train_tiles
from ..declare import Form, Ground, Metric, Settings, Table, Test
from ..methods import VANILLA, WITH_IMAGERY, distilled, networks, single_task, soft, sslkd_teaches, vanilla

VEHICLE = {"name": "vehicle", "color": "#ffd92f", "values": ["car", "minibus", "bus"]}
VALIDATION_SCENE = 3
TEST_SCENE = 2
_SMALL_OBJECTS = {"detection_strides": [4, 8]}
FORMS = {
    "small": Form(
        "small",
        steps=480,
        teacher_steps=600,
        chip_size=96,
        batch_size=8,
        gsd=0.26,
        student={"size": "small"},
        teacher={"size": "medium", "width": 64, "light": True, **_SMALL_OBJECTS},
    ),
    "full": Form(
        "full",
        steps=6000,
        teacher_steps=6000,
        chip_size=320,
        batch_size=16,
        gsd=0.13,
        student={"size": "small"},
        teacher={"size": "large", "neck": "pafpn", **_SMALL_OBJECTS},
    ),
}


def table(form: Form) -> Table:
    """The table."""
    return Table(
        "Uneven pair: Munich's vehicles and Banepa's buildings",
        f"Both at {form.gsd} m. Munich's scene 1 trains and scene 3 chooses the weights (frames of a scene show the "
        "same street, so a scene is never divided), scene 2 is the test; Banepa's 32 tiles train, 8 others test.",
        ground,
        (
            *single_task(form),
            *vanilla(form),
            *networks(form),
            *soft(form),
            *sslkd_teaches(form),
            distilled(form, "soft and feature", "soft", "feature", extra=True),
            distilled(form, "soft and PDF", "soft", "pdf", extra=True),
        ),
        (
            Metric("building IoU", ("segmentation", "classes", "building", "iou")),
            Metric("mean IoU", ("segmentation", "mean_iou")),
            Metric("vehicle AP50", ("detection", "ap50")),
        ),
        baselines=(VANILLA,),
    )


def ground(data: Path, folder: Path, seed: int) -> Ground:
    """Frames and tiles; only Banepa's division into blocks depends on the seed."""
    banepa = make_banepa(data, folder)
    frames = sorted((data / "munich_cars").glob("scene*_frame*.tif"))
    scenes = {frame: int(frame.stem[len("scene")]) for frame in frames}
    vehicles = [_source(frame, scene) for frame, scene in scenes.items() if scene != TEST_SCENE]
    tests = [Test(frame.stem, frame, "detection", _labels(frame)) for frame, at in scenes.items() if at == TEST_SCENE]
    areas = banepa.labelled("segmentation", train_tiles())
    return Ground(
        sources={"all": [*vehicles, areas], WITH_IMAGERY: [areas, banepa.unlabelled()]},
        tests=[*tests, banepa.test_of("segmentation")],
        settings={
            "detection_classes": [VEHICLE],
            "segmentation_classes": [BUILDING],
            "split": {"seed": seed},
        },
    )


def _source(frame: Path, scene: int) -> Settings:
    split = "validation" if scene == VALIDATION_SCENE else "train"
    return {"raster": str(frame), "role": "detection", "labels": _labels(frame), "split": split}


def _labels(frame: Path) -> Settings:
    return {"path": str(frame.parent / "vehicles.gpkg"), "field": "vehicle", "where": f"frame = '{frame.stem}'"}
