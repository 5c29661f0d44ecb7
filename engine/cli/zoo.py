"""`zoo`: the catalogue of a folder of model packages."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..events import EventLog

HELP = "write the catalogue of a folder of model packages, which QGIS lists from there or from a web server"
DESCRIPTION = (
    "Writes FOLDER/catalog.json and FOLDER/items: a static STAC catalogue of the packages in FOLDER (folders, zips, "
    "runs with a model), with the size and checksum of each file. Put FOLDER on a web server or a shared disk; the "
    "models window takes its address or path (Zoo)."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("folder", metavar="FOLDER", type=Path, help="holds model packages")
    command.add_argument("--title", default="", help="of the catalogue (default: the folder's name)")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write it."""
    from .job import carry_out

    return carry_out(None, lambda events: _write(options, events))


def _write(options: argparse.Namespace, events: EventLog) -> dict[str, Any]:
    from ..packages.zoo import write_zoo

    catalogue, cards = write_zoo(options.folder, options.title)
    return {"catalogue": str(catalogue), "models": [card.name for card in cards]}


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return f"{len(result['models'])} models ({', '.join(result['models'])}): {result['catalogue']}"
