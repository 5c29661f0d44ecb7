"""The demo's run files: what each network may see of the world.

The north is labelled with boxes around vehicles, the south with areas, a third part has nothing. For the
semi-supervised half a quarter of the south's labels is left, and everything else is unlabelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import Run
from engine.demo import Scene, World

VEHICLE = {"name": "vehicle", "color": "#ffe119", "values": ["car", "truck"]}
AREAS = [
    {"name": "roof", "color": "#e4572e", "values": ["roof"]},
    {"name": "road", "color": "#8e5fb0", "values": ["road"]},
    {"name": "water", "color": "#2e86de", "values": ["water"]},
]


@dataclass(frozen=True)
class Networks:
    """What is trained; as in `run.json`."""

    student: dict[str, Any]
    teacher: dict[str, Any]


@dataclass(frozen=True)
class Steps:
    """Optimiser steps of each stage; every student gets the same."""

    teacher: int
    student: int
    semi_teachers: int
    networks: Networks = Networks({"size": "small"}, {"size": "medium", "width": 64, "light": True})


def boxes(scene: Scene) -> dict[str, Any]:
    """A scene labelled with boxes."""
    return {"raster": str(scene.raster), "role": "detection", "labels": {"path": str(scene.cars), "field": "class"}}


def areas(scene: Scene, few: bool = False) -> dict[str, Any]:
    """A scene labelled with areas, all of it or a quarter."""
    source = {
        "raster": str(scene.raster),
        "role": "segmentation",
        "labels": {"path": str(scene.areas), "field": "class"},
    }
    if few:
        source["area"] = {"path": str(scene.labelled_area), "where": "part = 'few'"}
    return source


def unlabelled(scene: Scene) -> dict[str, Any]:
    """A scene as imagery only."""
    return {"raster": str(scene.raster), "role": "unlabelled"}


def single_task(world: World, steps: Steps, few: bool = False) -> dict[str, Run]:
    """The student's network on one task alone."""
    recipe = {"kind": "supervised", "network": steps.networks.student}
    if few:
        return {"supervised": _run("supervised", [areas(world.south_train, few=True)], recipe, steps.student)}
    return {
        "detection": _run("detection", [boxes(world.north_train)], recipe, steps.student),
        "segmentation": _run("segmentation", [areas(world.south_train)], recipe, steps.student),
    }


def multitask(world: World, steps: Steps) -> dict[str, Run]:
    """Both tasks at once: from the labels alone, and with two teachers."""
    sources = [boxes(world.north_train), areas(world.south_train)]
    vanilla = {"kind": "partial_multitask", "student": steps.networks.student, "distillation": []}
    total = 2 * steps.teacher + steps.student
    distilled = {
        "kind": "partial_multitask",
        "student": steps.networks.student,
        "detection_teacher": steps.networks.teacher,
        "segmentation_teacher": steps.networks.teacher,
        "distillation": ["soft"],
        "unlabelled": False,
        "teacher_share": steps.teacher / total,
    }
    return {
        "vanilla": _run("vanilla", sources, vanilla, steps.student),
        "distilled": _run("distilled", sources, distilled, total),
    }


def semi_supervised(world: World, steps: Steps) -> dict[str, Run]:
    """Two teachers, a quarter of the labels, and all imagery."""
    sources = [
        areas(world.south_train, few=True),
        unlabelled(world.south_train),
        unlabelled(world.unlabelled),
    ]
    total = steps.semi_teachers + steps.student
    recipe = {
        "kind": "semi_supervised",
        "student": steps.networks.student,
        "first_teacher": steps.networks.teacher,
        "teacher_share": steps.semi_teachers / total,
        # Teachers that stand still once they are right, and no strong views: so few steps cannot use more.
        "co_training": False,
        "strong_views": False,
        "cutmix": 0.0,
        "ramp_up": 0.1,
    }
    return {"sslkd": _run("sslkd", sources, recipe, total)}


def _run(name: str, sources: list[dict[str, Any]], recipe: dict[str, Any], steps: int) -> Run:
    roles = {source["role"] for source in sources}
    return Run(
        name=name,
        sources=sources,
        detection_classes=[VEHICLE] if "detection" in roles else [],
        segmentation_classes=AREAS if "segmentation" in roles else [],
        recipe=recipe,
        split={"validation": 0.12},
        training={
            "budget": {"steps": steps},
            "chip_size": 128,
            "batch_size": 8,
            "learning_rate": 2e-3,
            "ema_decay": 0.99,
            "validations": 3,
            "validation_chips": 48,
        },
    )


def test_scenes(world: World) -> list[Scene]:
    """Places that no training sees, one in each city."""
    return [world.north_test, world.south_test]


def scene_folder(run: Path, scene: Scene) -> Path:
    """Where a run's predictions of a scene go."""
    return run / "predictions" / scene.raster.stem
