"""Small text files that are written and read back: whole or not at all, and one kind of error for all damage.

The engine's twin of this is `engine.files`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def parsed_json(text: str | bytes) -> Any:
    """A JSON text's value.

    Raises:
        ValueError: it is no JSON, has bytes that are no UTF-8, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_json(path: Path) -> Any:
    """A JSON file's value.

    Raises:
        OSError: the file cannot be read.
        ValueError: as of `parsed_json`.
    """
    return parsed_json(path.read_bytes())


def read_object(path: Path) -> dict[str, Any]:
    """A JSON file's object; empty where there is none, or it is damaged, or someone is writing it."""
    try:
        values = read_json(path)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def write_text(path: Path, text: str) -> None:
    """As `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step: a reader, or a kill, finds the former one or this one.

    Raises:
        OSError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def texts(values: Any) -> list[str]:
    """The texts of a list; of anything else, none."""
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
