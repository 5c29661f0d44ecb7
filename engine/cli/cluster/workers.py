"""Workers of our own, which end with this process, and where on its machine each worker belongs."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import dask.config
from distributed import LocalCluster

from ...errors import ClusterError
from ...inference.backends.base import cores
from ...processes import scratch
from ...types import given


class Place(NamedTuple):
    """Of one worker.

    Attributes:
        cores: numbers of those that are its own; none where nothing is to be changed.
        card: the NVIDIA card that it sees; none where nothing is to be changed.
    """

    cores: tuple[int, ...] = ()
    card: str = ""


class About(NamedTuple):
    """What a worker says of itself.

    Attributes:
        name: among the workers.
        host: its machine.
        version: its engine's.
        mark: what it sees of the file in the shared folder; empty where it sees none, - where it may not write there.
        cores: numbers of those that it may use.
        cards: those that it sees.
    """

    name: Any
    host: str
    version: str
    mark: str
    cores: tuple[int, ...]
    cards: tuple[str, ...]


def own_cores() -> tuple[int, ...]:
    """Numbers of the cores that this process may use; none where the system does not say."""
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


def own_cards() -> tuple[str, ...]:
    """The NVIDIA cards that this process sees."""
    from ...inference.backends.choice import gpus

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return tuple(filter(None, named.split(",")))
    return tuple(str(number) for number in range(len(gpus())))


def places_of(workers: Sequence[About]) -> dict[Any, Place]:
    """Cores and cards of machines dealt among workers that see the same ones.

    Libraries bind their threads to the first cores that they may use, so that several processes would sit on one.
    """
    together: dict[Any, list[About]] = defaultdict(list)
    for worker in workers:
        together[worker.host, worker.cores, worker.cards].append(worker)
    return {
        worker.name: Place(_share(worker.cores, number, len(group)), _card(worker.cards, number))
        for group in together.values()
        for number, worker in enumerate(sorted(group, key=lambda each: str(each.name)))
    }


def _share(cores: tuple[int, ...], number: int, count: int) -> tuple[int, ...]:
    if count == 1 or not cores:
        return ()
    if len(cores) < count:
        return (cores[number % len(cores)],)
    start, end = (len(cores) * each // count for each in (number, number + 1))
    return cores[start:end]


def _card(cards: tuple[str, ...], number: int) -> str:
    return cards[number % len(cards)] if len(cards) > 1 else ""


def settle(place: Place) -> None:
    """Have this process at its place, also the threads that it has already."""
    if place.card:
        os.environ["CUDA_VISIBLE_DEVICES"] = place.card
    if place.cores and hasattr(os, "sched_setaffinity"):
        tasks = Path("/proc/self/task")
        threads = [int(each.name) for each in tasks.iterdir()] if tasks.is_dir() else [threading.get_native_id()]
        for thread in itertools.chain([0], threads):
            with suppress(OSError):  # it has just ended
                os.sched_setaffinity(thread, place.cores)


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
