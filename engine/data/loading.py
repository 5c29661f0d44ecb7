"""Chips in batches: an endless stream for training, a fixed round for validation."""

from __future__ import annotations

import multiprocessing
import os
import signal
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from traceback import walk_tb
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from .. import ranks
from ..config import Run
from ..errors import ConfigError, GeoDistilError, TrainingError
from ..processes import FORKSERVER_GUARD, end_with_parent, name_semaphores
from ..types import Batch, Chip, Role, given
from .arrays import SharedBuffers, affordable, bytes_of
from .augmentation import Augmenter, CopyPaste, mosaic, seam
from .chips import Cut, cut
from .grid import Window
from .prepared import ROLES, Prepared, PreparedSource
from .sampling import Cells, ChipSampler, PreferredPlaces, tiling, window_around

_TRIES = 8
_SMALLEST_VALID = 0.1
"""Chips with a smaller share of valid pixels are drawn again, so many times."""
_MOST_WORKERS = 4
_PREFETCH = 4


@dataclass(frozen=True)
class Draw:
    """Which of a role's training chips are drawn, and how.

    Args:
        start: index of the first one; to go on after n batches, n * batch_size.
        views: whether to add strong views.
        stage: whose chips; each stage of a run has its own.
        measured: (n,) of each of the role's `Cells`: half the chips come from where it is large. None: all uniform.
    """

    start: int = 0
    views: bool = False
    stage: str = ""
    measured: np.ndarray | None = None


DRAW = Draw()


class TrainingChips(Dataset[Any]):
    """Chip `i` of a role, for every `i`; it depends on the run's seed, the stage, the role and `i` alone."""

    def __init__(self, prepared: Prepared, run: Run, role: Role, draw: Draw = DRAW) -> None:
        stage, measured = draw.stage, draw.measured
        self._sources = _sources(prepared, role)
        training = run.training
        self._sampler = ChipSampler(
            self._sources, training.chip_size, training.rare_class_share, training.class_balance
        )
        self._augmenter = Augmenter(training.augmentation, prepared, training.chip_size)
        detects = role == "detection"
        self._mosaics = training.augmentation.mosaic if detects else 0.0
        self._pasted = training.augmentation.copy_paste if detects else 0.0
        self._copy_paste = CopyPaste(self._sources, self._sampler) if self._pasted else None
        preferred = measured is not None and measured.any()
        cells = Cells(self._sources, training.chip_size) if preferred else None
        self._places = PreferredPlaces(self._sampler, given(cells), given(measured)) if preferred else self._sampler
        # A student must not be taught on just the crops that its teacher has memorised.
        self._key = training.seed, ROLES.index(role), zlib.crc32(f"{run.recipe.kind} {stage}".encode())
        self._views, self._masked = draw.views, role == "segmentation"
        self._side, self._bands, self._dtype = training.chip_size, len(prepared.bands), prepared.image_dtype()

    def shapes(self, size: int) -> dict[str, tuple[tuple[int, ...], torch.dtype]]:
        """Shape and type of what all of `size` chips have, stacked."""
        image = (size, self._bands, self._side, self._side), self._dtype
        flat = size, self._side, self._side
        shapes = {"image": image, "valid": (flat, torch.bool)}
        if self._masked:
            shapes["mask"] = flat, torch.uint8
        return shapes | {"strong": image} if self._views else shapes

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
        best: tuple[int, Cut] | None = None
        damage: dict[str, str] = {}
        for _ in range(_TRIES):
            source, piece = self._piece(rng)
            reader = self._sources[source].reader
            if reader.damage.windows:
                damage[reader.path] = reader.damage.sentence(reader.path)
            if best is None or piece.share() > best[1].share():
                best = source, piece
            if best[1].share() >= _SMALLEST_VALID:
                break
        source, piece = given(best)
        if self._pasted and rng.random() < self._pasted:
            piece = given(self._copy_paste).paste(piece, source, rng)
        return replace(self._augmenter.augment(piece, rng, self._views), damage=damage)

    def _piece(self, rng: np.random.Generator) -> tuple[int, Cut]:
        """A source's index, and a place of it or several, cut out. Without mosaics nothing is drawn for them."""
        index, column, row = self._places.draw(rng)
        source, side = self._sources[index], self._augmenter.window_side(rng)
        if self._mosaics and rng.random() < self._mosaics:
            places = [(column, row), *(self._sampler.draw_in(index, rng) for _ in range(3))]
            return index, mosaic(source, places, side, seam(side, rng))
        return index, cut(source, window_around(source.reader.grid, column, row, side), training=True)


