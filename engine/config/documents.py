"""JSON objects from files of strangers: whatever is in them, a dictionary or one reason why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MOST_BYTES = 64 * 2**20
"""Largest file that is read; the largest honest ones have footprints and thousands of classes."""


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        OSError: there is no such file, or it cannot be read.
        ValueError: what is in it is no JSON object, with the reason.
    """
    return parse_object(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """A file's content, of which one that is too large has only the beginning.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def parse_object(content: bytes) -> dict[str, Any]:
    """The object that bytes are.

    Raises:
        ValueError: they are none, with the reason.
    """
    values = parse_json(content)
    if not isinstance(values, dict):
        raise ValueError("it must hold one JSON object")
    return values


def parse_json(content: bytes) -> Any:
    """What bytes say in JSON.

    Raises:
        ValueError: they are none, with the reason.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES >> 20} MB")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not valid JSON: {error.msg} at line {error.lineno}") from error
    except RecursionError as error:
        raise ValueError("its brackets are nested too deeply") from error
    except ValueError as error:  # Python limits the digits of whole numbers
        raise ValueError("it has a number of too many digits") from error
