"""`evaluate`: predicted layers against label layers, in numbers."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .maps import Failure
from .several import MAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..config import Area, Card, CardClass, ClassDefinition, Labels
    from ..events import Log
    from .maps import Item

HELP = "score predicted layers against a label layer"
DESCRIPTION = (
    "Compares PREDICTIONS (classes.tif for segmentation, detections.gpkg for detection) with the label layer TRUTH "
    "inside a labelled area: IoU, F1 and a confusion matrix, or AP, AP50, precision and recall, per class. Of roads "
    "--lines says whether their centre lines are found and still connected. Several, or a folder that predict has "
    "filled, are scored as one; class maps that the truth does not touch are left out. With --workers or --scheduler "
    "processes on one or many machines share class maps (Dask)."
)
FILES = {"segmentation": MAP, "detection": "detections.gpkg"}
"""As `predict` calls them."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    from .job import add_sharing_arguments

    command.add_argument(
        "predictions", metavar="PREDICTIONS", nargs="+", type=Path,
        help="classes.tif or detections.gpkg; or a folder, of which every such file is meant",
    )  # fmt: skip
    command.add_argument("--task", choices=("segmentation", "detection"), required=True)
    command.add_argument("--model", type=Path, required=True, help="the model package: names the classes")
    command.add_argument("--truth", metavar="LAYER", required=True, help="label layer, or class raster")
    command.add_argument("--layer", help="its layer name, for files that hold several")
    command.add_argument("--field", help="its class field; none means that all are of the first class")
    command.add_argument("--where", help="attribute filter (SQL) on the labels")
    command.add_argument(
        "--name", dest="names", metavar="VALUE=NAME", type=_named, action="append", default=[],
        help="which class of the model labels of this value are; may be repeated (default: as in its training)",
    )  # fmt: skip
    command.add_argument(
        "--ignore", metavar="VALUE", action="append", default=[],
        help="ground with labels of this value counts nowhere; may be repeated",
    )  # fmt: skip
    command.add_argument("--area", metavar="LAYER", help="polygons inside which the truth is complete (default: all)")
    command.add_argument("--area-layer", help="their layer name")
    command.add_argument("--area-where", help="attribute filter (SQL) on them")
    command.add_argument(
        "--lines", metavar="CLASS",
        help="score this class of a class map as centre lines, too: completeness, correctness, F1 and connectivity",
    )  # fmt: skip
    command.add_argument(
        "--tolerance", metavar="METRES", type=_length, default=3.0, help="how far lines may lie apart (default: 3)"
    )
    command.add_argument("--output", metavar="FILE", type=Path, help="write the scores as JSON")
    command.add_argument(
        "--errors", metavar="FILE", type=Path,
        help="write where they are right and wrong: a .gpkg for detection, a .tif for segmentation; of several "
        "class maps a folder of such files",
    )  # fmt: skip
    add_sharing_arguments(command)