class TrainingBatches(Dataset[Any]):
    """Batch `number` of a role's training chips, packed: what all chips have goes into buffers where there are some.

    Args:
        chips: the role's chips.
        start: index of the first chip.
        size: chips in a batch.
        mine: which of them are this process's.
        buffers: where reading processes put them; none where this process reads.
    """

    def __init__(self, chips: TrainingChips, start: int, size: int, mine: slice, buffers: SharedBuffers | None) -> None:
        self._chips, self._start, self._size, self._mine, self._buffers = chips, start, size, mine, buffers

    def __getitem__(self, number: int) -> dict[str, Any] | GeoDistilError:
        """Batch `number`, or the first error of its chips."""
        first = self._start + number * self._size
        chips = [self._chips[index] for index in range(first + self._mine.start, first + self._mine.stop)]
        room = self._buffers.room(number) if self._buffers else {}
        values = packed(chips, room)
        if isinstance(values, GeoDistilError):
            return values
        return {name: value for name, value in values.items() if name not in room}


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
        """All of them, as `read`."""
        return self.read()

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[Batch]:
        """Read them from batch `start` on, in this process: reading is much faster than the forward pass.

        Args:
            start: the first batch.
            stop: the one after the last; none: all.

        Raises:
            RasterError: a raster cannot be read.
            LabelError: a class raster has a value without a class.
        """
        end = None if stop is None else stop * self._batch_size
        chips = (self._chip(source, window) for source, window in self._windows[start * self._batch_size : end])
        while some := list(islice(chips, self._batch_size)):
            batch = unpacked(stacked(some), self._role)
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
    draw: Draw = DRAW,
    warn: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Batch]:
    """An endless stream of a role's training batches; of processes that train together each gets its own chips of them.

    Chips are read ahead by `training.workers` processes of this role's own; none given means half the
    processors, at most 4, and none on a single processor.

    Args:
        prepared: the run's data.
        run: its settings.
        role: which sources.
        draw: which chips.
        warn: told once of each raster that turns out to be damaged; where it is, chips are drawn again elsewhere.

    Raises:
        ConfigError: there is no source of this role.
        RasterError: a raster cannot be read.
        LabelError: a class raster has a value without a class.
        TrainingError: a reading process died.
    """
    chips = TrainingChips(prepared, run, role, draw)
    return _stream(_batches(chips, run, draw.start, warn), role, prepared.damaged, warn)


def _batches(
    chips: TrainingChips, run: Run, start: int, warn: Callable[[str], None]
) -> Iterator[dict[str, Any] | GeoDistilError]:
    """Packed batches without end, read ahead by processes where the run has some."""
    size = run.training.batch_size
    mine = ranks.share(size)
    shapes = chips.shapes(mine.stop - mine.start)
    workers, prefetch = _readers(run, bytes_of(shapes), warn)
    if not workers:
        batches = TrainingBatches(chips, start, size, mine, None)
        yield from map(batches.__getitem__, count())
    # one more than are read ahead: the next batch is asked for while the last is still to be taken
    buffers = SharedBuffers(shapes, workers * prefetch + 1)
    loader = _loader(TrainingBatches(chips, start, size, mine, buffers), workers, prefetch)
    for number, values in enumerate(_begun(loader)):
        yield values | buffers.take(number) if isinstance(values, dict) else values


def _begun(loader: DataLoader[Any]) -> Iterator[Any]:
    """What a loader's processes read, once they have started.

    Raises:
        EOFError, ConnectionError: the server that forks them died.
    """
    try:
        return iter(loader)
    except (EOFError, ConnectionError) as error:
        for frame, _ in walk_tb(error.__traceback__):
            if isinstance(half := frame.f_locals.get("self"), _MultiProcessingDataLoaderIter):
                half._shutdown = True  # its own end would fail, and print so
                for worker in half._workers:
                    worker.terminate()
        raise


