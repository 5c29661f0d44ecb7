"""What the plugin reads of a model package: its card, from the folder or the zip, without the engine."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from .errors import GeoDistilError
from .translation import tr

ITEM_FILE = "item.json"
CARD_PROPERTY = "geodistil:card"
ONNX = ".onnx"


def is_foreign(path: Path) -> bool:
    """Whether this is an ONNX file on its own, as other programs make them, and not one inside a package."""
    return path.suffix.lower() == ONNX and path.is_file() and not (path.parent / ITEM_FILE).exists()


def package_path(text: str) -> Path:
    """The package a person pointed at: its folder, its zip, or a file inside its folder; or an ONNX file on its own.

    Raises:
        GeoDistilError: there is no such thing, or it is no model package.
    """
    path = Path(text)
    if path.is_file() and not is_foreign(path) and not zipfile.is_zipfile(path):
        path = path.parent
    if not path.exists():
        raise GeoDistilError(
            "package",
            tr("There is no model package at {text}.").format(text=text),
            tr("Choose a package's folder or zip."),
        )
    return path


def read_card(path: Path) -> dict[str, Any]:
    """The model's card: names and colours of its classes, its ground sampling distance.

    Args:
        path: a package's folder or zip.

    Raises:
        GeoDistilError: it is no model package, or its `item.json` has no card.
    """
    try:
        return json.loads(_item(path))["properties"][CARD_PROPERTY]
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise GeoDistilError(
            "package",
            tr("{path} is not a GeoDistil model package.").format(path=path),
            tr("A package holds {file} with a model card.").format(file=ITEM_FILE),
        ) from error


def run_of(package: Path) -> Path | None:
    """The run folder that a package still lies in, as its folder `model`; none where it lies elsewhere."""
    return package.parent if package.is_dir() and (package.parent / "run.json").is_file() else None


def _item(path: Path) -> bytes:
    if path.is_dir():
        return (path / ITEM_FILE).read_bytes()
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if Path(name).name == ITEM_FILE]
        return archive.read(min(names, key=len, default=ITEM_FILE))
