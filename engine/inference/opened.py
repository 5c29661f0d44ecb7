"""A raster opened for a prediction, and what is decided about it before its windows are run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from .. import __version__
from ..config import Card, SourceStatistics
from ..data.identity import of_raster
from ..data.radiometry import Damage, Radiometry, measured
from ..data.raster import RasterReader
from .backends import Backend
from .checks import FreeBytes, bytes_needed, check_space, doubts, open_raster
from .context import enough_overlap
from .journal import Journal
from .reading import RasterMosaic, bounded_cache
from .region import EVERYWHERE, Region, Where, region_of
from .windows import WindowGrid, in_phase, window_grid

SAME = 0.02
"""Statistics that differ by less, in standard deviations, are the same raster's."""


def by_own_statistics(reader: RasterReader | RasterMosaic, card: Card) -> list[str]:
    """Have a raster's values mapped from its own statistics, where the card asks for it.

    A raster is a source of the card's where its statistics are that source's: nothing else of it matters, so that
    neither its path nor another compression does. Several rasters that are put together are measured as one.

    Args:
        reader: which will read mapped values.
        card: of the model that will see them.

    Returns:
        A sentence for people where it was no source, as `checks.doubts` returns them.

    Raises:
        RasterError: it cannot be read.
    """
    if not card.source_statistics or (moments := measured(reader)) is None:
        return []
    own = moments.mean(), moments.std()
    source = next((each for each in card.source_statistics if _same(own, each)), None)
    closest = own if source is None else (source.mean, source.std)
    reader.radiometry = Radiometry.between(closest, (card.mean, card.std))
    if source is not None:
        return []
    names = ", ".join(each.name for each in card.source_statistics)
    return [
        f"{reader.path} is none of the model's sources ({names}), so it is standardised by its own mean and deviation; "
        "it should show as varied ground as they do."
    ]


def _same(own: tuple[np.ndarray, np.ndarray], source: SourceStatistics) -> bool:
    mean, std = np.asarray(source.mean), np.asarray(source.std)
    return bool(((abs(own[0] - mean) < SAME * std) & (abs(own[1] - std) < SAME * std)).all())


JOURNAL = "prediction.partial"
"""The folder, beside the outputs, of what is finished of an interrupted prediction."""


@dataclass(frozen=True)
class Options:
    """How to predict.

    Args:
        overlap: what neighbouring windows share, as a share of their side, 0 to 0.5; none is what the network needs,
            as its card says, or as measured on the raster.
        confidence: also write the probability of the class in percent.
        batch_size: windows in a batch; none leaves it to the backend.
        tile_size: side of a window in pixels, divisible by 32; none means the card's.
        fraction: start and end of this raster's part of the whole job, for `progress` events over several rasters.
        model: tells this model's weights from others', so that no other model's interrupted prediction is continued.
        free_bytes: free space of a folder's disk.
        where: what of the raster.
    """

    overlap: float | None = None
    confidence: bool = False
    batch_size: int | None = None
    tile_size: int | None = None
    fraction: tuple[float, float] = (0.0, 1.0)
    model: str = ""
    free_bytes: FreeBytes = lambda folder: shutil.disk_usage(folder).free
    where: Where = EVERYWHERE


class Opened:
    """A raster, or several that become one, and the part of it that is asked for.

    Args:
        raster: any raster that GDAL opens, or several (`reading.RasterMosaic`).
        card: the model's.
        where: what of it.

    Raises:
        RasterError: it is missing, unreadable, or has other bands than the model reads, or has no part there.
        LabelError: the layer of `where` is missing, without CRS, or has no polygons.
    """

    def __init__(self, raster: str | Sequence[str], card: Card, where: Where) -> None:
        self.files = [raster] if isinstance(raster, str) else list(raster)
        self.reader: RasterReader = (
            open_raster(raster, card) if isinstance(raster, str) else cast("RasterReader", RasterMosaic(raster, card))
        )
        self.name = self.reader.path
        self.region: Region = region_of(self.name, self.reader.grid, where)

    def take_damage(self) -> dict[str, Damage]:
        """What could not be read of each file since this was last asked."""
        parts = [part.reader for part in self.reader.parts] if isinstance(self.reader, RasterMosaic) else [self.reader]
        found = {part.path: part.damage for part in parts if part.damage.windows}
        for part in parts:
            part.damage = Damage()
        return found


@dataclass(frozen=True)
class Prediction:
    """A raster that is being predicted, by one process or a part of it by each of several.

    Args:
        opened: the raster.
        card: the model's.
        output: the outputs' folder.
        options: how.
        stop: asked now and then whether to end.
        writer: tells this process's unfinished files from others'.
    """

    opened: Opened
    card: Card
    output: Path
    options: Options
    stop: Callable[[], bool]
    writer: str = ""

    @property
    def journal(self) -> Journal:
        """Of its finished rows."""
        return Journal(self.output / JOURNAL, self.writer)


@dataclass(frozen=True)
class Plan:
    """What is decided about a raster.

    Args:
        windows: the lattice.
        finished: rows of windows that wait in the journal already.
    """

    windows: WindowGrid
    finished: frozenset[int]

    @property
    def megapixels(self) -> float:
        """Of the part that is predicted."""
        return self.windows.width * self.windows.height / 1e6


def make_plan(prediction: Prediction, backend: Backend, warn: Callable[[str], None]) -> Plan:
    """Look at a raster, and prepare the journal of its prediction.

    Args:
        prediction: of the raster; its folder is made where it is missing, and its stop leaves finished rows unchecked.
        backend: the model.
        warn: told what is doubtful.

    Raises:
        OutputError: the folder cannot be written, or the disk has too little space.
    """
    opened, options, card = prediction.opened, prediction.options, prediction.card
    reader, region = opened.reader, opened.region
    for sentence in [*doubts(reader, opened.name, card), *by_own_statistics(reader, card)]:
        warn(sentence)
    needed = bytes_needed(region.grid.width * region.grid.height, card, options.confidence)
    check_space(prediction.output, opened.name, region.grid, needed, options.free_bytes)
    with bounded_cache(reader, options.tile_size or card.tile_size):
        windows = _lattice(backend, reader, options).around(*region.part)
    journal = prediction.journal
    said = journal.prepare(_job(backend, opened, windows, options)), journal.drop_damaged(prediction.stop)
    for sentence in filter(None, said):
        warn(sentence)
    return Plan(windows, frozenset(journal.finished()))


def _lattice(backend: Backend, reader: RasterReader, options: Options) -> WindowGrid:
    """The lattice of the whole raster: whatever part is predicted, it looks the same."""
    grid, tile, overlap = reader.grid, options.tile_size or backend.card.tile_size, options.overlap
    if overlap is None:
        overlap = enough_overlap(backend, reader, tile)
    return window_grid(grid.width, grid.height, tile, in_phase(tile, overlap))


def _job(backend: Backend, opened: Opened, windows: WindowGrid, options: Options) -> dict[str, Any]:
    return {
        "engine": __version__,
        "backend": backend.name,
        "model": options.model,
        "card": backend.card.model_dump(mode="json"),
        "raster": [of_raster(file, together=len(opened.files)) for file in opened.files],
        "region": opened.region.as_json(),
        "windows": [windows.width, windows.height, windows.tile, windows.overlap, list(windows.margin)],
        "batch_size": options.batch_size or backend.batch_size,
        "confidence": options.confidence,
    }
