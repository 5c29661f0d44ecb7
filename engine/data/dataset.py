"""From a run file to data ready for training: everything is opened once, side by side, checked, split and summed up."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import shapely

from .. import __version__
from ..config import PartialMultitask, Run, SemiSupervised, Source, SourceStatistics, Supervised
from ..errors import ConfigError, LabelError, RasterError, SplitError
from ..types import Role, given
from .arrays import ArrayWriter, Workspace, finish
from .grid import uneven
from .identity import seen
from .label_statistics import object_sides, too_small
from .labels import ClassRaster, label_layer, label_points, labelled_area, read_labels
from .loading import Draw, chips_per_epoch, training_loader, validation_batches
from .masks import Points, coverage
from .opening import open_raster
from .prepared import ROLES, Prepared, PreparedSource
from .radiometry import Moments, Radiometry, add, measured
from .raster import RasterReader, to_lonlat
from .reach import is_remote, permit
from .sampling import ChipSampler, window_around
from .spatial_split import split_sources, wide_chips
from .vector_labels import VectorLabels

_WINDOWS = 64


def band_moments(sources: list[PreparedSource], chip: int, seed: int) -> Moments:
    """Moments of each band over the valid pixels of some windows on the training ground.

    Args:
        sources: every source that the recipe trains on.
        chip: side of a window in pixels.
        seed: seed of the windows.

    Raises:
        RasterError: there is no valid pixel.
    """
    sampler, rng = ChipSampler(sources, chip, 0.0), np.random.default_rng([seed, len(sources)])
    moments = None
    for _ in range(_WINDOWS):
        index, column, row = sampler.draw(rng)
        pixels = _pixels(sources[index], column, row, chip)
        if pixels.shape[1]:
            moments = add(moments, pixels)
    if moments is None:
        names = ", ".join(source.name for source in sources)
        raise RasterError(f"There is no valid pixel on the training ground of {names}.", "Check the no-data value.")
    return moments


def raster_moments(reader: RasterReader, workspace: Workspace) -> Moments | None:
    """Moments of a whole raster, measured or kept from when its files were the same; none where it has no data.

    Raises:
        RasterError: it cannot be read.
        OutputError: the disk is full, or cannot be written to.
    """
    if workspace.kept is None or is_remote(reader.path):
        return measured(reader)
    with open_raster(reader.path) as dataset:
        files = list(dataset.files)
    parts = __version__, files, seen(files), reader.bands, str(reader.nodata), reader.grid.width, reader.grid.gsd
    path = workspace.kept / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.moments"
    names = [each.name for each in fields(Moments)]
    if kept := workspace.reopened(path):
        return Moments(int(kept["count"][0]), *(kept[name].copy() for name in names[1:]))
    damaged, moments = reader.damage.windows, measured(reader)
    if moments is not None and reader.damage.windows == damaged:  # damage is to be met, and told, each time
        values = ArrayWriter({name: ("int64" if name == "count" else "float64", ()) for name in names}, workspace)
        values.add(**{name: np.atleast_1d(getattr(moments, name)) for name in names})
        finish([values], {}, workspace, path)
    return moments


def _pixels(source: PreparedSource, column: float, row: float, chip: int) -> np.ndarray:
    """Valid pixels (C, n) float64 of a window on a source's training ground."""
    window = window_around(source.reader.grid, column, row, chip)
    image, valid = source.reader.read(*window)
    return image[:, valid & coverage(source.training, window)].astype(np.float64)


T = TypeVar("T")
_FEW = 8
"""So few are not worth starting threads."""
_THREADS = 8


def of_each(work: Callable[..., T], *arguments: Sequence[Any]) -> list[T]:
    """What work makes of each tuple of arguments, in their order.

    Raises:
        Exception: the first in that order that any of them raises.
    """
    if len(arguments[0]) <= _FEW:
        return [work(*each) for each in zip(*arguments, strict=True)]
    with ThreadPoolExecutor(_THREADS) as threads:
        try:
            return list(threads.map(work, *arguments))
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


__all__ = [
    "Draw", "Prepared", "PreparedSource", "chips_per_epoch", "kept_in", "prepare", "training_loader",
    "validation_batches",
]  # fmt: skip

KEPT = "cache"
"""Folder of a run with what would be found again; it may be deleted."""
FEWEST_EXAMPLES = 5
"""Labels of a class below which it is warned of."""


def kept_in(folder: Path) -> Path | None:
    """Where a run folder keeps what `prepare` finds; none where it cannot be written to."""
    return folder / KEPT if os.access(folder, os.W_OK) else None


