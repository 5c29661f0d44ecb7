"""(c) SSLKD: Banepa's buildings from few labelled tiles and much imagery."""

from __future__ import annotations

from pathlib import Path

from ..banepa import BUILDING, ROWS, labelled_order, make_banepa, train_tiles
from ..declare import WEAK, Form, Ground, Metric, Row, Table
from ..methods import SUPERVISED, all_labels, few_labels

VALIDATION = ROWS[:1]
"""Its four tiles choose every row's weights and train nobody; the others are the pool of labelled tiles."""
POOL = ROWS[1:]
COUNTS = (2, 4, 8, 16)
FORMS = {
    "small": Form(
        "small",
        steps=480,
        teacher_steps=600,
        chip_size=96,
        batch_size=8,
        gsd=0.52,
        student={"size": "small"},
        teacher={"size": "medium", "width": 64, "light": True},
        second_teacher={"architecture": "unet", "encoder": "tu-tf_efficientnet_lite1"},
        labelled=(2, 4),
        views=WEAK,
    ),
    "medium": Form(
        "medium",
        steps=900,
        teacher_steps=600,
        chip_size=256,
        batch_size=8,
        gsd=0.26,
        student={"size": "small"},
        teacher={"size": "medium", "width": 64},
        second_teacher={"architecture": "unet", "encoder": "tu-tf_efficientnet_lite1"},
        labelled=(2, 4),
    ),
    "full": Form(
        "full",
        steps=6000,
        teacher_steps=4000,
        chip_size=256,
        batch_size=16,
        gsd=0.26,
        student={"size": "small"},
        teacher={"size": "large"},
        second_teacher={"architecture": "unet", "encoder": "tu-tf_efficientnet_lite1"},
        labelled=COUNTS,
    ),
}


def named(count: int) -> str:
    """What a number of labelled tiles is called."""
    return f"{count} labelled tiles"


def table(form: Form) -> Table:
    """The table."""
    rows: list[Row] = []
    for count in form.labelled:
        rows += few_labels(form, named(count), peers=True)
    return Table(
        "SSLKD: Banepa from few labelled tiles",
        f"Buildings at {form.gsd} m. Of 28 training tiles some keep their labels (nested sets, drawn by the seed), all "
        "others and the imagery around them are unlabelled; 4 more tiles choose every row's weights. Scored on the 8 "
        "test tiles, which no row sees.",
        ground,
        (*rows, all_labels(form)),
        (
            Metric("building IoU", ("segmentation", "classes", "building", "iou")),
            Metric("mean IoU", ("segmentation", "mean_iou")),
        ),
        baselines=tuple(f"{named(count)}: {SUPERVISED}" for count in form.labelled),
    )


def ground(data: Path, folder: Path, seed: int) -> Ground:
    """Tiles and truth; the seed draws which tiles are labelled."""
    banepa = make_banepa(data, folder)
    order = labelled_order(seed, POOL)
    fixed = [banepa.labelled("segmentation", train_tiles(VALIDATION), "validation"), banepa.unlabelled()]
    sets = {named(count): order[:count] for count in COUNTS} | {"all labels": order}
    return Ground(
        sources={name: [banepa.labelled("segmentation", tiles, "train"), *fixed] for name, tiles in sets.items()},
        tests=[banepa.test_of("segmentation")],
        settings={
            "segmentation_classes": [BUILDING],
            # blocks much smaller than a tile, so that validation tiles hide little of their neighbours
            "split": {"seed": seed, "block_size": 8, "buffer": 0},
        },
    )
