"""What the plugin reads of a model package: its card, from the folder or the zip, without the engine."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from .errors import GeoDistilError

ITEM_FILE = "item.json"
CARD_PROPERTY = "geodistil:card"


def package_path(text: str) -> Path:
    """The package a person pointed at: its folder, its zip, or any file inside its folder.

    Raises:
        GeoDistilError: there is no such thing, or it is no model package.
    """
    path = Path(text)
    if path.is_file() and not zipfile.is_zipfile(path):
        path = path.parent
    if not path.exists():
        raise GeoDistilError("package", f"There is no model package at {text}.", "Choose a package's folder or zip.")
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
            "package", f"{path} is not a GeoDistil model package.", f"A package holds {ITEM_FILE} with a model card."
        ) from error


def _item(path: Path) -> bytes:
    if path.is_dir():
        return (path / ITEM_FILE).read_bytes()
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if Path(name).name == ITEM_FILE]
        return archive.read(min(names, key=len, default=ITEM_FILE))
