"""`inspect`: what an ONNX file of another program says about itself, and what has to be asked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

HELP = "say what is known about an ONNX file of another program, and what is missing to predict with it"
DESCRIPTION = (
    "Reads the metadata keys of MODEL.onnx (model_type, class_names, resolution in cm, det_type and so on). What is "
    "missing goes, under the same keys, into a JSON file: MODEL.json beside it, or predict --describe FILE.json."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("model", metavar="MODEL.onnx", type=Path, help="an ONNX file")
    command.add_argument("--describe", metavar="FILE.json", type=Path, help="what the file does not say of itself")
    command.add_argument(
        "--adopt", action="store_true", help="try it, make it a package in the user's cache as predict does, say where"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Look it over."""
    from ..packages import package_folder
    from ..packages.foreign import inspect_onnx

    found = inspect_onnx(options.model, options.describe)
    return {**found, "package": str(package_folder(options.model, options.describe))} if options.adopt else found


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    known = [f"{key}: {value}" for key, value in result["known"].items()]
    missing = [f"missing: {one['key']} ({one['description'].rstrip('.')})" for one in result["missing"]]
    shapes = [f"input: {result['input']['shape']}", *(f"output: {shape}" for shape in result["outputs"].values())]
    return "\n".join([*shapes, *known, *missing, "ready to predict" if result["ready"] else "not ready to predict"])
