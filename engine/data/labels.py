"""Labels and labelled areas of a source on its grid: class rasters here, vector features in `vector_labels`.

Where areas overlap, later classes are painted over earlier ones, and ignored values over all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from rasterio.enums import Resampling
from rasterio.transform import Affine
from shapely import Geometry

from .. import __version__
from ..config import Area, Labels, Run, Source
from ..errors import LabelError
from ..types import IGNORE_INDEX, given
from .arrays import Workspace
from .grid import Grid, Window
from .identity import files_of_layer, seen
from .masks import IGNORED, Points, polygons_of
from .opening import is_raster
from .raster import OnGrid, RasterReader
from .vector_labels import VectorLabels, indexed
from .vectors import Features, Layer, Skip, read_features, read_in_batches

_LOOK_SIDE = 2048
"""A class raster is looked over at no more than so many pixels a side."""
_POINTS_PER_CLASS = 4096
_COARSER = 1.5
"""Native pixels a side of a grid's pixel from which on several classes may lie in it."""


class ClassRaster:
    """A class raster on a source's grid.

    Args:
        path: raster whose only band holds class values.
        grid: the source's grid.
        values: the mask value of each class value; every other value is an error.
        channels: how many mask values there are.

    Raises:
        RasterError: it cannot be opened or has no CRS.
        LabelError: it has several bands.
    """

    def __init__(self, path: str, grid: Grid, values: dict[int, int], channels: int) -> None:
        self.path = path
        coarser = grid.gsd > _COARSER * RasterReader(path).native_gsd
        self._reader = RasterReader(path, on=OnGrid(grid, Resampling.mode if coarser else Resampling.nearest))
        self._known = np.array(sorted(values), np.int64)
        self._targets = np.array([values[value] for value in sorted(values)], np.uint8)
        self._channels = channels
        if len(self._reader.bands) != 1:
            raise LabelError(f"The class raster {path} has {len(self._reader.bands)} bands; a class raster has one.")

    def mask(self, window: Window) -> np.ndarray:
        """Class indices (H, W) uint8 with `IGNORE_INDEX`, also where the raster says nothing.

        Raises:
            LabelError: a value belongs to no class.
        """
        return self._mask(self._reader, window)

    def hull(self) -> Geometry:
        """The class raster's outline in grid pixels."""
        return self._reader.outline()

    def area_points(self, background: bool) -> Points:
        """Some places of each class, found by looking the raster over; background is no class here.

        Raises:
            LabelError: a value belongs to no class.
        """
        grid = self._reader.grid
        step = -(-max(grid.width, grid.height) // _LOOK_SIDE)
        width, height = -(-grid.width // step), -(-grid.height // step)
        coarse = Grid(grid.crs, grid.transform @ Affine.scale(step), width, height, grid.gsd * step)
        reader = RasterReader(self.path, on=OnGrid(coarse, Resampling.nearest))
        mask = self._mask(reader, Window(0, 0, width, height))
        first = int(background)
        return Points.joined([_places(mask, value, value - first, step) for value in range(first, self._channels)])

    def _mask(self, reader: RasterReader, window: Window) -> np.ndarray:
        image, valid = reader.read(*window)
        places = np.searchsorted(self._known, image[0]).clip(max=len(self._known) - 1)
        unknown = valid & (self._known[places] != image[0])
        if unknown.any():
            raise unknown_values(f"The class raster {Path(self.path).name}", np.unique(image[0][unknown]).tolist())
        return np.where(valid, self._targets[places], IGNORE_INDEX).astype(np.uint8)


def unknown_values(where: str, values: list[Any]) -> LabelError:
    """The error of label values that no class has."""
    shown = ", ".join(f"'{value}'" for value in values[:5]) + (", ..." if len(values) > 5 else "")
    one = len(values) == 1
    return LabelError(
        f"{where} has the value{'' if one else 's'} {shown}, which belong{'s' if one else ''} to no class.",
        "Add it to a class's values or to the values that are ignored.",
    )


def _places(mask: np.ndarray, value: int, index: int, step: int) -> Points:
    rows, columns = np.nonzero(mask == value)
    pixels = len(rows) * step**2
    chosen = np.random.default_rng(value).permutation(len(rows))[:_POINTS_PER_CLASS]
    each = np.full(len(chosen), pixels / max(len(chosen), 1))
    one = np.ones(len(chosen))
    return Points(
        np.full(len(chosen), index), (columns[chosen] + 0.5) * step, (rows[chosen] + 0.5) * step, each, each, one * step
    )


class TruthElsewhere(LabelError):
    """Labels, or the area where they are complete, do not touch the ground that they are wanted for."""


def labelled_area(
    source: Source, reader: RasterReader, labels: VectorLabels | ClassRaster | None, skip: Skip | None = None
) -> Geometry:
    """A source's labelled area inside its raster, in grid pixels; the whole raster for unlabelled sources.

    A class raster labels no more than it covers. `skip` is told which features of a layer are left out.

    Raises:
        LabelError: the area's layer is missing, empty or without polygons.
        TruthElsewhere: it does not touch the raster.
    """
    raster = reader.outline()
    if labels is None:
        return raster
    area = raster if source.area.kind == "raster" else _area(source.area, reader.grid, labels, skip)
    if isinstance(labels, ClassRaster):
        area = shapely.intersection(area, labels.hull())
    area = polygons_of(shapely.intersection(area, raster))
    if area.is_empty:
        raise TruthElsewhere(
            f"The labelled area of {source.name or source.raster} does not touch its raster {source.raster}.",
            "Choose the area that belongs to this raster, or check the coordinate reference systems.",
        )
    return area


def _area(area: Area, grid: Grid, labels: VectorLabels | ClassRaster, skip: Skip | None) -> Geometry:
    if area.kind == "hull":
        return labels.hull()
    layer = Layer(given(area.path), area.layer, None, area.where, purpose="labelled area's layer")
    geometries = read_features(layer, grid, skip).geometries
    if len(geometries) and (shapely.get_dimensions(geometries) != 2).all():
        raise LabelError(f"{layer} has no polygons; a labelled area is made of polygons.")
    return polygons_of(shapely.union_all(geometries))


_POINT, _LINE, _AREA = 0, 1, 2
FORMAT = 1
"""Of the index of labels that is kept."""


def read_labels(
    run: Run, source: Source, grid: Grid, skip: Skip | None = None, workspace: Workspace | None = None
) -> VectorLabels | ClassRaster | None:
    """The labels of a source, none for unlabelled ones.

    Args:
        run: has the classes.
        source: has the labels.
        grid: whose pixels they are in.
        skip: is told which features are left out.
        workspace: may keep their index, and have it from before.

    Raises:
        LabelError: the layer is missing, empty, of the wrong geometry, or has a value without a class.
        OutputError: they are many, and the disk is full or cannot be written to.
    """
    if source.labels is None or source.role == "unlabelled":
        return None
    layer = label_layer(source.labels)
    if source.labels.layer is None and is_raster(source.labels.path):
        if source.role == "detection":
            raise LabelError(f"{layer} is a raster; detection needs vector labels.", "Polygonise it first.")
        return ClassRaster(source.labels.path, grid, _mask_values(run, source.labels), len(run.segmentation_channels()))
    workspace = workspace or Workspace()
    path = _kept_at(run, source, grid, workspace)
    tell = skip or _nothing
    if path is not None and (file := workspace.reopened(path)):
        for sentence in file.facts["left_out"]:
            tell(sentence)
        return VectorLabels.of_file(file, run.background)
    left_out: list[str] = []
    batches = _batches(run, source, layer, grid, left_out.append if skip else None)
    file = indexed(batches, workspace, left_out, path)
    for sentence in left_out:
        tell(sentence)
    return VectorLabels.of_file(file, run.background)


def _nothing(sentence: str) -> None:
    """Nobody asks what is left out."""


def _batches(
    run: Run, source: Source, layer: Layer, grid: Grid, skip: Skip | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for part in read_in_batches(layer, grid, skip):
        features = _single_points(part)
        classes = _class_indices(run, source, layer, features)
        yield _areas(features.geometries, source, layer, grid), classes


def _kept_at(run: Run, source: Source, grid: Grid, workspace: Workspace) -> Path | None:
    """Where the index of a source's labels is kept, by all that decides over it; none where nothing is."""
    path = Path(given(source.labels).path)
    if workspace.kept is None or not path.exists():
        return None
    files = files_of_layer(path)
    parts = [
        __version__,
        FORMAT,
        list(zip(files, seen(files), strict=True)),
        given(source.labels).model_dump(),
        source.role,
        sorted(_value_indices(run, source).items()),
        (grid.crs.to_wkt(), tuple(grid.transform), grid.width, grid.height, grid.gsd),
    ]
    return workspace.kept / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.labels"


def label_points(labels: VectorLabels | ClassRaster, role: str, background: bool) -> Points:
    """The places of the labels: objects for detection, areas for segmentation."""
    if isinstance(labels, ClassRaster):
        return labels.area_points(background)
    return labels.object_points() if role == "detection" else labels.area_points()


def label_layer(labels: Labels) -> Layer:
    """Where a source's label features come from."""
    return Layer(labels.path, labels.layer, labels.field, labels.where)


def _single_points(features: Features) -> Features:
    """Each point of a multipoint is an object; each polygon feature is one, in however many parts."""
    several = shapely.get_type_id(features.geometries) == shapely.GeometryType.MULTIPOINT
    parts, origins = shapely.get_parts(features.geometries[several], return_index=True)
    geometries = np.concatenate([features.geometries[~several], parts])
    return Features(geometries, np.concatenate([features.values[~several], features.values[several][origins]]))


def _class_indices(run: Run, source: Source, layer: Layer, features: Features) -> np.ndarray:
    """Class index (n,) of each feature, `IGNORED` for ignored values."""
    if layer.field is None:
        return np.zeros(len(features.values), np.int64)
    indices = _value_indices(run, source)
    unknown = sorted(set(features.values) - set(indices))
    if unknown:
        raise unknown_values(f"{layer}, field '{layer.field}',", unknown)
    return np.array([indices[value] for value in features.values], np.int64)


def _value_indices(run: Run, source: Source) -> dict[str, int]:
    classes = run.detection_classes if source.role == "detection" else run.segmentation_classes
    indices = {value: index for index, definition in enumerate(classes) for value in definition.label_values()}
    return indices | dict.fromkeys(given(source.labels).ignore_values, IGNORED)


def _mask_values(run: Run, labels: Labels) -> dict[int, int]:
    """The mask value of each class raster value; 0 is background unless it is something else."""
    first = int(run.background)
    texts = {
        value: first + index
        for index, definition in enumerate(run.segmentation_classes)
        for value in definition.label_values()
    } | dict.fromkeys(labels.ignore_values, IGNORE_INDEX)
    values = {int(text): target for text, target in texts.items() if text.lstrip("-").isdigit()}
    if run.background:
        values.setdefault(0, 0)
    if not values:
        raise LabelError(
            f"The class raster {labels.path} has numbers, and no class has a number among its values.",
            "Give each class its number in `values`.",
        )
    return values


def _areas(geometries: np.ndarray, source: Source, layer: Layer, grid: Grid) -> np.ndarray:
    """Polygons as they are; points as squares of the given size, for detection."""
    dimensions = shapely.get_dimensions(geometries)
    if (dimensions == _LINE).any():
        raise LabelError(f"{layer} has lines; labels are areas.", "Buffer them to the width of what they show.")
    points = np.flatnonzero(dimensions == _POINT)
    if not len(points):
        return geometries
    if source.role == "segmentation":
        raise LabelError(f"{layer} has points; segmentation needs areas.", "Buffer them or use them for detection.")
    size = given(source.labels).box_size
    if size is None:
        raise LabelError(f"{layer} has points and no box size.", "Give labels.box_size, in metres.")
    half = size / grid.gsd / 2
    geometries = geometries.copy()
    geometries[points] = shapely.envelope(shapely.buffer(geometries[points], half, cap_style="square"))
    return geometries
