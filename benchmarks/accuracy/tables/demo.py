"""(e) The demo world: complete truth, all methods; the table that must always come out right."""

from __future__ import annotations

from pathlib import Path

from engine.demo import GSD, Scene, generate

from ..declare import WEAK, Form, Ground, Metric, Settings, Table, Test
from ..methods import (
    SUPERVISED,
    VANILLA,
    WITH_IMAGERY,
    all_labels,
    distilled,
    few_labels,
    networks,
    single_task,
    soft,
    sslkd_teaches,
    vanilla,
)

FEW = "a quarter of the areas"
VEHICLE = {"name": "vehicle", "color": "#ffe119", "values": ["car", "truck"]}
AREAS = [
    {"name": "roof", "color": "#e4572e"},
    {"name": "road", "color": "#8e5fb0"},
    {"name": "water", "color": "#2e86de"},
]
_SMALL_OBJECTS = {"detection_strides": [4, 8]}
_SIZE = 1024
FORMS = {
    "small": Form(
        "small",
        steps=480,
        teacher_steps=600,
        chip_size=96,
        batch_size=8,
        gsd=GSD,
        student={"size": "small"},
        teacher={"size": "medium", "width": 64, "light": True, **_SMALL_OBJECTS},
        second_teacher={"architecture": "unet", "encoder": "tu-tf_efficientnet_lite1"},
        views=WEAK,
    ),
    "full": Form(
        "full",
        steps=4000,
        teacher_steps=4000,
        chip_size=256,
        batch_size=16,
        gsd=GSD,
        student={"size": "small"},
        teacher={"size": "large", "neck": "pafpn", **_SMALL_OBJECTS},
        second_teacher={"architecture": "unet", "encoder": "tu-tf_efficientnet_lite1"},
    ),
}


def table(form: Form) -> Table:
    """The table."""
    return Table(
        "Demo world: complete truth",
        "Boxes in the north, areas in the south; both tasks are scored on other places of both cities, together and "
        "alone: areas in the north and vehicles in the south had no labels. Below, a "
        "quarter of the south's areas is known, the rest of it and a further scene are unlabelled; scored south.",
        ground,
        (
            *single_task(form),
            *vanilla(form),
            *networks(form),
            *soft(form),
            *sslkd_teaches(form),
            distilled(form, "feature", "feature", extra=True),
            distilled(form, "PDF", "pdf", extra=True),
            distilled(form, "soft and feature", "soft", "feature", extra=True),
            *few_labels(form, FEW),
            all_labels(form),
        ),
        (
            Metric("areas mean IoU", ("segmentation", "mean_iou_classes")),
            Metric("vehicle AP50", ("detection", "ap50")),
            Metric("areas, north", ("places", "north", "segmentation", "mean_iou_classes")),
            Metric("areas, south", ("places", "south", "segmentation", "mean_iou_classes")),
            Metric("vehicles, north", ("places", "north", "detection", "ap50")),
            Metric("vehicles, south", ("places", "south", "detection", "ap50")),
        ),
        baselines=(VANILLA, f"{FEW}: {SUPERVISED}"),
    )


def ground(data: Path, folder: Path, seed: int) -> Ground:
    """Another world for each seed."""
    world = generate(folder, size=_SIZE, seed=seed)
    both = [_labelled(world.north_train, "detection"), _labelled(world.south_train, "segmentation")]
    unlabelled = [
        {"raster": str(scene.raster), "role": "unlabelled"} for scene in (world.south_train, world.unlabelled)
    ]
    elsewhere = world.north_train, world.unlabelled
    tests = (world.north_test, ("all", WITH_IMAGERY), "north"), (world.south_test, (), "south")
    few = _labelled(world.south_train, "segmentation") | {
        "area": {"path": str(world.south_train.labelled_area), "where": "part = 'few'"}
    }
    return Ground(
        sources={
            "all": both,
            FEW: [few, *unlabelled],
            "all labels": [both[1]],
            WITH_IMAGERY: [both[1], *({"raster": str(each.raster), "role": "unlabelled"} for each in elsewhere)],
        },
        tests=[
            Test(scene.name, scene.raster, task, _labels(scene, task), sources=sources, place=place)
            for scene, sources, place in tests
            for task in ("detection", "segmentation")
        ],
        settings={"detection_classes": [VEHICLE], "segmentation_classes": AREAS, "split": {"seed": seed}},
    )


def _labelled(scene: Scene, role: str) -> Settings:
    return {"raster": str(scene.raster), "role": role, "labels": _labels(scene, role)}


def _labels(scene: Scene, task: str) -> Settings:
    return {"path": str(scene.cars if task == "detection" else scene.areas), "field": "class"}
