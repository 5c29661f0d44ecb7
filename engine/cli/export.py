"""`export`: a model package as one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

HELP = "export a model package as one .zip"
DESCRIPTION = "Checks the package at MODEL (a folder, a .zip, or a run folder) and writes it as one .zip."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("model", metavar="MODEL", type=Path, help="a model package, or a run folder")
    command.add_argument("--output", metavar="FILE", type=Path, required=True, help="the .zip to write")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Load it, which checks it, then zip it."""
    from ..packages import load_package, package_folder, zip_package

    folder = package_folder(options.model)
    load_package(folder)
    return {"package": str(zip_package(folder, options.output))}


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return f"package: {result['package']}"
