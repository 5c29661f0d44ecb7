"""A growing file there, kept the same here, byte by byte."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

TAIL_BYTES = 64
"""Compared with what is there before anything is added, so that another file is not taken for this one's end."""


class Mirror:
    """One file of a run folder.

    Args:
        path: the file here; it may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self) -> dict[str, Any]:
        """What is here already, as the script `there` wants to know it."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - TAIL_BYTES))
                tail = file.read()
        except FileNotFoundError:
            size, tail = 0, b""
        return {"name": self._path.name, "offset": size, "tail": tail.hex()}

    def take(self, news: bytes, restarted: bool) -> None:
        """Add what is new.

        Args:
            news: the bytes.
            restarted: whether they are the file's beginning, and what is here is another's.
        """
        if news or restarted:
            with self._path.open("wb" if restarted else "ab") as file:
                file.write(news)
