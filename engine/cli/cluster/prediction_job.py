"""What the tasks of a prediction have in common, in each worker."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import DeviceError
from .job import Job, Mark
from .workers import Place

if TYPE_CHECKING:
    from ...config import Card
    from ...inference import Backend, Options
    from ...inference.backends.choice import Candidate
    from ...inference.many import Item
    from ...inference.opened import Opened


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