def prepare(run: Run, kept: Path | None = None) -> Prepared:
    """Open and check a run's sources, split their ground, and measure their bands.

    Args:
        run: its settings.
        kept: a folder that keeps indices of labels and statistics of rasters from one time to the next; none keeps
            nothing, and what is large lies in a temporary folder for as long as it is used.

    Raises:
        RasterError: a raster is missing, unreadable, without CRS, or without the bands asked for.
        LabelError: a label layer or labelled area is missing, empty, elsewhere, or has a value without a class.
        ConfigError: there is nothing to tell apart.
        SplitError: a labelled area is too small to be divided, or no label of a role lies in validation ground.
    """
    _check_classes(run)
    permit(run.named(), run.allow_remote)
    workspace = Workspace(kept)
    probes = of_each(
        lambda source: RasterReader(source.raster, source.bands or run.bands, nodata=source.nodata), run.sources
    )
    labelled = [probe for probe, source in zip(probes, run.sources, strict=True) if source.role != "unlabelled"]
    labelled = labelled or probes
    gsd = run.gsd or min(probe.native_gsd for probe in labelled)
    bands = run.bands or labelled[0].bands
    readers = of_each(lambda source: _reader(source, gsd, bands), run.sources)
    left_out: list[list[str]] = [[] for _ in run.sources]
    labels = of_each(
        lambda source, reader, skipped: read_labels(run, source, reader.grid, skipped.append, workspace),
        run.sources, readers, left_out,
    )  # fmt: skip
    _check_touching(run.sources, labels)

    def made(
        name: str, source: Source, reader: RasterReader, found: VectorLabels | ClassRaster | None, skipped: list[str]
    ) -> PreparedSource:
        area = labelled_area(source, reader, found, skipped.append)
        points = Points.joined([]) if found is None else label_points(found, source.role, run.background)
        return PreparedSource(name, source.role, reader, found, area, points.on(area), split=source.split)

    sources = of_each(made, _names(run), run.sources, readers, labels, left_out)
    counts = _label_counts(run, sources)
    _check_labelled(counts, sources)
    divided = split_sources(run, sources)
    _check_validated(sources)
    moments = band_moments(_trained(run, sources), run.training.chip_size, run.training.seed)
    own = _by_source(sources, moments, workspace) if run.training.source_statistics else []
    training = [source for source in sources if source.labels is not None] or sources
    return Prepared(
        gsd=gsd,
        bands=list(labelled[0].bands),
        mean=moments.mean().tolist(),
        std=moments.std().tolist(),
        dtype=labelled[0].dtype,
        nodata=_number(labelled[0].nodata),
        sources=sources,
        label_counts=counts,
        train_area_m2=sum(source.square_metres(source.training) for source in training),
        geometry=_footprint(training),
        warnings=[
            *dict.fromkeys(sentence for skipped in left_out for sentence in skipped),
            *_warnings(sources, counts, bool(own)),
            *wide_chips(run, sources, divided.split),
            *too_small(sources, [each.name for each in run.detection_classes], gsd),
            *divided.warnings,
        ],
        split=divided.split,
        source_statistics=own,
        damaged={reader.path for reader in readers if reader.damage.windows},
        object_sides=object_sides(sources),
    )


def _check_classes(run: Run) -> None:
    if any(source.role == "segmentation" for source in run.sources) and len(run.segmentation_channels()) == 1:
        raise ConfigError(
            f"With the only segmentation class '{run.segmentation_classes[0].name}' and without background every pixel "
            "is of that class.",
            "Set background to true, or add a class.",
        )


def _reader(source: Source, gsd: float, bands: list[int]) -> RasterReader:
    reader = RasterReader(source.raster, source.bands or bands, gsd, source.nodata)
    if len(reader.bands) != len(bands):
        raise RasterError(
            f"{source.raster} is read in {len(reader.bands)} bands and the run in {len(bands)}.",
            "Choose as many bands for every source.",
        )
    return reader


def _names(run: Run) -> list[str]:
    """Short names, made unique."""
    names = [source.name or Path(source.raster).stem for source in run.sources]
    return [
        f"{name} ({names[:index].count(name) + 1})" if name in names[:index] else name
        for index, name in enumerate(names)
    ]


def _check_touching(sources: list[Source], labels: list[VectorLabels | ClassRaster | None]) -> None:
    """A layer must touch its raster, or, where it serves several, one of them: the others may be without objects.

    Raises:
        LabelError: it lies elsewhere.
    """
    pairs = [
        (source, given(source.labels), found)
        for source, found in zip(sources, labels, strict=True)
        if isinstance(found, VectorLabels)
    ]
    touched = {(layer.path, layer.layer) for _, layer, found in pairs if len(found)}
    for source, layer, _ in pairs:
        if (layer.path, layer.layer) not in touched:
            raise LabelError(
                f"{label_layer(layer)} does not touch its raster {source.raster}.",
                "Choose the labels of this raster, or check the coordinate reference systems.",
            )


