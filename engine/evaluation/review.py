"""Where labels would help most, and what the networks are sure of: the layers to look at before more is labelled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyogrio
import rasterio
import shapely
from rasterio.crs import CRS

from ..data.grid import Grid, transformer
from ..data.raster import RasterReader
from ..errors import ConfigError, RasterError, cannot_write
from ..events import EventLog, PartOfLog, WarningEvent
from ..inference.backends import Arrays, Backend
from ..inference.checks import doubts, open_raster
from ..inference.opened import by_own_statistics
from ..inference.reading import EMPTY_RUN, Read, batches, ordered, window_reader
from ..inference.sinks import box_polygons
from ..inference.vectors import MapFile, PolygonOptions, polygons
from ..inference.vectors.class_map import watched
from ..inference.vectors.layer import Fields, VectorLayer
from ..inference.windows import Window, window_grid
from ..processes import scratch
from ..types import given
from .cells import POOL, Cells, farthest_first
from .review_raster import Kept, Labelled, RasterReview, ReviewedRaster, SureMap, as_arrays, centres, kept_part

NEXT, PSEUDO = "label_next", "pseudo_labels"
"""The layers that are written."""

NOTHING = "There is nothing to label next: all ground is labelled already, holds no data, or leaves the model no doubt."

LOOKING = 0.8
"""Share of the work that is looking; the rest makes polygons."""

SMALLEST = 64
"""Pseudo-labels of fewer pixels go to their neighbours: nobody looks at specks."""

CACHE_BYTES = 64 * 2**20
"""GDAL's block cache."""

BATCH = 10_000
"""Features held in memory at a time."""


@dataclass(frozen=True)
class ReviewOptions:
    """How to review.

    Args:
        count: most cells to propose.
        cell: side of a cell in metres; none means half a window of the model.
        confidence: probability, or score of a box, from which a prediction is a pseudo-label.
        thresholds: score from which the model reports boxes of each class, which uncertainty is measured from; the
            networks must report boxes from half of it. None means their card's.
        batch_size: windows in a batch.
    """

    count: int = 100
    cell: float | None = None
    confidence: float = 0.8
    thresholds: Sequence[float] | None = None
    batch_size: int = 4


@dataclass(frozen=True)
class ReviewMaterial:
    """What is reviewed, and by whom.

    Args:
        networks: one, or several teachers of the same classes whose opinions are compared; the first one's card counts.
        rasters: any rasters that GDAL opens.
        labelled: ground to leave out.
    """

    networks: Sequence[Backend]
    rasters: Sequence[str]
    labelled: Labelled | None = None


def review(
    material: ReviewMaterial,
    output: Path,
    options: ReviewOptions | None = None,
    events: EventLog | None = None,
    looks: Looks | None = None,
) -> dict[str, int]:
    """Write where labels would help most (`label_next`) and what the networks are sure of (`pseudo_labels`).

    `label_next` are square cells with `rank` from 1, `help` = `uncertainty` + `disagreement`, `dominant_class` and
    `raster`. Uncertainty of segmentation is the mean entropy over the cell (`entropy`), of detection
    S / (1 + S) for boxes of middling scores (`middling`) that sum to S, of both their mean. Disagreement is
    the share of the cell on which the networks' classes differ. Ranks are those of `cells.farthest_first`: helpful
    cells that differ from those before them.

    `pseudo_labels` are areas with `class` and `confidence` (mean percent) where the networks agree and their mean
    probability reaches `options.confidence`, background left out; of a model that only detects, its boxes from that
    score. Memory does not grow with the rasters.

    Args:
        material: networks and rasters.
        output: a `.gpkg` file in the CRS of the first raster; replaced when everything is written.
        options: how.
        events: gets `progress`; its stop file is honoured between windows.
        looks: has the rasters looked at elsewhere; none does it here, one after the other.

    Returns:
        How many features each layer has.

    Raises:
        ConfigError: no raster, or the output is no GeoPackage.
        RasterError: a raster is missing, unreadable, or has other bands than the model reads, or none has data.
        OutputError: the output cannot be written.
        Stopped: the stop file appeared; nothing is left behind.
    """
    options, events = options or ReviewOptions(), events or EventLog(None)
    if not material.rasters:
        raise ConfigError("There is no raster to review; name at least one.")
    if output.suffix.lower() != ".gpkg":
        raise ConfigError(f"{output} is no GeoPackage; a review has two layers, so choose a file that ends in .gpkg.")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with (
            scratch(output.parent) as folder,
            rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES),
        ):
            work = _Review(material, folder, options, events)
            counts = work.write(looks)
            (folder / "review.gpkg").replace(output)
    except OSError as error:
        raise cannot_write(str(output), output, error) from error
    return counts


