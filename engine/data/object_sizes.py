"""How large labelled objects are, in pixels: what pyramid levels detection needs, and whether the pixels suffice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from .points import IGNORED
from .prepared import PreparedSource
from .vector_labels import VectorLabels

QUANTILES = (0.05, 0.5, 0.95)
SMALLEST_SIDE = 4.0
"""Shorter side in pixels below which an object is a speck: the finest pyramid level has a cell of that size."""
MOST = 2**18
"""Objects of a source above which one in some is looked at."""
MANY = 0.05
"""Share of a class's objects from which on specks are warned of."""


class ObjectSides(NamedTuple):
    """Quantiles 0.05, 0.5 and 0.95 of the sides of objects' boxes, in pixels."""

    shorter: tuple[float, float, float]
    longer: tuple[float, float, float]


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
            some = 1 + len(source.labels) // MOST
            for places in source.labels.batches():
                places = places[::some]
                known = places[source.labels.classes_at(places) != IGNORED]
                left, top, right, bottom = source.labels.boxes_at(known).T
                inside = shapely.contains_xy(source.area, (left + right) / 2, (top + bottom) / 2)
                sides.append(np.sort(np.stack([right - left, bottom - top], axis=1)[inside], axis=1))
                classes.append(source.labels.classes_at(known)[inside])
    return np.concatenate(sides), np.concatenate(classes)
