"""(a) The controlled pair: Banepa's buildings as boxes in the north half, as areas in the south half."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..banepa import BUILDING, ROWS, make_banepa, train_tiles
from ..declare import Form, Ground, Metric, Row, Settings, Table
from ..methods import BOTH, VANILLA, WITH_IMAGERY, distilled, networks, single_task, soft, sslkd_teaches, vanilla

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
    ),
    "full": Form(
        "full",
        steps=6000,
        teacher_steps=6000,
        chip_size=256,
        batch_size=16,
        gsd=0.26,
        student={"size": "small"},
        teacher={"size": "large", "neck": "pafpn"},
    ),
}


def table(form: Form) -> Table:
    """The table."""
    return Table(
        "Controlled pair: Banepa, boxes in one half, areas in the other",
        f"Buildings at {form.gsd} m. The 32 training tiles are halved: boxes (extents of footprints) are known in the "
        "north, areas in the south. Both tasks are scored on the 8 test tiles, east of both halves, together and "
        "by half: areas in the north and boxes in the south had no labels.",
        ground,
        (
            *single_task(form),
            *vanilla(form),
            *networks(form),
            *soft(form),
            *sslkd_teaches(form),
            *further(form),
        ),
        (
            Metric("building IoU", ("segmentation", "classes", "building", "iou")),
            Metric("mean IoU", ("segmentation", "mean_iou")),
            Metric("building AP50", ("detection", "ap50")),
            Metric("IoU, north", ("places", "north", "segmentation", "classes", "building", "iou")),
            Metric("IoU, south", ("places", "south", "segmentation", "classes", "building", "iou")),
            Metric("AP50, north", ("places", "north", "detection", "ap50")),
            Metric("AP50, south", ("places", "south", "detection", "ap50")),
        ),
        baselines=(VANILLA,),
    )


def further(form: Form) -> tuple[Row, ...]:
    """Options, and what lies beyond the papers."""
    learning: Settings = {"sources": "with unlabelled", "unlabelled": True, "co_training": True}
    rows = (
        distilled(form, "feature", "feature"),
        distilled(form, "PDF", "pdf"),
        distilled(form, "soft and feature", "soft", "feature"),
        distilled(form, "soft and PDF", "soft", "pdf"),
        distilled(form, "PDF plus", "pdf_plus"),
        distilled(form, "soft, DIST", "soft", soft_segmentation="dist"),
        distilled(form, "soft, CWD", "soft", soft_segmentation="cwd"),
        distilled(form, "PKD", "soft", "pkd"),
        distilled(form, "CrossKD", "soft", "crosskd"),
        distilled(form, "soft, strong views", "soft", strong_views=True),
        distilled(form, "soft, weak labels", "soft", weak_labels=True),
        distilled(form, "soft, unlabelled", "soft", sources="with unlabelled", unlabelled=True),
        distilled(form, "soft, co-training", "soft", **learning),
        distilled(form, f"{BOTH}, co-training", "soft", on_own_task=True, **learning),
    )
    return tuple(replace(row, extra=True) for row in rows)


def ground(data: Path, folder: Path, seed: int) -> Ground:
    """Tiles and truth; only the division into blocks depends on the seed."""
    banepa = make_banepa(data, folder)
    labelled = [
        banepa.labelled("detection", train_tiles(ROWS[:4])),
        banepa.labelled("segmentation", train_tiles(ROWS[4:])),
    ]
    return Ground(
        sources={
            "all": labelled,
            "with unlabelled": [*labelled, banepa.unlabelled()],
            WITH_IMAGERY: [labelled[1], banepa.unlabelled()],
        },
        tests=[
            banepa.test_of(task, rows, place)
            for task in ("detection", "segmentation")
            for place, rows in (("north", ROWS[:4]), ("south", ROWS[4:]))
        ],
        settings={
            "detection_classes": [BUILDING],
            "segmentation_classes": [BUILDING],
            "split": {"seed": seed},
        },
    )
