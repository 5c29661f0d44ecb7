"""A run folder and the files that it needs as one zip, for training on another machine, and back."""

from __future__ import annotations

import copy
import json
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Callable

from osgeo import gdal

from ..errors import CancelledError, GeoDistilError
from ..folders import BROKEN, MOST_READ, free_place, look_over, scratch
from ..run_folder import RUN_FILE
from ..text_files import read_object, write_text
from ..translation import local, tr
from .files import PACKED, files_in, is_run

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


Progress = Callable[[float], bool]
"""Told how much is done, 0 to 1; returns whether to go on."""

COPY_BYTES = 1 << 20
TEXT = (".json", ".jsonl", ".txt", ".html", ".gpkg")
"""Endings worth compressing; weights and imagery hardly shrink."""


def export_run(run: Path, file: Path, imagery: dict[str, list[Path]], progress: Progress) -> Path:
    """Write a run's own files into a zip, under one folder of its name.

    Args:
        run: the run folder.
        file: the zip to write; replaced only by a whole one.
        imagery: files outside the folder to take along, as `archive.outside_files` returns them; may be empty.
        progress: told how far it is.

    Raises:
        GeoDistilError: it is no run, or something cannot be read or written.
        CancelledError: `progress` said so.
    """
    if not is_run(run):
        raise GeoDistilError("output", tr("{run} is no run folder.").format(run=run), tr("Choose another."))
    settings, places = packed(read_object(run / RUN_FILE), imagery)
    members = [(path, path.relative_to(run).as_posix()) for path in _own_files(run)] + list(places.items())
    partial = file.with_name(f"{file.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w") as archive:
            archive.writestr(f"{run.name}/{RUN_FILE}", json.dumps(settings, indent=2, ensure_ascii=False))
            _pack(archive, run.name, members, progress)
        os.replace(partial, file)
    except OSError as error:
        raise GeoDistilError(
            "output",
            tr("{path} cannot be packed: {reason}.").format(path=error.filename or file, reason=error.strerror),
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return file


def import_run(file: Path, parent: Path, progress: Progress) -> Path:
    """Unpack a run into a new folder inside `parent`.

    Args:
        file: a zip of a run folder, or of what is in one.
        parent: where the new folder goes; an existing run of the same name is not touched.
        progress: told how far it is.

    Returns:
        The run folder.

    Raises:
        GeoDistilError: it is no run, leads out of its folder, does not fit on the disk, or cannot be written.
        CancelledError: `progress` said so.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(file) as archive, scratch(parent, ".import_") as beside:
            members = _members(archive, file)
            _check_settings(archive, members, file)
            _check_space(members, parent)
            unpacked = beside / "run"
            _unpack(archive, members, unpacked, progress)
            _withdraw_permission(unpacked / RUN_FILE)
            run = free_place(parent, _top(archive) or file.stem, form="{stem}-{number}")
            os.replace(unpacked, run)
    except BROKEN as error:
        raise GeoDistilError(
            "package", tr("{file} is not a zip, or is damaged.").format(file=file), tr("Export the run again.")
        ) from error
    except OSError as error:
        raise GeoDistilError(
            "output",
            tr("{path} cannot be unpacked: {reason}.").format(path=error.filename or parent, reason=error.strerror),
        ) from error
    return run


def _own_files(run: Path) -> Iterator[Path]:
    """All but `run.json`, which is written anew."""
    for name in PACKED[1:]:
        yield from files_in(run / name)


def _pack(archive: zipfile.ZipFile, top: str, members: list[tuple[Path, str]], progress: Progress) -> None:
    total, done = sum(path.stat().st_size for path, _ in members) or 1, 0
    for path, name in members:
        info = zipfile.ZipInfo.from_file(path, f"{top}/{name}", strict_timestamps=False)
        info.compress_type = zipfile.ZIP_DEFLATED if path.suffix in TEXT else zipfile.ZIP_STORED
        with path.open("rb") as source, archive.open(info, "w") as target:
            done = _copy(source, target, done, total, progress)


def _members(archive: zipfile.ZipFile, file: Path) -> dict[str, zipfile.ZipInfo]:
    """The run's own files in an archive, by their path in the run folder."""
    top, members = _top(archive), {}
    if top is None:
        raise GeoDistilError(
            "package",
            tr("There is no {run_file} in {file}.").format(run_file=RUN_FILE, file=file),
            tr("Choose a zip of a run folder."),
        )
    for info in look_over(archive, file):
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in info.filename or stat.S_ISLNK(info.external_attr >> 16):
            raise GeoDistilError(
                "package",
                tr("{file} has the unsafe entry {path}.").format(file=file, path=info.filename),
                tr("It was not unpacked."),
            )
        parts = path.parts[1:] if top else path.parts
        if parts and parts[0] in PACKED and not info.is_dir() and (not top or path.parts[0] == top):
            members["/".join(parts)] = info
    return members


def _check_settings(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], file: Path) -> None:
    """Read `run.json` before anything is unpacked."""
    with archive.open(members[RUN_FILE]) as source:
        content = source.read(MOST_READ + 1)
    try:
        sound = len(content) <= MOST_READ and isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        sound = False
    if not sound:
        raise GeoDistilError(
            "package",
            tr("The {run_file} in {file} is damaged.").format(run_file=RUN_FILE, file=file),
            tr("Export the run again."),
        )


def _withdraw_permission(run_file: Path) -> None:
    """What files of a stranger's run may reach besides what lies beside them, is not the stranger's to say."""
    run = read_object(run_file)
    if run.pop("allow_remote", False):
        write_text(run_file, json.dumps(run, indent=2, ensure_ascii=False) + "\n")


def _top(archive: zipfile.ZipFile) -> str | None:
    """The folder that holds `run.json`: empty where it lies at the top, none where there is none."""
    paths = [PurePosixPath(name) for name in archive.namelist()]
    found = [path for path in paths if path.name == RUN_FILE and len(path.parts) <= 2]
    return min(("" if len(path.parts) == 1 else path.parts[0] for path in found), default=None)


def _check_space(members: dict[str, zipfile.ZipInfo], parent: Path) -> None:
    needed, free = sum(info.file_size for info in members.values()), shutil.disk_usage(parent).free
    if needed > free:
        raise GeoDistilError(
            "output",
            tr("The run needs {needed} GB and {parent} has {free} GB left.").format(
                needed=local(needed / 1e9, 1), parent=parent, free=local(free / 1e9, 1)
            ),
            tr("Choose another folder."),
        )


def _unpack(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], folder: Path, progress: Progress) -> None:
    total, done = sum(info.file_size for info in members.values()) or 1, 0
    for name, info in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, path.open("wb") as target:
            done = _copy(source, target, done, total, progress)


def _copy(source: Any, target: BinaryIO | Any, done: int, total: int, progress: Progress) -> int:
    while block := source.read(COPY_BYTES):
        target.write(block)
        done += len(block)
        if not progress(min(1.0, done / total)):
            raise CancelledError
    return done
