"""A raster's own statistics in the place of the training imagery's, where a model is made so."""

from __future__ import annotations

import numpy as np

from ..config import Card, SourceStatistics
from ..data.radiometry import Radiometry, measured
from ..data.raster import RasterReader
from .raster_mosaic import RasterMosaic

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
