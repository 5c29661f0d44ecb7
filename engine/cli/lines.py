"""`lines`: a class map in, centre lines of one class out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..events import Log
    from .maps import Item

HELP = "turn the thin areas of a class, such as roads, into centre lines"
DESCRIPTION = (
    "Thins one class of CLASS_MAP to its centre lines, cleans the network of spurs and gaps, and writes lines with "
    "class, length and width. Lengths are in metres of ground, whatever the CRS. Of several maps, or of a folder "
    "that predict has filled, --output is a folder that gets a GeoPackage of each; --workers or --scheduler share them "
    "(Dask)."
)
OPTIONS = {
    "minimum-area": ("minimum_area_m2", "smaller areas of the class are left out, m2"),
    "fill-holes": ("fill_holes_m2", "smaller holes are closed, m2"),
    "maximum-width": ("maximum_width_m", "wider places give no line"),
    "spur": ("spur_m", "shorter branches with a free end are dropped"),
    "gap": ("gap_m", "free ends that point at each other are joined up to this distance"),
    "minimum-length": ("minimum_length_m", "shorter lines with a free end are dropped"),
    "simplify": ("simplify_m", "tolerance of simplification"),
}
"""Argument -> (the option of `engine.inference.vectors.LineOptions`, help)."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    from .job import add_class_arguments, add_output_arguments, add_sharing_arguments, number

    command.add_argument(
        "class_map", metavar="CLASS_MAP", nargs="+", type=Path,
        help="one band of bytes, 0 is background; or a folder, of which every classes.tif is meant",
    )  # fmt: skip
    add_class_arguments(command, "lines")
    for name, (option, words) in OPTIONS.items():
        command.add_argument(f"--{name}", dest=option, type=number, metavar="METRES", help=words)
    add_output_arguments(command, "lines")
    add_sharing_arguments(command)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the lines."""
    from .several import vectorised

    return vectorised(options, options.class_map, one_map, "lines")


def one_map(options: argparse.Namespace, item: Item, events: Log) -> dict[str, Any]:
    """The lines of a map."""
    from ..config import parse
    from ..errors import ConfigError
    from ..inference.vectors import LineOptions, MapClass, MapFile, centre_lines
    from .job import class_values, known_names

    names = known_names(options)
    values = class_values(options.classes, names)
    if len(values) != 1:
        raise ConfigError("Lines are made of one class; name it with --class, once.")
    (value,) = values
    given = {option: getattr(options, option) for option, _ in OPTIONS.values() if getattr(options, option) is not None}
    settings = parse(LineOptions, given, "lines")
    name = names.get(value, str(value))
    written = centre_lines(MapFile(item.map), item.file, MapClass(value, name), settings, events)
    return {"lines": str(item.file), "count": written}


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    from . import several

    return several.text(result, "lines")