class Looked(NamedTuple):
    """What a look at one raster gives, besides a file of pseudo-labels.

    Attributes:
        cells: the most helpful ones; none where there is no data.
        warnings: what is doubtful about the raster.
    """

    cells: Cells | None
    warnings: list[str]


Looks = Callable[[Path], Iterable[tuple[int, Looked]]]
"""Has all rasters looked at, in order; their pseudo-labels are then in a folder (`pseudo_labels_file`)."""


def pseudo_labels_file(folder: Path, index: int) -> Path:
    """What a look at one of several rasters writes."""
    return folder / f"pseudo_{index}.gpkg"


def look_at(material: ReviewMaterial, index: int, folder: Path, options: ReviewOptions, events: EventLog) -> Looked:
    """Look at one of the rasters of a review, which anybody may do and in any order.

    Args:
        material: as of `review`, with all rasters.
        index: of the one.
        folder: gets `pseudo_labels_file`, in one step.
        options: as of `review`.
        events: gets progress of this look, and may end it.

    Raises:
        GeoDistilError: as `review`.
    """
    warnings: list[str] = []
    with scratch(folder) as own, rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
        work = _Review(material, own, options, events)
        made = own / "pseudo.gpkg"
        with VectorLayer(made, PSEUDO, "Polygon", _pseudo_fields(), work.crs) as pseudo:
            cells = work.look(index, pseudo, events, warnings.append)
            pseudo.finish()
        made.replace(pseudo_labels_file(folder, index))
    return Looked(cells, warnings)


