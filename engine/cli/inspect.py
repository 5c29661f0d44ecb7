"""`inspect`: what a model says about itself, and what has to be asked where it is one of another program."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

HELP = "say what is known about a model, and what is missing to predict with one of another program"
DESCRIPTION = (
    "Shows the card of a model package, or reads the metadata keys of MODEL.onnx (model_type, class_names, resolution "
    "in cm, det_type and so on). What is missing there goes, under the same keys, into a JSON file: MODEL.json beside "
    "it, or predict --describe FILE.json."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument(
        "model", metavar="MODEL", type=Path, help="an ONNX file, a model package (folder or .zip), or a run folder"
    )
    command.add_argument("--describe", metavar="FILE.json", type=Path, help="what the file does not say of itself")
    command.add_argument(
        "--adopt", action="store_true", help="try it, make it a package in the user's cache as predict does, say where"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Look it over."""
    from ..packages import load_card, package_folder
    from ..packages.foreign import inspect_onnx

    if options.model.suffix.lower() != ".onnx":
        card = load_card(options.model)
        return {"package": str(package_folder(options.model)), "card": card.model_dump(mode="json")}
    found = inspect_onnx(options.model, options.describe)
    return {**found, "package": str(package_folder(options.model, options.describe))} if options.adopt else found


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return "\n".join(_of_card(result["card"]) if "card" in result else _of_file(result))


def _of_card(card: dict[str, Any]) -> list[str]:
    """What a person wants to know of a package; the rest is in its item.json."""
    shown = ("name", "tasks", "gsd", "bands", "dtype", "tile_size", "created")
    lines = [f"{key}: {card[key]}" for key in shown]
    for task in ("segmentation", "detection"):
        names = [each["name"] for each in card[f"{task}_classes"]]
        lines += [f"{task}_classes: {', '.join(names)}"] if names else []
    if card["detection_classes"]:
        own = ", ".join(f"{name} {score}" for name, score in card["score_thresholds"].items())
        lines.append(f"score_threshold: {card['score_threshold']}" + (f" ({own})" if own else ""))
    return lines


def _of_file(result: dict[str, Any]) -> list[str]:
    known = [f"{key}: {value}" for key, value in result["known"].items()]
    missing = [f"missing: {one['key']} ({one['description'].rstrip('.')})" for one in result["missing"]]
    shapes = [f"input: {result['input']['shape']}", *(f"output: {shape}" for shape in result["outputs"].values())]
    return [*shapes, *known, *missing, "ready to predict" if result["ready"] else "not ready to predict"]
