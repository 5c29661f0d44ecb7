"""A town's plan: a bent grid of streets, a river in place of one of them, and what stands in the blocks between."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import numpy as np
from shapely import LineString, Polygon

from .shapes import PAVEMENT, Box, Look, Patch, Roof, RoofKind, Scene, Street, Tree

RIVER_BANK = 5.0


@dataclass(frozen=True)
class Frame:
    """The town's own axes (u, v), turned and gently bent against the image's (x, y)."""

    centre: float
    angle: float
    phases: tuple[float, float, float, float]
    bend: float = 4.0

    def world(self, uv: np.ndarray | list[tuple[float, float]]) -> np.ndarray:
        """Image metres (n, 2) of town coordinates (n, 2)."""
        u, v = np.asarray(uv, float).reshape(-1, 2).T
        first, second, third, fourth = self.phases
        u = u + self.bend * (np.sin(v / 31 + first) + 0.4 * np.sin(v / 13 + second))
        v = v + self.bend * (np.sin(u / 37 + third) + 0.3 * np.sin(u / 17 + fourth))
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.stack([self.centre + u * cos - v * sin, self.centre + u * sin + v * cos], axis=1)

    def box(self, u: float, v: float, along_u: float, along_v: float) -> Box:
        """A box of these sizes at (u, v), turned as the town is there; its length is the longer side."""
        (x, y), ahead = self.world([(u, v)])[0], (0.5, 0.0) if along_u >= along_v else (0.0, 0.5)
        start, end = self.world([(u - ahead[0], v - ahead[1]), (u + ahead[0], v + ahead[1])])
        angle = float(np.arctan2(end[1] - start[1], end[0] - start[0]))
        return Box(float(x), float(y), angle, max(along_u, along_v), min(along_u, along_v))

    def line(self, start: tuple[float, float], end: tuple[float, float]) -> LineString:
        """A straight line of the town, bent as the town is."""
        return LineString(self.world(np.linspace(start, end, max(2, int(np.hypot(*np.subtract(end, start)) / 3)))))

    def polygon(self, u0: float, v0: float, u1: float, v1: float) -> Polygon:
        """A rectangle of the town, bent as the town is."""
        corners = [(u0, v0), (u1, v0), (u1, v1), (u0, v1), (u0, v0)]
        sides = [self.line(start, end).coords[:-1] for start, end in pairwise(corners)]
        return Polygon([point for side in sides for point in side])


@dataclass(frozen=True)
class Block:
    """Ground between streets in town coordinates, pavements excluded; `faces` says which u sides are streets."""

    u0: float
    v0: float
    u1: float
    v1: float
    faces: tuple[bool, bool]


@dataclass(frozen=True)
class Lines:
    """Parallel lines of the grid: positions and widths; `river` is the index of the one that is water, or none."""

    positions: np.ndarray
    widths: np.ndarray
    river: int | None = None

    def is_street(self, index: int) -> bool:
        """Whether this line is a street."""
        return index != self.river

    def half(self, index: int) -> float:
        """Half of what a line takes from the blocks beside it."""
        return float(self.widths[index]) / 2 + (PAVEMENT if self.is_street(index) else RIVER_BANK)


@dataclass(frozen=True)
class Town:
    """The plan of a town."""

    frame: Frame
    across: Lines
    along: Lines
    reach: float

    def streets(self) -> list[Street]:
        """All streets; the widest have lane marks."""
        reach = self.reach
        found = []
        for index, (u, width) in enumerate(zip(self.across.positions, self.across.widths, strict=True)):
            if self.across.is_street(index):
                found.append(_street(self.frame.line((u, -reach), (u, reach)), width))
        for v, width in zip(self.along.positions, self.along.widths, strict=True):
            found.append(_street(self.frame.line((-reach, v), (reach, v)), width))
        return found

    def river(self) -> Polygon:
        """The river's surface, empty where there is none; its banks wander."""
        if self.across.river is None:
            return Polygon()
        u, width = self.across.positions[self.across.river], self.across.widths[self.across.river]
        v = np.arange(-self.reach, self.reach, 3.0)
        left = u - width / 2 + 1.3 * np.sin(v / 9 + self.frame.phases[0])
        right = u + width / 2 + 1.3 * np.sin(v / 11 + self.frame.phases[1])
        outline = np.concatenate([np.stack([left, v], 1), np.stack([right, v], 1)[::-1]])
        return Polygon(self.frame.world(outline)).buffer(0)

    def blocks(self) -> list[Block]:
        """All blocks."""
        return [
            Block(
                self.across.positions[i] + self.across.half(i),
                self.along.positions[j] + self.along.half(j),
                self.across.positions[i + 1] - self.across.half(i + 1),
                self.along.positions[j + 1] - self.along.half(j + 1),
                (self.across.is_street(i), self.across.is_street(i + 1)),
            )
            for i in range(len(self.across.positions) - 1)
            for j in range(len(self.along.positions) - 1)
        ]


