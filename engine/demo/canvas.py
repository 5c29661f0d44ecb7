"""A canvas of ground colours and heights, with the means to draw on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from .shapes import Box


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
