"""What a run needs on a server, where each file goes there, and a `run.json` that finds it."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any, Callable

from ..errors import GeoDistilError
from ..events import EVENTS_FILE
from ..process import LOG_FILE
from ..run_folder import RUN_FILE
from ..runs.archive import is_address, source_paths, with_companions
from ..runs.files import CHECKPOINTS, LOCAL, MODEL_FOLDER, PREDICTIONS, REPORT_FILE, TRAINED, files_in
from ..text_files import read_object
from ..translation import tr

IMAGERY = "imagery"
"""Folder of a server's folder that all runs share, so that a raster is copied once."""
RUNS = "runs"
HERE = (RUN_FILE, PREDICTIONS, *LOCAL)
"""What of a run folder stays here, or is written anew."""
PROGRESS = (EVENTS_FILE, LOG_FILE, CHECKPOINTS, *TRAINED)
"""What the training writes: copied to a new folder only, for afterwards the server's are the newer ones."""

VIRTUAL = ".vrt"
SOURCES = re.compile(r"<SourceFilename([^>]*)>([^<]*)</SourceFilename>")
RELATIVE = re.compile(r'\s*relativeToVRT="(\d)"')


Belonging = Callable[[Path], "list[Path]"]
"""A file to all that must go with it, itself first."""


@dataclass(frozen=True)
class Item:
    """A file to copy.

    Args:
        path: the file here.
        place: where it goes, below the server's folder.
        content: what is written instead of the file's own content; none copies that.
    """

    path: Path
    place: str
    content: bytes | None = None

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size if self.content is None else len(self.content)

    @property
    def modified(self) -> int:
        """In seconds since 1970."""
        return int(self.path.stat().st_mtime)

    def partial(self) -> str:
        """Where it goes until all of it has come; the name says of which file it is a part, so that it may go on."""
        return f"{self.place}.{self.size}-{self.modified}.partial"


def cargo(run: Path, name: str, new: bool) -> list[Item]:
    """All that a run needs there, its `run.json` last.

    Args:
        run: the run folder here.
        name: the run folder's name there.
        new: whether there is nothing yet.

    Raises:
        GeoDistilError: a file is missing.
        OSError: one cannot be read.
    """
    run = Path(os.path.abspath(run))
    settings = copy.deepcopy(read_object(run / RUN_FILE))
    home = f"{RUNS}/{name}"
    places: dict[Path, str] = {}
    for path in _own_files(run, new):
        places[path] = f"{home}/{path.relative_to(run).as_posix()}"
    for section, key, belonging in _paths(settings):
        section[key] = _changed(section[key], partial(_sent, run, home, places, belonging))
    if isinstance(settings.get("allow_remote"), list):
        addresses = [each for each in settings["allow_remote"] if is_address(each)]
        settings["allow_remote"] = [*addresses, posixpath.relpath(IMAGERY, home)]
    items = [_item(path, place, places) for path, place in list(places.items())]
    content = json.dumps(settings, indent=2, ensure_ascii=False).encode()
    return [*items, Item(run / RUN_FILE, f"{home}/{RUN_FILE}", content)]


def _own_files(run: Path, new: bool) -> Iterator[Path]:
    left_out = {*HERE, MODEL_FOLDER, REPORT_FILE, *(() if new else PROGRESS)}
    for child in sorted(run.iterdir()):
        if child.name not in left_out and not child.name.startswith("."):
            yield from files_in(child)


def _paths(settings: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, Belonging]]:
    """Where `run.json` has paths, as `engine.config.files` knows them: section, key, what belongs to such a file."""
    for section, key in source_paths(settings):
        yield section, key, with_companions
    recipe = settings.get("recipe") or {}
    for key in ("package", "start_from", "feature_teacher", "teachers_from"):
        if recipe.get(key) and recipe[key] not in ("none", "hub"):
            yield recipe, key, _alone


def _changed(named: Any, change: Callable[[str], str]) -> Any:
    """A path, and every one of a list or of a dictionary's values, changed."""
    if isinstance(named, dict):
        return {key: _changed(value, change) for key, value in named.items()}
    return [_changed(each, change) for each in named] if isinstance(named, list) else change(named)


def _alone(path: Path) -> list[Path]:
    return [path]


def _sent(run: Path, home: str, places: dict[Path, str], belonging: Belonging, text: str) -> str:
    """What a path of `run.json` is there, relative to the run folder; its files are added to those to copy."""
    if is_address(text):
        return text
    path = Path(os.path.abspath(run / text))
    if run in path.parents:
        if path.suffix.lower() == VIRTUAL:
            _add(belonging(path), places)
        return path.relative_to(run).as_posix()
    if path.is_dir():
        _add(files_in(path), places, path)
        return posixpath.relpath(_shared(path), home)
    _add(belonging(path), places, path.parent)
    return posixpath.relpath(places[path], home)


def _add(paths: Iterable[Path], places: dict[Path, str], folder: Path | None = None) -> None:
    """Give each file a place: below that of a folder where it lies in it, else in that of its own."""
    for path in map(Path, map(os.path.abspath, paths)):
        base = folder if folder is not None and folder in path.parents else path.parent
        places.setdefault(path, f"{_shared(base)}/{path.relative_to(base).as_posix()}")


def _shared(folder: Path) -> str:
    """A folder's place among the imagery that runs share: its name, and a hash of its path."""
    letters = re.sub(r"[^A-Za-z0-9_-]+", "_", folder.name)[:40]
    return f"{IMAGERY}/{letters}-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


def _item(path: Path, place: str, places: dict[Path, str]) -> Item:
    if path.suffix.lower() != VIRTUAL:
        return Item(path, place)
    return Item(path, place, _fitted(path, place, places))


def _fitted(path: Path, place: str, places: dict[Path, str]) -> bytes:
    """A virtual raster that finds its sources where they go."""

    def there(found: re.Match[str]) -> str:
        marks, text = found[1], unescape(found[2])
        relative = RELATIVE.search(marks)
        source = path.parent / text if relative and relative[1] == "1" else Path(text)
        if is_address(text):
            return found[0]
        name = Path(os.path.abspath(source))
        if name not in places:
            raise GeoDistilError(
                "raster",
                tr("{first} names {other}, which cannot be copied.").format(first=path, other=text),
                tr("Put it back, or build the virtual raster again."),
            )
        marks = RELATIVE.sub("", marks) + ' relativeToVRT="1"'
        text = posixpath.relpath(places[name], posixpath.dirname(place))
        return f"<SourceFilename{marks}>{escape(text, quote=False)}</SourceFilename>"

    return SOURCES.sub(there, path.read_text(encoding="utf-8", errors="surrogateescape")).encode(
        "utf-8", "surrogateescape"
    )
