"""Which rows of windows are to be run, and how they are divided among workers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

LEAST_ROWS = 8
"""Of a stretch, where a raster has enough of them: the row above each is run twice."""
MOST_ROWS = 32
"""Of a stretch: workers that come later find something to do, and the row run twice is 3 percent."""


def missing_rows(finished: set[int], rows: Iterable[int], border: bool) -> Iterator[tuple[int, bool]]:
    """Rows to run, each with whether it is to be kept.

    Args:
        finished: rows that are not run again.
        rows: in order.
        border: whether a row needs the one above, which is then run again, and not kept, where it is not at hand.
    """
    previous = None
    for row in rows:
        if row in finished:
            continue
        if border and row and row - 1 != previous:
            yield row - 1, False
        yield row, True
        previous = row


def stretches(missing: Sequence[int], left: int, workers: int) -> list[range]:
    """Rows of a raster in stretches, the shorter the nearer the job's end, so that all workers end at about one time.

    Args:
        missing: the rows, in order; a stretch may have finished ones between them.
        left: rasters of the job whose turn is not before this one's, with it.
        workers: how many there are.
    """
    if not missing:
        return []
    parts = math.ceil(2 * workers / left)
    if len(missing) < LEAST_ROWS * parts:
        parts = math.ceil(workers / left)
    parts = min(len(missing), max(parts, math.ceil(len(missing) / MOST_ROWS)))
    cuts = [round(len(missing) * part / parts) for part in range(parts + 1)]
    return [range(missing[start], missing[end - 1] + 1) for start, end in itertools.pairwise(cuts)]
