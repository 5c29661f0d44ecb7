"""What scenes are made of: things as plain values in metres, and what makes two cities look different."""

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


Palette = tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """The look of a place. Colours are #rrggbb as seen in full sun; lengths are metres, angles degrees.

    Args:
        name: short name, used for file names.
        crs: CRS of its rasters, a projected one in metres.
        origin: easting and northing near which its scenes lie.
        sun_azimuth: where the light comes from, clockwise from north.
        sun_elevation: height of the sun over the horizon.
        sun: colour of the direct light.
        sky: colour of the light in shadows.
        haze: share of white that the air adds.
        tint: channel gains of the camera.
        street_width: narrowest and widest carriageway.
        block_depth: distance between streets that lie side by side.
        block_length: distance between the streets that cross them.
        house_length: of ordinary houses.
        house_width: of ordinary houses.
        setback: distance of houses from the pavement.
        gable: share of gabled roofs among houses; what is neither gabled nor hipped is flat.
        hip: share of hipped roofs.
        street_trees: trees per metre of street side.
        field_share: share of the blocks that are farmed.
    """

    name: str
    crs: str
    origin: tuple[float, float]
    sun_azimuth: float
    sun_elevation: float
    sun: tuple[float, float, float]
    sky: tuple[float, float, float]
    haze: float
    tint: tuple[float, float, float]
    street_width: tuple[float, float]
    block_depth: tuple[float, float]
    block_length: tuple[float, float]
    house_length: tuple[float, float]
    house_width: tuple[float, float]
    setback: tuple[float, float]
    gable: float
    hip: float
    street_trees: float
    field_share: float
    pitched_roofs: Palette
    flat_roofs: Palette
    asphalt: Palette
    pavement: str
    grass: Palette
    paving: Palette
    leaves: Palette
    crops: Palette
    water: Palette
    bank: str


NORTH = Look(
    name="north",
    crs="EPSG:32632",
    origin=(561_200.0, 5_934_400.0),
    sun_azimuth=152.0,
    sun_elevation=46.0,
    sun=(1.0, 0.98, 0.93),
    sky=(0.17, 0.20, 0.26),
    haze=0.015,
    tint=(0.98, 1.0, 1.03),
    street_width=(6.5, 9.5),
    block_depth=(58.0, 74.0),
    block_length=(70.0, 115.0),
    house_length=(10.5, 15.0),
    house_width=(8.0, 10.5),
    setback=(4.0, 7.0),
    gable=0.62,
    hip=0.22,
    street_trees=0.02,
    field_share=0.2,
    pitched_roofs=("#6e4038", "#7d4a3c", "#5b5a5f", "#4d4b50", "#74625a", "#8a5546", "#66676c", "#57403a"),
    flat_roofs=("#8f8f8c", "#75777a", "#a3a19b", "#68695f", "#85877b"),
    asphalt=("#7c7d80", "#707276", "#85858a"),
    pavement="#a8a49c",
    grass=("#5d7a3c", "#6d8746", "#52703a", "#7c8a4e"),
    paving=("#a89488", "#9a9692", "#b0a494"),
    leaves=("#3f5e2c", "#4a6a30", "#35522c", "#587536", "#2c4630"),
    crops=("#7f9448", "#a69c58", "#8a7050", "#5f8040", "#b6a566"),
    water=("#3d5355", "#45605a"),
    bank="#7a7755",
)

SOUTH = Look(
    name="south",
    crs="EPSG:25833",
    origin=(389_600.0, 5_271_800.0),
    sun_azimuth=248.0,
    sun_elevation=35.0,
    sun=(1.0, 0.93, 0.80),
    sky=(0.15, 0.18, 0.26),
    haze=0.03,
    tint=(1.06, 1.0, 0.92),
    street_width=(5.5, 8.0),
    block_depth=(46.0, 60.0),
    block_length=(60.0, 95.0),
    house_length=(9.0, 14.0),
    house_width=(8.5, 12.0),
    setback=(1.5, 4.0),
    gable=0.3,
    hip=0.42,
    street_trees=0.012,
    field_share=0.25,
    pitched_roofs=("#a8694a", "#b47a58", "#9a5f48", "#bb8a66", "#8f6a58", "#a37860"),
    flat_roofs=("#cbc4b4", "#b9b1a2", "#dcd6ca", "#a39d92", "#aa9a86"),
    asphalt=("#95918b", "#8a8782", "#a09a90"),
    pavement="#bdb4a4",
    grass=("#8f8f54", "#9d955c", "#7d8550", "#aa9c68"),
    paving=("#c0ac94", "#b5a48e", "#c9baa4"),
    leaves=("#4c5c34", "#5c683c", "#6b7046", "#3f5036", "#77713f"),
    crops=("#b39a64", "#9a7b54", "#c2ae74", "#86884c", "#a5714e"),
    water=("#486a68", "#557570"),
    bank="#a59a78",
)

LOOKS = {look.name: look for look in (NORTH, SOUTH)}
