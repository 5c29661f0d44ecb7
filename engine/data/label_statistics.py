"""What labels are like: how much ground each class covers, how large its objects are, how thin its shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import rasterio.features
import shapely

from ..config import Run
from ..types import IGNORE_INDEX, given
from .masks import IGNORED
from .prepared import ObjectSides, Prepared, PreparedSource
from .sampling import tiling
from .vector_labels import VectorLabels

SCARCE = 0.02
"""Share of the labelled ground below which cross-entropy hardly notices a class."""

MOST_SENTENCES = 3
"""Classes that have a sentence each; of more there is one."""


def class_shares(run: Run, prepared: Prepared) -> dict[str, float]:
    """How much of the labelled ground each segmentation class covers, background first where it is one."""
    sources = prepared.of_role("segmentation")
    ground = sum(source.area.area * source.reader.grid.gsd**2 for source in sources)
    covered = np.zeros(len(run.segmentation_classes))
    for source in sources:
        for points in source.points.pieces():
            covered += np.bincount(points.classes, points.weights, len(covered)) * source.reader.grid.gsd**2
    ground = max(ground if run.background else covered.sum(), 1e-9)
    shares = (covered / ground).tolist()
    background = [max(0.0, 1 - sum(shares))] if run.background else []
    return dict(zip((each.name for each in run.segmentation_channels()), [*background, *shares], strict=True))


def scarce_classes(run: Run, prepared: Prepared) -> list[str]:
    """A sentence for each class that covers little ground, where the run uses nothing that helps it."""
    remedies = _remedies(run)
    if not remedies:
        return []
    shares, help_ = class_shares(run, prepared), " or ".join(remedies)
    scarce = [each.name for each in run.segmentation_classes if 0 < shares[each.name] < SCARCE]
    if len(scarce) > MOST_SENTENCES:
        more = len(scarce) - MOST_SENTENCES
        named = ", ".join(f"'{name}'" for name in scarce[:MOST_SENTENCES])
        return [
            f"{len(scarce)} segmentation classes ({named} and {more} more) cover less than {100 * SCARCE:.0f} % of the "
            f"labelled ground each; {help_} may help them."
        ]
    return [
        f"The segmentation class '{name}' covers {100 * shares[name]:.1f} % of the labelled ground; {help_} "
        "may help it."
        for name in scarce
    ]


def _remedies(run: Run) -> list[str]:
    """Settings that help scarce classes and that the run has and does not use, or none where it uses one of them."""
    dice = getattr(run.recipe, "dice", None)
    if dice or run.training.class_balance or getattr(run.recipe, "segmentation_loss", "") in ("weighted", "auto"):
        return []
    found = [] if dice is None else ["Dice (recipe.dice: 1)"]
    several = len(run.segmentation_classes) > 1 and run.training.rare_class_share > 0
    return found + (["class balance (training.class_balance: 1)"] if several else [])


LONG = 20.0
"""How many times as long as wide thin shapes are at least. Of a square it is 4 as it is measured here, for both its
sides bound it; of a block of houses 10."""
WIDEST = 16.0
"""Pixels across, which clDice's soft skeleton reaches."""
MOST_MEASURED = 2**15
"""Features of a source above which one in some is looked at."""
_WINDOWS, _SIDE = 32, 512
"""Windows of a class raster that are looked at."""


def thin_classes(run: Run, prepared: Prepared) -> list[str]:
    """A sentence for each class of thin shapes, where the run could have clDice and has not."""
    if getattr(run.recipe, "cldice", None) != 0.0:
        return []
    found = [_shapes(source, run.background) for source in prepared.of_role("segmentation")]
    sentences = []
    for index, each in enumerate(run.segmentation_classes):
        long, wide = length_and_width(np.concatenate([shapes[classes == index] for shapes, classes in found]))
        if long >= LONG and wide <= WIDEST:
            sentences.append(
                f"The segmentation class '{each.name}' is thin ({wide:.0f} px across, and {long:.0f} times as long); "
                "clDice (recipe.cldice: 0.5) may keep it connected."
            )
    return sentences


