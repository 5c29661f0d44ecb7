"""`lines`: a class map in, centre lines of one class out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..events import EventLog

HELP = "turn the thin areas of a class, such as roads, into centre lines"
DESCRIPTION = (
    "Thins one class of CLASS_MAP to its centre lines, cleans the network of spurs and gaps, and writes lines with "
    "class, length and width. Lengths are in metres of ground, whatever the CRS."
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
    from .job import add_class_arguments, add_output_arguments, number

    command.add_argument("class_map", metavar="CLASS_MAP", type=Path, help="one band of bytes, 0 is background")
    add_class_arguments(command, "lines")
    for name, (option, words) in OPTIONS.items():
        command.add_argument(f"--{name}", dest=option, type=number, metavar="METRES", help=words)
    add_output_arguments(command, "lines")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the lines."""
    from .job import carry_out

    return carry_out(options.events, lambda events: _lines(options, events))


def _lines(options: argparse.Namespace, events: EventLog) -> dict[str, Any]:
    from ..config import parse
    from ..errors import ConfigError
    from ..inference.vectors import LineOptions, centre_lines
    from .job import class_values, known_names

    names = known_names(options)
    values = class_values(options.classes, names)
    if len(values) != 1:
        raise ConfigError("Lines are made of one class; name it with --class, once.")
    (value,) = values
    given = {option: getattr(options, option) for option, _ in OPTIONS.values() if getattr(options, option) is not None}
    settings = parse(LineOptions, given, "lines")
    name = names.get(value, str(value))
    written = centre_lines(options.class_map, options.output, value, settings, events, name)
    return {"lines": str(options.output), "count": written}


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return f"{result['count']} lines: {result['lines']}"
