"""Which rasters a job is about: files, folders, lists, patterns, and where the outputs of each go."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..data.reach import is_remote
from ..errors import RasterError

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