def plan_town(look: Look, side: float, margin: float, rng: np.random.Generator) -> Town:
    """Streets and river for a square image.

    Args:
        look: the place's look.
        side: side of the image in metres.
        margin: metres beyond the image that are planned too, so that shadows fall in from outside.
        rng: source of chance.
    """
    frame = Frame(side / 2, rng.uniform(0.15, 1.4), tuple(rng.uniform(0, 2 * np.pi, 4)))
    reach = (side / 2 + margin) * 1.42 + 8
    across = _lines(look, reach, look.block_depth, rng)
    along = _lines(look, reach, look.block_length, rng)
    return Town(frame, _with_river(across, side, rng), along, reach)


def _street(line: LineString, width: float) -> Street:
    return Street(line, float(width), marked=bool(width > 7.2))


def _lines(look: Look, reach: float, spacing: tuple[float, float], rng: np.random.Generator) -> Lines:
    steps = rng.uniform(*spacing, int(2 * reach / spacing[0]) + 3)
    positions = np.cumsum(steps)
    # A street passes close to the middle, so that tiny scenes have one too.
    nearest = positions[np.argmin(np.abs(positions - positions.mean()))]
    positions = positions - nearest + rng.uniform(-0.1, 0.1) * spacing[0]
    widths = rng.uniform(*look.street_width, len(positions))
    return Lines(positions, widths)


def _with_river(lines: Lines, side: float, rng: np.random.Generator) -> Lines:
    """Turn the line beside the middle one into a river, and move it into tiny scenes."""
    middle = int(np.argmin(np.abs(lines.positions)))
    river = middle + int(rng.choice([-1, 1]))
    positions, widths = lines.positions.copy(), lines.widths.copy()
    widths[river] = rng.uniform(10, 18)
    too_far = max(0.0, abs(positions[river]) - 0.38 * side)
    outward = np.sign(positions[river])
    positions[positions * outward >= positions[river] * outward] -= outward * too_far
    return Lines(positions, widths, river)


