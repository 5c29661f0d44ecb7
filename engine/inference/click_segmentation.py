"""Areas that clicks or a box on a raster mean; what the model saw of a view is kept for the next click."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.features import shapes, sieve
from shapely import MultiPolygon, Polygon

from ..data.grid import Grid, Window, apply_affine
from ..data.masks import polygons_of
from ..data.raster import RasterReader
from ..errors import ConfigError
from .click_model import BACKGROUND, FIRST_CORNER, FOREGROUND, MASK_SHARE, MEAN, SECOND_CORNER, ClickModel
from .vectors.components import components

FINEST = (1 / MASK_SHARE, 1 / 2)
"""Of the raster's own pixel: it is enlarged where a view shows few of them, at most until a mask's pixel is one."""
STRETCH = (2, 98)
"""Percentiles of what is seen that become black and white, in rasters that do not hold bytes."""
LEAST_PIXELS = 16
"""Smaller holes are filled, and smaller specks left out: nobody means them."""
SIMPLIFIED = 1.0
"""Pixels by which an outline may be straightened."""

MOST_CHANGED = 0.2
"""Of an area, by which that may change it."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class View:
    """What a person looks at.

    Args:
        raster: a file, or an address.
        extent: xmin, ymin, xmax, ymax in the raster's CRS.
        bands: shown as red, green and blue, or one as grey, counted from 1; none means the first three, or the first.
    """

    raster: str
    extent: Box
    bands: tuple[int, ...] = ()


@dataclass(frozen=True)
class Prompt:
    """What a person means; coordinates are the raster's CRS'.

    Args:
        inside: (x, y) of clicks on it.
        outside: of clicks on what is not it.
        box: xmin, ymin, xmax, ymax around it; none where there is none.
    """

    inside: tuple[tuple[float, float], ...] = ()
    outside: tuple[tuple[float, float], ...] = ()
    box: Box | None = None


class Area(NamedTuple):
    """The answer.

    Attributes:
        shape: in `crs`; empty where the model finds nothing.
        crs: the raster's.
        score: how sure the model is, 0 to 1.
    """

    shape: Polygon | MultiPolygon
    crs: CRS
    score: float


class Seen(NamedTuple):
    """What the model sees of a view.

    Attributes:
        key: what decides it.
        embedding: the encoder's answer.
        valid: (S, S) bool, where there is data.
        grid: the raster's at the view's resolution, and `window` of it (S, S).
    """

    key: tuple[object, ...]
    embedding: dict[str, np.ndarray]
    valid: np.ndarray
    grid: Grid
    window: Window


class ClickSegmenter:
    """A model and the view that it saw last.

    Args:
        model: the graphs.
    """

    def __init__(self, model: ClickModel) -> None:
        self._model = model
        self._seen: Seen | None = None

    def segment(self, view: View, prompt: Prompt) -> Area:
        """The area that a prompt means in a view.

        Args:
            view: what is looked at; of the same view the encoder is spared.
            prompt: at least a click inside, or a box.

        Raises:
            ConfigError: there is nothing that is meant, or not in the view.
            RasterError: the raster is missing, unreadable, or lacks a band.
            PackageError: a graph fails.
        """
        if not (prompt.inside or prompt.box):
            raise ConfigError("Nothing says what is meant.", "Give a point or a box.")
        key = _key(view)
        if self._seen is None or self._seen.key != key:
            self._seen = None  # two embeddings at a time may be too many
            self._seen = self._look(view, key)
        seen = self._seen
        inside, outside, corners = (
            _pixels(seen, places) for places in (prompt.inside, prompt.outside, _corners(prompt))
        )
        points = np.vstack([corners, inside, outside])
        labels = [*(FIRST_CORNER, SECOND_CORNER)[: len(corners)], *[FOREGROUND] * len(inside)]
        labels += [BACKGROUND] * len(outside)
        if (np.vstack([inside, outside]) < 0).any() or (np.vstack([inside, outside]) >= self._model.side).any():
            raise ConfigError("A point lies outside of what is looked at.", "Give a larger extent.")
        mask = self._model.decide(seen.embedding, np.clip(points, 0, self._model.side), np.array(labels))
        shape = outline((mask.logits > 0) & seen.valid, inside)
        there = seen.grid.window_transform(seen.window)
        return Area(
            shapely.transform(shape, lambda x, y: apply_affine(there, x, y), interleaved=False),
            seen.grid.crs,
            mask.score,
        )

    def _look(self, view: View, key: tuple[object, ...]) -> Seen:
        reader, window = _window(view, self._model.side)
        image, valid = reader.read(*window)
        bands = view.bands or _usual_bands(reader)
        order = [reader.bands.index(band) for band in (bands if len(bands) == 3 else [bands[0]] * 3)]
        pixels = as_bytes(image, valid)[order].transpose(1, 2, 0)
        return Seen(key, self._model.embed(np.where(valid[..., None], pixels, MEAN)), valid, reader.grid, window)


