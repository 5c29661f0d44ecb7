"""Many rasters in one job: which they are, one after the other; bad ones do not end it, done ones are not repeated."""

from __future__ import annotations

import glob
import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from .. import __version__
from ..config import Card
from ..data.reach import is_remote
from ..errors import RasterError, on_disk
from ..events import EventLog, WarningEvent
from ..files import parse_json, write_text
from ..types import given
from .backends import Backend
from .checks import open_raster
from .layers import Results
from .opened import Options
from .predict import predict
from .region import Elsewhere

SUFFIXES = {".tif", ".tiff", ".vrt", ".jp2", ".img", ".ecw", ".sid", ".asc", ".bil", ".png", ".jpg", ".jpeg", ".webp"}
"""What a folder's rasters end in; others, such as GeoPackages, have to be named."""


class Item(NamedTuple):
    """One prediction of a job: a raster, or several that become one, and its outputs' folder."""

    raster: str | tuple[str, ...]
    folder: Path

    @property
    def key(self) -> str:
        """Tells it from others, and from itself once its files have changed."""
        files = [self.raster] if isinstance(self.raster, str) else self.raster
        return hashlib.sha256(json.dumps([*map(seen, files), str(self.folder)]).encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """As messages call it."""
        return self.raster if isinstance(self.raster, str) else f"The mosaic of {len(self.raster)} rasters"


def rasters_of(arguments: Iterable[str]) -> list[str]:
    """The rasters that arguments stand for, each once, in order.

    Args:
        arguments: rasters as GDAL opens them; folders, whose rasters are meant, without those of subfolders; lists
            (`list.txt` or `@list`, a raster a line, relative to the list's folder, `#` begins a remark); patterns with
            `*`, `?`, `[...]` and `**` for any folders.

    Raises:
        RasterError: a folder, list or pattern has no rasters, or a list cannot be read.
    """
    return list(dict.fromkeys(raster for argument in arguments for raster in _expanded(argument)))


def items(rasters: Sequence[str], output: Path, mosaic: bool = False) -> list[Item]:
    """Each raster with its folder: the output itself for one, a subfolder by name for several.

    Args:
        rasters: at least one.
        output: the job's folder.
        mosaic: all rasters become one.
    """
    if len(rasters) == 1:
        return [Item(rasters[0], output)]
    if mosaic:
        return [Item(tuple(rasters), output)]
    folders: dict[Path, str] = {}
    for raster in rasters:
        stem, number = Path(raster).stem, 2
        folder = output / stem
        while folder in folders:
            folder, number = output / f"{stem}_{number}", number + 1
        folders[folder] = raster
    return [Item(raster, folder) for folder, raster in folders.items()]


def seen(raster: str) -> list[Any]:
    """A raster's path and, of a file, what tells whether it was changed."""
    file = Path(raster)
    status = file.stat() if file.is_file() else None
    return [raster, *([status.st_size, status.st_mtime_ns] if status else [])]


def _expanded(argument: str) -> Iterator[str]:
    if is_remote(argument) or argument.startswith("/vsi"):
        yield argument
    elif os.path.isdir(argument):
        files = (path for path in sorted(Path(argument).iterdir()) if path.suffix.lower() in SUFFIXES)
        yield from _some(map(str, files), f"The folder {argument} has no rasters.")
    elif argument.startswith("@") or argument.lower().endswith(".txt"):
        yield from _some(_listed(Path(argument.removeprefix("@"))), f"The list {argument} names no rasters.")
    elif not os.path.exists(argument) and glob.has_magic(argument):
        found = (path for path in sorted(glob.glob(argument, recursive=True)) if os.path.isfile(path))
        yield from _some(found, f"Nothing matches {argument}.")
    else:
        yield argument


def _listed(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise RasterError(f"The list {path} cannot be read: {reason}.") from error
    for line in filter(None, (line.partition("#")[0].strip() for line in lines)):
        elsewhere = is_remote(line) or line.startswith("/vsi")
        yield from _expanded(line if elsewhere else str(path.parent / line))


def _some(rasters: Iterable[str], otherwise: str) -> Iterator[str]:
    found = list(rasters)
    if not found:
        raise RasterError(otherwise, "Name rasters, a folder of them, a pattern, or a list with one a line.")
    return iter(found)


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


@dataclass
class Outcome:
    """What has become of a job.

    Args:
        results: of each raster that was predicted.
        failed: the rasters that could not be, and why: raster, message, hint.
    """

    results: list[Results]
    failed: list[dict[str, str]]


def predict_many(
    backend: Backend, items: Sequence[Item], options: Options, events: EventLog, done: Done | None = None
) -> Outcome:
    """Predict all items of a job.

    Args:
        backend: the model.
        items: what, and where to.
        options: how.
        events: gets `progress`, and a `warning` for each raster that fails.
        done: what an interrupted start has done, and where to tell what is; none has all of them done.

    Raises:
        GeoDistilError: the only raster fails, as `predict` says, or none has a part where it was asked for; of
            several, what is not a raster's own fault.
    """
    if len(items) == 1:
        return Outcome([predict(backend, *items[0], options, events)], [])
    ends = Ends(items, events, done)
    for number, index in enumerate(ends.missing()):
        part = (number / len(items), (number + 1) / len(items))
        try:
            ends.succeeded(index, predict(backend, *items[index], replace(options, fraction=part), events))
        except RasterError as error:
            ends.failed(index, error)
    return ends.outcome()


class Ends:
    """What becomes of the items of a job.

    Args:
        items: of the job.
        events: get a warning for each raster that fails.
        done: as of `predict_many`.
    """

    def __init__(self, items: Sequence[Item], events: EventLog, done: Done | None = None) -> None:
        self._items, self._events, self._done = items, events, done
        self._results: dict[int, Results] = {}
        self._failed: dict[int, dict[str, str]] = {}
        self._elsewhere: dict[int, RasterError] = {}
        for index, item in enumerate(items) if done else ():
            if results := given(done).results(item):
                self._results[index] = results

    def missing(self) -> list[int]:
        """The items of which nothing has become yet."""
        return [index for index in range(len(self._items)) if not self.has(index)]

    def left(self, index: int, most: int) -> int:
        """How many items nothing has become of yet whose turn is not before one's; no more than so many are counted."""
        missing = (other for other in range(index, len(self._items)) if not self.has(other))
        return sum(1 for _ in itertools.islice(missing, most))

    def has(self, index: int) -> bool:
        """Whether something has become of an item."""
        return any(index in each for each in (self._results, self._failed, self._elsewhere))

    def succeeded(self, index: int, results: Results) -> None:
        """An item has its files."""
        self._results[index] = results
        if self._done:
            self._done.add(self._items[index], results)

    def failed(self, index: int, error: RasterError) -> None:
        """An item cannot be predicted, or has no part where it was asked for."""
        if isinstance(error, Elsewhere):
            self._elsewhere[index] = error
        else:
            self._failed[index] = _failure(self._items[index].name, error, self._events)

    def outcome(self) -> Outcome:
        """What has become of all.

        Raises:
            RasterError: none has files.
        """
        if not self._results:
            errors = [RasterError(one["message"], one["hint"]) for one in self._failed.values()]
            first = (errors or list(self._elsewhere.values()))[0]
            if len(self._items) == 1:
                raise first
            none = f"None of the {len(self._items)} rasters could be predicted. "
            raise RasterError(none + first.message, first.hint)
        if count := len(self._elsewhere):
            told = f"{count} raster{'s have' if count > 1 else ' has'}"
            self._events.write(WarningEvent(f"{told} no part in the area or extent, and no outputs."))
        if self._done and not self._failed:
            self._done.remove()
        results, failed = dict(sorted(self._results.items())), dict(sorted(self._failed.items()))
        return Outcome(list(results.values()), list(failed.values()))


def readable(rasters: Sequence[str], card: Card, failed: list[dict[str, str]], events: EventLog) -> list[str]:
    """The rasters that a model can read; the others are named in a warning and added to `failed`.

    Raises:
        RasterError: it can read none.
    """
    good = []
    for raster in rasters:
        try:
            open_raster(raster, card)
            good.append(raster)
        except RasterError as error:
            failed.append(_failure(raster, error, events))
    if not good:
        raise RasterError(failed[0]["message"], failed[0]["hint"])
    return good


def _failure(name: str, error: RasterError, events: EventLog) -> dict[str, str]:
    events.write(WarningEvent(f"{name} is left out: {error.message}"))
    return {"raster": name, "message": error.message, "hint": error.hint}
