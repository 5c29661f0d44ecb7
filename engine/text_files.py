"""Small text files that are written and read back: whole or not at all, and one kind of error for all damage."""

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


def json_or_none(path: Path) -> Any:
    """A JSON file's value; none where it is not there, or damaged."""
    try:
        return read_json(path)
    except (OSError, ValueError):
        return None


def write_text(path: Path, text: str) -> None:
    """Write a file in one step: a reader, or a kill, finds the former one or this one.

    Raises:
        OSError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        # What comes out of foreign files may hold halves of surrogate pairs, which no encoding has.
        partial.write_text(text, encoding="utf-8", errors="replace")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
