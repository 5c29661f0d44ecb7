"""A canvas of ground colours and heights, the sun over it, and the painting of ground and of what stands on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from .shapes import Box, Look, Patch, Roof, Scene, Street, Tree, Vehicle


def linear(color: str) -> np.ndarray:
    """Reflectance (3,) of a #rrggbb colour as it looks in full sun."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    found: np.ndarray = np.array(channels, np.float32) ** np.float32(2.2)
    return found


def fractal(rng: np.random.Generator, side: int, roughness: float) -> np.ndarray:
    """Noise (side, side) float32 of mean 0 and deviation 1 whose amplitude falls with frequency to the `roughness`."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    # Nothing coarser than a sixth of the side, so that scenes keep one brightness.
    amplitude = np.maximum(frequency, 6 / side) ** -roughness
    amplitude[0, 0] = 0
    phases = rng.uniform(0, 2 * np.pi, frequency.shape)
    noise = np.fft.irfft2(amplitude * np.exp(1j * phases), s=(side, side))
    found: np.ndarray = (noise / noise.std()).astype(np.float32)
    return found


@dataclass
class Window:
    """A part of a canvas in a box's own axes: `along` and `across` are metres from its centre, (h, w)."""

    rows: slice
    columns: slice
    along: np.ndarray
    across: np.ndarray


class Canvas:
    """Reflectance and height of a square scene and its margin.

    Args:
        side: side in pixels, margin included.
        margin: margin in metres.
        gsd: metres per pixel.
        rng: source of chance for the textures.

    Attributes:
        color: (side, side, 3) float32 reflectance.
        height: (side, side) float32 metres.
        noise: (side, side) textures from soft to rough.
    """

    def __init__(self, side: int, margin: float, gsd: float, rng: np.random.Generator) -> None:
        self.side, self.margin, self.gsd, self.rng = side, margin, gsd, rng
        self.color = np.zeros((side, side, 3), np.float32)
        self.height = np.zeros((side, side), np.float32)
        self.noise = [fractal(rng, side, roughness) for roughness in (1.8, 1.1, 0.3)]

    def cover(self, shapes: Iterable[BaseGeometry]) -> np.ndarray:
        """Share of each pixel that the shapes cover, (side, side) float32."""
        drawn = [shape for shape in shapes if not shape.is_empty]
        if not drawn:
            return np.zeros((self.side, self.side), np.float32)
        twice = rasterize(drawn, (2 * self.side, 2 * self.side), transform=self._transform(2), dtype=np.uint8)
        quarters = twice[::2, ::2] + twice[1::2, ::2] + twice[::2, 1::2] + twice[1::2, 1::2]
        found: np.ndarray = quarters.astype(np.float32) / 4
        return found

    def numbers(self, shapes: Iterable[BaseGeometry]) -> np.ndarray:
        """Which shape covers each pixel, counted from 1, (side, side) int; later shapes lie above."""
        numbered = [(shape, number) for number, shape in enumerate(shapes, 1) if not shape.is_empty]
        if not numbered:
            return np.zeros((self.side, self.side), np.int32)
        found: np.ndarray = rasterize(numbered, (self.side, self.side), transform=self._transform(1), dtype=np.int32)
        return found

    def lay(self, cover: np.ndarray, color: np.ndarray) -> None:
        """Cover the ground with a colour, (3,) or (side, side, 3)."""
        self.color += cover[..., None] * (color - self.color)

    def texture(self, soft: float, middle: float, rough: float) -> np.ndarray:
        """Brightness factors (side, side, 1) of mean about 1."""
        noise = soft * self.noise[0] + middle * self.noise[1] + rough * self.noise[2]
        return np.clip(1 + noise, 0.3, 2)[..., None]

    def window(self, box: Box, beyond: float = 0.5) -> Window | None:
        """The part around a box, or none where the box is off the canvas."""
        reach = np.hypot(box.length, box.width) / 2 + beyond
        left, top = (int((value - reach + self.margin) / self.gsd) for value in (box.x, box.y))
        right, bottom = (int((value + reach + self.margin) / self.gsd) + 2 for value in (box.x, box.y))
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, self.side), min(bottom, self.side)
        if left >= right or top >= bottom:
            return None
        x = (np.arange(left, right, dtype=np.float32) + 0.5) * self.gsd - self.margin - box.x
        y = ((np.arange(top, bottom, dtype=np.float32) + 0.5) * self.gsd - self.margin - box.y)[:, None]
        cos, sin = np.float32(np.cos(box.angle)), np.float32(np.sin(box.angle))
        return Window(slice(top, bottom), slice(left, right), x * cos + y * sin, y * cos - x * sin)

    def paint(self, window: Window, distance: np.ndarray, color: np.ndarray, height: np.ndarray | float) -> None:
        """Put something where `distance`, metres inside its outline (h, w), is positive; outlines are smooth."""
        cover = np.clip(0.5 + distance / self.gsd, 0, 1)[..., None]
        part = self.color[window.rows, window.columns]
        part += cover * (color - part)
        heights = self.height[window.rows, window.columns]
        np.copyto(heights, np.maximum(heights, height), where=distance > 0)

    def local_noise(self, window: Window, roughness: int) -> np.ndarray:
        """The texture of a window, (h, w)."""
        return self.noise[roughness][window.rows, window.columns]

    def _transform(self, finer: int) -> Affine:
        return Affine(self.gsd / finer, 0, -self.margin, 0, self.gsd / finer, -self.margin)


