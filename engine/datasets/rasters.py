"""Downloaded pictures as rasters: a place for those without, class rasters from coloured masks, boxes from masks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
import rasterio.shutil
import shapely
from numpy.lib.stride_tricks import sliding_window_view
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.features import shapes
from rasterio.io import DatasetReader, DatasetWriter
from rasterio.transform import from_origin
from rasterio.windows import Window

from ..errors import LabelError, OutputError, RasterError

_SPACING = 10_000.0
"""Metres between the invented places of two images, so that no two share ground."""


class Invented(NamedTuple):
    """Where images lie that do not say so themselves.

    Attributes:
        crs: of images that have none.
        gsd: pixel side of images without any placement, in units of `crs`.
        origin: upper left corner of the first invented place.
        place: number of the place.
    """

    crs: str
    gsd: float
    origin: tuple[float, float]
    place: int = 0


def georeferenced(image: Path, bands: Sequence[int], vrt: Path, invented: Invented) -> Path:
    """The image itself where it can be read as it is; else a VRT that points at it and says what it does not.

    An image without a CRS gets one. A world file's placement is kept; without one the image is put at `origin`,
    `place` steps of 10 km east. A band to read that the file declares an alpha band (infrared) becomes a band like
    others, so that its dark pixels are not taken for no-data.

    Args:
        image: the original.
        bands: the bands to read, counted from 1.
        vrt: where to write the VRT if one is needed.
        invented: what the image does not say.

    Raises:
        RasterError: the image cannot be opened.
    """
    try:
        with quietly(NotGeoreferencedWarning):
            with rasterio.open(image) as dataset:
                kinds, known = list(dataset.colorinterp), dataset.crs is not None
                placed = known or not dataset.transform.is_identity
            as_data = {band for band in bands if kinds[band - 1] == ColorInterp.alpha}
            if known and not as_data:
                return image
            vrt.parent.mkdir(parents=True, exist_ok=True)
            rasterio.shutil.copy(image.resolve(), vrt, driver="VRT")
            with rasterio.open(vrt, "r+") as dataset:
                if not known:
                    dataset.crs = invented.crs
                if as_data:
                    dataset.colorinterp = [
                        ColorInterp.undefined if band in as_data else kind for band, kind in enumerate(kinds, 1)
                    ]
                if not placed:
                    east, north = invented.origin
                    east += invented.place * _SPACING
                    dataset.transform = from_origin(east, north, invented.gsd, invented.gsd)
    except RasterioError as error:
        raise RasterError(f"The image {image} cannot be read: {error}.", "Download it again.") from error
    return vrt


@contextmanager
def quietly(*categories: type[Warning]) -> Iterator[None]:
    """Without warnings of these kinds."""
    with warnings.catch_warnings():
        for category in categories:
            warnings.simplefilter("ignore", category)
        yield


NODATA = 255
"""Value of class raster pixels that count nowhere."""
_UNKNOWN = 254
_STRIP = 512
_PROFILE = {"driver": "GTiff", "dtype": "uint8", "count": 1, "nodata": NODATA, "compress": "deflate", "tiled": True}

Colour = tuple[int, int, int]


def write_class_raster(
    mask: Path, image: Path, target: Path, palette: Mapping[Colour, int], others: int | None = None
) -> set[int]:
    """Write a colour mask as a class raster (uint8, no-data 255) with an image's georeferencing.

    Args:
        mask: RGB raster (or one band with a colour table) of the image's size, read in strips.
        image: the georeferenced image.
        target: GeoTIFF to write, its folder made where missing.
        palette: from each colour that may occur to its class value, 255 for ignored.
        others: class value of all other colours; none refuses them.

    Returns:
        The class values that occur.

    Raises:
        LabelError: the mask cannot be read, has another size than the image, or a colour not in the palette.
        OutputError: the target cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with quietly(NotGeoreferencedWarning), rasterio.open(mask) as colours, rasterio.open(image) as like:
            _check(mask, colours, image, like)
            place = {"width": like.width, "height": like.height, "crs": like.crs, "transform": like.transform}
            with rasterio.open(target, "w", **_PROFILE, **place) as classes:
                classes.write_colormap(1, {value: colour for colour, value in palette.items()})
                return _translate(mask, colours, classes, _lookup(palette, others))
    except RasterioError as error:
        raise LabelError(f"The mask {mask} cannot be read: {error}.", "Download it again.") from error
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror}.") from error


def _check(mask: Path, colours: DatasetReader, image: Path, like: DatasetReader) -> None:
    if (colours.count < 3 and not _indexed(colours)) or colours.dtypes[0] != "uint8":
        raise LabelError(
            f"The mask {mask} has {colours.count} band(s) of {colours.dtypes[0]}; a colour mask has three of uint8."
        )
    if (colours.width, colours.height) != (like.width, like.height):
        raise LabelError(
            f"The mask {mask} has {colours.width} x {colours.height} pixels and its image {image.name} "
            f"{like.width} x {like.height}; put the files of one tile together."
        )


