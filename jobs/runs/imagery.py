"""The files outside a run folder that a run needs, and how they travel inside it."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from osgeo import gdal

from ..errors import GeoDistilError
from ..translation import tr

FOLDER = "rasters"


def outside_files(run: Path, settings: dict[str, Any]) -> dict[str, list[Path]]:
    """Every path of `run.json` that leads out of the run folder, with all files that belong to it.

    Addresses on the net are left out: they lead to the same place everywhere.

    Args:
        run: the run folder.
        settings: its `run.json`.

    Raises:
        GeoDistilError: a file is missing.
    """
    found = {}
    for section, key in source_paths(settings):
        text = section[key]
        if not is_address(text) and not _is_inside(run / text, run):
            found[text] = with_companions(run / text)
    return found


def packed(settings: dict[str, Any], files: dict[str, list[Path]]) -> tuple[dict[str, Any], dict[Path, str]]:
    """The run's settings with these files inside the run folder, and where each file goes.

    Args:
        settings: `run.json`.
        files: as `outside_files` returns them.

    Raises:
        GeoDistilError: a virtual raster names its sources by absolute paths, which would lead nowhere elsewhere.
    """
    settings, names = copy.deepcopy(settings), {}
    places: dict[Path, str] = {}
    for number, (text, companions) in enumerate(files.items()):
        _refuse_absolute_sources(companions)
        base = Path(os.path.commonpath([path.parent for path in companions]))
        for path in companions:
            places.setdefault(path, f"{FOLDER}/{number}/{path.relative_to(base).as_posix()}")
        names[text] = places[companions[0]]
    for section, key in source_paths(settings):
        section[key] = names.get(section[key], section[key])
    return settings, places


def source_paths(settings: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where the sources of `run.json` have paths: (section, key)."""
    for source in settings.get("sources") or []:
        for section, key in ((source, "raster"), (source.get("labels"), "path"), (source.get("area"), "path")):
            if section and section.get(key):
                yield section, key


def is_address(text: str) -> bool:
    """Whether a path of `run.json` leads to the same place from everywhere."""
    return "://" in text or text.startswith("/vsi")


def _is_inside(path: Path, folder: Path) -> bool:
    return folder.resolve() in path.resolve().parents


def with_companions(path: Path) -> list[Path]:
    """The file, first, and world files, overviews, a virtual raster's sources, a shapefile's parts."""
    try:
        dataset = gdal.OpenEx(str(path))
    except RuntimeError:  # where GDAL's exceptions are turned on
        dataset = None
    if dataset is None:
        raise GeoDistilError(
            "raster",
            tr("{path} is missing or cannot be read.").format(path=path),
            tr("Put it back, or leave imagery out."),
        )
    others = [Path(text) for text in dataset.GetFileList() or [] if Path(text).is_file()]
    return [path, *(other for other in others if other.resolve() != path.resolve())]


def _refuse_absolute_sources(companions: list[Path]) -> None:
    first, *others = companions
    if first.suffix.lower() != ".vrt":
        return
    text = first.read_text(encoding="utf-8", errors="replace")
    for other in others:
        if f">{other}<" in text and other.is_absolute():
            raise GeoDistilError(
                "raster",
                tr("{first} names {other} by its absolute path, which leads nowhere on another machine.").format(
                    first=first, other=other.name
                ),
                tr("Build the virtual raster again with relative paths, or leave imagery out."),
            )
