"""(h) A class more: the demo world's roofs and roads, then water too, from ground whose labels are of water alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.demo import generate

from ..declare import Form, Ground, Metric, Row, Settings, Table, Test
from ..methods import supervised
from . import demo

OLD, NEW = ("roof", "road"), "water"
FIRST, WATER, EVERYTHING = "labels of roofs and roads", "labels of water", "labels of all three"
UNLABELLED = "old imagery unlabelled"
BOTH_GROUNDS = f"{WATER}, {UNLABELLED}"
FORMS = {"small": replace(demo.FORMS["small"], steps=480)}
_FEWER = 2
"""A run that goes on has the steps of one from the start divided by this."""


def table(form: Form) -> Table:
    """The table."""
    recipe, short = supervised(form.student, "segmentation"), form.steps // _FEWER
    begun = FIRST
    kept = {**recipe, "learning_without_forgetting": 1.0}
    going_on = {"start_from": begun, "group": ""}
    return Table(
        "A class more: the demo world's water",
        f"A model of roofs and roads in the north ({form.steps} steps) goes on for {short} with water in the south: "
        "with labels of all three classes there, with labels of water alone, and with the old model teaching what "
        "these say nothing of (`learning_without_forgetting`), in the south and last in the north, too. Scored in both "
        "cities.",
        ground,
        (
            Row(begun, recipe, form.steps, FIRST, classes=OLD),
            Row(f"then {EVERYTHING}", recipe, short, EVERYTHING, **going_on),
            Row(f"then {WATER} alone", recipe, short, WATER, **going_on),
            Row(f"then {WATER} alone, without forgetting", kept, short, WATER, **going_on),
            Row(f"then {WATER} alone, without forgetting, {UNLABELLED}", kept, short, BOTH_GROUNDS, **going_on),
        ),
        tuple(Metric(f"{name} IoU", ("segmentation", "classes", name, "iou")) for name in (*OLD, NEW)),
        baselines=(begun,),
    )


def ground(data: Path, folder: Path, seed: int) -> Ground:
    """Another world for each seed; the north knows roofs and roads, the south water or everything."""
    world = generate(folder, size=1024, seed=seed)

    def labels(scene: object, *classes: str) -> Settings:
        among = ", ".join(f"'{name}'" for name in classes)
        return {"path": str(scene.areas), "field": "class"} | ({"where": f"class IN ({among})"} if classes else {})

    def source(scene: object, *classes: str) -> list[Settings]:
        return [{"raster": str(scene.raster), "role": "segmentation", "labels": labels(scene, *classes)}]

    places = (("north", world.north_test), ("south", world.south_test))
    later = (EVERYTHING, WATER, BOTH_GROUNDS)
    old_imagery = {"raster": str(world.north_train.raster), "role": "unlabelled"}
    return Ground(
        sources={
            FIRST: source(world.north_train, *OLD),
            WATER: source(world.south_train, NEW),
            BOTH_GROUNDS: [*source(world.south_train, NEW), old_imagery],
            EVERYTHING: source(world.south_train),
        },
        tests=[
            Test(place, scene.raster, "segmentation", labels(scene, *classes), sources=sources)
            for place, scene in places
            for sources, classes in (((FIRST,), OLD), (later, ()))
        ],
        settings={"segmentation_classes": demo.AREAS, "split": {"seed": seed}},
    )
