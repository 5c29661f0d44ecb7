"""(d) Dubai's roads from few labelled tiles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..declare import WEAK, Form, Ground, Metric, Row, Settings, Table, Test
from ..methods import SUPERVISED, all_labels, few_labels

POOL, VALIDATION, TEST = range(1, 6), 6, 7
"""Tiles are groups of neighbouring images; one chooses the weights, one is the test."""
COUNTS = (1, 2, 4)
TEST_PARTS = {"small": (1, 5, 9), "full": tuple(range(1, 10))}
WIDER = 5 / 3
"""Side of a wider chip, in chips; a batch has fewer of them, so that a step has as much ground."""
_STUDENT = {"size": "small"}
FORMS = {
    "small": Form(
        "small",
        steps=480,
        teacher_steps=600,
        chip_size=96,
        batch_size=8,
        gsd=1.0,
        student=_STUDENT,
        teacher={"size": "medium", "width": 64, "light": True},
        second_teacher={"architecture": "unet", "encoder": "tu-tf_efficientnet_lite1"},
        labelled=(4,),
        views=WEAK,
    ),
    "full": Form(
        "full",
        steps=6000,
        teacher_steps=4000,
        chip_size=256,
        batch_size=16,
        gsd=1.0,
        student=_STUDENT,
        teacher={"size": "large"},
        second_teacher={"architecture": "unet", "encoder": "tu-tf_efficientnet_lite1"},
        labelled=COUNTS,
    ),
}
CLASSES = [
    {"name": "other", "color": "#b0b0b0", "values": ["1", "2", "4", "5"]},
    {"name": "road", "color": "#8e5fb0", "values": ["3"]},
]


def named(count: int) -> str:
    """What a number of labelled tiles is called."""
    return f"{count} labelled tile{'s' if count > 1 else ''}"


def table(form: Form) -> Table:
    """The table."""
    rows: list[Row] = []
    for count in form.labelled:
        rows += few_labels(form, named(count), dice=1.0)
        rows += lines(form, named(count))
    return Table(
        "Dubai: roads from few labelled tiles",
        f"Of tiles 1 to 5 some keep their labels (nested sets, drawn by the seed), the others are unlabelled; tile "
        f"{VALIDATION} chooses every row's weights, images {', '.join(map(str, TEST_PARTS[form.name]))} of tile {TEST} "
        "are the test. The ground sampling distance is unknown and taken as 1 m.",
        lambda data, folder, seed: ground(data, form, seed),
        (*rows, all_labels(form, dice=1.0)),
        (
            Metric("road IoU", ("segmentation", "classes", "road", "iou")),
            Metric("mean IoU", ("segmentation", "mean_iou")),
            Metric("line F1", ("lines", "f1")),
            Metric("connectivity", ("lines", "connectivity")),
        ),
        baselines=tuple(f"{named(count)}: {SUPERVISED}" for count in form.labelled),
    )


def lines(form: Form, labelled: str) -> list[Row]:
    """SSLKD with what should make lines connect: a loss of their centre lines, or three times the ground in a chip."""
    sslkd = f"{labelled}: SSLKD"
    (plain,) = (row for row in few_labels(form, labelled, dice=1.0) if row.name == sslkd)
    (thin,) = (row for row in few_labels(form, labelled, dice=1.0, cldice=0.5) if row.name == sslkd)
    wide = {"chip_size": 32 * round(WIDER * form.chip_size / 32), "batch_size": round(form.batch_size / WIDER**2)}
    return [
        replace(thin, name=f"{sslkd}, clDice", extra=True),
        replace(plain, name=f"{sslkd}, wider chips", training=wide, extra=True),
    ]


def ground(data: Path, form: Form, seed: int) -> Ground:
    """Images and truth; the seed draws which tiles are labelled."""
    order = [int(tile) for tile in np.random.default_rng(seed).permutation(list(POOL))]
    sets = {named(count): set(order[:count]) for count in COUNTS} | {"all labels": set(POOL)}
    folder = data / "dubai"
    fixed = _sources(folder, VALIDATION, "segmentation", "validation")
    return Ground(
        sources={name: _pool(folder, known) + fixed for name, known in sets.items()},
        tests=[
            Test(path.stem, path, "segmentation", _labels(path))
            for path in (folder / f"tile{TEST}_part{part}.jpg" for part in TEST_PARTS[form.name])
        ],
        settings={"segmentation_classes": CLASSES, "background": False, "split": {"seed": seed}},
        lines="road",
    )


def _pool(folder: Path, known: set[int]) -> list[Settings]:
    """All tiles of the pool without labels, the known ones with labels too."""
    unlabelled = [source for tile in POOL for source in _sources(folder, tile, "unlabelled", "train")]
    return [source for tile in sorted(known) for source in _sources(folder, tile, "segmentation", "train")] + unlabelled


def _sources(folder: Path, tile: int, role: str, split: str) -> list[Settings]:
    """A tile's images in a role."""
    images = sorted(folder.glob(f"tile{tile}_part*.jpg"))
    if role == "unlabelled":
        return [{"raster": str(image), "role": role} for image in images]
    return [{"raster": str(image), "role": role, "labels": _labels(image), "split": split} for image in images]


def _labels(image: Path) -> Settings:
    return {"path": str(image.with_name(f"{image.stem}_classes.tif")), "ignore_values": ["0"]}
