"""The things of a scene as plain values, in metres: x to the right, y down, origin at the image's upper left corner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

PAVEMENT = 2.0
"""Width of the pavement on both sides of a street, in metres."""


@dataclass(frozen=True)
class Box:
    """An oriented rectangle; `length` lies along `angle` (radians, from x towards y)."""

    x: float
    y: float
    angle: float
    length: float
    width: float

    def polygon(self) -> Polygon:
        """Its outline."""
        return Polygon(self.world([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]))

    def world(self, parts: list[tuple[float, float]]) -> np.ndarray:
        """Points (n, 2) given in shares of length and width from the centre."""
        along, across = (np.asarray(parts) * (self.length, self.width)).T
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.stack([self.x + along * cos - across * sin, self.y + along * sin + across * cos], axis=1)

    def part(self, along: float, across: float, length: float, width: float) -> Box:
        """A box of the same direction, its centre given in shares of this one's length and width."""
        x, y = self.world([(along, across)])[0]
        return Box(float(x), float(y), self.angle, length, width)


RoofKind = Literal["gable", "hip", "flat"]


@dataclass(frozen=True)
class Roof:
    """A roof over a footprint; the ridge runs along the box's length."""

    box: Box
    kind: RoofKind
    eaves: float
    slope: float
    color: str


@dataclass(frozen=True)
class Tree:
    """A crown: radius and height in metres."""

    x: float
    y: float
    radius: float
    height: float
    color: str


@dataclass(frozen=True)
class Vehicle:
    """A car or a truck, its front towards the box's angle."""

    box: Box
    kind: Literal["car", "truck"]
    color: str


@dataclass(frozen=True)
class Street:
    """A street's centre line and the width of its carriageway."""

    line: LineString
    width: float
    marked: bool

    def polygon(self, beside: float = 0.0) -> BaseGeometry:
        """The carriageway, wider by `beside` on both sides."""
        return self.line.buffer(self.width / 2 + beside, cap_style="flat")


@dataclass(frozen=True)
class Patch:
    """Ground of one colour; `rows` is the direction of a crop's rows in radians, or none."""

    polygon: BaseGeometry
    color: str
    rows: float | None = None


@dataclass
class Scene:
    """Everything that stands in a scene, before a pixel is painted."""

    streets: list[Street] = field(default_factory=list)
    lots: list[Box] = field(default_factory=list)
    water: BaseGeometry = field(default_factory=Polygon)
    patches: list[Patch] = field(default_factory=list)
    paved: list[Patch] = field(default_factory=list)
    hedges: list[LineString] = field(default_factory=list)
    roofs: list[Roof] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    vehicles: list[Vehicle] = field(default_factory=list)

    def road(self) -> BaseGeometry:
        """Carriageways and parking lots."""
        lots = [lot.polygon() for lot in self.lots]
        return shapely.union_all([street.polygon() for street in self.streets] + lots)

    def pavement(self) -> BaseGeometry:
        """Streets with their pavements, bridges included."""
        return shapely.union_all([street.polygon(PAVEMENT) for street in self.streets])

    def roof_area(self) -> BaseGeometry:
        """The union of all roofs."""
        return shapely.union_all([roof.box.polygon() for roof in self.roofs])

    def junctions(self, beyond: float) -> BaseGeometry:
        """Where streets cross, and `beyond` metres around."""
        areas = np.array([street.polygon() for street in self.streets])
        first, second = shapely.STRtree(areas).query(areas, predicate="intersects")
        crossing = first < second
        return shapely.union_all(shapely.intersection(areas[first[crossing]], areas[second[crossing]])).buffer(beyond)
