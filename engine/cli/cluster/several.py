"""Maps of an archive, each done with by a worker."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...events import EventLog
    from ..several import Errand


def each_in_cluster(errand: Errand, events: EventLog) -> list[Any]:
    """As `several.each_of`, by workers.

    Raises:
        ClusterError: Dask is missing, there is no scheduler, or a worker cannot do its part.
    """
    from .connection import absolute, need_dask, workers_of

    need_dask()
    from ..several import Item
    from . import tasks
    from .each import Each, Share
    from .job import Job

    items, output = errand.items, errand.output
    options = absolute(argparse.Namespace(**vars(errand.options), rasters=[str(item.map) for item in items]))
    given = [(errand.one, Item(_absolute(item.map), item.output and _absolute(item.output))) for item in items]
    make = lambda mark, places: Job(options, options.rasters, mark, places)  # noqa: E731
    with (
        _mark(output, Path(options.rasters[0])) as mark,
        workers_of(options, events, mark, make, writes=output is not None) as (link, job),
    ):
        work = Each(link, job, Share(tasks.one_map, given, errand.stage), events)
        work.run()
    return [found for _, found in sorted(work.found.items())]


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


@contextmanager
def _mark(output: Path | None, first: Path) -> Iterator[Path]:
    """A file by which workers know the folder that they write into, or else read from."""
    from ...processes import scratch
    from .connection import mark_in

    if output is None:
        yield first
        return
    with scratch(_absolute(output)) as folder:
        yield mark_in(folder)