def photograph(canvas: Canvas, look: Look) -> np.ndarray:
    """The canvas as the camera sees it, (H, W, 3) uint8, without the margin."""
    light = _light(canvas.height, canvas.gsd, look)
    margin = round(canvas.margin / canvas.gsd)
    crop = slice(margin, canvas.side - margin)
    seen = canvas.color[crop, crop] * light[crop, crop]
    return _develop(_blur(seen, 0.6), look, canvas.rng)


def sun_direction(look: Look) -> np.ndarray:
    """Unit vector (x, y, up) towards the sun; y points down the image, which is south."""
    azimuth, elevation = np.radians(look.sun_azimuth), np.radians(look.sun_elevation)
    flat = np.cos(elevation)
    found: np.ndarray = np.array([np.sin(azimuth) * flat, -np.cos(azimuth) * flat, np.sin(elevation)], np.float32)
    return found


def _light(height: np.ndarray, gsd: float, look: Look) -> np.ndarray:
    """Light on each pixel (H, W, 3), 1 on level ground in the sun."""
    sun = sun_direction(look)
    # Walls are seen from above as one steep step; limits keep gutters from glaring, softening keeps them straight.
    down, right = (np.clip(slope, -1.1, 1.1) for slope in np.gradient(_blur(height, 0.8), gsd))
    facing = (sun[2] - right * sun[0] - down * sun[1]) / np.sqrt(1 + right**2 + down**2)
    direct = np.maximum(facing, 0) / sun[2] * _blur(1 - cast_shadows(height, gsd, sun), 0.5)
    sky = np.array(look.sky, np.float32)
    found: np.ndarray = sky + direct[..., None] * (np.array(look.sun, np.float32) - sky * np.float32(0.5))
    return found


def cast_shadows(height: np.ndarray, gsd: float, sun: np.ndarray) -> np.ndarray:
    """Where something stands between the ground and the sun.

    Args:
        height: (H, W) metres.
        gsd: metres per pixel.
        sun: unit vector (x, y, up) towards the sun.

    Returns:
        (H, W) float32, 1 in shadow.
    """
    flat = np.hypot(sun[0], sun[1])
    rise = float(sun[2] / flat) * gsd
    steps = int((height.max() - height.min()) / rise) + 1
    padded = np.pad(height, steps + 1, mode="constant", constant_values=height.min())
    horizon = np.full_like(height, -np.inf)
    for step in range(1, steps + 1):
        right, down = (round(float(part / flat) * step) + steps + 1 for part in sun[:2])
        np.maximum(horizon, padded[down:, right:][: height.shape[0], : height.shape[1]] - step * rise, out=horizon)
    return (horizon > height + 0.12).astype(np.float32)


