"""Annotations of images as labels on the map: a layer of polygons, the ground that was labelled, a class raster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import shapely
from pyproj.exceptions import CRSError, ProjError
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.windows import Window as RasterioWindow
from shapely import Geometry

from ..config.validation import MOST_CLASSES
from ..data.grid import Window, apply_affine, transformer
from ..data.masks import paint, polygons_of
from ..errors import LabelError, OutputError, RasterError, on_disk
from ..events import EventLog, WarningEvent
from ..inference.sinks import BLOCK, with_usual_mode
from ..inference.vectors.class_map import watched
from ..inference.vectors.components import connected
from ..inference.vectors.layer import VectorLayer
from ..processes import scratch
from ..types import IGNORE_INDEX, given
from .chip import Drawn, as_array
from .formats import FORMATS, TITLES, recognised
from .placing import Images, Place

AGREEING = 0.5
"""Share of their union, on ground that two images have in common, that pieces of one object must share."""


def joined_areas(geometries: np.ndarray, classes: np.ndarray, pixel: float) -> tuple[np.ndarray, np.ndarray]:
    """Areas (n,) of which those of a class that touch are one.

    Args:
        geometries: (n,) polygons.
        classes: (n,) class names.
        pixel: the side of a pixel, a thousandth of which is no gap.
    """
    parts: list[Geometry] = []
    names: list[str] = []
    for name in dict.fromkeys(classes.tolist()):
        whole = shapely.union_all(geometries[classes == name], grid_size=pixel / 1000)
        found = [part for part in shapely.get_parts(whole) if part.area > 0]
        parts, names = parts + found, names + [name] * len(found)
    return as_array(parts), np.array(names, object)


def joined_objects(
    geometries: np.ndarray, classes: np.ndarray, images: np.ndarray, outlines: list[Geometry], pixel: float
) -> tuple[np.ndarray, np.ndarray]:
    """Objects (n,) of which those that several images show are one: the union of what each shows.

    Two of a class are one where they agree on the ground that their images have in common, along the border of images
    that only touch.

    Args:
        geometries: (n,) polygons.
        classes: (n,) class names.
        images: (n,) numbers of the images that show them.
        outlines: of the images.
        pixel: the side of a pixel.
    """
    reach = shapely.buffer(geometries, pixel, join_style="mitre")
    pairs = shapely.STRtree(reach).query(reach, predicate="intersects").T
    first, second = pairs[pairs[:, 0] < pairs[:, 1]].T
    fitting = (classes[first] == classes[second]) & (images[first] != images[second])
    one, other = first[fitting], second[fitting]
    borders = shapely.buffer(as_array(outlines), pixel, join_style="mitre")
    common = shapely.intersection(borders[images[one]], borders[images[other]])
    ours, theirs = shapely.intersection(reach[one], common), shapely.intersection(reach[other], common)
    union, shared = shapely.area(shapely.union(ours, theirs)), shapely.area(shapely.intersection(ours, theirs))
    agree = (union > 0) & (shared >= AGREEING * union)
    labels, count = connected(one[agree], other[agree], len(geometries))
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(labels, minlength=count))[:-1]) if count else []
    firsts = np.array([group[0] for group in groups], int)
    return as_array([_whole(geometries[group]) for group in groups]), classes[firsts]


def _whole(pieces: np.ndarray) -> Geometry:
    """Pieces as one: a rectangle where each of them is one, for so boxes stay boxes."""
    if len(pieces) == 1:
        return pieces[0]
    union = shapely.union_all(pieces)
    if all(piece.equals_exact(shapely.envelope(piece), 1e-9, normalize=True) for piece in pieces):
        return shapely.envelope(union)
    return union


_MOST_SIDE = 2_000_000
"""Pixels of a class raster."""
LABELS_LAYER, AREA_LAYER = "labels", "labelled_area"


@dataclass
class Labels:
    """Labels on the map.

    Args:
        crs: of all geometries.
        transform: from an image's pixels to the CRS, for rasters.
        geometries: (n,) polygons.
        classes: (n,) class names.
        names: all class names, in order.
        area: ground that was labelled.
    """

    crs: CRS
    transform: Affine
    geometries: np.ndarray
    classes: np.ndarray
    names: list[str]
    area: Geometry


@dataclass(frozen=True)
class Question:
    """What is read, and how.

    Args:
        annotations: file or folder.
        format: its name, or auto.
        images: where the images are; none looks beside the annotations.
        rasters: what images without a georeference show.
        crs: of images that do not say it.
        names: class names by number, which go before those of the annotations.
        role: detection keeps objects apart, segmentation joins areas.
        join: whether what images cut up becomes whole again.
    """

    annotations: Path
    format: str
    images: Path | None
    rasters: list[Path]
    crs: CRS | None
    names: dict[int, str]
    role: str
    join: bool


def read_labels(question: Question, events: EventLog) -> Labels:
    """The labels of all images, on the map.

    Raises:
        LabelError: annotations are damaged, name no class, or lie outside of their image.
        RasterError: an image is missing, or nothing says where it lies.
    """
    name, path = recognised(question.annotations, question.format)
    drawn, names = FORMATS[name].read(path, question.names)
    if not drawn:
        raise LabelError(f"{path} has no images.", "Choose other annotations.")
    images = Images(path, question.images, question.rasters, question.crs, masked=True)
    first: Place | None = None
    geometries: list[Geometry] = []
    owners: list[int] = []
    outlines: list[Geometry] = []
    areas: list[Geometry] = []
    cut = 0
    for number, each in enumerate(watched(drawn, len(drawn), f"labels of {TITLES[name]}", events)):
        place = images.place(each, only=len(drawn) == 1)
        first = first or place
        shapes, unknown, count = _in_pixels(each, place)
        cut += count
        known = shapely.difference(place.labelled(), unknown)
        outline, area, *ground = _on_map(np.array([place.outline(), known, *shapes], object), place, first.crs)
        outlines.append(outline)
        areas.append(area)
        geometries += ground
        owners += [number] * len(ground)
    if cut:
        events.write(WarningEvent(f"{cut} labels reached beyond their images and were cut off there."))
    first = given(first)
    array, classes = as_array(geometries), np.array([each for one in drawn for each in one.classes], object)
    pixel = float(np.sqrt(abs(first.transform.determinant)))
    if question.join and len(array):
        if question.role == "segmentation":
            array, classes = joined_areas(array, classes, pixel)
        else:
            array, classes = joined_objects(array, classes, np.array(owners), outlines, pixel)
    area = shapely.union_all(as_array(areas), grid_size=pixel / 1000)
    return Labels(first.crs, first.transform, array, classes, names, polygons_of(area))


def write_layer(labels: Labels, path: Path, field: str) -> int:
    """Write the labels as polygons with their class, and return how many.

    Raises:
        OutputError: it cannot be written.
    """
    with (
        on_disk(str(path), path),
        VectorLayer(path, LABELS_LAYER, "MultiPolygon", _fields([], field), labels.crs) as layer,
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        layer.write(_multiple(labels.geometries), _fields(labels.classes, field))
        layer.finish()
    return layer.count


def write_area(labels: Labels, path: Path) -> None:
    """Write the ground that was labelled.

    Raises:
        OutputError: it cannot be written.
    """
    parts = shapely.get_parts(labels.area)
    with on_disk(str(path), path), VectorLayer(path, AREA_LAYER, "Polygon", _fields([], "kind"), labels.crs) as layer:
        layer.write(parts, _fields(["labelled"] * len(parts), "kind"))
        layer.finish()


def write_raster(labels: Labels, path: Path, events: EventLog) -> None:
    """Write the labels as a class raster: values in the order of the names from 1, 0 elsewhere, 255 where not labelled.

    Raises:
        OutputError: it cannot be written, or would be too large.
        LabelError: there are too many classes.
    """
    if len(labels.names) > MOST_CLASSES:
        raise LabelError(f"There are {len(labels.names)} classes, and a class raster holds {MOST_CLASSES}.")
    transform, width, height = _grid(labels, path)
    pixels = ~transform
    ground, *shapes = _moved(np.array([labels.area, *labels.geometries], object), pixels)
    order = {name: value for value, name in enumerate(labels.names, 1)}
    values = np.array([order[name] for name in labels.classes], int)
    sequence = np.argsort(values, kind="stable")  # later classes over earlier ones, as in training
    array, values = as_array(shapes)[sequence], values[sequence]
    tree = shapely.STRtree(array)
    windows = [Window(x, y, min(BLOCK, width - x), min(BLOCK, height - y))
               for y in range(0, height, BLOCK) for x in range(0, width, BLOCK)]  # fmt: skip
    with on_disk(str(path), path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch(path.parent) as temporary:
            partial = temporary / path.name
            with rasterio.open(
                partial, "w", driver="GTiff", width=width, height=height, count=1, dtype="uint8", crs=labels.crs,
                transform=transform, nodata=IGNORE_INDEX, compress="deflate", tiled=True, blockxsize=BLOCK,
                blockysize=BLOCK, BIGTIFF="IF_SAFER",
            ) as raster:  # fmt: skip
                for window in watched(windows, len(windows), "class raster", events):
                    mask = np.full((window.height, window.width), IGNORE_INDEX, np.uint8)
                    paint(mask, [ground], [0], window)
                    near = np.sort(tree.query(window.box()))
                    paint(mask, array[near], values[near], window)
                    raster.write(mask, 1, window=RasterioWindow(*window))
            with_usual_mode(partial).replace(path)


def _in_pixels(drawn: Drawn, place: Place) -> tuple[list[Geometry], Geometry, int]:
    """Labels and unknown ground in the image's pixels, cut off at its sides, and how many were."""
    scale = np.array(place.scale(drawn))
    shapes = shapely.transform(as_array(drawn.geometries), lambda xy: xy * scale)
    image = place.outline()
    inside = shapely.intersection(shapes, image)
    for whole, seen in zip(shapes, inside, strict=True):
        if seen.area == 0:
            left, top, right, bottom = whole.bounds
            raise LabelError(
                f"A label of {drawn.image} lies outside of it, at {left:.0f}, {top:.0f} to {right:.0f}, {bottom:.0f} "
                f"of {place.width} x {place.height} pixels.",
                "Choose the images that were annotated.",
            )
    beyond = shapely.area(shapes) - shapely.area(inside) > 1
    unknown = shapely.transform(shapely.union_all(as_array(drawn.unknown)), lambda xy: xy * scale)
    return [polygons_of(each) for each in inside], unknown, int(np.count_nonzero(beyond))


