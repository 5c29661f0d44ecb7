"""`export-chips`: imagery and labels out, as chips that other programs learn from."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..config import Run
    from ..events import EventLog

HELP = "write imagery and labels as chips for other programs: COCO, YOLO, Pascal VOC, masks"
DESCRIPTION = (
    "Cuts the labelled area of a run's sources, or of one RASTER with --labels, into chips, each lying where it does "
    "on the map, with their labels in another program's format. Pixels of which no labels are known are blank (in "
    "masks: 255). import-labels brings the labels back."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    from .job import count, number

    command.add_argument("sources", metavar="RUN_OR_RASTER", help="a run folder, its run.json, or a raster")
    command.add_argument(
        "--labels", metavar="FILE", type=Path, help="labels of a raster: a vector file or class raster"
    )
    command.add_argument("--layer", help="layer name of a label file that holds several")
    command.add_argument("--field", help="class field; none means that all are of one class")
    command.add_argument("--class", dest="classes", metavar="VALUE=NAME", action="append", default=[],
                         help="a class by its label value, with its name where that is another; may be repeated "
                         "(default: all values of the field)")  # fmt: skip
    command.add_argument(
        "--ignore", metavar="VALUE", action="append", default=[], help="label value that counts nowhere"
    )
    command.add_argument("--area", metavar="FILE", type=Path, help="labelled area (default: the whole raster)")
    command.add_argument("--box-size", type=number, metavar="METRES", help="side of the box around a point label")
    command.add_argument(
        "--bands", type=int, nargs="+", metavar="BAND", help="bands, counted from 1 (default: colours)"
    )
    command.add_argument(
        "--gsd", type=number, metavar="METRES", help="ground sampling distance (default: the raster's)"
    )
    command.add_argument("--role", choices=("detection", "segmentation"), help="whose labels of a run that has both; "
                         "with --labels what they are for (default: detection)")  # fmt: skip
    command.add_argument("--format", choices=("coco", "yolo", "voc", "masks"), default="coco", help="(coco)")
    command.add_argument("--images", choices=("tif", "png"), default="tif", help="(tif)")
    command.add_argument("--size", type=count, default=512, metavar="PIXELS", help="side of a chip (512)")
    command.add_argument("--overlap", type=count, default=0, metavar="PIXELS", help="shared by neighbours (0)")
    command.add_argument("--least-share", type=number, default=0.0, metavar="SHARE",
                         help="of a box: pieces at a chip's side showing less are left out, and blank (0)")  # fmt: skip
    command.add_argument("--skip-empty", action="store_true", help="no chips without labels")
    command.add_argument("--output", metavar="FOLDER", type=Path, required=True, help="a new or an empty folder")
    command.add_argument("--events", metavar="FOLDER", type=Path, help="write events.jsonl there; FOLDER/stop ends it")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the chips."""
    from .job import carry_out

    return carry_out(options.events, lambda events: _export(options, events))


def _export(options: argparse.Namespace, events: EventLog) -> dict[str, Any]:
    from ..data.reach import permit
    from ..errors import ConfigError
    from ..exchange.exporting import Cutting, Form, export_chips

    if not 16 <= options.size <= 8192 or options.overlap >= options.size or options.least_share > 1:
        raise ConfigError("Chips measure 16 to 8192 pixels and overlap by less; the least share is at most 1.")
    run = _run(options)
    permit(run.named(), options.allow_remote or run.allow_remote)
    roles = list(dict.fromkeys(source.role for source in run.sources if source.labels is not None))
    if not roles or (options.role and options.role not in roles):
        raise ConfigError(f"{options.sources} has no {options.role or 'labelled'} sources.", "Choose another role.")
    if len(roles) > 1 and not options.role:
        raise ConfigError(f"{options.sources} has labels of {' and '.join(roles)}.", "Say which with --role.")
    role = options.role or roles[0]
    blank = options.format != "masks"
    cutting = Cutting(options.size, options.overlap, options.least_share, blank, not options.skip_empty)
    form = Form(options.format, options.images, cutting)
    written = export_chips(run, role, form, options.output, events)
    return {"folder": str(options.output), "format": options.format, "count": written}


def _run(options: argparse.Namespace) -> Run:
    """The run that is named, or one of a raster and its labels."""
    from ..config import RUN_FILE, Run, load_run, parse
    from ..data.opening import is_raster
    from ..errors import ConfigError

    place = Path(options.sources)
    if options.labels is None:
        if place.is_file() and place.suffix != ".json":
            raise ConfigError(f"{place} is a raster without labels.", "Give them with --labels, or name a run folder.")
        return load_run(place if place.is_file() else place / RUN_FILE)
    role = options.role or "detection"
    raster_labels = (
        not options.layer and not options.field and options.labels.exists() and is_raster(str(options.labels))
    )
    labels = {
        "path": str(options.labels),
        "layer": options.layer,
        "field": options.field,
        "box_size": options.box_size or None,
        "ignore_values": options.ignore,
    }
    source = {
        "raster": options.sources,
        "role": role,
        "labels": labels,
        "bands": options.bands,
        "area": {"kind": "layer", "path": str(options.area)} if options.area else {"kind": "raster"},
    }
    values = {
        "gsd": options.gsd or None,
        "sources": [source],
        f"{role}_classes": _classes(options, raster_labels),
        "recipe": {"kind": "supervised"},
    }
    return parse(Run, values, "export-chips")


def _classes(options: argparse.Namespace, of_raster: bool) -> list[dict[str, Any]]:
    """Those that are named, else one for each value of the field."""
    from ..data.vectors import EMPTY_VALUE, Layer, distinct_values
    from ..errors import ConfigError

    if options.classes:
        named = [each.partition("=") for each in options.classes]
        return [{"name": name or value, "values": [value]} for value, _, name in named]
    if of_raster:
        raise ConfigError(f"{options.labels} is a class raster; name its classes, such as --class 1=roof.")
    if not options.field:
        return [{"name": options.layer or options.labels.stem}]
    layer = Layer(str(options.labels), options.layer, options.field)
    found = [value for value in distinct_values(layer) if value not in {EMPTY_VALUE, *options.ignore}]
    options.ignore.append(EMPTY_VALUE)  # what nobody has given a class counts nowhere
    return [{"name": value, "values": [value]} for value in found]


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return f"{result['count']} chips ({result['format']}): {result['folder']}"