def _translate(mask: Path, colours: DatasetReader, classes: DatasetWriter, lookup: np.ndarray) -> set[int]:
    found: set[int] = set()
    for row in range(0, colours.height, _STRIP):
        strip = Window(0, row, colours.width, min(_STRIP, colours.height - row))
        red, green, blue = _rgb(colours, strip).astype(np.uint32)
        values = lookup[red << 16 | green << 8 | blue]
        if (values == _UNKNOWN).any():
            y, x = np.argwhere(values == _UNKNOWN)[0]
            colour = tuple(int(band[y, x]) for band in (red, green, blue))
            raise LabelError(
                f"The mask {mask} has the colour {colour} at column {x}, row {row + y}, which belongs to no class.",
                "Use the masks as they were published, never scaled or saved as JPEG.",
            )
        classes.write(values, 1, window=strip)
        found |= set(np.unique(values).tolist())
    return found


def _indexed(colours: DatasetReader) -> bool:
    found: bool = colours.count == 1 and colours.colorinterp[0] == ColorInterp.palette
    return found


def _rgb(colours: DatasetReader, window: Window) -> np.ndarray:
    """Red, green and blue (3, H, W) uint8 of a window."""
    if not _indexed(colours):
        plain: np.ndarray = colours.read([1, 2, 3], window=window)
        return plain
    table = np.zeros((256, 3), np.uint8)
    for index, colour in colours.colormap(1).items():
        table[index] = colour[:3]
    found: np.ndarray = table[colours.read(1, window=window)].transpose(2, 0, 1)
    return found


def _lookup(palette: Mapping[Colour, int], others: int | None) -> np.ndarray:
    """Class value (2^24,) of each colour."""
    lookup = np.full(1 << 24, _UNKNOWN if others is None else others, np.uint8)
    for (red, green, blue), value in palette.items():
        lookup[red << 16 | green << 8 | blue] = value
    return lookup


MINIMUM_PIXELS = 80
"""Components below this are dropped, unless all of their class are (arXiv 2405.15394)."""


def boxes_from_mask(
    mask: np.ndarray, values: Sequence[int], minimum: int = MINIMUM_PIXELS, opening: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The extents of each class's 8-connected components, small ones dropped unless all of the class are.

    Args:
        mask: (H, W) uint8 class values, in memory: a tile of 6000 x 6000 pixels takes 36 MB.
        values: the classes that get boxes.
        minimum: smallest component, in pixels.
        opening: half side in pixels of the square that must fit into an object; cuts bridges thinner
            than 2 * opening + 1 pixels, and removes objects that are. 0 leaves the mask as it is.

    Returns:
        boxes (n, 4) int xyxy, exclusive at the right and bottom, and class values (n,), both by class.
    """
    boxes, classes = [np.zeros((0, 4), np.int64)], [np.zeros(0, np.int64)]
    for value in values:
        extents, pixels = components(opened(mask == value, opening))
        kept = extents[large_enough(pixels, minimum)]
        boxes.append(kept)
        classes.append(np.full(len(kept), value, np.int64))
    return np.concatenate(boxes), np.concatenate(classes)


def large_enough(pixels: np.ndarray, minimum: int) -> np.ndarray:
    """Which components (n,) of one class stay: those of `minimum` pixels, or all where none has so many."""
    large = pixels >= minimum
    return large if large.any() else np.ones_like(large)


def components(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """8-connected components of a mask (H, W) bool: extents (n, 4) int xyxy and pixel counts (n,)."""
    outlines = [
        shapely.geometry.shape(outline) for outline, _ in shapes(mask.view(np.uint8), mask=mask, connectivity=8)
    ]
    # an outline runs along pixel edges, so that its area is the number of its pixels
    return shapely.bounds(outlines).reshape(-1, 4).round().astype(np.int64), shapely.area(outlines).round()


def opened(mask: np.ndarray, half: int) -> np.ndarray:
    """Morphological opening of a mask (H, W) bool by a square of 2 * half + 1 pixels.

    What lies beyond the border is taken for more of the same object, so that borders do not eat objects.
    """
    if half == 0:
        return mask
    beyond = np.pad(mask, 2 * half, constant_values=True)
    return _sliding(_sliding(beyond, half, np.all), half, np.any)


def _sliding(mask: np.ndarray, half: int, reduce: Callable[..., np.ndarray]) -> np.ndarray:
    """Reduce over each whole square in a mask, one axis after the other; the result is 2 * half smaller."""
    for axis in (0, 1):
        mask = reduce(sliding_window_view(mask, 2 * half + 1, axis), axis=-1)
    return mask
