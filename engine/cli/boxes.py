"""`boxes`: areas in, boxes around connected ones out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..events import Log
    from ..inference.vectors import ClassMap, PaintedMap
    from .maps import Item

HELP = "turn areas (a class raster or polygons) into boxes"
DESCRIPTION = (
    "Writes the extents of the connected areas of each class of AREAS: 8-connected pixels, small ones dropped unless "
    "all of the class are small (the rule by which arXiv 2405.15394 gives the ISPRS sets boxes). Polygons are painted "
    "on pixels of --gsd metres first, so those that touch become one object. Of several, or of a folder that predict "
    "has filled, --output is a folder that gets a GeoPackage of each; --workers or --scheduler share them (Dask)."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    from .job import add_class_arguments, add_output_arguments, add_sharing_arguments, count, number

    command.add_argument(
        "areas", metavar="AREAS", nargs="+", type=Path,
        help="a class raster, or a polygon layer; or a folder, of which every classes.tif is meant",
    )  # fmt: skip
    command.add_argument("--layer", help="layer name of a vector file that holds several")
    command.add_argument("--field", help="class field of polygons; none means that all are of one class")
    command.add_argument("--gsd", type=number, metavar="METRES", help="pixel size for polygons, which need it")
    add_class_arguments(command, "boxes")
    command.add_argument("--minimum", type=count, default=80, help="smaller objects are dropped, pixels (80)")
    command.add_argument("--opening", type=count, default=0, help="cut bridges thinner than 2 n + 1 pixels (0: none)")
    add_output_arguments(command, "boxes")
    add_sharing_arguments(command)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the boxes."""
    from .several import vectorised

    return vectorised(options, options.areas, one_map, "boxes")


def one_map(options: argparse.Namespace, item: Item, events: Log) -> dict[str, Any]:
    """The boxes of a map or layer."""
    from ..config import parse
    from ..inference.vectors import BoxOptions, boxes
    from .job import class_values

    source, names = _source(options, item.map)
    with source:
        chosen = class_values(options.classes, names) or None
        values = {"minimum_pixels": options.minimum, "opening": options.opening, "classes": chosen}
        settings = parse(BoxOptions, values, "boxes")
        written = boxes(source, item.file, names, settings, events)
    return {"boxes": str(item.file), "count": written}


def _source(options: argparse.Namespace, areas: Path) -> tuple[ClassMap | PaintedMap, dict[int, str]]:
    """The areas, and the names of their values."""
    from ..data.opening import is_raster
    from ..data.vectors import Layer
    from ..errors import ConfigError
    from ..inference.vectors import ClassMap, PaintedMap
    from .job import known_names

    if not options.field and not options.layer and (not areas.exists() or is_raster(str(areas))):
        return ClassMap(areas), known_names(options)
    if not options.gsd:
        raise ConfigError(f"{areas} holds polygons; give the size of the pixels to paint them on with --gsd.")
    layer = Layer(str(areas), options.layer, options.field, purpose="polygon layer")
    painted = PaintedMap(layer, options.gsd)
    return painted, painted.names | dict(options.names)


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    from . import several

    return several.text(result, "boxes")
