"""`polygons`: a class map in, polygons of its classes out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..config import CardClass
    from ..events import EventLog

HELP = "turn a class map into polygons"
DESCRIPTION = (
    "Writes the connected areas of CLASS_MAP as polygons with class, area and perimeter, strip by strip. Names come "
    "from --model or --name; without either, a class is called by its value."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    from .job import add_class_arguments, add_output_arguments, number

    command.add_argument("class_map", metavar="CLASS_MAP", type=Path, help="one band of bytes, 0 is background")
    add_class_arguments(command, "polygons")
    command.add_argument("--confidence", metavar="RASTER", type=Path, help="confidence.tif, for a mean of each polygon")
    command.add_argument("--minimum-area", type=number, default=0, help="smaller areas go to their neighbours, m2 (0)")
    command.add_argument("--fill-holes", type=number, default=0, help="the same for areas of background, m2 (0)")
    command.add_argument("--simplify", type=number, default=0, help="tolerance in metres (0); shared borders stay so")
    command.add_argument(
        "--right-angled", metavar="CLASS", action="append", default=[], help="square this class; may be repeated"
    )
    add_output_arguments(command, "polygons")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the polygons."""
    from .job import carry_out

    return carry_out(options.events, lambda events: _polygons(options, events))


def _polygons(options: argparse.Namespace, events: EventLog) -> dict[str, Any]:
    from ..config import parse
    from ..inference.vectors import PolygonOptions, polygons
    from .job import class_values, known_names

    names = known_names(options)
    given = {
        "minimum_area_m2": options.minimum_area,
        "fill_holes_m2": options.fill_holes,
        "simplify_m": options.simplify,
        "right_angled": class_values(options.right_angled, names),
        "classes": class_values(options.classes, names) or None,
    }
    settings = parse(PolygonOptions, given, "polygons")
    written = polygons(
        options.class_map,
        options.output,
        _classes(names, complete=options.model is not None),
        settings,
        events,
        options.confidence,
    )
    return {"polygons": str(options.output), "count": written}


def _classes(names: dict[int, str], complete: bool) -> list[CardClass]:
    """The classes from value 1; without a model any value may come, and those without a name are numbers."""
    from ..config import CardClass

    last = max(names, default=0) if complete else 254
    return [CardClass(name=names.get(value, str(value)), color="#000000") for value in range(1, last + 1)]


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return f"{result['count']} polygons: {result['polygons']}"
