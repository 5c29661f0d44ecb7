"""From a look and a seed to a picture and its truth, in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from .canvas import Canvas
from .compose import MARGIN, compose
from .ground import paint_ground
from .light import photograph
from .looks import Look
from .objects import paint_roof, paint_tree, paint_vehicle
from .shapes import Scene

GSD = 0.25
"""Metres per pixel."""


@dataclass
class Painting:
    """A picture and everything true about it; coordinates are pixels, x to the right and y down.

    Args:
        image: (H, W, 3) uint8.
        vehicles: outlines of the vehicles, cut at the picture's border.
        vehicle_classes: `car` or `truck` for each.
        areas: outlines by class: `roof`, `road`, `water`.
    """

    image: np.ndarray
    vehicles: list[BaseGeometry]
    vehicle_classes: list[str]
    areas: dict[str, BaseGeometry]


def paint(look: Look, size: int = 1024, seed: int = 0) -> Painting:
    """A scene of `size` x `size` pixels of 0.25 m; the same arguments give the same picture, byte for byte."""
    scene = compose(look, size * GSD, seed)
    canvas = Canvas(size + 2 * round(MARGIN / GSD), MARGIN, GSD, np.random.default_rng([seed, 1]))
    paint_ground(canvas, scene, look)
    for roof in scene.roofs:
        paint_roof(canvas, roof)
    for vehicle in scene.vehicles:
        paint_vehicle(canvas, vehicle)
    for tree in scene.trees:
        paint_tree(canvas, tree)
    return _with_truth(photograph(canvas, look), scene, size)


def _with_truth(image: np.ndarray, scene: Scene, size: int) -> Painting:
    frame = shapely.box(0, 0, size, size)
    outlines = [(_pixels(vehicle.box.polygon()), vehicle.kind) for vehicle in scene.vehicles]
    seen = [(shape.intersection(frame), kind, shape.area) for shape, kind in outlines if shape.intersects(frame)]
    # A sliver of a bumper at the border is not a vehicle that anyone would label.
    kept = [(shape, kind) for shape, kind, whole in seen if shape.area > 0.35 * whole]
    return Painting(image, [shape for shape, _ in kept], [kind for _, kind in kept], _areas(scene, frame))


def _areas(scene: Scene, frame: BaseGeometry) -> dict[str, BaseGeometry]:
    roof, road = scene.roof_area(), scene.road()
    water = scene.water.difference(shapely.union_all([road, roof, scene.pavement()]))
    areas = {"roof": roof, "road": road.difference(roof), "water": water}
    return {name: _pixels(shape).intersection(frame) for name, shape in areas.items()}


def _pixels(shape: BaseGeometry) -> BaseGeometry:
    return shapely.transform(shape, lambda points: points / GSD)
