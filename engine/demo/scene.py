"""A whole scene from a look and a seed, with its traffic, and its picture with its truth, in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from .canvas import Canvas, paint_ground, paint_roof, paint_tree, paint_vehicle, photograph
from .shapes import Box, Look, Roof, Scene, Street, Tree, Vehicle
from .town import Builder, plan_town

CAR_COLORS = {
    "#e6e6e4": 0.22,
    "#b9bcc0": 0.18,
    "#2a2b2e": 0.2,
    "#6f7276": 0.12,
    "#8c2a26": 0.1,
    "#2f4a7c": 0.1,
    "#c8c2b0": 0.04,
    "#3d5a45": 0.04,
}
TRUCK_COLORS = {"#e4e2dc": 0.6, "#3f5f8f": 0.15, "#a8402f": 0.1, "#c9b04a": 0.15}


def add_traffic(scene: Scene, driveways: list[Box], rng: np.random.Generator) -> None:
    """Put vehicles on a scene's streets, lots and driveways, and drop those that overlap something."""
    junctions = scene.junctions(beyond=6)
    found: list[Vehicle] = []
    for street in scene.streets:
        found += _driving(street, rng)
        found += [car for car in _parked(street, rng) if not junctions.intersects(car.box.polygon())]
    for lot in scene.lots:
        found += _in_lot(lot, rng)
    found += [_vehicle(box.x, box.y, box.angle, rng, trucks=0.0) for box in driveways if rng.random() < 0.5]
    scene.vehicles = _apart(found, scene.roofs)


def _vehicle(x: float, y: float, angle: float, rng: np.random.Generator, trucks: float = 0.08) -> Vehicle:
    if rng.random() < trucks:
        box = Box(x, y, angle, rng.uniform(6.8, 9.5), rng.uniform(2.3, 2.5))
        return Vehicle(box, "truck", _color(TRUCK_COLORS, rng))
    box = Box(x, y, angle, rng.normal(4.4, 0.25), rng.normal(1.85, 0.06))
    return Vehicle(box, "car", _color(CAR_COLORS, rng))


def _color(shares: dict[str, float], rng: np.random.Generator) -> str:
    return str(rng.choice(list(shares), p=list(shares.values())))


def _along(street: Street, distance: float, offset: float) -> tuple[float, float, float]:
    """Point and direction at a distance along a street, `offset` metres to its side."""
    start, end = (street.line.interpolate(distance + step) for step in (-1.0, 1.0))
    angle = np.arctan2(end.y - start.y, end.x - start.x)
    middle = street.line.interpolate(distance)
    return middle.x - offset * np.sin(angle), middle.y + offset * np.cos(angle), float(angle)


def _driving(street: Street, rng: np.random.Generator) -> list[Vehicle]:
    cars = []
    for side in (-1, 1):
        distance = rng.exponential(25)
        while distance < street.line.length - 3:
            x, y, angle = _along(street, distance, side * street.width * 0.2)
            # Traffic keeps to the right, which is +1 in axes with y down.
            cars.append(_vehicle(x, y, angle if side > 0 else angle + np.pi, rng))
            distance += 9 + rng.exponential(45 if street.marked else 80)
    return cars


def _parked(street: Street, rng: np.random.Generator) -> list[Vehicle]:
    cars = []
    for side in (-1, 1):
        distance = rng.uniform(2, 20)
        while distance < street.line.length - 3:
            x, y, angle = _along(street, distance, side * (street.width / 2 - 1.05) + rng.normal(0, 0.08))
            cars.append(_vehicle(x, y, angle + rng.choice([0, np.pi]) + rng.normal(0, 0.02), rng, trucks=0.05))
            distance += rng.uniform(5.6, 7) if rng.random() < 0.55 else rng.exponential(30) + 6
    return cars


def _in_lot(lot: Box, rng: np.random.Generator) -> list[Vehicle]:
    """Two or more rows of bays across the lot's length; about six in ten are taken."""
    cars = []
    for row in np.arange(-lot.width / 2 + 3, lot.width / 2 - 2, 8.5):
        for bay in np.arange(-lot.length / 2 + 2.5, lot.length / 2 - 1.5, 2.7):
            if rng.random() < 0.6:
                x, y = lot.world([(bay / lot.length, row / lot.width)])[0]
                turn = rng.choice([-0.5, 0.5]) * np.pi + rng.normal(0, 0.03)
                cars.append(_vehicle(float(x), float(y), lot.angle + turn, rng, trucks=0.0))
    return cars


