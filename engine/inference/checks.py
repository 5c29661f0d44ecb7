"""What is looked at before a prediction starts: the raster, the model's fit to it, and the space for the outputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..config import Card
from ..data.grid import Grid, uneven
from ..data.raster import RasterReader
from ..errors import OutputError, RasterError, cannot_write

BYTES_AND_WIDER = {"uint8", "uint16", "uint32"}
"""Types whose values mean something else in one another."""
FreeBytes = Callable[[Path], int]
"""Free space of a folder's disk."""


def open_raster(raster: str, card: Card) -> RasterReader:
    """The raster at the model's ground sampling distance, with the model's bands.

    The raster's own no-data value counts; where it has none, the training rasters' does.

    Raises:
        RasterError: it is missing, unreadable, without CRS, lacks a band, or has another range of values.
    """
    seen = RasterReader(raster)
    if max(card.bands) > seen.most_bands:
        raise RasterError(
            f"{raster} has {seen.band_count} band{'s' if seen.band_count > 1 else ''}; the model '{card.name}' reads "
            f"{', '.join(map(str, card.bands))}.",
            "Predict a raster with the bands of those it was trained on.",
        )
    seen = RasterReader(raster, card.bands)  # which may be a palette's colours, with other no-data than its numbers
    mapped = bool(card.source_statistics)  # whatever the raster's range of values is
    if not mapped and np.dtype(seen.dtype) != np.dtype(card.dtype) and {seen.dtype, card.dtype} <= BYTES_AND_WIDER:
        raise RasterError(
            f"{raster} holds {seen.dtype} values and the model '{card.name}' was made for {card.dtype}.",
            "Predict a raster with values like those it was trained on.",
        )
    nodata = card.nodata if seen.nodata is None else seen.nodata
    return RasterReader(raster, card.bands, gsd=card.gsd, nodata=nodata)


def doubts(reader: RasterReader, raster: str, card: Card) -> list[str]:
    """Sentences on what makes the model doubtful for this raster."""
    sentences = []
    if reader.dtype != card.dtype and not card.source_statistics:
        sentences.append(f"{raster} holds {reader.dtype} values and the model was trained on {card.dtype}.")
    if reader.native_gsd > 2 * card.gsd:
        sentences.append(
            f"{raster} has {reader.native_gsd:.2g} m pixels and the model was trained at {card.gsd:.2g} m: "
            "its detail is missing."
        )
    if sentence := uneven(reader.grid, raster):
        sentences.append(sentence)
    return sentences


def check_space(output: Path, raster: str, grid: Grid, needed: int, free_bytes: FreeBytes) -> None:
    """See that the outputs will probably fit on the disk, before hours of work.

    Raises:
        OutputError: the folder cannot be made, or the space is too little; both numbers are named.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        free = free_bytes(output)
    except OSError as error:
        raise cannot_write(f"The folder {output}", output, error) from error
    if free < needed:
        raise OutputError(
            f"The prediction of {raster}, {grid.width} x {grid.height} pixels of {grid.gsd:.3g} m, needs about "
            f"{needed / 2**20:.0f} MB in {output}, and {free / 2**20:.0f} MB are free.",
            "Free some space or choose another folder; where the raster is not so large, its pixel size is wrong.",
        )


def bytes_needed(pixels: int, card: Card, confidence: bool) -> int:
    """Disk space of the outputs and of the files they are made from, generously."""
    if "regression" in card.tasks:
        # Float32: rows that wait, all of them as one, and the map with a third more for its overviews.
        return int(4 * len(card.values) * (3 + 1 / 3) * pixels) + 2**20
    if "segmentation" not in card.tasks:
        return 2**20
    # Bytes a pixel: class maps compress well, confidence less; a third more for overviews.
    compressed = 4 / 3 * (0.25 + 0.7 * confidence)
    # What is finished waits uncompressed, at full and at half size.
    waiting = 5 / 4 * (1 + confidence)
    return int((compressed + waiting) * pixels) + 2**20