@dataclass
class Builder:
    """Fills blocks of one town into a scene."""

    look: Look
    frame: Frame
    scene: Scene
    rng: np.random.Generator
    driveways: list[Box] = field(default_factory=list)
    """Where a car may stand on private ground."""

    def fill(self, block: Block, kind: str | None = None) -> None:
        """Build something in a block, of a kind if given; blocks too small for a house stay meadows."""
        depth, length = block.u1 - block.u0, block.v1 - block.v0
        if depth < 12 or length < 12:
            return
        kinds = {"houses": 0.52, "slabs": 0.13, "halls": 0.12, "park": 0.08, "field": self.look.field_share}
        if depth < 34:
            kinds = {"houses": 0.7, "park": 0.3}
        shares = np.array(list(kinds.values()))
        kind = kind or self.rng.choice(list(kinds), p=shares / shares.sum())
        getattr(self, f"_{kind}")(block)

    def _color(self, palette: tuple[str, ...]) -> str:
        return str(self.rng.choice(palette))

    def _houses(self, block: Block) -> None:
        # Neighbours tend to share a material.
        roofs = tuple(self.rng.choice(self.look.pitched_roofs, 3))
        # Two rows back to back, or one whose gardens reach down to the river.
        share = 0.5 if all(block.faces) else 1.0
        depth = (block.u1 - block.u0) * share
        sides = [(block.u0, block.u0 + depth)] * block.faces[0]
        sides += [(block.u1, block.u1 - depth)] * block.faces[1]
        for front, back in sides:
            v = block.v0 + self.rng.uniform(0, 2)
            while v + 13 < block.v1:
                width = min(self.rng.uniform(14, 21), block.v1 - v)
                self._parcel(front, back, v, width, roofs)
                v += width

    def _parcel(self, front: float, back: float, v: float, width: float, roofs: tuple[Any, ...]) -> None:
        rng, look, frame = self.rng, self.look, self.frame
        inward = math.copysign(1.0, back - front)
        self.scene.patches.append(
            Patch(frame.polygon(min(front, back), v, max(front, back), v + width), self._color(look.grass))
        )
        if rng.random() < 0.7:
            self.scene.hedges.append(frame.line((front + inward, v), (back, v)))
        if rng.random() < 0.05:
            return
        depth, side = rng.uniform(*look.house_width), min(rng.uniform(*look.house_length), width - 3.2)
        setback = rng.uniform(*look.setback)
        u = front + inward * (setback + depth / 2)
        free = width - side
        centre = v + free * rng.uniform(0.15, 0.3) + side / 2
        house = frame.box(u, centre, depth, side)
        self._house(house, roofs)
        self._driveway(front, inward, centre + side / 2 + 0.4, v + width - 0.3, setback + depth)
        self._garden(u + inward * depth / 2, back, v, width)

    def _house(self, box: Box, roofs: tuple[str, ...]) -> None:
        rng, look = self.rng, self.look
        kinds: tuple[RoofKind, ...] = ("gable", "hip", "flat")
        kind = kinds[rng.choice(3, p=[look.gable, look.hip, 1 - look.gable - look.hip])]
        color = self._color(look.flat_roofs if kind == "flat" else roofs)
        eaves, slope = rng.uniform(3.2, 6.2), rng.uniform(0.5, 0.95)
        self.scene.roofs.append(Roof(box, kind, eaves, slope, color))
        if rng.random() < 0.3:
            wing = box.part(rng.uniform(-0.2, 0.2), rng.choice([-0.45, 0.45]), box.length * 0.45, box.width * 0.7)
            turned = Box(wing.x, wing.y, wing.angle + np.pi / 2, wing.width, wing.length)
            self.scene.roofs.append(Roof(turned, kind, eaves - 0.3, slope, color))

    def _driveway(self, front: float, inward: float, v0: float, v1: float, depth: float) -> None:
        if v1 - v0 < 2.4:
            return
        color, end = self._color(self.look.paving), front + inward * depth
        # The driveway crosses the pavement, down to the kerb.
        start = front - inward * 2.0
        self.scene.paved.append(Patch(self.frame.polygon(min(start, end), v0, max(start, end), v1), color))
        if abs(start - end) > 9:
            self.driveways.append(self.frame.box(end - inward * 3, (v0 + v1) / 2, 4.5, 1.9))
        if v1 - v0 > 3.0 and self.rng.random() < 0.45:
            garage = self.frame.box(end + inward * 1.0, (v0 + v1) / 2, 6.0, min(v1 - v0 - 0.3, 3.4))
            self.scene.roofs.append(Roof(garage, "flat", 2.6, 0.0, self._color(self.look.flat_roofs)))

    def _garden(self, house: float, back: float, v: float, width: float) -> None:
        low, high = sorted((house, back))
        if high - low < 3:
            return
        for _ in range(self.rng.poisson(0.6 + 0.005 * (high - low) * width)):
            self._tree(self.rng.uniform(low + 1, high), self.rng.uniform(v + 1, v + width - 1), (1.2, 4.2))
        if self.rng.random() < 0.35:
            terrace = self.frame.box(house + np.sign(back - house) * 1.5, v + width * 0.4, 3, 5)
            self.scene.paved.append(Patch(terrace.polygon(), self._color(self.look.paving)))
        if self.rng.random() < 0.3:
            shed = self.frame.box(back - np.sign(back - house) * 2, v + width * 0.75, 2.4, 3.2)
            self.scene.roofs.append(Roof(shed, "gable", 2.0, 0.4, self._color(self.look.pitched_roofs)))

    def _tree(self, u: float, v: float, radii: tuple[float, float]) -> None:
        x, y = self.frame.world([(u, v)])[0]
        radius = self.rng.uniform(*radii)
        self.scene.trees.append(
            Tree(float(x), float(y), radius, radius * self.rng.uniform(1.3, 2.1) + 1, self._color(self.look.leaves))
        )

    def _slabs(self, block: Block) -> None:
        rng, frame = self.rng, self.frame
        self._lawn(block)
        depth, length = rng.uniform(11, 13.5), (block.v1 - block.v0) * rng.uniform(0.6, 0.8)
        kind: RoofKind = "flat"
        color = self._color(self.look.flat_roofs)
        if rng.random() < 0.5:
            kind, color = "hip", self._color(self.look.pitched_roofs)
        for u in (block.u0 + 5 + depth / 2, block.u1 - 5 - depth / 2):
            box = frame.box(u, (block.v0 + block.v1) / 2, depth, length)
            self.scene.roofs.append(Roof(box, kind, rng.uniform(9, 13), 0.45, color))
        self._grove(block, 0.004, (2.0, 4.5))

    def _halls(self, block: Block) -> None:
        rng, frame = self.rng, self.frame
        ground = frame.polygon(block.u0, block.v0, block.u1, block.v1)
        self.scene.paved.append(Patch(ground, self._color(self.look.paving)))
        split = block.v0 + (block.v1 - block.v0) * rng.uniform(0.45, 0.6)
        depth, length = block.u1 - block.u0, split - block.v0
        hall = frame.box((block.u0 + block.u1) / 2, (block.v0 + split) / 2, depth - 10, length - 5)
        self.scene.roofs.append(
            Roof(
                hall,
                cast("RoofKind", str(rng.choice(["flat", "gable"]))),
                rng.uniform(6, 9),
                0.16,
                self._color(self.look.flat_roofs),
            )
        )
        lot = frame.box((block.u0 + block.u1) / 2, (split + block.v1) / 2, depth - 3, block.v1 - split - 5)
        if lot.width > 12:
            self.scene.lots.append(lot)

    def _park(self, block: Block) -> None:
        self._lawn(block)
        self._grove(block, 0.014, (2.2, 5.2))
        u, v = (block.u0 + block.u1) / 2, (block.v0 + block.v1) / 2
        path = self.frame.line((block.u0, v), (block.u1, v + self.rng.uniform(-6, 6)))
        self.scene.paved.append(Patch(path.buffer(1.1), self._color(self.look.paving)))
        if self.rng.random() < 0.7:
            radius = min(block.u1 - block.u0, block.v1 - block.v0) * self.rng.uniform(0.16, 0.24)
            pond = self._pond(u, v + radius + 4, radius)
            self.scene.water = self.scene.water.union(pond.difference(path.buffer(3)))

    def _pond(self, u: float, v: float, radius: float) -> Polygon:
        turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        radii = radius * (1 + 0.18 * np.sin(2 * turns + u) + 0.1 * np.sin(3 * turns + v))
        return Polygon(self.frame.world(np.stack([u + radii * np.cos(turns), v + radii * np.sin(turns)], 1)))

    def _field(self, block: Block) -> None:
        rng = self.rng
        cuts = np.sort(
            np.concatenate([[block.v0, block.v1], rng.uniform(block.v0 + 8, block.v1 - 8, rng.integers(0, 3))])
        )
        angle = self.frame.box(block.u0, block.v0, 1, 2).angle + rng.choice([0, np.pi / 2])
        for v0, v1 in pairwise(cuts):
            polygon = self.frame.polygon(block.u0, v0, block.u1, v1)
            self.scene.patches.append(Patch(polygon, self._color(self.look.crops), float(angle)))
        for _ in range(rng.poisson(2)):
            self._tree(rng.choice([block.u0, block.u1]), rng.uniform(block.v0, block.v1), (1.5, 3.5))

    def _lawn(self, block: Block) -> None:
        polygon = self.frame.polygon(block.u0, block.v0, block.u1, block.v1)
        self.scene.patches.append(Patch(polygon, self._color(self.look.grass)))

    def _grove(self, block: Block, density: float, radii: tuple[float, float]) -> None:
        area = (block.u1 - block.u0) * (block.v1 - block.v0)
        for _ in range(self.rng.poisson(density * area)):
            self._tree(self.rng.uniform(block.u0, block.u1), self.rng.uniform(block.v0, block.v1), radii)