def _apart(vehicles: list[Vehicle], roofs: list[Roof]) -> list[Vehicle]:
    """The vehicles that touch no roof and no vehicle before them."""
    outlines = np.array([vehicle.box.polygon() for vehicle in vehicles])
    wide = shapely.buffer(outlines, 0.35)
    blocked = set(STRtree([roof.box.polygon() for roof in roofs]).query(wide, predicate="intersects")[0].tolist())
    tree = STRtree(outlines)
    kept: set[int] = set()
    for index, outline in enumerate(wide):
        if index not in blocked and kept.isdisjoint(tree.query(outline, predicate="intersects").tolist()):
            kept.add(index)
    return [vehicles[index] for index in sorted(kept)]


MARGIN = 16.0
"""Metres around the image that are planned and painted too, because shadows fall in from there."""


def compose(look: Look, side: float, seed: int) -> Scene:
    """Everything in a square scene of `side` metres."""
    rng = np.random.default_rng(seed)
    town = plan_town(look, side, MARGIN, rng)
    scene = Scene(streets=town.streets(), water=town.river())
    builder = Builder(look, town.frame, scene, rng)
    blocks = sorted(town.blocks(), key=lambda block: np.hypot(block.u0 + block.u1, block.v0 + block.v1))
    for number, block in enumerate(blocks):
        # Tiny scenes show the middle only, and should have houses.
        builder.fill(block, "houses" if number == 0 else None)
    _keep_near(scene, side)
    scene.water = scene.water.difference(scene.roof_area().buffer(2))
    add_traffic(scene, builder.driveways, rng)
    _add_street_trees(scene, look, rng)
    scene.trees = _standing(scene)
    return scene


def _keep_near(scene: Scene, side: float) -> None:
    """Drop what can be neither seen nor cast a shadow into the image."""
    near = shapely.box(-MARGIN, -MARGIN, side + MARGIN, side + MARGIN)
    shapely.prepare(near)
    scene.roofs = [roof for roof in scene.roofs if near.intersects(roof.box.polygon())]
    scene.lots = [lot for lot in scene.lots if near.intersects(lot.polygon())]
    scene.patches = [patch for patch in scene.patches if near.intersects(patch.polygon)]
    scene.paved = [patch for patch in scene.paved if near.intersects(patch.polygon)]
    scene.trees = [tree for tree in scene.trees if near.intersects(shapely.Point(tree.x, tree.y))]
    streets = [street for street in scene.streets if near.intersects(street.line)]
    scene.streets = [type(s)(s.line.intersection(near), s.width, s.marked) for s in streets]
    scene.streets = [street for street in scene.streets if street.line.geom_type == "LineString"]


def _add_street_trees(scene: Scene, look: Look, rng: np.random.Generator) -> None:
    for street in scene.streets:
        for side in (-1, 1):
            kerb = street.line.offset_curve(side * (street.width / 2 + 1.2))
            for distance in rng.uniform(0, kerb.length, rng.poisson(look.street_trees * kerb.length)):
                point, radius = kerb.interpolate(distance), rng.uniform(1.6, 3.2)
                scene.trees.append(Tree(point.x, point.y, radius, radius * 2.2, str(rng.choice(look.leaves))))


def _standing(scene: Scene) -> list[Tree]:
    """The trees whose stem has ground to stand on and whose crown hides no vehicle."""
    if not scene.trees:
        return []
    x, y = np.array([(tree.x, tree.y) for tree in scene.trees]).T
    taken = shapely.union_all([scene.roof_area().buffer(1.0), scene.road().buffer(0.5), scene.water.buffer(1.0)])
    shapely.prepare(taken)
    free = ~shapely.contains_xy(taken, x, y)
    crowns = shapely.buffer(shapely.points(x, y), [tree.radius * 0.95 for tree in scene.trees])
    outlines = [vehicle.box.polygon() for vehicle in scene.vehicles]
    free[STRtree(outlines).query(crowns, predicate="intersects")[0]] = False
    return [tree for tree, stands in zip(scene.trees, free, strict=True) if stands]


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
