"""A report that is passed on with a model: files are called by their names, without the folders that they lie in."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..config import Run
from .markup import text


def for_others(page: str, run: Run, folder: Path) -> str:
    """A run's report without folders and name of the machine that made it.

    Args:
        page: the report, HTML.
        run: its settings, with the paths of its files.
        folder: the run's.
    """
    paths = [folder, *(Path(each) for each in _strings(run.model_dump(mode="json")))]
    folders = {str(path.parent) for path in paths if path.is_absolute() and path.parent != path.parent.parent}
    for place in sorted(folders, key=len, reverse=True):
        for separator in ("/", "\\"):
            for written in (f"{place}{separator}", json.dumps(f"{place}{separator}")[1:-1]):
                page = page.replace(text(written), "")
    return page.replace(f" · {text(socket.gethostname())}</p>", "</p>")


def _strings(value: Any) -> Iterator[str]:
    """All texts in settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)
