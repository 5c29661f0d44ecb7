"""What the tasks of one prediction have in common, in each worker."""

from __future__ import annotations

import argparse
import copy
import os
import signal
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from distributed import Worker
from distributed.diagnostics.plugin import WorkerPlugin

from ... import __version__
from ...errors import ClusterError, DeviceError, GeoDistilError
from ...processes import OWNER_FILE
from .places import About, Place, own_cards, own_cores, settle

if TYPE_CHECKING:
    from ...config import Card
    from ...inference import Backend, Options
    from ...inference.archive import Item
    from ...inference.backends.choice import Candidate
    from ...inference.opened import Opened

_entered: list[str] = []
"""The job whose files this process may read."""
_kept: list[Any] = []
"""What keeps the model from one job to the next."""


class Chosen(NamedTuple):
    """What runs the model, the same on all workers: another would give other last bits.

    Attributes:
        candidate: the backend and its device.
        name: of the backend.
        batch_size: windows at a time.
    """

    candidate: Candidate
    name: str
    batch_size: int


class Job(WorkerPlugin):
    """A prediction; the scheduler gives it to each worker once, also to those that come later.

    Args:
        name: tells it from others.
        options: the command's, with absolute paths.
        rasters: all of them.
        digest: of the model.
        mark: what the owner's file of the outputs' folder holds.
        places: of workers, by name.
        here: whether all workers are on the user's own machine.
    """

    def __init__(
        self,
        name: str,
        options: argparse.Namespace,
        rasters: list[str],
        digest: str,
        mark: str,
        places: dict[Any, Place],
        here: bool,
    ) -> None:
        self.name, self.options, self.rasters, self.digest = name, options, rasters, digest
        self.mark, self.places, self.here = mark, places, here
        self._model: tuple[Path, Card] | None = None
        self._backend: Backend | None = None
        self._opened: tuple[Item, Opened] | None = None

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
        from ...malloc import few_pools
        from ..reaching import permit_named

        refuse(about(self.options.output, self.worker), self.options.output, self.mark)
        few_pools()
        permit_named(self.options, self.rasters)
        _entered[:] = [self.name]

    def located(self, error: GeoDistilError) -> GeoDistilError:
        """An error that says where it happened, where that is another machine."""
        if self.here or isinstance(error, ClusterError):
            return copy.copy(error)
        where = f"says the worker {self.worker.name} on {socket.gethostname()}"
        return type(error)(f"{error.message.rstrip('.')}, {where}.", error.hint)

    @property
    def model(self) -> tuple[Path, Card]:
        """The model's folder and card."""
        from ..predict import model_of

        if self._model is None:
            self._model = model_of(self.options)
        return self._model

    def choose(self) -> Chosen:
        """What is to run the model, as this machine would."""
        from ..predict import chosen

        candidate = chosen(self.options, *self.model, self.rasters)
        backend = self._load(candidate)
        return Chosen(candidate, backend.name, self.options.batch_size or backend.batch_size)

    def backend(self, chosen: Chosen) -> Backend:
        """What runs the model, kept from one task to the next.

        Raises:
            DeviceError: this machine runs it in another way than the one that chose.
        """
        backend = self._load(chosen.candidate)
        if backend.name != chosen.name:
            raise DeviceError(
                f"This machine runs the model with {backend.name}, and another one of this job with {chosen.name}.",
                "Choose what all machines have, with --backend and --device.",
            )
        return backend

    def _load(self, candidate: Candidate) -> Backend:
        from ..predict import augmented
        from ..serve import Kept

        if self._backend is None:
            _kept[:] = _kept or [Kept()]
            self._backend = augmented(_kept[0](*self.model, candidate), self.options.tta)
        return self._backend

    def opened(self, item: Item) -> Opened:
        """An item's raster, kept for the item's next task."""
        from ...inference.opened import Opened

        if self._opened is None or self._opened[0] != item:
            self._opened = None
            self._opened = item, Opened(item.raster, self.model[1], self.settings(None).where)
        return self._opened[1]

    def settings(self, batch_size: int | None) -> Options:
        """How to predict."""
        from ..predict import settings

        return settings(self.options, self.digest, batch_size)


def about(output: Path, dask_worker: Worker) -> About:
    """What this worker says of itself.

    Args:
        output: the outputs' folder.
        dask_worker: this worker, as Dask gives it.
    """
    try:
        mark = (output / OWNER_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        mark = ""
    if mark and not os.access(output, os.W_OK):
        mark = "-"
    return About(dask_worker.name, socket.gethostname(), __version__, mark, own_cores(), own_cards())


def refuse(said: About, output: Path, mark: str) -> None:
    """Refuse a worker that cannot take part.

    Args:
        said: what it says.
        output: the outputs' folder.
        mark: what its owner's file holds.

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
        raise ClusterError(f"{who} may not write into {output}.", "Let all workers write there.")
    if said.mark != mark:
        raise ClusterError(
            f"{who} does not see the folder {output} of this machine.",
            "Choose a folder on storage that all machines see under the same path; rasters and model belong there too.",
        )
