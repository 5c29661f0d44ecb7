"""(g) Going on from a model: Banepa's buildings from 4 tiles, then from 4 more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..banepa import BUILDING, labelled_order, make_banepa, train_tiles
from ..declare import Form, Ground, Metric, Row, Table
from ..methods import supervised
from . import sslkd

FIRST, MORE = "4 tiles", "8 tiles"
FORMS = {"small": replace(sslkd.FORMS["small"], steps=480)}
_FEWER = 4
"""A run that goes on has the steps of one from the start divided by this."""
_FEWEST = 10
"""Steps of the shortest run."""


def table(form: Form) -> Table:
    """The table."""
    recipe, short = supervised(form.student, "segmentation"), form.steps // _FEWER
    return Table(
        "Going on from a model: Banepa, 4 labelled tiles, then 4 more",
        f"Buildings at {form.gsd} m; tiles, validation and test as in the table of SSLKD. A model of 4 tiles goes on "
        f"with these and 4 more in {short} steps; from ImageNet weights 8 tiles get as many, or all {form.steps}. "
        f"Last, it goes on with nothing new for {_FEWEST} steps.",
        ground,
        (
            Row(f"{FIRST}, {form.steps} steps", recipe, form.steps, FIRST),
            Row(f"{MORE}, {short} steps", recipe, short, MORE),
            Row(
                f"{MORE}, {short} steps from the model of 4",
                recipe,
                short,
                MORE,
                start_from=f"{FIRST}, {form.steps} steps",
            ),
            Row(f"{MORE}, {form.steps} steps", recipe, form.steps, MORE),
            Row(
                f"{FIRST} again, {_FEWEST} steps from the model of 4",
                recipe,
                _FEWEST,
                FIRST,
                start_from=f"{FIRST}, {form.steps} steps",
            ),
        ),
        (
            Metric("building IoU", ("segmentation", "classes", "building", "iou")),
            Metric("mean IoU", ("segmentation", "mean_iou")),
        ),
        baselines=(f"{FIRST}, {form.steps} steps",),
    )


def ground(data: Path, folder: Path, seed: int) -> Ground:
    """Tiles and truth; the seed draws which tiles are labelled."""
    banepa = make_banepa(data, folder)
    order = labelled_order(seed, sslkd.POOL)
    validation = banepa.labelled("segmentation", train_tiles(sslkd.VALIDATION), "validation")
    return Ground(
        sources={
            name: [banepa.labelled("segmentation", order[:count], "train"), validation]
            for name, count in ((FIRST, 4), (MORE, 8))
        },
        tests=[banepa.test_of("segmentation")],
        settings={"segmentation_classes": [BUILDING], "split": {"seed": seed, "block_size": 8, "buffer": 0}},
    )
