"""A scheduler and workers here, which end with this process."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import dask.config
from distributed import LocalCluster

from ...errors import ClusterError
from ...inference.backends.base import cores
from ...processes import scratch
from ...types import given

DASHBOARD = "127.0.0.1:8787"
SELDOM = {"distributed.worker.profile.interval": "100ms", "distributed.admin.system-monitor.interval": "5s"}
"""How often Dask looks at its workers' threads and at the machine: by default so often that work is slower by some
percent."""
LOOK_SECONDS = 2.0
DEAD_SECONDS = 5.0
"""After so long a process that has ended, and that Dask has not started again, is replaced."""


@contextmanager
def own_cluster(workers: int) -> Iterator[OwnCluster]:
    """A cluster on this machine.

    Args:
        workers: how many.

    Raises:
        ClusterError: it cannot be started.
    """
    threads = max(1, cores() // workers)
    with scratch() as folder, dask.config.set(SELDOM):
        try:
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=0,  # what a prediction takes is bounded by itself, and no reason to end it
                dashboard_address=DASHBOARD if find_spec("bokeh") else None,
                local_directory=str(folder),
                silence_logs=logging.CRITICAL,
                env={"OMP_NUM_THREADS": str(threads)},  # Dask's own settings reach its workers by themselves
            )
        except (OSError, RuntimeError, TimeoutError) as error:
            raise ClusterError(
                f"{workers} workers cannot be started here: {str(error).partition(chr(10))[0].rstrip('.')}.",
                "Ask for fewer, with --workers.",
            ) from error
        with cluster:
            yield OwnCluster(cluster, workers)


class OwnCluster:
    """Sees that there are always so many workers: Dask starts none again that has ended while it started.

    Args:
        cluster: Dask's.
        count: of workers.
    """

    def __init__(self, cluster: LocalCluster, count: int) -> None:
        self.cluster, self._count = cluster, count
        self._looked = time.monotonic()
        self._closing: set[asyncio.Future[object]] = set()
        self._dead: dict[int, float] = {}
        """Since when workers have no process."""

    def keep(self) -> None:
        """Look after the workers, now and then; to be called often."""
        if (now := time.monotonic()) - self._looked > LOOK_SECONDS:
            self._looked = now
            given(self.cluster.loop).add_callback(self._replace, now)

    def _replace(self, now: float) -> None:
        there = {each["name"] for each in self.cluster.scheduler_info["workers"].values()}
        for name, nanny in list(self.cluster.workers.items()):
            if name in there or nanny.is_alive():
                self._dead.pop(name, None)
            elif now - self._dead.setdefault(name, now) > DEAD_SECONDS:
                del self._dead[name], self.cluster.workers[name]
                self._closing.add(asyncio.ensure_future(nanny.close()))
        if len(there) < self._count:
            self.cluster.scale(self._count)
