"""A network of lines: spurs pruned, gaps bridged, bends smoothed. Z comes along until lines are smoothed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

PRUNING_ROUNDS = 3
_LOOK_BACK = 2.0
"""A free end's direction is that of its last part, this many gaps long."""


@dataclass(frozen=True)
class Ends:
    """The ends of lines (n,): which node each start and each end is (n, 2), and how many ends meet there (n, 2)."""

    node: np.ndarray
    degree: np.ndarray

    def free(self) -> np.ndarray:
        """(n, 2) bool: nothing else is there."""
        found: np.ndarray = self.degree == 1
        return found


def merged(lines: np.ndarray) -> np.ndarray:
    """Lines joined wherever exactly two ends meet."""
    found: np.ndarray = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    return found


def ends_of(lines: np.ndarray) -> Ends:
    """Where lines (n,) start and end."""
    points = np.stack([shapely.get_coordinates(shapely.get_point(lines, index)) for index in (0, -1)], axis=1)
    _, node, count = np.unique(points.reshape(-1, 2), axis=0, return_inverse=True, return_counts=True)
    node = node.reshape(-1, 2)
    return Ends(node, count[node])


def prune(lines: np.ndarray, length: float) -> np.ndarray:
    """Drop branches with one free end, and pieces with two, below `length`; what was branched from grows together."""
    for _ in range(PRUNING_ROUNDS):
        spur = ends_of(lines).free().any(axis=1) & (shapely.length(lines) < length)
        if not spur.any():
            break
        lines = merged(lines[~spur])
    return lines


def bridge(lines: np.ndarray, gap: float, degrees: float) -> np.ndarray:
    """Join free ends that point at each other, the nearest first, each once.

    Args:
        lines: (n,).
        gap: the largest distance.
        degrees: how far the way across may turn from either end's direction.
    """
    tips, heading, nodes = _tips(lines, ends_of(lines), gap)
    if len(tips) < 2:
        return lines
    points = shapely.points(tips[:, :2])
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=gap)
    one, other = one[one < other], other[one < other]
    way = tips[other, :2] - tips[one, :2]
    distance = np.hypot(*way.T)
    turn = np.minimum((heading[one] * way).sum(axis=1), -(heading[other] * way).sum(axis=1))
    faces = (turn >= np.cos(np.radians(degrees)) * distance) & (nodes[one] != nodes[other])
    pairs = _nearest_first(one[faces], other[faces], distance[faces])
    return merged(np.concatenate([lines, shapely.linestrings(tips[pairs])])) if len(pairs) else lines


def drop_short(lines: np.ndarray, length: float) -> np.ndarray:
    """Drop lines with a free end, or closed ones, shorter than `length`."""
    ends = ends_of(lines)
    loose = ends.free().any(axis=1) | (ends.node[:, 0] == ends.node[:, 1])
    found: np.ndarray = lines[~(loose & (shapely.length(lines) < length))]
    return found


def smooth(lines: np.ndarray, tolerance: float, rounds: int) -> np.ndarray:
    """Simplify, then cut corners (G. Chaikin, 1974); ends stay where they are."""
    lines = shapely.simplify(lines, tolerance, preserve_topology=True) if tolerance else lines
    cut = [_corners_cut(shapely.get_coordinates(line), rounds) for line in lines]
    return np.array([shapely.linestrings(points) for points in cut], object)


def _tips(lines: np.ndarray, ends: Ends, gap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Free ends (m, 3), the unit vector (m, 2) in which each points, and their nodes (m,)."""
    line, side = np.nonzero(ends.free())
    tip = shapely.get_coordinates(shapely.get_point(lines[line], -side), include_z=True)
    back = np.minimum(_LOOK_BACK * gap, shapely.length(lines[line]))
    along = np.where(side == 0, back, shapely.length(lines[line]) - back)
    heading = tip[:, :2] - shapely.get_coordinates(shapely.line_interpolate_point(lines[line], along))
    heading /= np.maximum(np.hypot(*heading.T), 1e-9)[:, None]
    return tip, heading, ends.node[line, side]


def _nearest_first(one: np.ndarray, other: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Pairs (k, 2) in which no end appears twice."""
    taken: set[int] = set()
    pairs = []
    for index in np.argsort(distance, kind="stable"):
        pair = int(one[index]), int(other[index])
        if taken.isdisjoint(pair):
            taken.update(pair)
            pairs.append(pair)
    return np.array(pairs, int).reshape(-1, 2)


def _corners_cut(points: np.ndarray, rounds: int) -> np.ndarray:
    for _ in range(rounds if len(points) > 2 else 0):
        early, late = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        inner = np.stack([early, late], axis=1).reshape(-1, points.shape[1])
        points = np.concatenate([points[:1], inner[1:-1], points[-1:]])
    return points
