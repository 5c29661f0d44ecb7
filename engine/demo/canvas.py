"""A canvas of ground colours and heights, and the sun over it: shading, cast shadows, the camera."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from .shapes import Box, Look


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
