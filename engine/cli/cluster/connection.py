"""The way to a cluster: a scheduler by its address, or one with workers of our own; and whether its workers will do."""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from ... import __version__
from ...errors import ClusterError, ConfigError, Stopped
from ...events import EventLog, NoteEvent
from ...processes import held, interruptible
from .workers import Place, places_of

if TYPE_CHECKING:
    from distributed import Client

    from .job import Job, Mark

Made = TypeVar("Made", bound="Job")

CONNECT_SECONDS = 10
NOTE_SECONDS = 5.0
"""Without workers for so long, a person is told that they are waited for."""
LOOK_SECONDS = 0.2


class Link(NamedTuple):
    """The way to a cluster.

    Attributes:
        client: of its scheduler.
        keep: to be called often; looks after workers that are ours.
    """

    client: Client
    keep: Callable[[], None]


def _nothing() -> None:
    """Workers of others are looked after by others."""


def need_dask() -> None:
    """See that Dask is there.

    Raises:
        ClusterError: it is not.
    """
    if find_spec("distributed") is None:
        raise ClusterError(
            "Work is shared among workers by Dask, which is not installed here.",
            'Install it with: pip install "dask[distributed]"',
        )


def mark_in(folder: Path) -> Path:
    """A file by which workers know a folder of this job alone, which they write into."""
    mark = folder / "shared"
    mark.write_text(folder.name, encoding="utf-8")
    return mark


def absolute(options: argparse.Namespace) -> argparse.Namespace:
    """Options that mean the same in processes that work in other folders."""
    values = dict(vars(options))
    for name in ("model", "output", "describe", "errors"):
        if values.get(name):
            values[name] = Path(os.path.abspath(values[name]))
    for name in ("area", "labelled", "truth"):
        if values.get(name):
            values[name] = absolute_path(values[name])
    values["rasters"] = [absolute_path(raster) for raster in values["rasters"]]
    return argparse.Namespace(**values)


def absolute_path(name: str) -> str:
    """A file's path from the root; other names of rasters and layers stay as they are."""
    return os.path.abspath(name) if os.path.exists(name) else name


@contextmanager
def connected(
    address: str | None, workers: int | None, interruptible: Callable[[], AbstractContextManager[None]]
) -> Iterator[Link]:
    """The way to a scheduler.

    Args:
        address: the scheduler's, or the path of its file; none starts one here.
        workers: how many processes to start here.
        interruptible: a context for what may be interrupted.

    Raises:
        ClusterError: no scheduler answers there, or it cannot be started.
    """
    from distributed import Client

    for name in ("distributed", "distributed.client"):  # what matters of it becomes a sentence of ours
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with ExitStack() as inside:
        with interruptible():
            by: dict[str, Any] = {"address": address}
            keep: Callable[[], None] = _nothing
            if not address:
                from .workers import own_cluster

                own = inside.enter_context(own_cluster(workers or 1))
                by, keep = {"address": own.cluster}, own.keep
            elif os.path.isfile(address):
                by = {"scheduler_file": address}
            try:
                client = inside.enter_context(Client(**by, timeout=CONNECT_SECONDS, set_as_default=False))
            except (OSError, ValueError, TimeoutError) as error:
                raise ClusterError(
                    f"No Dask scheduler answers at {address or 'this machine'}.",
                    "Start one with `dask scheduler`, and give the address that it names, like tcp://HOST:8786.",
                ) from error
        yield Link(client, keep)


@contextmanager
def workers_of(
    options: argparse.Namespace,
    events: EventLog,
    mark_path: Path,
    make: Callable[[Mark, dict[Any, Place]], Made],
    writes: bool = True,
) -> Iterator[tuple[Link, Made]]:
    """The workers that a command asks for, checked, and told of its job.

    Args:
        options: the command's `scheduler` or `workers`.
        events: their stop ends waiting.
        mark_path: a file in the folder that is shared.
        make: gives the job.
        writes: whether workers write into that folder.

    Raises:
        ClusterError: there is no scheduler, or a worker cannot do its part.
        ConfigError: a worker has several threads.
        Stopped: so it was asked before any worker had come.
    """
    from .job import Mark

    # A stop is looked for between two messages of the workers, who must not be left alone then
    with held(), connected(options.scheduler, options.workers, interruptible) as link:
        client = link.client
        wait_for_workers(client, events, options.workers or 1)
        mark = Mark.of(mark_path, writes)
        job = make(mark, check_workers(client, mark))
        client.register_plugin(job, name=job.name)
        try:
            yield link, job
        finally:
            if client.status == "running" and not job.here:
                client.unregister_worker_plugin(job.name)


def wait_for_workers(client: Client, events: EventLog, count: int) -> None:
    """Wait until workers have come, which takes its time where machines are asked for first.

    Args:
        client: of the scheduler.
        events: told that they are waited for.
        count: how many.

    Raises:
        Stopped: so it was asked meanwhile.
    """
    begun, told = time.monotonic(), False
    while len(client.nthreads()) < count:
        if events.stop_requested():
            raise Stopped("The work was stopped before any worker had come.", "Start it again.")
        if not told and time.monotonic() - begun > NOTE_SECONDS:
            told = True
            where = cast("Any", client.scheduler).address
            events.write(NoteEvent(f"The scheduler at {where} has no workers yet; waiting."))
        time.sleep(LOOK_SECONDS)


def check_workers(client: Client, mark: Mark) -> dict[Any, Place]:
    """See that all workers have this engine, one thread and the shared folder.

    Args:
        client: of the scheduler.
        mark: of the folder that is shared.

    Returns:
        where on its machine each worker belongs, by its name.

    Raises:
        ClusterError: one has not.
        ConfigError: one has several threads.
    """
    for address, threads in client.nthreads().items():
        if threads != 1:
            raise ConfigError(
                f"The worker at {address} has {threads} threads, and this work needs processes of one thread.",
                "Start workers with --nthreads 1, several a machine with --nworkers.",
            )
    from .job import about, refuse

    told = client.run(about, mark, on_error="return")
    for address, said in told.items():
        if isinstance(said, BaseException):
            raise ClusterError(
                f"The worker at {address} has not the engine of this machine, GeoDistil {__version__} ({said}).",
                "Install the same version on all machines, and start the workers with it.",
            ) from said
        refuse(said, mark)
    return places_of(list(told.values()))
