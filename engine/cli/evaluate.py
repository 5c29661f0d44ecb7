"""`evaluate`: predicted layers against label layers, in numbers."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..config import Area, Card, Labels

HELP = "score predicted layers against a label layer"
DESCRIPTION = (
    "Compares PREDICTIONS (classes.tif for segmentation, detections.gpkg for detection) with the label layer TRUTH "
    "inside a labelled area: IoU, F1 and a confusion matrix, or AP, AP50, precision and recall, per class. Of roads "
    "--lines says whether their centre lines are found and still connected."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("predictions", metavar="PREDICTIONS", type=Path, help="classes.tif or detections.gpkg")
    command.add_argument("--task", choices=("segmentation", "detection"), required=True)
    command.add_argument("--model", type=Path, required=True, help="the model package: names the classes")
    command.add_argument("--truth", metavar="LAYER", required=True, help="label layer, or class raster")
    command.add_argument("--layer", help="its layer name, for files that hold several")
    command.add_argument("--field", help="its class field; none means that all are of the first class")
    command.add_argument("--where", help="attribute filter (SQL) on the labels")
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
        help="write where they are right and wrong: a .gpkg for detection, a .tif for segmentation",
    )  # fmt: skip


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Score one layer; written to `--output` too."""
    from ..errors import cannot_write
    from ..packages import load_card

    scores = _scores(options, load_card(options.model))
    if options.output:
        try:
            options.output.parent.mkdir(parents=True, exist_ok=True)
            options.output.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise cannot_write(f"The scores {options.output}", options.output, error) from error
    return scores


def _scores(options: argparse.Namespace, card: Card) -> dict[str, Any]:
    from ..config import ClassDefinition
    from ..errors import ConfigError, PackageError
    from ..evaluation import (
        evaluate_detection,
        evaluate_lines,
        evaluate_segmentation,
        write_detection_errors,
        write_segmentation_errors,
    )

    if options.task not in card.tasks:
        raise PackageError(f"The model {card.name} has no {options.task}; it does {' and '.join(card.tasks)}.")
    if options.lines is not None and options.task == "detection":
        raise ConfigError("Lines are made of areas, and detections are boxes; leave --lines out.")
    known = card.detection_classes if options.task == "detection" else card.segmentation_classes
    classes = [ClassDefinition(name=each.name, color=each.color, values=each.values) for each in known]
    labels, area = _labels(options), _area(options)
    compared = options.predictions, labels, classes, area
    if options.task == "detection":
        scores = evaluate_detection(*compared, card.thresholds())
        counted = write_detection_errors(*compared, options.errors, card.thresholds()) if options.errors else None
    else:
        scores = evaluate_segmentation(*compared, card.background)
        if options.lines is not None:
            found = evaluate_lines(*compared, options.lines, card.background, options.tolerance)
            scores["lines"] = {name: value for name, value in found.items() if name != "counts"}
        counted = write_segmentation_errors(*compared, options.errors, card.background) if options.errors else None
    return scores if counted is None else {**scores, "errors": counted}


def _length(text: str) -> float:
    if not 0 < (value := float(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no length")
    return value


def _labels(options: argparse.Namespace) -> Labels:
    from ..config import Labels

    return Labels(path=options.truth, layer=options.layer, field=options.field, where=options.where)


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
        else:
            lines.append(f"{indent}{name}: {value:.3f}" if isinstance(value, float) else f"{indent}{name}: {value}")
    return lines