def outline(mask: np.ndarray, clicks: np.ndarray) -> Polygon | MultiPolygon:
    """The parts of a mask that were clicked, or the largest one, straightened by a pixel at most; holes are kept.

    Args:
        mask: (H, W) bool.
        clicks: (n, 2) columns and rows inside of what is meant.

    Returns:
        in pixels; empty where the mask is.
    """
    columns, rows = np.minimum(clicks.astype(int), np.array(mask.shape[::-1]) - 1).T
    tidy = sieve(mask.astype(np.uint8), LEAST_PIXELS, connectivity=4).astype(bool)
    if tidy.any() and (tidy >= mask)[rows, columns].all():  # else it is a speck that was clicked
        mask = tidy
    if not mask.any():
        return Polygon()
    parts, _ = components(mask.astype(np.uint8))
    meant = parts[rows, columns][mask[rows, columns]]
    chosen = np.isin(parts, meant) if len(meant) else parts == np.bincount(parts[mask]).argmax()
    found = shapes(chosen.astype(np.uint8), chosen, connectivity=4, transform=Affine.identity())
    return shapely.union_all([_straightened(shapely.geometry.shape(each)) for each, _ in found])


def _straightened(part: Polygon) -> Polygon | MultiPolygon:
    straight = polygons_of(shapely.make_valid(part.simplify(SIMPLIFIED)))
    return straight if abs(straight.area - part.area) <= MOST_CHANGED * part.area else part  # thin ones would go


def as_bytes(image: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """A raster's values as they are seen, 0 to 255.

    Args:
        image: (C, H, W) of any type; bytes are left as they are.
        valid: (H, W) bool.

    Returns:
        (C, H, W) float32.
    """
    if image.dtype == np.uint8:
        return image.astype(np.float32)
    values = image.astype(np.float32)
    if not valid.any():
        return np.zeros_like(values)
    low, high = np.percentile(values[:, valid], STRETCH, axis=1)[:, :, None, None]
    stretched: np.ndarray = np.clip((values - low) / np.maximum(high - low, 1e-6) * 255, 0, 255)
    return stretched.astype(np.float32)


def _window(view: View, side: int) -> tuple[RasterReader, Window]:
    """The raster at a resolution at which the view fits into S pixels, and the square of S pixels around its middle."""
    own = RasterReader(view.raster)
    bands = sorted(set(view.bands or _usual_bands(own)))
    left, top, right, bottom = _bounds(own.grid, view.extent)
    shrink = max(right - left, bottom - top) / side
    shrink = next((each for each in (*FINEST, 1) if each >= shrink), shrink)
    reader = RasterReader(view.raster, bands, gsd=own.grid.gsd * shrink)
    left, top, right, bottom = _bounds(reader.grid, view.extent)
    return reader, Window(round((left + right - side) / 2), round((top + bottom - side) / 2), side, side)


def _bounds(grid: Grid, extent: Box) -> Box:
    """An extent in a grid's pixels: left, top, right, bottom."""
    xmin, ymin, xmax, ymax = extent
    if not (np.isfinite(extent).all() and xmin < xmax and ymin < ymax):
        raise ConfigError("The extent is empty.", "Give it as XMIN YMIN XMAX YMAX.")
    (left, top), (right, bottom) = ~grid.transform @ (xmin, ymax), ~grid.transform @ (xmax, ymin)
    if right <= 0 or bottom <= 0 or left >= grid.width or top >= grid.height:
        raise ConfigError("The extent does not touch the raster.", "Give it in the raster's CRS.")
    return left, top, right, bottom


def _usual_bands(reader: RasterReader) -> tuple[int, ...]:
    colours = reader.colours_only() or [1]
    if len(colours) < 3 <= reader.most_bands:  # a palette's
        return 1, 2, 3
    return tuple(colours[:3] if len(colours) >= 3 else colours[:1])


def _corners(prompt: Prompt) -> tuple[tuple[float, float], ...]:
    """The upper left and the lower right one of a prompt's box."""
    if prompt.box is None:
        return ()
    xmin, ymin, xmax, ymax = prompt.box
    return (xmin, ymax), (xmax, ymin)


def _pixels(seen: Seen, places: tuple[tuple[float, float], ...]) -> np.ndarray:
    """(n, 2) columns and rows of the image, of places in the raster's CRS."""
    x, y = np.reshape(np.array(places, float), (-1, 2)).T
    return np.column_stack(apply_affine(~seen.grid.window_transform(seen.window), x, y))


def _key(view: View) -> tuple[object, ...]:
    """A view, and the state of its file."""
    try:
        state = os.stat(Path(view.raster))
        return view, state.st_mtime_ns, state.st_size
    except OSError:  # far away, or missing, which reading says
        return view, None, None
