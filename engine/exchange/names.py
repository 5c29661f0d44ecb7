"""Class names of strangers' annotations, and the lists that number them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..config.limits import MOST_CLASSES, legible
from ..errors import LabelError
from ..text_files import read_bytes

BACKGROUNDS = {"background", "_background_", "__background__", "bg", "unlabeled", "unlabelled"}
"""What value 0 of masks is called where it is no class."""
IGNORED = {"__ignore__", "void", "ignore"}
"""Names of what counts nowhere."""
LISTS = ("classes.txt", "obj.names", "labels.txt")
"""One name a line, the first is number 0."""
TABLES = ("data.yaml", "data.yml", "dataset.yaml")
"""With `names`, a list or a table."""
_MOST_BYTES = 2**20


def as_name(text: str, where: str) -> str:
    """A class name that maps can show.

    Raises:
        LabelError: there is nothing left of it.
    """
    if not text.strip():
        raise LabelError(f"{where} has a class without a name.", "Name it, then export the annotations again.")
    return legible(text)


def listed(folders: list[Path]) -> dict[int, str]:
    """Names by number from the first list or table found in some folders; empty where there is none.

    Raises:
        LabelError: it is damaged, or has too many.
    """
    for folder in folders:
        for name in TABLES:
            if (folder / name).is_file():
                return _checked(_of_table(folder / name), folder / name)
        for name in LISTS:
            if (folder / name).is_file():
                lines = _text(folder / name).splitlines()
                return _checked({number: line for number, line in enumerate(lines) if line.strip()}, folder / name)
    return {}


def _of_table(path: Path) -> dict[Any, Any]:
    try:
        values = yaml.safe_load(_text(path))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise LabelError(f"{path} is no sound YAML.", "Export the annotations again.") from error
    names = values.get("names") if isinstance(values, dict) else None
    if isinstance(names, list):
        return dict(enumerate(names))
    return names if isinstance(names, dict) else {}


def _checked(names: dict[Any, Any], path: Path) -> dict[int, str]:
    sound = all(isinstance(key, int) and key >= 0 and isinstance(name, str | int) for key, name in names.items())
    if not names or not sound or len(names) > MOST_CLASSES + 2:
        raise LabelError(f"{path} has no list of class names, or one of over {MOST_CLASSES}.", "Give names by --name.")
    return {int(key): as_name(str(name), str(path)) for key, name in names.items()}


def _text(path: Path) -> str:
    try:
        return read_bytes(path, _MOST_BYTES)[:_MOST_BYTES].decode("utf-8-sig")
    except OSError as error:
        raise LabelError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"{path} is not UTF-8 at byte {error.start}.", "Save it as UTF-8.") from error
