"""`review` with a cluster: each raster is looked at by a worker, and the client makes the layers of what they found."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .review_job import ReviewJob

if TYPE_CHECKING:
    from ...evaluation.review import Looked, Looks
    from ...events import EventLog


def looks_in_cluster(options: argparse.Namespace, events: EventLog) -> Looks:
    """Has the rasters of a review looked at by workers.

    Args:
        options: the command's.
        events: get `progress`; their stop ends it.

    Raises:
        ClusterError: Dask is missing; from what is returned, there is no scheduler, or a worker cannot do its part.
    """
    from ..reviewing import permitted_run, rasters_of
    from .connection import absolute, mark_in, need_dask, workers_of

    need_dask()
    from . import tasks
    from .each import Each, Share

    options = absolute(options)

    def looks(folder: Path) -> list[tuple[int, Looked]]:
        rasters = rasters_of(options, permitted_run(options))
        shared = mark_in(folder.absolute())
        make = lambda mark, places: ReviewJob(options, rasters, mark, places)  # noqa: E731
        with workers_of(options, events, shared, make) as (link, job):
            share = Share(tasks.look, [(shared.parent,)] * len(rasters), "review")
            work = Each(link, job, share, events)
            work.run()
        return sorted(work.found.items())

    return looks
