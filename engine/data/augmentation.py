"""Random changes of training chips: boxes and masks follow the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from ..config import Augmentation
from ..types import Chip
from .chips import Cut, as_type
from .prepared import Prepared

_SCALED_SHARE = 0.5
"""Share of the chips that change scale; the others keep their pixels sharp, and cost less."""
_STRONG_SHARE = 0.5
_MIXED_SHARE = 0.2
_NOISE = 0.1
"""Strongest noise of a strong view, in standard deviations of its band."""
_BLUR = (0.3, 1.5)
_BLUR_SIDE = 5

Change = Callable[[Tensor], Tensor]


class Augmenter:
    """Augments the cuts of a run. Nothing here keeps a state: every draw comes from the generator given.

    Args:
        settings: strengths.
        prepared: whose band statistics the changes of colour are measured in.
        chip: side of the chips in pixels.
    """

    def __init__(self, settings: Augmentation, prepared: Prepared, chip: int) -> None:
        self._settings, self._chip = settings, chip
        self._mean, self._std = np.array(prepared.mean), np.array(prepared.std)
        self._fill, self._dtype = prepared.fill(), prepared.image_dtype()

    def window_side(self, rng: np.random.Generator) -> int:
        """The side of the window to read for a chip: other than the chip's where the scale changes."""
        if self._settings.scale == 0 or rng.random() >= _SCALED_SHARE:
            return self._chip
        most = np.log1p(self._settings.scale)
        return max(1, round(self._chip * float(np.exp(rng.uniform(-most, most)))))

    def augment(self, piece: Cut, rng: np.random.Generator, views: bool = False) -> Chip:
        """The augmented chip of a cut; with `views`, the strong view too, of the same geometry."""
        geometry = self._geometry(rng)
        image = piece.hide(self._weak(piece.image, rng), self._fill)
        strong = piece.hide(self._strong(piece.hide(piece.image, self._fill), rng), self._fill) if views else None
        return geometry(piece.chip(image, self._dtype, strong))

    def _geometry(self, rng: np.random.Generator) -> Callable[[Chip], Chip]:
        turns, flip = (int(rng.integers(4)), bool(rng.integers(2))) if self._settings.dihedral else (0, False)
        return lambda chip: dihedral(resized(chip, self._chip), turns, flip)

    def _weak(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        strength = self._settings.color
        return image if strength == 0 else recoloured(image, *self._colours(strength, rng))

    def _strong(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        image = recoloured(image, *self._colours(self._settings.strong_color, rng))
        values = image
        if rng.random() < _MIXED_SHARE:
            values = self._mixed(values)
        if rng.random() < _STRONG_SHARE:
            values = _blurred(values, rng.uniform(*_BLUR))
        if rng.random() < _STRONG_SHARE:
            values = values + self._noise(values.shape, rng)
        return values if values is image else as_type(values, image.dtype)

    def _noise(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Uniform noise, as it comes four times faster than normal."""
        most = np.float32(rng.uniform(0, _NOISE) * np.sqrt(12)) * self._std.astype(np.float32)
        found: np.ndarray = (rng.random(shape, np.float32) - np.float32(0.5)) * most[:, None, None]
        return found

    def _colours(self, strength: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Gain and offset of each band: contrast and brightness, of all bands together and of each alone."""
        contrast, brightness = rng.uniform(-strength, strength, 2)
        gains, shifts = rng.uniform(-strength / 2, strength / 2, (2, len(self._mean)))
        gain = (1 + contrast) * (1 + gains)
        offset = self._mean * (1 - gain) + self._std * (brightness + shifts)
        return gain.astype(np.float32), offset.astype(np.float32)

    def _mixed(self, values: np.ndarray) -> np.ndarray:
        """All bands alike, which is what grey is for any bands: the mean of the standardised ones."""
        mean, std = (band.astype(np.float32)[:, None, None] for band in (self._mean, self._std))
        found: np.ndarray = ((values - mean) / std).mean(axis=0, keepdims=True) * std + mean
        return found


def recoloured(image: np.ndarray, gain: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """`image * gain + offset` for each band, in the image's own type (C, H, W); bytes go through a table."""
    if image.dtype == np.uint8:
        tables = as_type(np.arange(256, dtype=np.float32) * gain[:, None] + offset[:, None], image.dtype)
        # more than twice as fast as indexing with the band
        bands = [band.tobytes().translate(table.tobytes()) for table, band in zip(tables, image, strict=True)]
        return np.stack([np.frombuffer(band, np.uint8) for band in bands]).reshape(image.shape)
    return as_type(image * gain[:, None, None] + offset[:, None, None], image.dtype)


def resized(chip: Chip, side: int) -> Chip:
    """A square chip at another size: the image bilinear, masks nearest, boxes with them."""
    before = chip.image.shape[-1]
    if before == side:
        return chip

    def image(values: Tensor) -> Tensor:
        found: Tensor = functional.resize_image(values, [side, side], InterpolationMode.BILINEAR, antialias=True)
        return found

    # the pixel at whose middle it looks; by rows, then columns is four times faster than torchvision's exact nearest
    nearest = ((np.arange(side) + 0.5) * before / side).astype(int)

    def mask(values: Tensor) -> Tensor:
        return torch.from_numpy(values.numpy()[nearest][:, nearest])

    def boxes(values: Tensor) -> Tensor:
        return values * (side / before)

    return _each(chip, image, mask, boxes)


def dihedral(chip: Chip, turns: int, flip: bool) -> Chip:
    """A square chip after so many quarter turns (anticlockwise) and perhaps a flip; exact for pixels and boxes."""
    canvas = tuple(chip.image.shape[-2:])

    def boxes(values: Tensor) -> Tensor:
        values = tv_tensors.BoundingBoxes(values, format="XYXY", canvas_size=canvas)
        values = functional.rotate(values, 90 * turns)
        return (functional.horizontal_flip(values) if flip else values).as_subclass(Tensor)

    def turn(values: Tensor) -> Tensor:
        return _turned(values, turns, flip)

    return _each(chip, turn, turn, boxes) if turns or flip else chip


def _turned(values: Tensor, turns: int, flip: bool) -> Tensor:
    """Values (..., H, W) after quarter turns and perhaps a flip; mirrored first, while rows are whole in memory."""
    odd = turns % 2 == 1
    upside_down, left_right = (turns >= 2) != (flip and odd), (turns in (1, 2)) != (flip and not odd)
    axes = [axis for axis, mirrored in ((-2, upside_down), (-1, left_right)) if mirrored]
    values = values.flip(axes) if axes else values
    return values.transpose(-1, -2) if odd else values


def _each(chip: Chip, image: Change, mask: Change, boxes: Change) -> Chip:
    """A chip whose parts are changed together."""
    return replace(
        chip,
        image=image(chip.image),
        valid=mask(chip.valid.view(torch.uint8)).view(torch.bool),
        mask=None if chip.mask is None else mask(chip.mask),
        boxes=None if chip.boxes is None else boxes(chip.boxes),
        strong=None if chip.strong is None else image(chip.strong),
    )


def _blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    image = torch.from_numpy(values.astype(np.float32))
    blurred = functional.gaussian_blur_image(image, [_BLUR_SIDE, _BLUR_SIDE], [sigma, sigma])
    found: np.ndarray = blurred.numpy()
    return found
