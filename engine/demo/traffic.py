"""Vehicles: driving, parked at kerbs, on driveways and in lots; none overlaps another."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import STRtree

from .shapes import Box, Roof, Scene, Street, Vehicle

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
