"""A place for rasters that have none: small VRTs in the run folder that point at the originals."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import rasterio
import rasterio.shutil
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.transform import from_origin

from ..errors import RasterError

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
