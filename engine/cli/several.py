"""One command over the maps of an archive: here one after the other, or as tasks of a cluster's workers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..events import EventLog, NoteEvent, PartOfLog, WarningEvent
from .maps import Errand, Failure, Item, One, attempted

MAP = "classes.tif"
"""As `predict` calls class maps."""


def vectorised(options: argparse.Namespace, arguments: Sequence[Path], one: One, kind: str) -> dict[str, Any]:
    """What a command makes of a class map, or of each of several, whose files go into a folder.

    Args:
        options: the command's.
        arguments: class maps, and folders that `predict` has filled.
        one: makes a map's file; gives its path, as the kind, and a `count`.
        kind: of the features.
    """
    from .job import carry_out, permit_named

    maps = maps_of(arguments, MAP)
    permit_named(options, map(str, maps))
    if len(maps) == 1:
        return carry_out(options.events, lambda events: one(options, Item(maps[0], options.output), events))
    items = items_of(maps, MAP, options.output, ".gpkg")
    return carry_out(options.events or options.output, lambda events: _all(options, items, one, kind, events))


def _all(options: argparse.Namespace, items: list[Item], one: One, kind: str, events: EventLog) -> dict[str, Any]:
    found = each_of(Errand(one, options, items, options.output, kind), events)
    failed = [each.as_dict() for each in found if isinstance(each, Failure)]
    done = [each for each in found if not isinstance(each, Failure)]
    return {"outputs": done, "count": sum(each["count"] for each in done), **({"failed": failed} if failed else {})}


def text(result: dict[str, Any], kind: str) -> str:
    """What was `vectorised`, for people."""
    lines = [f"{each['count']} {kind}: {each[kind]}" for each in result.get("outputs", [result])]
    return "\n".join([*lines, *(f"failed: {one['raster']}: {one['message']}" for one in result.get("failed", []))])


def maps_of(arguments: Sequence[Path], name: str) -> list[Path]:
    """The maps that arguments stand for, each once: files, and of folders what `predict` has left in them.

    Args:
        arguments: files, and folders of predictions, in which subfolders count.
        name: of the file that is meant in a folder.

    Raises:
        RasterError: a folder has none.
    """
    from ..errors import RasterError

    found: list[Path] = []
    for argument in arguments:
        inside = sorted(argument.rglob(name)) if argument.is_dir() else [argument]
        if not inside:
            raise RasterError(f"There is no {name} in {argument} or its folders.", "Choose what predict has written.")
        found += inside
    return list(dict.fromkeys(found))


def items_of(maps: Sequence[Path], name: str, folder: Path | None, suffix: str) -> list[Item]:
    """Each map with a file of its own in a folder, all called differently: as the map, or as the folder that it is in.

    Args:
        maps: their paths.
        name: as of `maps_of`; maps of this name are called as their folder.
        folder: of the files; none makes none.
        suffix: of the files.
    """
    if folder is None:
        return [Item(path) for path in maps]
    files: list[Path] = []
    for path in maps:
        title, number = path.parent.name if path.name == name else path.stem, 2
        file = folder / f"{title}{suffix}"
        while file in files:
            file, number = folder / f"{title}_{number}{suffix}", number + 1
        files.append(file)
    return [Item(path, file) for path, file in zip(maps, files, strict=True)]


def each_of(errand: Errand, events: EventLog) -> list[Any]:
    """What is found of each map, or its `Failure`; by the workers that the options ask for, or here.

    Args:
        errand: what is done with which maps.
        events: get `progress`, and a `warning` for each map that fails; their stop ends it.

    Raises:
        ClusterError: there is no scheduler, or a worker cannot do its part.
        OutputError: the folder cannot be made.
        GeoDistilError: what is not a map's own fault.
    """
    from ..errors import on_disk

    if errand.output is not None:
        with on_disk(f"The folder {errand.output}", errand.output):
            errand.output.mkdir(parents=True, exist_ok=True)
    if errand.options.workers or errand.options.scheduler:
        from .cluster import each_in_cluster as of_all
    else:
        of_all = _each_here
    found = of_all(errand, events)
    for each in found:
        if isinstance(each, Failure):
            sentence = f"{each.map} is left out: {each.message}"
            events.write(NoteEvent(sentence) if each.elsewhere else WarningEvent(sentence))
    return found


def _each_here(errand: Errand, events: EventLog) -> list[Any]:
    from ..inference.vectors.class_map import watched

    items = errand.items
    parts = [PartOfLog(events, index / len(items), (index + 1) / len(items)) for index in range(len(items))]
    steps = watched(zip(items, parts, strict=True), len(items), errand.stage, events)
    return [attempted(errand.one, errand.options, item, part) for item, part in steps]