class Compared(NamedTuple):
    """What is found of one class map.

    Attributes:
        scores: as `evaluation.evaluate_segmentation`, with those of its lines.
        errors: pixels of each kind, where they are written.
    """

    scores: dict[str, Any]
    errors: dict[str, int] | None


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Score one layer, or several as one; written to `--output` too."""
    from ..errors import cannot_write
    from ..packages import load_card
    from .job import permit_named
    from .several import maps_of

    card, maps = load_card(options.model), maps_of(options.predictions, FILES[options.task])
    permit_named(options, map(str, maps))
    _check(options, card)
    scores = (_detection if options.task == "detection" else _segmentation)(options, card, maps)
    if options.output:
        try:
            options.output.parent.mkdir(parents=True, exist_ok=True)
            options.output.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise cannot_write(f"The scores {options.output}", options.output, error) from error
    return scores


def _check(options: argparse.Namespace, card: Card) -> None:
    from ..errors import ConfigError, PackageError

    if options.task not in card.tasks:
        raise PackageError(f"The model {card.name} has no {options.task}; it does {' and '.join(card.tasks)}.")
    if options.lines is not None and options.task == "detection":
        raise ConfigError("Lines are made of areas, and detections are boxes; leave --lines out.")
    known = [
        each.name for each in (card.detection_classes if options.task == "detection" else card.segmentation_classes)
    ]
    unknown = [name for _, name in options.names if name not in known]
    if unknown:
        raise ConfigError(f"The model {card.name} has no class {unknown[0]} of this task; it has {', '.join(known)}.")


def _detection(options: argparse.Namespace, card: Card, maps: list[Path]) -> dict[str, Any]:
    """Scores of one ranking of all detections, by this process: there are no pixels to share."""
    from ..evaluation import Truth, evaluate_detection, readable_detections, write_detection_errors

    truth = Truth(_labels(options), _classes(card.detection_classes, options), _area(options))
    used, left_out = maps, {}
    if len(maps) > 1:
        used, failed = readable_detections(maps, [each.name for each in truth.classes])
        left_out = _left_out(maps, [Failure(path, error.message, error.hint, False) for path, error in failed])
    scores = evaluate_detection(used, truth, card.thresholds())
    if options.errors:
        scores["errors"] = write_detection_errors(used, truth, options.errors, card.thresholds())
    return {**scores, **left_out}


def _segmentation(options: argparse.Namespace, card: Card, maps: list[Path]) -> dict[str, Any]:
    """Scores of all pixels."""
    from ..events import EventLog
    from .maps import Item

    if len(maps) == 1:
        return _pooled(card, [one_map(options, Item(maps[0], options.errors), EventLog(None))])
    from ..processes import scratch
    from .job import carry_out
    from .maps import Errand
    from .several import each_of, items_of

    items = items_of(maps, FILES["segmentation"], options.errors, ".tif")
    with scratch() as asked:  # where a stop is asked for
        errand = Errand(one_map, options, items, options.errors, "evaluation")
        found = carry_out(asked, lambda events: each_of(errand, events))
    left_out = _left_out(maps, [each for each in found if isinstance(each, Failure)])
    return {**_pooled(card, [each for each in found if isinstance(each, Compared)]), **left_out}


def _left_out(maps: list[Path], failed: list[Failure]) -> dict[str, Any]:
    """How many of several maps are scored, and which are not.

    Raises:
        LabelError: none is.
    """
    from ..errors import LabelError

    if len(failed) == len(maps):
        raise LabelError(f"None of the {len(maps)} predictions can be scored: {failed[0].message}", failed[0].hint)
    elsewhere = [str(each.map) for each in failed if each.elsewhere]
    broken = [each.as_dict() for each in failed if not each.elsewhere]
    some = {name: value for name, value in {"elsewhere": elsewhere, "failed": broken}.items() if value}
    return {"maps": len(maps) - len(failed), **some}


def one_map(options: argparse.Namespace, item: Item, events: Log) -> Compared:
    """What is found of a class map."""
    from ..evaluation import Truth, evaluate_lines, evaluate_segmentation, write_segmentation_errors
    from ..packages import load_card

    card = load_card(options.model)
    classes = _classes(card.segmentation_classes, options)
    truth = Truth(_labels(options), classes, _area(options), card.background)
    scores = evaluate_segmentation(item.map, truth)
    if options.lines is not None:
        scores["lines"] = evaluate_lines(item.map, truth, options.lines, options.tolerance)
    errors = write_segmentation_errors(item.map, truth, item.output) if item.output else None
    return Compared(scores, errors)


def _pooled(card: Card, found: list[Compared]) -> dict[str, Any]:
    """The scores of several maps as one."""
    from ..evaluation import pooled_lines, pooled_segmentation

    scores = pooled_segmentation([each.scores for each in found], card.background)
    if "lines" in found[0].scores:
        lines = pooled_lines([each.scores["lines"] for each in found])
        scores["lines"] = {name: value for name, value in lines.items() if name != "counts"}
    errors = [each.errors for each in found if each.errors is not None]
    if errors:
        scores["errors"] = {kind: sum(each[kind] for each in errors) for kind in errors[0]}
    return scores


def _classes(known: Sequence[CardClass], options: argparse.Namespace) -> list[ClassDefinition]:
    """The model's classes, with the label values that mean them here."""
    from ..config import ClassDefinition

    named = {each.name: [value for value, name in options.names if name == each.name] for each in known}
    values = named if options.names else {each.name: each.values for each in known}
    return [ClassDefinition(name=each.name, color=each.color, values=values[each.name]) for each in known]


def _named(text: str) -> tuple[str, str]:
    value, equals, name = text.rpartition("=")
    if not (equals and name):
        raise argparse.ArgumentTypeError(f"'{text}' is not like 1=roof")
    return value, name


def _length(text: str) -> float:
    if not 0 < (value := float(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no length")
    return value


def _labels(options: argparse.Namespace) -> Labels:
    from ..config import Labels

    return Labels(
        path=options.truth,
        layer=options.layer,
        field=options.field,
        where=options.where,
        ignore_values=options.ignore,
    )


def _area(options: argparse.Namespace) -> Area:
    from ..config import Area

    if options.area is None:
        return Area(kind="raster")
    return Area(kind="layer", path=options.area, layer=options.area_layer, where=options.area_where)


def text(result: dict[str, Any]) -> str:
    """Numbers for people, one a line."""
    return "\n".join(_lines(result))


def _lines(values: dict[str, Any], indent: str = "") -> list[str]:
    lines = []
    for name, value in values.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}:", *_lines(value, indent + "  ")]
        elif name == "failed":
            lines += [f"{indent}failed: {one['raster']}: {one['message']}" for one in value]
        else:
            lines.append(f"{indent}{name}: {value:.3f}" if isinstance(value, float) else f"{indent}{name}: {value}")
    return lines