def _develop(seen: np.ndarray, look: Look, rng: np.random.Generator) -> np.ndarray:
    side = seen.shape[0]
    y, x = (np.linspace(-1, 1, side, dtype=np.float32)[:, None], np.linspace(-1, 1, side, dtype=np.float32)[None, :])
    falloff = 1 - 0.05 * (x**2 + y**2) + rng.uniform(-0.04, 0.04) * x + rng.uniform(-0.04, 0.04) * y
    seen = (seen * falloff[..., None] * np.array(look.tint, np.float32)) * (1 - look.haze) + look.haze
    gray = seen.mean(axis=2, keepdims=True)
    seen = gray + np.float32(0.8) * (seen - gray)
    shown = 255 * np.clip(seen, 0, 1) ** np.float32(1 / 2.2)
    grain = rng.standard_normal(shown.shape, dtype=np.float32)
    found: np.ndarray = np.clip(shown + 2.2 * _blur(grain, 0.4) + 0.5, 0, 255).astype(np.uint8)
    return found


def _blur(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian of a small `sigma` in pixels over the first two axes."""
    offsets = np.arange(-2, 3)
    kernel = np.exp(-(offsets**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).astype(np.float32)
    for axis in (0, 1):
        values = sum(weight * np.roll(values, offset, axis) for weight, offset in zip(kernel, offsets, strict=True))
    return values


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


GLASS = linear("#26303a")


def paint_roof(canvas: Canvas, roof: Roof) -> None:
    """A roof with its ridge, courses of tiles, chimney, windows, and gravel and machines on flat ones."""
    window = canvas.window(roof.box)
    if window is None:
        return
    ends, sides = roof.box.length / 2 - np.abs(window.along), roof.box.width / 2 - np.abs(window.across)
    inside = np.minimum(ends, sides)
    if roof.kind == "flat":
        _flat(canvas, roof, window, inside)
    else:
        rise = sides if roof.kind == "gable" else inside
        _pitched(canvas, roof, window, inside, rise)


def _flat(canvas: Canvas, roof: Roof, window: Window, inside: np.ndarray) -> None:
    texture = 1 + 0.08 * canvas.local_noise(window, 1) + 0.05 * canvas.local_noise(window, 2)
    rim = (inside < 0.45)[..., None]
    color = linear(roof.color) * texture[..., None] * (1 + 0.25 * rim)
    canvas.paint(window, inside, color, roof.eaves + 0.5 * rim[..., 0])
    for _ in range(int(roof.box.length * roof.box.width / 90)):
        along, across = canvas.rng.uniform(-0.38, 0.38, 2)
        _block(canvas, roof.box.part(along, across, *canvas.rng.uniform(1.0, 2.4, 2)), roof.eaves + 1.2, "#b8b8b4")


def _pitched(canvas: Canvas, roof: Roof, window: Window, inside: np.ndarray, rise: np.ndarray) -> None:
    courses = 1 + 0.05 * np.sin(2 * np.pi * rise / 0.8) + 0.07 * canvas.local_noise(window, 1)
    courses += 0.05 * canvas.local_noise(window, 2)
    ridge = 0.18 * np.exp(-(((rise - rise.max()) / 0.3) ** 2))
    color = linear(roof.color) * (courses + ridge)[..., None]
    canvas.paint(window, inside, color.astype(np.float32), roof.eaves + roof.slope * np.maximum(rise, 0))
    if min(roof.box.length, roof.box.width) > 6:
        _on_slopes(canvas, roof)


def _on_slopes(canvas: Canvas, roof: Roof) -> None:
    rng, box = canvas.rng, roof.box
    top = roof.eaves + roof.slope * box.width / 2
    if rng.random() < 0.75:
        chimney = box.part(rng.uniform(-0.3, 0.3), rng.choice([-0.12, 0.12]), 0.9, 0.7)
        _block(canvas, chimney, top + 0.9, "#7a5a4e")
    side = rng.choice([-0.26, 0.26])
    if rng.random() < 0.22:
        _panel(canvas, box.part(rng.uniform(-0.15, 0.15), side, box.length * 0.45, box.width * 0.27))
    elif rng.random() < 0.5:
        _panel(canvas, box.part(rng.uniform(-0.35, 0.35), side, 1.2, 0.9))


def _block(canvas: Canvas, box: Box, height: float, color: str) -> None:
    window = canvas.window(box)
    if window is not None:
        inside = np.minimum(box.length / 2 - np.abs(window.along), box.width / 2 - np.abs(window.across))
        canvas.paint(window, inside, linear(color), height)


def _panel(canvas: Canvas, box: Box) -> None:
    """Solar panels or a roof window: dark glass that follows the slope."""
    window = canvas.window(box)
    if window is not None:
        inside = np.minimum(box.length / 2 - np.abs(window.along), box.width / 2 - np.abs(window.across))
        seams = np.abs((window.along + 0.5) % 1.0 - 0.5) < 0.1
        canvas.paint(window, inside, GLASS * (1 + 0.9 * seams[..., None]), -10.0)


def paint_tree(canvas: Canvas, tree: Tree) -> None:
    """A crown with lobes: a dome roughened by noise, so that light gives it texture."""
    box = Box(tree.x, tree.y, 0.0, 2 * tree.radius, 2 * tree.radius)
    window = canvas.window(box, beyond=1.0)
    if window is None:
        return
    turn = np.arctan2(window.across, window.along)
    lobes = 1 + 0.1 * np.sin(3 * turn + tree.x) + 0.07 * np.sin(5 * turn + tree.y)
    inside = tree.radius * lobes - np.hypot(window.along, window.across) + 0.3 * canvas.local_noise(window, 1)
    dome = np.sqrt(np.clip(inside / tree.radius, 0, 1))
    rough = 0.35 * canvas.local_noise(window, 1) + 0.25 * canvas.local_noise(window, 2)
    # Crowns are darker between the leaves low at the edge.
    color = linear(tree.color) * np.clip(0.7 + 0.4 * dome + 0.18 * rough, 0.3, 1.6)[..., None]
    canvas.paint(window, inside, color.astype(np.float32), tree.height * (0.45 + 0.55 * dome) + rough)


def paint_vehicle(canvas: Canvas, vehicle: Vehicle) -> None:
    """A vehicle with rounded corners, glass in front and behind, and a cabin or a box body."""
    window, box = canvas.window(vehicle.box), vehicle.box
    if window is None:
        return
    inside = _rounded(box.length / 2 - np.abs(window.along), box.width / 2 - np.abs(window.across), 0.5)
    ahead = window.along / box.length
    color = np.broadcast_to(linear(vehicle.color), (*ahead.shape, 3)).copy()
    paint = _car_height if vehicle.kind == "car" else _truck_height
    glass, height = paint(ahead)
    color[glass & (np.abs(window.across) < box.width * 0.42)] = GLASS
    canvas.paint(window, inside, color, height)


def _rounded(ends: np.ndarray, sides: np.ndarray, radius: float) -> np.ndarray:
    corner = radius - np.hypot(np.minimum(ends - radius, 0), np.minimum(sides - radius, 0))
    return np.where((ends < radius) & (sides < radius), corner, np.minimum(ends, sides))


def _car_height(ahead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Glass (h, w) and heights (h, w) by position along the car, -0.5 tail to 0.5 front."""
    windscreen, rear = (ahead > 0.07) & (ahead < 0.22), (ahead < -0.3) & (ahead > -0.41)
    return windscreen | rear, np.interp(ahead, [-0.45, -0.3, 0.07, 0.22, 0.5], [1.0, 1.5, 1.5, 0.95, 0.8])


def _truck_height(ahead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (ahead > 0.42) & (ahead < 0.47), np.where(ahead < 0.22, 3.2, np.where(ahead < 0.26, 0.9, 2.5))
