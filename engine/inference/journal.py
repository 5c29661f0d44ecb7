"""What of a prediction is finished, kept on disk row of windows by row, so that it can go on after any end."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from ..text_files import json_or_none, write_text
from .sinks import writing

JOB_FILE = "job.json"


class Journal:
    """A folder with one subfolder for each finished row of windows; one appears whole or not at all.

    Args:
        folder: its place, beside the outputs.
        writer: tells this process's unfinished files from those of others that fill the same journal.
    """

    def __init__(self, folder: Path, writer: str = "") -> None:
        self.folder, self.writer = folder, writer

    def is_of(self, job: dict[str, Any]) -> bool:
        """Whether its rows are those of a job."""
        return json_or_none(self.folder / JOB_FILE) == job

    def prepare(self, job: dict[str, Any]) -> None:
        """Make the folder, and remove what another job has left in it.

        Args:
            job: all that decides about the outputs.

        Raises:
            OutputError: the folder cannot be written.
        """
        with writing(self.folder):
            if not self.is_of(job):
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder.mkdir(parents=True)
                write_text(self.folder / JOB_FILE, json.dumps(job))
                _synchronise(self.folder / JOB_FILE)

    def finished(self) -> set[int]:
        """The rows that are finished."""
        with writing(self.folder):
            return {int(name) for name in os.listdir(self.folder) if name.isdecimal()}

    def row(self, i: int) -> Path:
        """The folder of a finished row."""
        return self.folder / f"{i:06d}"

    def begin(self, i: int) -> Path:
        """An empty folder for a row's files."""
        partial = self._partial(i)
        with writing(partial):
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
        return partial

    def commit(self, i: int) -> None:
        """Make a row finished: from here on it survives also the loss of power.

        Raises:
            OutputError: the disk is full, or the folder vanished.
        """
        partial = self._partial(i)
        with writing(partial):
            for path in (*partial.iterdir(), partial):
                _synchronise(path)
            try:
                partial.rename(self.row(i))
            except OSError:
                if not self.row(i).is_dir():
                    raise
                shutil.rmtree(partial)  # another process was given up too early, and finished the same
            _synchronise(self.folder)

    def remove(self) -> None:
        """Remove it all, the outputs being in place."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _partial(self, i: int) -> Path:
        return self.folder / f"{i:06d}.partial{self.writer}"


def _synchronise(path: Path) -> None:
    """Have a file's or a folder's content on the disk itself; Windows knows it for files only."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