def length_and_width(shapes: np.ndarray) -> tuple[float, float]:
    """Half the area of some polygons lies in such as are longer for their width, and half in wider ones.

    With perimeter P and area A of a polygon, P^2 / 4A is its length for a width of one, where it is long, and 2A / P
    its width. Of no polygons it is 0 and 0.
    """
    shapes = shapely.simplify(shapes, 1.0)  # stairs of pixels are no shore
    areas, perimeters = shapely.area(shapes), shapely.length(shapes)
    areas, perimeters = areas[areas > 0], perimeters[areas > 0]
    return _middle(perimeters**2 / (4 * areas), areas), _middle(2 * areas / perimeters, areas)


def _middle(values: np.ndarray, weights: np.ndarray) -> float:
    """The weighted median."""
    if not len(values):
        return 0.0
    order = np.argsort(values)
    until = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(until, until[-1] / 2)])


def _shapes(source: PreparedSource, background: bool) -> tuple[np.ndarray, np.ndarray]:
    """Polygons (n,) in grid pixels and their class indices (n,); of a class raster those in some windows."""
    if isinstance(source.labels, VectorLabels):
        labels, some = source.labels, 1 + len(source.labels) // MOST_MEASURED
        chosen = np.concatenate([np.zeros(0, int), *(places[::some] for places in labels.batches())])
        parts, origin = shapely.get_parts(labels.geometries_at(chosen), return_index=True)
        return parts, labels.classes_at(chosen)[origin]
    windows = tiling(source.area, _SIDE)
    chosen = np.random.default_rng(0).permutation(len(windows))[:_WINDOWS]
    found = [pair for index in chosen for pair in _painted(given(source.labels).mask(windows[index]))]
    shapes = np.array([shapely.geometry.shape(outline) for outline, _ in found], dtype=object)
    return shapes, np.array([int(value) - int(background) for _, value in found], dtype=int)


def _painted(mask: np.ndarray) -> list[tuple[dict[str, Any], float]]:
    return list(rasterio.features.shapes(mask, mask=mask != IGNORE_INDEX, connectivity=8))


QUANTILES = (0.05, 0.5, 0.95)
SMALLEST_SIDE = 4.0
"""Shorter side in pixels below which an object is a speck: the finest pyramid level has a cell of that size."""
MOST_SIDES = 2**18
"""Objects of a source above which one in some is looked at."""
MANY = 0.05
"""Share of a class's objects from which on specks are warned of."""


def object_sides(sources: list[PreparedSource]) -> ObjectSides | None:
    """Of all objects in the labelled areas of the detection sources; none where there are none."""
    sides, _ = _sides(sources)
    if not len(sides):
        return None
    shorter, longer = np.quantile(sides, QUANTILES, axis=0).T.tolist()
    return ObjectSides(tuple(shorter), tuple(longer))


def too_small(sources: list[PreparedSource], names: list[str], gsd: float) -> list[str]:
    """A sentence for each detection class of which many objects are specks at `gsd` metres a pixel."""
    sides, classes = _sides(sources)
    sentences = []
    for index, name in enumerate(names):
        shorter = sides[classes == index, 0]
        small = int((shorter < SMALLEST_SIDE).sum())
        if small and small >= MANY * len(shorter):
            finer = gsd * float(np.quantile(shorter, QUANTILES[0])) / SMALLEST_SIDE
            sentences.append(
                f"{small} of {len(shorter)} objects of the detection class '{name}' are less than {SMALLEST_SIDE:.0f} "
                f"pixels wide at {gsd:.3g} m per pixel and may not be found; imagery of {finer:.2g} m would do."
            )
    return sentences


def _sides(sources: list[PreparedSource]) -> tuple[np.ndarray, np.ndarray]:
    """Shorter and longer side (n, 2) in pixels, and class (n,), of the objects centred in labelled areas."""
    sides, classes = [np.zeros((0, 2))], [np.zeros(0, np.int64)]
    for source in sources:
        if source.role == "detection" and isinstance(source.labels, VectorLabels):
            some = 1 + len(source.labels) // MOST_SIDES
            for places in source.labels.batches():
                places = places[::some]
                known = places[source.labels.classes_at(places) != IGNORED]
                left, top, right, bottom = source.labels.boxes_at(known).T
                inside = shapely.contains_xy(source.area, (left + right) / 2, (top + bottom) / 2)
                sides.append(np.sort(np.stack([right - left, bottom - top], axis=1)[inside], axis=1))
                classes.append(source.labels.classes_at(known)[inside])
    return np.concatenate(sides), np.concatenate(classes)
