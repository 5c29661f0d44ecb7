"""Chips in batches: an endless stream for training, a fixed round for validation."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, islice

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, default_collate

from ..config import Run
from ..errors import ConfigError, GeoDistilError, TrainingError
from ..types import Batch, Chip, Role
from .augmentation import Augmenter
from .chips import cut
from .grid import Window
from .prepared import ROLES, Prepared, PreparedSource
from .sampling import ChipSampler, tiling, window_around

_TRIES = 8
_SMALLEST_VALID = 0.1
"""Chips with a smaller share of valid pixels are drawn again, so many times."""
_MOST_WORKERS = 4
_PREFETCH = 4


class TrainingChips(Dataset):
    """Chip `i` of a role, for every `i`; it depends on the run's seed, the role and `i` alone."""

    def __init__(self, prepared: Prepared, run: Run, role: Role, views: bool = False) -> None:
        self._sources = _sources(prepared, role)
        training = run.training
        self._sampler = ChipSampler(self._sources, training.chip_size, training.rare_class_share)
        self._augmenter = Augmenter(training.augmentation, prepared, training.chip_size)
        self._key = training.seed, ROLES.index(role)
        self._views = views

    def __getitem__(self, index: int) -> Chip | GeoDistilError:
        """Chip `index`; an error is handed over, because raising it in a worker would lose its type's fields."""
        try:
            return self.chip(index)
        except GeoDistilError as error:
            return error

    def chip(self, index: int) -> Chip:
        """Chip `index`.

        Raises:
            RasterError: its raster cannot be read.
            LabelError: its class raster has a value without a class.
        """
        rng = np.random.default_rng([*self._key, index])
        best, damage = None, {}
        for _ in range(_TRIES):
            source, column, row = self._sampler.draw(rng)
            source = self._sources[source]
            window = window_around(source.reader.grid, column, row, self._augmenter.window_side(rng))
            piece = cut(source, window, training=True)
            if source.reader.damage.windows:
                damage[source.reader.path] = source.reader.damage.sentence(source.reader.path)
            if best is None or piece.share() > best.share():
                best = piece
            if best.share() >= _SMALLEST_VALID:
                break
        return replace(self._augmenter.augment(best, rng, self._views), damage=damage)


