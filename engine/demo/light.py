"""One sun over the canvas: shading from slopes, cast shadows from heights, and the camera that takes the picture."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas
from .looks import Look


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
