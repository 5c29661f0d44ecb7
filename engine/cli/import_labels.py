"""`import-labels`: other programs' annotations in, label layers out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rasterio.crs import CRS

    from ..events import EventLog

HELP = "turn annotations of georeferenced images (COCO, YOLO, Pascal VOC, masks) into labels on the map"
DESCRIPTION = (
    "Reads annotations and the images beside them, and writes the labels as polygons where the images lie. Images "
    "without a georeference need the raster that they show (--raster). What the images' borders cut up becomes whole."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("annotations", metavar="ANNOTATIONS", type=Path, help="a JSON or XML file, or a folder")
    command.add_argument("--format", choices=("auto", "coco", "yolo", "voc", "masks"), default="auto",
                         help="(auto: told by the files)")  # fmt: skip
    command.add_argument("--images", metavar="FOLDER", type=Path, help="the images (default: beside the annotations)")
    command.add_argument("--raster", dest="rasters", metavar="RASTER", type=Path, action="append", default=[],
                         help="what images without a georeference show, by name or the only one")  # fmt: skip
    command.add_argument("--crs", metavar="CRS", help="of images that do not say it, such as EPSG:32645")
    command.add_argument("--role", choices=("detection", "segmentation"), default="detection",
                         help="segmentation makes areas of a class that touch one (detection)")  # fmt: skip
    command.add_argument("--name", dest="names", metavar="NUMBER=NAME", type=numbered_name, action="append", default=[],
                         help="name a class number; may be repeated (default: as the annotations name it)")  # fmt: skip
    command.add_argument("--field", default="class", help="the layer's class field (class)")
    command.add_argument("--keep-pieces", action="store_true", help="leave apart what images cut up or show twice")
    command.add_argument("--output", metavar="FILE", type=Path, required=True,
                         help="labels: .gpkg, .fgb, or .parquet (pyarrow)")  # fmt: skip
    command.add_argument("--area", metavar="FILE", type=Path, help="the labelled area, too")
    command.add_argument("--class-raster", metavar="FILE", type=Path, help="a class raster (.tif), too")
    command.add_argument("--events", metavar="FOLDER", type=Path, help="write events.jsonl there; FOLDER/stop ends it")


def numbered_name(text: str) -> tuple[int, str]:
    """An argument type: a class number and its name, `0=car`."""
    number, _, name = text.partition("=")
    if not (number.isdecimal() and len(number) < 10 and name.isprintable() and 0 < len(name) <= 200):
        raise argparse.ArgumentTypeError(f"'{text}' is not like 0=car")
    return int(number), name


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the labels."""
    from .job import carry_out

    return carry_out(options.events, lambda events: _import(options, events))


def _import(options: argparse.Namespace, events: EventLog) -> dict[str, Any]:
    from ..exchange.importing import Question, read_labels, write_area, write_layer, write_raster

    question = Question(
        options.annotations,
        options.format,
        options.images,
        options.rasters,
        _crs(options.crs),
        dict(options.names),
        options.role,
        not options.keep_pieces,
    )
    labels = read_labels(question, events)
    outputs: dict[str, Any] = {
        "labels": str(options.output),
        "count": write_layer(labels, options.output, options.field),
    }
    if options.area:
        write_area(labels, options.area)
        outputs["area"] = str(options.area)
    if options.class_raster:
        write_raster(labels, options.class_raster, events)
        outputs["class_raster"] = str(options.class_raster)
    return {**outputs, "classes": labels.names}


def _crs(text: str | None) -> CRS | None:
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    from ..errors import ConfigError

    try:
        return CRS.from_user_input(text) if text else None
    except CRSError as error:
        raise ConfigError(f"There is no coordinate reference system '{text}'.", "Write it like EPSG:32645.") from error


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return f"{result['count']} labels ({', '.join(result['classes'])}): {result['labels']}"