class _Review:
    """One call of `review`, or a look at one of its rasters, whose files are made in a folder of its own."""

    def __init__(self, material: ReviewMaterial, folder: Path, options: ReviewOptions, events: EventLog) -> None:
        self._networks, self._rasters, self._labelled = material.networks, material.rasters, material.labelled
        self._folder, self._options, self._events = folder, options, events
        self._card = self._networks[0].card
        self._thresholds = self._card.thresholds() if options.thresholds is None else options.thresholds
        self._readers: dict[int, RasterReader] = {}
        self.crs = self._reader(0).grid.crs
        self._with_data: set[str] = set()
        side = self._card.tile_size / 2 if options.cell is None else options.cell / self._card.gsd
        self._cell = max(8, round(side))

    def write(self, looks: Looks | None) -> dict[str, int]:
        """Both layers, in `review.gpkg`."""
        for index in range(len(self._rasters)):
            self._reader(index)  # none is missing
        sure_file, best, empty = self._folder / "pseudo.gpkg", None, []
        with VectorLayer(sure_file, PSEUDO, "Polygon", _pseudo_fields(), self.crs) as pseudo:
            for index, looked in looks(self._folder) if looks else self._looks(pseudo):
                for sentence in looked.warnings:
                    self._warn(sentence)
                if looks:
                    _copy(pseudo_labels_file(self._folder, index), pseudo, self.crs)
                if looked.cells is None:
                    empty.append(str(self._rasters[index]))
                else:
                    best = looked.cells if best is None else Cells.join([best, looked.cells]).best(POOL)
            pseudo.finish()
        self._check_data(empty)
        cells = given(best)
        chosen = cells[farthest_first(cells, self._options.count)]
        if not len(chosen):
            self._warn(NOTHING)
        with VectorLayer(self._folder / "review.gpkg", NEXT, "Polygon", self._fields(chosen[:0]), self.crs) as layer:
            layer.write(self._squares(chosen), self._fields(chosen))
            layer.finish()
        _append(sure_file, PSEUDO, self._folder / "review.gpkg")
        return {NEXT: len(chosen), PSEUDO: pseudo.count}

    def _looks(self, pseudo: VectorLayer) -> Iterator[tuple[int, Looked]]:
        """All rasters looked at here."""
        count = len(self._rasters)
        for index in range(count):
            part = PartOfLog(self._events, index / count, (index + 1) / count)
            yield index, Looked(self.look(index, pseudo, part, self._warn), [])

    def look(
        self, index: int, pseudo: VectorLayer, events: EventLog | PartOfLog, warn: Callable[[str], None]
    ) -> Cells | None:
        """The best cells of a raster, none where it has no data; and its pseudo-labels, into a layer."""
        reader, best = self._reader(index), None
        doubtful = doubts(reader, str(self._rasters[index]), self._card)
        for sentence in [*doubtful, *by_own_statistics(reader, self._card)]:
            warn(sentence)
        segments = "segmentation" in self._card.tasks
        with (
            SureMap(self._folder, reader.grid, self._card, self._options.confidence)
            if segments
            else (nullcontext()) as sure
        ):
            for cells in self._look(index, reader, sure, pseudo, PartOfLog(events, 0, LOOKING)):
                best = cells.best(POOL) if best is None else Cells.join([best, cells]).best(POOL)
            if sure is not None:
                self._trace(*sure.finish(), pseudo, PartOfLog(events, LOOKING, 1))
        return best if reader.path in self._with_data else None

    def _reader(self, index: int) -> RasterReader:
        if index not in self._readers:
            self._readers[index] = open_raster(self._rasters[index], self._card)
        return self._readers[index]

    def _warn(self, sentence: str) -> None:
        self._events.write(WarningEvent(sentence))

    def _look(
        self, index: int, reader: RasterReader, sure: SureMap | None, pseudo: VectorLayer, events: PartOfLog
    ) -> Iterator[Cells]:
        """Look at one raster; gives its cells as they are complete."""
        grid = reader.grid
        lattice = window_grid(grid.width, grid.height, self._card.tile_size)
        labelled = self._labelled(grid) if self._labelled else None
        place = ReviewedRaster(index, grid, lattice, labelled)
        look = RasterReview(self._card, self._thresholds, place, self._cell)
        size = self._options.batch_size
        reads = ordered(window_reader(reader, lattice.tile, self._card.fill_values()), lattice, 1, 2 * size, "reader")
        with ExitStack() as stack:
            stack.callback(reads.close)
            steps = watched(reads, len(lattice), "review", events)
            for batch in batches(steps, size, EMPTY_RUN, lattice.columns):
                for read, arrays in self._run(batch):
                    self._with_data.add(reader.path)
                    kept = kept_part(lattice, read.window)
                    free = look.unlabelled(kept, given(read.valid))
                    look.add(kept, given(read.image), free, arrays)
                    if sure is not None:
                        sure.add(kept, free, arrays)
                    else:
                        pseudo.write(*self._sure_boxes(kept, free, grid, arrays[0], read.window))
                yield from look.finished(kept_part(lattice, batch[-1].window).row)
        yield from look.finished()

    def _check_data(self, empty: list[str]) -> None:
        if len(empty) == len(self._rasters):
            raise RasterError(f"There is no data in {', '.join(empty)}.", "Check its no-data value.")
        for raster in empty:
            self._warn(f"{raster} is left out: there is no data in it.")

    def _run(self, batch: list[Read]) -> Iterator[tuple[Read, list[Arrays]]]:
        """The windows with data, each with what every network says of it."""
        with_data = [read for read in batch if read.image is not None]
        if not with_data:
            return
        images = np.stack([given(read.image) for read in with_data])
        answers = [network.run(images) for network in self._networks]
        for index, read in enumerate(with_data):
            yield read, [_single(answer, index) for answer in answers]

    def _sure_boxes(
        self, kept: Kept, free: np.ndarray, grid: Grid, arrays: Arrays, window: Window
    ) -> tuple[np.ndarray, Fields]:
        """Polygons in the layer's CRS, and their fields."""
        boxes, scores, labels = as_arrays(given(arrays.objects)[0])
        rows, columns, inside = centres(kept, boxes)
        sure = np.flatnonzero(inside)[free[rows, columns]]
        sure = sure[scores[sure] >= self._options.confidence]
        names = np.array([one.name for one in self._card.detection_classes], object)
        place = np.array([window.column, window.row] * 2)
        geometry = _moved(box_polygons(boxes[sure] + place, grid), grid.crs, self.crs)
        return geometry, _pseudo_fields(names[labels[sure]], 100 * scores[sure])

    def _trace(self, classes: Path, confidence: Path, pseudo: VectorLayer, events: PartOfLog) -> None:
        """Polygons of the sure map, into the layer's CRS, few at a time."""
        gsd = self._card.gsd
        options = PolygonOptions(minimum_area_m2=SMALLEST * gsd**2, fill_holes_m2=SMALLEST * gsd**2, simplify_m=gsd)
        traced = classes.with_name("traced.gpkg")
        polygons(MapFile(classes, confidence), traced, self._card.segmentation_classes, options, events)
        _copy(traced, pseudo, self.crs)
        traced.unlink()

    def _squares(self, cells: Cells) -> np.ndarray:
        """Cells as polygons (n,) in the layer's CRS, clipped to their rasters."""
        squares = np.empty(len(cells), object)
        for index in map(int, np.unique(cells.raster)):
            mine, reader = cells.raster == index, self._reader(index)
            row, column = cells.place[mine].T * self._cell
            boxes = np.stack([column, row, column + self._cell, row + self._cell], axis=1)
            squares[mine] = _moved(box_polygons(boxes, reader.grid), reader.grid.crs, self.crs)
        return squares

    def _fields(self, cells: Cells) -> Fields:
        known = (
            self._card.segmentation_channels() if "segmentation" in self._card.tasks else (self._card.detection_classes)
        )
        names = np.array([*(one.name for one in known), ""], object)  # -1 is none
        rasters = np.array([Path(raster).stem for raster in self._rasters], object)
        return {
            "rank": np.arange(1, len(cells) + 1, dtype=np.int32),
            "help": cells.help,
            "uncertainty": cells.uncertainty,
            "disagreement": cells.disagreement,
            "dominant_class": names[cells.dominant],
            "raster": rasters[cells.raster],
        }


