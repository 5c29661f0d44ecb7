"""What of a prediction is finished, kept on disk row of windows by row, so that it can go on after any end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..data.identity import difference
from ..files import json_or_none, synchronise, write_text
from .sinks import writing

JOB_FILE, SUMS_FILE = "job.json", "checksums.json"


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
        return not changed(json_or_none(self.folder / JOB_FILE), job)

    def prepare(self, job: dict[str, Any]) -> str:
        """Make the folder, and remove what another job has left in it.

        Args:
            job: all that decides about the outputs.

        Returns:
            a sentence on why finished rows were removed, where there were some.

        Raises:
            OutputError: the folder cannot be written.
        """
        shutil.rmtree(self._removed, ignore_errors=True)
        if self.is_of(job):
            return ""
        with writing(self.folder):
            why = changed(json_or_none(self.folder / JOB_FILE), job)
            lost = self.folder.exists() and len(self.finished())
            self.remove()
            self.folder.mkdir(parents=True)
            write_text(self.folder / JOB_FILE, json.dumps(job))
            synchronise(self.folder / JOB_FILE)
            synchronise(self.folder)
        return f"The interrupted prediction in {self.folder.parent} begins anew, for {why}." if lost else ""

    def drop_damaged(self, stop: Callable[[], bool] = lambda: False) -> str:
        """Remove finished rows whose files are not as they were written; they are run again.

        Args:
            stop: asked before each row whether to leave it at that.

        Returns:
            a sentence, where there were some.
        """
        damaged = [i for i in self.finished() if not (stop() or _is_whole(self.row(i)))]
        for i in damaged:
            shutil.rmtree(self.row(i), ignore_errors=True)
        if not damaged:
            return ""
        rows = "A finished row" if len(damaged) == 1 else f"{len(damaged)} finished rows"
        return f"{rows} of the interrupted prediction in {self.folder.parent} had to be run again: files were damaged."

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
            sums = json.dumps({path.name: _sum(path) for path in partial.iterdir()})
            (partial / SUMS_FILE).write_text(sums, encoding="utf-8")
            for path in (*partial.iterdir(), partial):
                synchronise(path)
            try:
                partial.rename(self.row(i))
            except OSError:
                if not self.row(i).is_dir():
                    raise
                shutil.rmtree(partial)  # another process was given up too early, and finished the same
            synchronise(self.folder)

    def remove(self) -> None:
        """Remove it all, the outputs being in place; it goes at once, as half of it would be believed after a kill."""
        with contextlib.suppress(OSError):  # not there, or held open by another process on Windows
            shutil.rmtree(self._removed, ignore_errors=True)
            self.folder.rename(self._removed)
        shutil.rmtree(self._removed, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _removed(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.removed{self.writer}")

    def _partial(self, i: int) -> Path:
        return self.folder / f"{i:06d}.partial{self.writer}"


def changed(before: Any, job: dict[str, Any]) -> str:
    """What decides about outputs and is not as it was, in words; empty where all is."""
    if before == job:
        return ""
    if not isinstance(before, dict):
        return "its journal cannot be read"
    others = [key for key in {**before, **job} if before.get(key) != job.get(key)]
    if "raster" in others:
        if how := _changed_rasters(before.get("raster"), job.get("raster")):
            return how
        others.remove("raster")
    if {"model", "card"} & set(others):
        return "the model is another"
    return f"it was asked for otherwise ({', '.join(others)})" if others else ""


def _changed_rasters(before: Any, now: Any) -> str:
    """How rasters differ: a later time alone does not count."""
    known, here = ([each for each in listed if isinstance(each, dict)] if listed else [] for listed in (before, now))
    if not known or [each["path"] for each in known] != [each["path"] for each in here]:
        return "it was of other rasters"
    found = [(mine["path"], difference(theirs, mine)) for theirs, mine in zip(known, here, strict=True)]
    return next((f"the raster {path} has changed ({how})" for path, how in found if how), "")


def _is_whole(row: Path) -> bool:
    sums = json_or_none(row / SUMS_FILE)
    try:
        return isinstance(sums, dict) and bool(sums) and all(_sum(row / name) == told for name, told in sums.items())
    except OSError:
        return False


def _sum(path: Path) -> int:
    """A checksum of a file."""
    found = 0
    with path.open("rb") as file:
        while part := file.read(2**20):
            found = zlib.crc32(part, found)
    return found
