"""Segmentation classes of thin shapes, such as roads, and what would keep them connected."""

from __future__ import annotations

from typing import Any

import numpy as np
import rasterio.features
import shapely

from ..config import Run
from ..types import IGNORE_INDEX, given
from .prepared import Prepared, PreparedSource
from .sampling import tiling
from .vector_labels import VectorLabels

LONG = 20.0
"""How many times as long as wide thin shapes are at least. Of a square it is 4 as it is measured here, for both its
sides bound it; of a block of houses 10."""
WIDEST = 16.0
"""Pixels across, which clDice's soft skeleton reaches."""
MOST = 2**15
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
        labels, some = source.labels, 1 + len(source.labels) // MOST
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