def _single(arrays: Arrays, index: int) -> Arrays:
    """What a backend said of one image of a batch."""
    one = slice(index, index + 1)
    segmentation = None if arrays.segmentation is None else arrays.segmentation[one]
    return Arrays(segmentation, None if arrays.objects is None else arrays.objects[one])


def _pseudo_fields(names: np.ndarray | None = None, percent: np.ndarray | None = None) -> Fields:
    nothing = np.empty(0)
    return {
        "class": nothing.astype(object) if names is None else names,
        "confidence": nothing if percent is None else percent.astype(float),
    }


def _moved(geometry: np.ndarray, source: CRS, target: CRS) -> np.ndarray:
    """Geometries in another CRS."""
    if source == target or len(geometry) == 0:
        return geometry
    change: Callable[..., Any] = transformer(source.to_wkt(), target.to_wkt()).transform
    found: np.ndarray = shapely.transform(geometry, change, interleaved=False)
    return found


def _copy(source: Path, pseudo: VectorLayer, crs: CRS) -> None:
    """Put polygons of a file into a layer of this CRS, few at a time."""
    for start in range(0, pyogrio.read_info(source)["features"], BATCH):
        meta, _, wkb, (names, percent) = pyogrio.raw.read(
            source, columns=["class", "confidence"], skip_features=start, max_features=BATCH
        )
        geometry = _moved(shapely.from_wkb(wkb), CRS.from_user_input(meta["crs"]), crs)
        pseudo.write(geometry, _pseudo_fields(names, percent))


def _append(source: Path, layer: str, target: Path) -> None:
    """Copy a layer into a GeoPackage beside those that it has."""
    with pyogrio.open_arrow(source, layer=layer, batch_size=BATCH) as (meta, reader):
        pyogrio.write_arrow(
            reader,
            target,
            layer=layer,
            driver="GPKG",
            geometry_name=meta["geometry_name"] or "geom",
            geometry_type="Polygon",
            crs=meta["crs"],
        )
