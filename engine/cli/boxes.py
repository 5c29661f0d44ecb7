"""`boxes`: areas in, boxes around connected ones out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..events import EventLog
    from ..inference.vectors import ClassMap, PaintedMap

HELP = "turn areas (a class raster or polygons) into boxes"
DESCRIPTION = (
    "Writes the extents of the connected areas of each class of AREAS: 8-connected pixels, small ones dropped unless "
    "all of the class are small (the rule by which arXiv 2405.15394 gives the ISPRS sets boxes). Polygons are painted "
    "on pixels of --gsd metres first, so those that touch become one object."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    from .job import add_class_arguments, add_output_arguments, count, number

    command.add_argument("areas", metavar="AREAS", type=Path, help="a class raster, or a polygon layer")
    command.add_argument("--layer", help="layer name of a vector file that holds several")
    command.add_argument("--field", help="class field of polygons; none means that all are of one class")
    command.add_argument("--gsd", type=number, metavar="METRES", help="pixel size for polygons, which need it")
    add_class_arguments(command, "boxes")
    command.add_argument("--minimum", type=count, default=80, help="smaller objects are dropped, pixels (80)")
    command.add_argument("--opening", type=count, default=0, help="cut bridges thinner than 2 n + 1 pixels (0: none)")
    add_output_arguments(command, "boxes")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the boxes."""
    from .job import carry_out

    return carry_out(options.events, lambda events: _boxes(options, events))


def _boxes(options: argparse.Namespace, events: EventLog) -> dict[str, Any]:
    from ..config import parse
    from ..inference.vectors import BoxOptions, boxes
    from .job import class_values

    source, names = _source(options)
    with source:
        chosen = class_values(options.classes, names) or None
        values = {"minimum_pixels": options.minimum, "opening": options.opening, "classes": chosen}
        settings = parse(BoxOptions, values, "boxes")
        written = boxes(source, options.output, names, settings, events)
    return {"boxes": str(options.output), "count": written}


def _source(options: argparse.Namespace) -> tuple[ClassMap | PaintedMap, dict[int, str]]:
    """The areas, and the names of their values."""
    from ..data.opening import is_raster
    from ..data.vectors import Layer
    from ..errors import ConfigError
    from ..inference.vectors import ClassMap, PaintedMap
    from .job import known_names

    if not options.field and not options.layer and (not options.areas.exists() or is_raster(str(options.areas))):
        return ClassMap(options.areas), known_names(options)
    if not options.gsd:
        raise ConfigError(f"{options.areas} holds polygons; give the size of the pixels to paint them on with --gsd.")
    layer = Layer(str(options.areas), options.layer, options.field, purpose="polygon layer")
    painted = PaintedMap(layer, options.gsd)
    return painted, painted.names | dict(options.names)


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return f"{result['count']} boxes: {result['boxes']}"
