"""A town's plan: a bent grid of streets, a river in place of one of them, and the blocks between."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from shapely import LineString, Polygon

from .looks import Look
from .shapes import PAVEMENT, Box, Street

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
