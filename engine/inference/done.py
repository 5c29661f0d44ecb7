"""What of a job of many rasters is done, so that the same job, given again, does only the others."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import on_disk
from ..text_files import parse_json, write_text
from .archive import Item
from .layers import Results

DONE_FILE = "prediction.done"
"""In the outputs' folder: a line for the job and one for each raster; it goes when all are done."""


class Done:
    """The file; nothing is remembered of a job of one raster, whose journal remembers enough.

    Args:
        folder: of the outputs.
        job: all that decides about the outputs but the rasters themselves, as JSON.
        count: how many predictions the job has.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, folder: Path, job: dict[str, Any], count: int) -> None:
        self.path = folder / DONE_FILE if count > 1 else None
        self._results: dict[str, Results] = {}
        if self.path is None:
            return
        told = json.dumps([__version__, job], sort_keys=True, default=str)
        first = {"job": hashlib.sha256(told.encode()).hexdigest()}
        lines = _lines(self.path)
        lines = lines if lines and lines[0] == first else [first]
        with on_disk(f"The list {self.path}", self.path):
            folder.mkdir(parents=True, exist_ok=True)
            write_text(self.path, "".join(json.dumps(line) + "\n" for line in lines))
        self._results = {line["key"]: Results.from_dict(line["results"]) for line in lines[1:] if "key" in line}

    def results(self, item: Item) -> Results | None:
        """What was made of a raster that has not changed since; none where it is not all there."""
        results = self._results.get(item.key)
        paths = results.files.values() if results else ()
        return results if paths and all(map(os.path.exists, paths)) else None

    def add(self, item: Item, results: Results) -> None:
        """Remember a raster.

        Raises:
            OutputError: the file cannot be written.
        """
        if self.path is not None:
            with on_disk(f"The list {self.path}", self.path), self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": item.key, "results": results.as_dict()}) + "\n")

    def remove(self) -> None:
        """Nothing is left to do."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines; a kill may have left half of one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in text.splitlines():
        try:
            value = parse_json(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found
