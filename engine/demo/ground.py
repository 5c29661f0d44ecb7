"""Painting the ground: lawns, crops, water, streets with kerbs and marks, paving."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.ops import substring

from .canvas import Canvas, linear
from .looks import Look
from .shapes import Patch, Scene, Street


def paint_ground(canvas: Canvas, scene: Scene, look: Look) -> None:
    """Paint everything that lies flat, from the lowest layer up."""
    _meadow(canvas, look)
    _patches(canvas, scene.patches)
    _water(canvas, scene, look)
    _paving(canvas, scene.paved)
    _streets(canvas, scene, look)
    _hedges(canvas, scene, look)


def _meadow(canvas: Canvas, look: Look) -> None:
    first, second = linear(look.grass[0]), linear(look.grass[1])
    share = np.clip(0.5 + 0.5 * canvas.noise[0], 0, 1)[..., None]
    canvas.color[:] = (first + share * (second - first)) * canvas.texture(0.06, 0.10, 0.10)


def _patches(canvas: Canvas, patches: list[Patch]) -> None:
    numbers = canvas.numbers(patch.polygon for patch in patches)
    colors = np.stack([np.zeros(3, np.float32), *(linear(patch.color) for patch in patches)])
    color = colors[numbers] * canvas.texture(0.08, 0.12, 0.10)
    for number, patch in enumerate(patches, 1):
        if patch.rows is not None:
            _plough(canvas, color, numbers == number, patch.rows)
    canvas.color[numbers > 0] = color[numbers > 0]


def _plough(canvas: Canvas, color: np.ndarray, inside: np.ndarray, angle: float) -> None:
    """Rows 1.6 m apart, and tramlines of a machine every 15 m."""
    y, x = np.nonzero(inside)
    across = (y * np.cos(angle) - x * np.sin(angle)) * canvas.gsd + 0.3 * canvas.noise[0][inside]
    rows = 1 + 0.13 * np.sin(2 * np.pi * across / 1.6)
    track = np.abs(across % 15 - 7.5)
    rows *= np.where((track > 0.7) & (track < 1.2), 0.8, 1)
    color[inside] *= rows[:, None].astype(np.float32)


def _water(canvas: Canvas, scene: Scene, look: Look) -> None:
    canvas.lay(canvas.cover([scene.water.buffer(2.5)]) * 0.85, linear(look.bank) * canvas.texture(0.1, 0.2, 0.1))
    cover = canvas.cover([scene.water])
    first, second = linear(look.water[0]), linear(look.water[1])
    share = np.clip(0.5 + 0.6 * canvas.noise[0], 0, 1)[..., None]
    canvas.lay(cover, (first + share * (second - first)) * canvas.texture(0.0, 0.08, 0.03))
    # Water lies lower than its banks, whose shadow is the line that makes it look like water.
    canvas.height -= 0.8 * (cover > 0.5)


def _paving(canvas: Canvas, paved: list[Patch]) -> None:
    numbers = canvas.numbers(patch.polygon for patch in paved)
    colors = np.stack([np.zeros(3, np.float32), *(linear(patch.color) for patch in paved)])
    color = colors[numbers] * canvas.texture(0.05, 0.08, 0.05)
    canvas.color[numbers > 0] = color[numbers > 0]


def _streets(canvas: Canvas, scene: Scene, look: Look) -> None:
    road = scene.road()
    # Driveways run over the pavement.
    pavement = scene.pavement().difference(shapely.union_all([patch.polygon for patch in scene.paved]))
    canvas.lay(canvas.cover([pavement]), linear(look.pavement) * canvas.texture(0.03, 0.06, 0.04))
    canvas.lay(0.8 * canvas.cover([road.buffer(0.22)]), linear("#b9b6ae"))
    cover = canvas.cover([road])
    canvas.lay(cover, _asphalt(canvas, scene, look))
    canvas.height[cover > 0.5] = 0.0
    _marks(canvas, scene)


def _asphalt(canvas: Canvas, scene: Scene, look: Look) -> np.ndarray:
    """Each street has its own asphalt, patched here and there and darker in the wheel tracks."""
    areas = [street.polygon() for street in scene.streets] + [lot.polygon() for lot in scene.lots]
    tones = np.stack([linear(look.asphalt[index % len(look.asphalt)]) for index in range(len(areas) + 1)])
    tracks = canvas.cover(
        street.line.offset_curve(side * street.width * 0.2).buffer(0.9) for street in scene.streets for side in (-1, 1)
    )
    mended = (canvas.noise[0] > 1.6)[..., None] * 0.12
    found: np.ndarray = (
        tones[canvas.numbers(areas)] * canvas.texture(0.05, 0.05, 0.05) * (1 - 0.1 * tracks[..., None] - mended)
    )
    return found


def _marks(canvas: Canvas, scene: Scene) -> None:
    lines = [
        mark.buffer(0.11, cap_style="flat") for street in scene.streets if street.marked for mark in _dashes(street)
    ]
    junctions = scene.junctions(beyond=3)
    shapely.prepare(junctions)
    marks = [line for line in lines if not junctions.intersects(line)]
    for lot in scene.lots:
        bays = np.arange(-lot.length / 2 + 1.15, lot.length / 2, 2.7)
        rows = np.arange(-lot.width / 2 + 3, lot.width / 2 - 2, 8.5)
        marks += [lot.part(bay / lot.length, row / lot.width, 0.15, 4.8).polygon() for bay in bays for row in rows]
    canvas.lay(canvas.cover(marks) * 0.75, linear("#e4e2dc"))


def _dashes(street: Street) -> list[shapely.LineString]:
    return [substring(street.line, start, start + 3) for start in np.arange(2, street.line.length - 3, 8)]


def _hedges(canvas: Canvas, scene: Scene, look: Look) -> None:
    blocked = shapely.union_all([scene.road().buffer(2), scene.water.buffer(1)])
    cover = canvas.cover(hedge.buffer(0.55).difference(blocked) for hedge in scene.hedges)
    canvas.lay(cover, linear(look.leaves[0]) * canvas.texture(0.1, 0.25, 0.2))
    np.copyto(canvas.height, 1.4 + 0.2 * canvas.noise[1], where=cover > 0.5)
