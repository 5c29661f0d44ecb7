"""A run's sources cut into chips, as a folder in another program's format, whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import rasterio
import shapely
from rasterio.errors import RasterioError
from shapely import Geometry

from ..config import ClassDefinition, Run, Source
from ..data.grid import Window
from ..data.labels import ClassRaster, labelled_area, read_labels
from ..data.masks import coverage, polygons_of
from ..data.raster import RasterReader
from ..data.vector_labels import VectorLabels
from ..data.vectors import Skip
from ..errors import ConfigError, LabelError, OutputError, RasterError, on_disk
from ..events import EventLog, WarningEvent
from ..inference.vectors.class_map import watched
from ..processes import scratch
from ..types import IGNORE_INDEX, given
from .chip import Chip, areas_of, as_array
from .formats import FORMATS, check_role

LEAST_SIDE = 1.0
"""Pixels of a box each way, below which a piece of a larger one is left out."""


@dataclass(frozen=True)
class Cutting:
    """How chips are cut.

    Args:
        size: side in pixels.
        overlap: pixels that neighbours share.
        least_share: of a box, below which what is seen of it is left out, and its pixels are blank.
        blank: whether pixels of which no labels are known are blank; formats with room for that need none.
        empty: whether chips without labels are made.
    """

    size: int
    overlap: int
    least_share: float
    blank: bool
    empty: bool


@dataclass
class Opened:
    """A source of a run, opened: geometries are in the reader's grid pixels."""

    name: str
    role: str
    reader: RasterReader
    labels: VectorLabels | ClassRaster
    area: Geometry
    first_value: int

    def windows(self, cutting: Cutting) -> list[Window]:
        """Windows that cover the labelled area; those at an end move back until they lie inside the raster."""
        left, top, right, bottom = self.area.bounds
        step, grid = cutting.size - cutting.overlap, self.reader.grid
        columns = _starts(left, right, cutting.size, step, grid.width)
        rows = _starts(top, bottom, cutting.size, step, grid.height)
        sides = min(cutting.size, grid.width), min(cutting.size, grid.height)
        found = [Window(column, row, *sides) for row in rows for column in columns]
        shapely.prepare(self.area)
        return [each for each in found if shapely.intersects(self.area, each.box())]

    def chip(self, window: Window, cutting: Cutting, suffix: str) -> Chip | None:
        """What is seen and labelled in a window; none where that is nothing.

        Raises:
            RasterError: the raster cannot be read.
            LabelError: a class raster has a value without a class.
        """
        counted = coverage(self.area, window)
        mask = self.labels.mask(window) if self.role == "segmentation" else None
        counted &= ~cast("VectorLabels", self.labels).ignored(window) if mask is None else mask != IGNORE_INDEX
        if not counted.any():
            return None
        geometries, classes, hidden = self._objects(window, mask, cutting)
        if not (cutting.empty or len(geometries)):
            return None
        image, seen = self.reader.read(*window)
        counted &= seen
        for left, top, right, bottom in hidden:
            counted[top:bottom, left:right] = False
        if not counted.any():
            return None
        if cutting.blank:
            image = np.where(counted, image, self._blank())
        if mask is not None:
            mask = np.where(counted, mask, IGNORE_INDEX).astype(np.uint8)
        name = f"{self.name}_{window.row:06d}_{window.column:06d}"
        grid = self.reader.grid
        return Chip(
            name, f"{name}{suffix}", image.astype(self.reader.image_dtype), counted, geometries, classes, mask,
            grid.crs, grid.window_transform(window),
        )  # fmt: skip

    def _blank(self) -> float:
        nodata = self.reader.nodata
        return 0 if nodata is None or np.isnan(nodata) else nodata

    def _objects(
        self, window: Window, mask: np.ndarray | None, cutting: Cutting
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Polygons (n,) in the window's pixels, their class indices (n,), whole pixels (m, 4) of pieces left out."""
        inside = _moved(shapely.intersection(self.area, window.box()), window)
        if isinstance(self.labels, ClassRaster):
            mask = given(mask)
            values = frozenset(set(np.unique(mask).tolist()) - {IGNORE_INDEX} - set(range(self.first_value)))
            whole, found = areas_of(mask, values)
            classes = found - self.first_value
        else:
            whole, classes = self.labels.features(window)
            whole = _moved(whole, window)
        cut = as_array([polygons_of(piece) for piece in shapely.intersection(whole, inside)])
        keep = shapely.area(cut) > 0
        dropped = np.zeros(len(cut), bool)
        if self.role == "detection":
            left, top, right, bottom = shapely.bounds(cut).reshape(-1, 4).T
            low = np.minimum(np.ptp(shapely.bounds(whole).reshape(-1, 2, 2), axis=1), LEAST_SIDE)
            large = (right - left >= low[:, 0]) & (bottom - top >= low[:, 1])
            shares = shapely.area(cut) / np.maximum(shapely.area(whole), 1e-12)
            dropped = keep & ~(large & (shares >= cutting.least_share))
        hidden = shapely.bounds(cut[dropped]).reshape(-1, 4)
        hidden = np.concatenate([np.floor(hidden[:, :2]), np.ceil(hidden[:, 2:])], axis=1).astype(int)
        keep &= ~dropped
        return cut[keep], classes[keep], hidden


def opened(run: Run, role: str, skip: Skip) -> Iterator[Opened]:
    """The run's sources of a role.

    Args:
        run: with absolute paths, and permitted to reach what it names.
        role: which.
        skip: told which features are left out.

    Raises:
        RasterError: a raster is missing, without CRS, or without the bands asked for.
        LabelError: labels are missing, elsewhere, or have a value without a class.
    """
    taken: set[str] = set()
    sources = [source for source in run.sources if source.role == role]
    touched = False
    for source in sources:
        reader = RasterReader(source.raster, source.bands or run.bands, run.gsd, source.nodata)
        labels = cast("VectorLabels | ClassRaster", read_labels(run, source, reader.grid, skip))
        touched |= isinstance(labels, ClassRaster) or len(labels) > 0
        name = _file_name(source, taken)
        taken.add(name)
        first = int(run.background) if role == "segmentation" else 0
        yield Opened(name, role, reader, labels, labelled_area(source, reader, labels, skip), first)
    if not touched:
        raise LabelError(
            f"None of the {role} labels touches its raster.",
            "Choose the labels of these rasters, or check the coordinate reference systems.",
        )


def classes_of(run: Run, role: str) -> list[ClassDefinition]:
    """The classes of a role, in order."""
    return list(run.detection_classes if role == "detection" else run.segmentation_classes)


def _starts(low: float, high: float, size: int, step: int, side: int) -> list[int]:
    """First pixels of the windows along an axis, which lie inside the raster wherever it is long enough."""
    last = max(0, side - size)
    first = min(max(0, int(np.floor(low))), last)
    end = min(int(np.ceil(high)), side)
    count = max(1, -(-(end - first - size) // step) + 1)
    return sorted({min(first + index * step, last) for index in range(count)})


def _moved(geometry: Geometry | np.ndarray, window: Window) -> Geometry | np.ndarray:
    return shapely.transform(geometry, lambda xy: xy - (window.column, window.row))


def _file_name(source: Source, taken: set[str]) -> str:
    """The source's name as part of a file's, unique."""
    stem = re.sub(r"[^\w.-]+", "_", source.name or re.split(r"[/\\]", source.raster)[-1].rpartition(".")[0]) or "image"
    names = (stem[:80] if not number else f"{stem[:80]}-{number}" for number in range(len(taken) + 1))
    return next(name for name in names if name not in taken)


IMAGES = "images"
_PNG = ("uint8", "uint16")


class Form(NamedTuple):
    """What chips are written as.

    Attributes:
        name: of the format.
        images: tif or png; with either a world file or the georeference inside.
        cutting: how large, how dense.
    """

    name: str
    images: str
    cutting: Cutting


def export_chips(run: Run, role: str, form: Form, folder: Path, events: EventLog) -> int:
    """Write the chips of a role's sources, and return how many.

    Args:
        run: with absolute paths, and permitted to reach what it names.
        role: whose labels.
        form: the format.
        folder: new or empty; is there when all is written.
        events: told of progress.

    Raises:
        ConfigError: the format has no room for the role's labels, or a PNG none for the bands.
        OutputError: the folder is not empty, or cannot be written.
        RasterError, LabelError: as reading raises.
    """
    check_role(form.name, role)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is not an empty folder.", "Choose another one, or remove what is in it.")
    warnings: list[str] = []
    sources = list(opened(run, role, warnings.append))
    for source in sources:
        _check_bands(source, form.images)
    for warning in dict.fromkeys(warnings):
        events.write(WarningEvent(warning))
    writer = FORMATS[form.name].Writer
    with on_disk(f"The folder {folder}", folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch(folder.parent) as temporary:
            place = temporary / "chips"
            (place / IMAGES).mkdir(parents=True)
            annotations = writer(place, classes_of(run, role), sources[0].first_value)
            count = _write(sources, form, place / IMAGES, annotations, events)
            annotations.finish()
            if folder.exists():
                folder.rmdir()
            place.replace(folder)
    return count


def _write(sources: list[Opened], form: Form, place: Path, annotations: Any, events: EventLog) -> int:
    cutting = form.cutting
    windows = [(source, window) for source in sources for window in source.windows(cutting)]
    count = 0
    for source, window in watched(windows, len(windows), "chips", events):
        if (chip := source.chip(window, cutting, f".{form.images}")) is not None:
            _write_image(chip, place / chip.file, source.reader.nodata)
            annotations.add(chip)
            count += 1
    for source in sources:
        if source.reader.damage.windows:
            events.write(WarningEvent(source.reader.damage.sentence(source.reader.path)))
    if not count:
        raise LabelError("No chip has a label on ground with data.", "Enlarge the labelled area, or correct it.")
    return count


def _write_image(chip: Chip, path: Path, nodata: float | None) -> None:
    count, height, width = chip.image.shape
    png = path.suffix == ".png"
    options: dict[str, Any] = (
        {"driver": "PNG", "WORLDFILE": "YES"} if png else {"driver": "GTiff", "compress": "deflate"}
    )
    if nodata is not None and not png:
        options["nodata"] = nodata
    try:
        with (
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
            rasterio.open(
                path, "w", width=width, height=height, count=count, dtype=chip.image.dtype, crs=chip.crs,
                transform=chip.transform, **options,
            ) as file,
        ):  # fmt: skip
            file.write(chip.image)
            if not png and not chip.counted.all():  # so that it is known again what is labelled
                file.write_mask(chip.counted.astype(np.uint8) * 255)
    except RasterioError as error:
        raise RasterError(f"{path.name} cannot be written: {error}.", "Choose images as tif.") from error


def _check_bands(source: Opened, images: str) -> None:
    bands, kind = len(source.reader.bands), source.reader.image_dtype
    if images == "png" and (bands not in (1, 3) or kind not in _PNG):
        raise ConfigError(
            f"{source.reader.path} is read in {bands} bands of {kind}; a PNG holds 1 or 3 bands of uint8 or uint16.",
            "Choose images as tif, or three bands.",
        )
