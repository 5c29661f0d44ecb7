"""`predict` with a cluster: its options become a job for workers, and what they did its outputs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ...processes import OWNER_FILE

if TYPE_CHECKING:
    from ...events import EventLog


def predicted_in_cluster(
    options: argparse.Namespace, events: EventLog, failed: list[dict[str, str]]
) -> list[dict[str, str | None]]:
    """The outputs of a job, as `predict.predicted` gives them.

    Args:
        options: the command's.
        events: the job's log; its folder is this process's, which workers are shown.
        failed: rasters that fail are added to it.

    Raises:
        ClusterError: there is no scheduler, or a worker cannot do its part.
        GeoDistilError: as `predicted`.
    """
    from ...inference.many import Ends
    from ..predict import digest_of, done_of, model_of, named_rasters, things_of
    from .connection import absolute, absolute_path, need_dask, workers_of

    need_dask()
    from .archive import Archive
    from .prediction_job import PredictionJob

    options = absolute(options)
    rasters = [absolute_path(raster) for raster in named_rasters(options)]
    model, card = model_of(options)
    rasters, things = things_of(options, rasters, card, failed, events)
    digest = digest_of(model)
    ends = Ends(things, events, done_of(options, digest, len(things)))
    make = lambda mark, places: PredictionJob(options, rasters, mark, places, digest)  # noqa: E731
    with workers_of(options, events, options.output / OWNER_FILE, make) as (link, job):
        Archive(link, job, things, ends, events).run()
    outcome = ends.outcome()
    failed += outcome.failed
    return [results.as_dict() for results in outcome.results]
