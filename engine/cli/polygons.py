"""`polygons`: a class map in, polygons of its classes out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..config import CardClass
    from ..events import Log
    from .maps import Item

HELP = "turn class maps into polygons"
DESCRIPTION = (
    "Writes the connected areas of CLASS_MAP as polygons with class, area and perimeter, strip by strip. Names come "
    "from --model or --name; without either, a class is called by its value. Of several maps, or of a folder that "
    "predict has filled, --output is a folder that gets a GeoPackage of each; one that fails is left out, named, and "
    "makes the exit code 1. With --workers or --scheduler processes on one or many machines share them (Dask)."
)
CONFIDENCE = "confidence.tif"
"""As `predict` calls it."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    from .job import add_class_arguments, add_output_arguments, add_sharing_arguments, number

    command.add_argument(
        "class_map", metavar="CLASS_MAP", nargs="+", type=Path,
        help="one band of bytes, 0 is background; or a folder, of which every classes.tif is meant",
    )  # fmt: skip
    add_class_arguments(command, "polygons")
    command.add_argument(
        "--confidence", metavar="RASTER", type=Path,
        help="confidence.tif, for a mean of each polygon; of several maps that beside each is taken",
    )  # fmt: skip
    command.add_argument("--minimum-area", type=number, default=0, help="smaller areas go to their neighbours, m2 (0)")
    command.add_argument("--fill-holes", type=number, default=0, help="the same for areas of background, m2 (0)")
    command.add_argument("--simplify", type=number, default=0, help="tolerance in metres (0); shared borders stay so")
    command.add_argument(
        "--right-angled", metavar="CLASS", action="append", default=[], help="square this class; may be repeated"
    )
    add_output_arguments(command, "polygons")
    add_sharing_arguments(command)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the polygons."""
    from .several import vectorised

    return vectorised(options, options.class_map, one_map, "polygons")


def one_map(options: argparse.Namespace, item: Item, events: Log) -> dict[str, Any]:
    """The polygons of a map; of several with the confidence that `predict` has put beside it."""
    from ..config import parse
    from ..inference.vectors import MapFile, PolygonOptions, polygons
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
    classes = _classes(names, complete=options.model is not None)
    beside = item.map.with_name(CONFIDENCE)
    of_several = item.output != options.output and beside.is_file()
    confidence = beside if of_several else options.confidence
    written = polygons(MapFile(item.map, confidence), item.file, classes, settings, events)
    return {"polygons": str(item.file), "count": written}


def _classes(names: dict[int, str], complete: bool) -> list[CardClass]:
    """The classes from value 1; without a model any value may come, and those without a name are numbers."""
    from ..config import CardClass

    last = max(names, default=0) if complete else 254
    return [CardClass(name=names.get(value, str(value)), color="#000000") for value in range(1, last + 1)]


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    from . import several

    return several.text(result, "polygons")