def _label_counts(run: Run, sources: list[PreparedSource]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for role, classes in (("detection", run.detection_classes), ("segmentation", run.segmentation_classes)):
        if any(source.role == role for source in sources):
            sums = np.zeros(len(classes))
            for points in (source.points for source in sources if source.role == role):
                for index, there in points.by_class().items():
                    sums[index] += points.counts[there].sum()
            # a small part of one large feature is a label too
            counts[role] = {each.name: round(sum_) or int(sum_ > 0) for each, sum_ in zip(classes, sums, strict=True)}
    return counts


def _check_labelled(counts: dict[str, dict[str, int]], sources: list[PreparedSource]) -> None:
    for role, by_class in counts.items():
        if not any(by_class.values()):
            names = ", ".join(source.name for source in sources if source.role == role)
            raise LabelError(
                f"No label lies inside the labelled area of the {role} sources ({names}).",
                "Choose the area that belongs to these labels.",
            )


def _check_validated(sources: list[PreparedSource]) -> None:
    """Scores of ground without a single label say nothing, and neither do the weights that they choose."""
    for role in dict.fromkeys(source.role for source in sources if source.labels is not None):
        places = [source for source in sources if source.role == role]
        if not any(source.points.classes_on(source.validation) for source in places):
            raise SplitError(
                f"No label of the {role} sources lies in a block of the validation split.",
                "Try another split.seed, lower split.block_size, or set a source's split to validation.",
            )


def _by_source(sources: list[PreparedSource], common: Moments, workspace: Workspace) -> list[SourceStatistics]:
    """Have each raster's values mapped from its own statistics to the common ones, and say what those are."""
    found: dict[tuple[str, ...], SourceStatistics] = {}
    different: dict[tuple[str, ...], PreparedSource] = {}
    target = common.mean(), common.std()
    for source in sources:
        different.setdefault(_imagery(source), source)
    measured = of_each(lambda source: raster_moments(source.reader, workspace), list(different.values()))
    for source, moments in zip(different.values(), measured, strict=True):
        if moments is None:
            raise RasterError(f"There is no data in {source.reader.path}.", "Check its no-data value.")
        found[_imagery(source)] = SourceStatistics(
            name=source.name, mean=moments.mean().tolist(), std=moments.std().tolist()
        )
    for source in sources:
        own = found[_imagery(source)]
        source.reader.radiometry = Radiometry.between((own.mean, own.std), target)
    return list(found.values())


def _imagery(source: PreparedSource) -> tuple[str, ...]:
    """What sources on the same raster share, where they read it alike."""
    reader = source.reader
    return reader.path, str(reader.bands), str(reader.nodata)


def _trained(run: Run, sources: list[PreparedSource]) -> list[PreparedSource]:
    """The sources whose chips the recipe draws."""
    roles = _recipe_roles(run)
    return [source for source in sources if source.role in roles] or sources


def _recipe_roles(run: Run) -> tuple[Role, ...]:
    recipe = run.recipe
    if isinstance(recipe, Supervised):
        tasks: tuple[Role, ...] = tuple(recipe.tasks or ("detection", "segmentation"))
        tasks = ROLES if recipe.all_imagery or recipe.features_teach else tasks
        return (*tasks, "unlabelled") if recipe.learning_without_forgetting else tasks
    if isinstance(recipe, SemiSupervised):
        return "segmentation", "unlabelled"
    unlabelled = isinstance(recipe, PartialMultitask) and not (recipe.unlabelled or recipe.all_imagery)
    return ("detection", "segmentation") if unlabelled else ROLES


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _footprint(sources: list[PreparedSource]) -> dict[str, Any]:
    """The training ground of some sources in EPSG:4326, outlines simplified to a pixel."""
    parts = [
        to_lonlat(shapely.simplify(source.training, 1.0), source.reader.grid)
        for source in sources
        if not source.training.is_empty
    ]
    found: dict[str, Any] = shapely.geometry.mapping(shapely.union_all(parts))
    return found


def _warnings(sources: list[PreparedSource], counts: dict[str, dict[str, int]], comparable: bool) -> list[str]:
    readers = [source.reader for source in sources]
    warnings = [reader.damage.sentence(reader.path) for reader in readers if reader.damage.windows]
    warnings += [sentence for reader in readers if (sentence := uneven(reader.grid, reader.path))]
    types = sorted({source.reader.dtype for source in sources})
    if len(types) > 1 and not comparable:
        warnings.append(
            f"The rasters have different data types ({', '.join(types)}); their values may not be comparable."
        )
    for role, by_class in counts.items():
        places = [source for source in sources if source.role == role]
        trained = set().union(*(source.points.classes_on(source.training) for source in places))
        validated = set().union(*(source.points.classes_on(source.validation) for source in places))
        for index, (name, number) in enumerate(by_class.items()):
            if number == 0:
                warnings.append(f"The {role} class '{name}' has no labels.")
            else:
                if number < FEWEST_EXAMPLES:
                    labels = "1 label" if number == 1 else f"{number} labels"
                    warnings.append(f"The {role} class '{name}' has only {labels}; fewer than five may not be enough.")
                warnings += [
                    f"The {role} class '{name}' has no labels in the {side} blocks."
                    for side, there in (("training", trained), ("validation", validated))
                    if index not in there
                ]
    return warnings