class ValidationBatches:
    """The validation chips of a role, always the same and in the same order; iterate as often as needed.

    They tile the validation ground of each source, so that no pixel counts twice. Where there are more
    than `training.validation_chips`, a seeded choice of them stands for all.
    """

    def __init__(self, prepared: Prepared, run: Run, role: Role) -> None:
        self._prepared, self._role = prepared, role
        self._batch_size = run.training.batch_size
        self._fill, self._dtype = prepared.fill(), prepared.image_dtype()
        windows = [
            (source, window)
            for source in _sources(prepared, role)
            for window in tiling(source.validation, run.training.chip_size)
        ]
        chosen = np.random.default_rng(run.split.seed).permutation(len(windows))[: run.training.validation_chips]
        self._windows = [windows[index] for index in np.sort(chosen)]

    def __len__(self) -> int:
        """How many batches there are."""
        return -(-len(self._windows) // self._batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Read them, in this process: reading is much faster than the forward pass.

        Raises:
            RasterError: a raster cannot be read.
            LabelError: a class raster has a value without a class.
        """
        chips = (self._chip(source, window) for source, window in self._windows)
        while some := list(islice(chips, self._batch_size)):
            batch = unpacked(packed(some), self._role)
            yield batch if batch.mask is None else replace(batch, mask=batch.mask.long())

    def _chip(self, source: PreparedSource, window: Window) -> Chip:
        piece = cut(source, window, training=False)
        return piece.chip(piece.hide(piece.image, self._fill), self._dtype)


def validation_batches(prepared: Prepared, run: Run, role: Role) -> ValidationBatches:
    """The validation chips of a role in batches, to be iterated as often as needed.

    Raises:
        ConfigError: there is no source of this role.
    """
    return ValidationBatches(prepared, run, role)


def training_loader(
    prepared: Prepared,
    run: Run,
    role: Role,
    start: int = 0,
    views: bool = False,
    warn: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Batch]:
    """An endless stream of a role's training batches.

    Chips are read ahead by `training.workers` processes of this role's own; none given means half the
    processors, at most 4, and none on a single processor.

    Args:
        prepared: the run's data.
        run: its settings.
        role: which sources.
        start: index of the first chip; to go on after n batches, give n * batch_size.
        views: whether to add strong views.
        warn: told once of each raster that turns out to be damaged; where it is, chips are drawn again elsewhere.

    Raises:
        ConfigError: there is no source of this role.
        RasterError: a raster cannot be read.
        LabelError: a class raster has a value without a class.
        TrainingError: a reading process died.
    """
    chips = TrainingChips(prepared, run, role, views)
    return _stream(chips, run, role, start, prepared.damaged, warn)


def _stream(
    chips: TrainingChips, run: Run, role: Role, start: int, damaged: set[str], warn: Callable[[str], None]
) -> Iterator[Batch]:
    batches = iter(_loader(chips, run.training.batch_size, _workers(run), start))
    while True:
        try:
            values = next(batches)
        except RuntimeError as error:
            if "worker" not in str(error):
                raise
            raise TrainingError(
                "A process that reads chips ended unexpectedly.", "Memory may be short: lower training.workers."
            ) from error
        if isinstance(values, GeoDistilError):
            raise values
        for path in values["damage"].keys() - damaged:
            warn(values["damage"][path])
            damaged.add(path)
        yield unpacked(values, role)


def chips_per_epoch(prepared: Prepared, run: Run, role: Role) -> int:
    """How many chips cover the role's training ground once.

    Raises:
        ConfigError: there is no source of this role.
    """
    pixels = sum(source.training.area for source in _sources(prepared, role))
    return max(1, round(pixels / run.training.chip_size**2))


def packed(chips: list[Chip | GeoDistilError]) -> dict | GeoDistilError:
    """Chips stacked into few tensors, which travel between processes faster than many; or their first error.

    `default_collate` stacks straight into shared memory where this is a reading process.
    """
    for chip in chips:
        if isinstance(chip, GeoDistilError):
            return chip
    first = chips[0]
    names = [name for name in ("image", "valid", "mask", "strong") if getattr(first, name) is not None]
    values = {name: default_collate([getattr(chip, name) for chip in chips]) for name in names}
    if first.boxes is not None:
        values["boxes"] = torch.cat([chip.boxes for chip in chips])
        values["labels"] = torch.cat([chip.labels for chip in chips])
        values["counts"] = [len(chip.labels) for chip in chips]
    damage = {path: sentence for chip in chips for path, sentence in chip.damage.items()}
    return {**values, "chips": [(chip.source, *chip.origin) for chip in chips], "damage": damage}


def unpacked(values: dict, role: Role) -> Batch:
    """The batch of packed chips; masks stay bytes until they are on the device: the main process has a step to do."""
    values = {name: value for name, value in values.items() if name != "damage"}
    counts: list[int] | None = values.pop("counts", None)
    if counts is not None:
        for name in ("boxes", "labels"):
            values[name] = list(values[name].split(counts))
    return Batch(role, **values)


class _Endless:
    """Batches of indices from `start` on."""

    def __init__(self, start: int, size: int) -> None:
        self.start, self.size = start, size

    def __iter__(self) -> Iterator[list[int]]:
        return (list(range(first, first + self.size)) for first in count(self.start, self.size))


def _loader(chips: TrainingChips, batch_size: int, workers: int, start: int) -> DataLoader:
    options = {}
    if workers:
        options = {
            "num_workers": workers,
            "multiprocessing_context": _context(),
            "prefetch_factor": _PREFETCH,
            "persistent_workers": True,
            "worker_init_fn": _one_thread,
        }
    return DataLoader(chips, batch_sampler=_Endless(start, batch_size), collate_fn=packed, **options)


def _context() -> multiprocessing.context.BaseContext:
    """Workers forked from a clean server where there is one: GDAL and OpenMP do not survive a fork in mid-work."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)


def _workers(run: Run) -> int:
    if run.training.workers is not None:
        return run.training.workers
    affinity = getattr(os, "sched_getaffinity", None)
    processors = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(_MOST_WORKERS, processors // 2)


def _sources(prepared: Prepared, role: Role) -> list[PreparedSource]:
    sources = prepared.of_role(role)
    if not sources:
        raise ConfigError(f"The run has no {role} source.", "Add one, or choose another recipe.")
    return sources