def _on_map(shapes: np.ndarray, place: Place, crs: CRS) -> np.ndarray:
    """Geometries of an image's pixels in a CRS; between CRSs long edges get vertices first."""
    if place.crs == crs:
        return _moved(shapes, place.transform)
    step = max(place.width, place.height) / 32
    ground = _moved(shapely.segmentize(shapes, step), place.transform)
    try:
        change = transformer(place.crs.to_wkt(), crs.to_wkt()).transform
        moved: np.ndarray = shapely.transform(ground, change, interleaved=False)
    except (CRSError, ProjError) as error:
        raise RasterError(f"No way leads from the system of {place.path} to that of the first image.") from error
    return moved


def _moved(shapes: np.ndarray, transform: Affine) -> np.ndarray:
    found: np.ndarray = shapely.transform(shapes, lambda x, y: apply_affine(transform, x, y), interleaved=False)
    return found


def _grid(labels: Labels, path: Path) -> tuple[Affine, int, int]:
    """The first image's pixels, as far as there is labelled ground."""
    left, top, right, bottom = np.round(shapely.bounds(_moved(np.array([labels.area]), ~labels.transform))[0], 3)
    column, row = int(np.floor(left)), int(np.floor(top))
    width, height = int(np.ceil(right)) - column, int(np.ceil(bottom)) - row
    if max(width, height) > _MOST_SIDE:
        raise OutputError(
            f"{path} would have {width} x {height} pixels.", "The images lie too far apart: import them in parts."
        )
    return labels.transform @ Affine.translation(column, row), width, height


def _multiple(geometries: np.ndarray) -> np.ndarray:
    """All as multipolygons, as layers want one type."""
    return as_array([shapely.multipolygons(shapely.get_parts(each)) for each in geometries])


def _fields(values: np.ndarray | list[str], field: str) -> dict[str, np.ndarray]:
    return {field: np.array(values, object)}
