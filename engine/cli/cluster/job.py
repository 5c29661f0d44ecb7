"""What the tasks of one command have in common, in each worker."""

from __future__ import annotations

import argparse
import copy
import hashlib
import os
import signal
import socket
import threading
import uuid
from pathlib import Path
from typing import Any, NamedTuple

from distributed import Worker
from distributed.diagnostics.plugin import WorkerPlugin

from ... import __version__
from ...errors import ClusterError, GeoDistilError
from .workers import About, Place, own_cards, own_cores, settle

BEGINNING = 1 << 16
"""Bytes."""
_entered: list[str] = []
"""The job whose files this process may read."""


class Mark(NamedTuple):
    """A file by which workers know the folder that is shared.

    Attributes:
        path: its.
        content: what tells it from others.
        writes: whether workers write into its folder.
    """

    path: Path
    content: str
    writes: bool

    @classmethod
    def of(cls, path: Path, writes: bool) -> Mark:
        """The mark that a file is."""
        return cls(path, _beginning(path), writes)


class Job(WorkerPlugin):
    """A command's work; the scheduler gives it to each worker once, also to those that come later.

    Args:
        options: the command's, with absolute paths.
        rasters: all of them.
        mark: of the folder that is shared.
        places: of workers, by name.
    """

    def __init__(self, options: argparse.Namespace, rasters: list[str], mark: Mark, places: dict[Any, Place]) -> None:
        self.name = f"geodistil-{uuid.uuid4().hex[:12]}"
        self.options, self.rasters, self.mark, self.places = options, rasters, mark, places
        self.here = options.scheduler is None

    def setup(self, worker: Worker) -> None:
        """Called by Dask in each worker, before its first task."""
        self.worker = worker
        settle(self.places.get(worker.name, Place()))
        if self.here and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches these too; the client ends them

    def enter(self) -> None:
        """Have this process ready for a task of this job.

        Raises:
            ClusterError: it does not see the shared folder, or has another engine.
        """
        if _entered == [self.name]:
            return
        from ...malloc import few_pools, usual_thresholds

        refuse(about(self.mark, self.worker), self.mark)
        few_pools()
        usual_thresholds()
        self.permit()
        _entered[:] = [self.name]

    def permit(self) -> None:
        """Let this process read the job's files."""
        from ..job import permit_named

        permit_named(self.options, self.rasters)

    def located(self, error: GeoDistilError) -> GeoDistilError:
        """An error that says where it happened, where that is another machine."""
        if self.here or isinstance(error, ClusterError):
            return copy.copy(error)
        where = f"says the worker {self.worker.name} on {socket.gethostname()}"
        return type(error)(f"{error.message.rstrip('.')}, {where}.", error.hint)


def about(mark: Mark, dask_worker: Worker) -> About:
    """What this worker says of itself.

    Args:
        mark: of the folder that is shared.
        dask_worker: this worker, as Dask gives it.
    """
    try:
        seen = _beginning(mark.path)
    except OSError:
        seen = ""
    if seen and mark.writes and not os.access(mark.path.parent, os.W_OK):
        seen = "-"
    return About(dask_worker.name, socket.gethostname(), __version__, seen, own_cores(), own_cards())


def _beginning(path: Path) -> str:
    """Tells a file from others by its first bytes: it may be large."""
    with path.open("rb") as file:
        return hashlib.sha256(file.read(BEGINNING)).hexdigest()


def refuse(said: About, mark: Mark) -> None:
    """Refuse a worker that cannot take part.

    Args:
        said: what it says.
        mark: of the folder that is shared.

    Raises:
        ClusterError: it cannot.
    """
    who = f"The worker {said.name} on {said.host}"
    if said.version != __version__:
        raise ClusterError(
            f"{who} has GeoDistil {said.version}, and this machine has {__version__}.",
            "Install the same version on all machines, and start the workers again.",
        )
    if said.mark == "-":
        raise ClusterError(f"{who} may not write into {mark.path.parent}.", "Let all workers write there.")
    if said.mark != mark.content:
        raise ClusterError(
            f"{who} does not see the folder {mark.path.parent} of this machine.",
            "Choose a folder on storage that all machines see under the same path; rasters and model belong there too.",
        )
