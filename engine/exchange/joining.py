"""What images cut up becomes whole again: areas of a class that touch, and boxes that two images agree upon."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Geometry

from ..inference.vectors.components import connected
from .drawn import as_array

AGREEING = 0.5
"""Share of their union, on ground that two images have in common, that pieces of one object must share."""


def joined_areas(geometries: np.ndarray, classes: np.ndarray, pixel: float) -> tuple[np.ndarray, np.ndarray]:
    """Areas (n,) of which those of a class that touch are one.

    Args:
        geometries: (n,) polygons.
        classes: (n,) class names.
        pixel: the side of a pixel, a thousandth of which is no gap.
    """
    parts: list[Geometry] = []
    names: list[str] = []
    for name in dict.fromkeys(classes.tolist()):
        whole = shapely.union_all(geometries[classes == name], grid_size=pixel / 1000)
        found = [part for part in shapely.get_parts(whole) if part.area > 0]
        parts, names = parts + found, names + [name] * len(found)
    return as_array(parts), np.array(names, object)


def joined_objects(
    geometries: np.ndarray, classes: np.ndarray, images: np.ndarray, outlines: list[Geometry], pixel: float
) -> tuple[np.ndarray, np.ndarray]:
    """Objects (n,) of which those that several images show are one: the union of what each shows.

    Two of a class are one where they agree on the ground that their images have in common, along the border of images
    that only touch.

    Args:
        geometries: (n,) polygons.
        classes: (n,) class names.
        images: (n,) numbers of the images that show them.
        outlines: of the images.
        pixel: the side of a pixel.
    """
    reach = shapely.buffer(geometries, pixel, join_style="mitre")
    pairs = shapely.STRtree(reach).query(reach, predicate="intersects").T
    first, second = pairs[pairs[:, 0] < pairs[:, 1]].T
    fitting = (classes[first] == classes[second]) & (images[first] != images[second])
    one, other = first[fitting], second[fitting]
    borders = shapely.buffer(as_array(outlines), pixel, join_style="mitre")
    common = shapely.intersection(borders[images[one]], borders[images[other]])
    ours, theirs = shapely.intersection(reach[one], common), shapely.intersection(reach[other], common)
    union, shared = shapely.area(shapely.union(ours, theirs)), shapely.area(shapely.intersection(ours, theirs))
    agree = (union > 0) & (shared >= AGREEING * union)
    labels, count = connected(one[agree], other[agree], len(geometries))
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(labels, minlength=count))[:-1]) if count else []
    firsts = np.array([group[0] for group in groups], int)
    return as_array([_whole(geometries[group]) for group in groups]), classes[firsts]


def _whole(pieces: np.ndarray) -> Geometry:
    """Pieces as one: a rectangle where each of them is one, for so boxes stay boxes."""
    if len(pieces) == 1:
        return pieces[0]
    union = shapely.union_all(pieces)
    if all(piece.equals_exact(shapely.envelope(piece), 1e-9, normalize=True) for piece in pieces):
        return shapely.envelope(union)
    return union
