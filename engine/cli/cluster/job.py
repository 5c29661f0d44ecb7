"""What the tasks of a command have in common, in each worker: of any, of a prediction, of a review."""

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
from typing import TYPE_CHECKING, Any, NamedTuple

from distributed import Worker
from distributed.diagnostics.plugin import WorkerPlugin

from ... import __version__
from ...errors import ClusterError, DeviceError, GeoDistilError
from .workers import About, Place, own_cards, own_cores, settle

if TYPE_CHECKING:
    from ...config import Card
    from ...evaluation.review import ReviewMaterial, ReviewOptions
    from ...inference import Backend, Options
    from ...inference.backends.choice import Candidate
    from ...inference.many import Item
    from ...inference.opened import Opened


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


class PredictionJob(Job):
    """A prediction.

    Args:
        options: the command's, with absolute paths.
        rasters: all of them.
        mark: of the outputs' folder.
        places: of workers, by name.
        digest: of the model.
    """

    def __init__(
        self, options: argparse.Namespace, rasters: list[str], mark: Mark, places: dict[Any, Place], digest: str
    ) -> None:
        super().__init__(options, rasters, mark, places)
        self.digest = digest
        self._model: tuple[Path, Card] | None = None
        self._backend: Backend | None = None
        self._opened: tuple[Item, Opened] | None = None

    @property
    def model(self) -> tuple[Path, Card]:
        """The model's folder and card."""
        from ..predicting import model_of

        if self._model is None:
            self._model = model_of(self.options)
        return self._model

    def choose(self) -> Chosen:
        """What is to run the model, as this machine would."""
        from ..predicting import chosen

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
        from ..predicting import Kept, augmented

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
        from ..predicting import settings

        return settings(self.options, self.digest, batch_size)


class ReviewJob(Job):
    """A review.

    Args:
        options: the command's, with absolute paths.
        rasters: all of them.
        mark: of the folder that workers write into.
        places: of workers, by name.
    """

    def __init__(self, options: argparse.Namespace, rasters: list[str], mark: Mark, places: dict[Any, Place]) -> None:
        super().__init__(options, rasters, mark, places)
        self._loaded: tuple[ReviewMaterial, ReviewOptions] | None = None

    def permit(self) -> None:
        """Let this process read the job's files."""
        from ..predicting import permitted_run

        super().permit()
        permitted_run(self.options)

    @property
    def loaded(self) -> tuple[ReviewMaterial, ReviewOptions]:
        """What to review, and how; kept from one task to the next."""
        from ...evaluation.review import ReviewMaterial
        from ..predicting import labelled_of, networks_of, permitted_run, review_settings

        if self._loaded is None:
            run = permitted_run(self.options)
            networks, thresholds = networks_of(self.options, run)
            material = ReviewMaterial(networks, self.rasters, labelled_of(self.options, run))
            self._loaded = material, review_settings(self.options, thresholds)
        return self._loaded