def _readers(run: Run, batch: int, warn: Callable[[str], None]) -> tuple[int, int]:
    """How many processes read, and how many batches each reads ahead: as many as there is shared memory for.

    Args:
        run: says how many processes there should be.
        batch: bytes of a batch.
        warn: told where there are fewer.
    """
    workers = _workers(run)
    wanted = workers * _PREFETCH + 1
    room = affordable(batch, wanted) if workers else 0
    if room == wanted or not workers:
        return workers, _PREFETCH
    fewer = max(0, min(workers, room - 1))
    warn(
        f"Shared memory has room for {room} of the {wanted} batches that are to be read ahead, {batch / 2**20:.0f} MB "
        f"each: {fewer or 'no'} process{'' if fewer == 1 else 'es'} will read ahead, which may be slower. Give the "
        "container more (docker run --shm-size=1g), or lower training.batch_size."
    )
    return fewer, max(1, (room - 1) // max(1, fewer))


def _stream(
    batches: Iterator[dict[str, Any] | GeoDistilError], role: Role, damaged: set[str], warn: Callable[[str], None]
) -> Iterator[Batch]:
    while True:
        try:
            values = next(batches)
        except (RuntimeError, EOFError, ConnectionError) as error:
            if isinstance(error, RuntimeError) and "worker" not in str(error):
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
    found: int = max(1, round(pixels / run.training.chip_size**2))
    return found


def packed(
    chips: Sequence[Chip | GeoDistilError], room: dict[str, Tensor] | None = None
) -> dict[str, Any] | GeoDistilError:
    """Chips stacked as by `stacked`; or their first error."""
    sound: list[Chip] = []
    for chip in chips:
        if isinstance(chip, GeoDistilError):
            return chip
        sound.append(chip)
    return stacked(sound, room)


def stacked(chips: Sequence[Chip], room: dict[str, Tensor] | None = None) -> dict[str, Any]:
    """Chips stacked, boxes end to end.

    Args:
        chips: of one role.
        room: where to stack, by name; none makes new tensors.
    """
    first, room = chips[0], room or {}
    names = [name for name in ("image", "valid", "mask", "strong") if getattr(first, name) is not None]
    values: dict[str, Any] = {
        name: torch.stack([getattr(chip, name) for chip in chips], out=room.get(name)) for name in names
    }
    if first.boxes is not None:
        # as arrays they travel between processes with their message; tensors would in shared memory of their own
        values["boxes"] = np.concatenate([given(chip.boxes).numpy() for chip in chips])
        values["labels"] = np.concatenate([given(chip.labels).numpy() for chip in chips])
        values["counts"] = [len(given(chip.labels)) for chip in chips]
    damage = {path: sentence for chip in chips for path, sentence in chip.damage.items()}
    return {**values, "chips": [(chip.source, *chip.origin) for chip in chips], "damage": damage}


def unpacked(values: dict[str, Any], role: Role) -> Batch:
    """The batch of packed chips; masks stay bytes until they are on the device: the main process has a step to do."""
    values = {name: value for name, value in values.items() if name != "damage"}
    counts: list[int] | None = values.pop("counts", None)
    if counts is not None:
        for name in ("boxes", "labels"):
            values[name] = list(torch.from_numpy(values[name]).split(counts))
    return Batch(role, **values)


class _Numbers(Sampler[int]):
    """0, 1, 2 and so on without end."""

    def __iter__(self) -> Iterator[int]:
        return count()


def _loader(batches: TrainingBatches, workers: int, prefetch: int) -> DataLoader[Any]:
    name_semaphores()
    return DataLoader(
        batches,
        batch_size=None,
        sampler=_Numbers(),
        collate_fn=_as_it_is,
        num_workers=workers,
        multiprocessing_context=_context(),
        prefetch_factor=prefetch,
        worker_init_fn=_begin,
        generator=torch.Generator(),  # else it draws a number from the state that a checkpoint has kept
    )


def _as_it_is(values: Any) -> Any:
    return values


def _context() -> multiprocessing.context.BaseContext:
    """Workers forked from a clean server where there is one: GDAL and OpenMP do not survive a fork in mid-work."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([FORKSERVER_GUARD, __name__])
    return context


def _begin(_: int) -> None:
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent decides
    torch.set_num_threads(1)


def _workers(run: Run) -> int:
    if run.training.workers is not None:
        return run.training.workers
    affinity = getattr(os, "sched_getaffinity", None)
    processors = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(_MOST_WORKERS, processors // 2 // ranks.here())


def _sources(prepared: Prepared, role: Role) -> list[PreparedSource]:
    sources = prepared.of_role(role)
    if not sources:
        raise ConfigError(f"The run has no {role} source.", "Add one, or choose another recipe.")
    return sources
