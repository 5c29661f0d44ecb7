"""A model of a zoo becomes one here: every file of it, whole and as the catalogue says, or none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Callable

from qgis.core import QgsApplication

from ..errors import GeoDistilError
from ..folders import free_place, scratch
from ..installer.download import sha256_of
from ..models.shelf import look
from ..stored import store, stored_by_path
from ..translation import local, tr
from .catalogue import MOST_BYTES, MOST_PREVIEW, Entry, File, content, fetch

GOTTEN = "geodistil/gotten"
"""By its place in a zoo, where a model is here."""
SPARE_BYTES = 64 << 20


def packages_folder() -> Path:
    """Where models of zoos are kept: in the person's QGIS profile."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "geodistil" / "packages"


def place_of(entry: Entry) -> Path | None:
    """Where a model of a zoo is here; none where it is not."""
    text = stored_by_path(GOTTEN).get(entry.key)
    return Path(text) if isinstance(text, str) and Path(text).exists() else None


def remember_place(entry: Entry, path: Path) -> None:
    """Know from now on where a model of a zoo is here."""
    store(GOTTEN, {**stored_by_path(GOTTEN), entry.key: str(path)})


def get(entry: Entry, folder: Path, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> Path:
    """Get a model's files. For workers.

    Args:
        entry: a sound one.
        folder: gets the package, a folder or a zip of the entry's name.
        progress: told the share that has come, from 0 to 1.
        cancelled: asked ten times a second.

    Returns:
        The package.

    Raises:
        GeoDistilError: a file is not as the catalogue says, the disk has no room, or it is no sound package.
        CancelledError: it was cancelled.
        OSError: the disk failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = sum(each.size or 0 for each in entry.files)

    def telling(before: int) -> Callable[[int], None]:
        return lambda done: progress(_share(before + done, whole))

    _check_room(folder, whole)
    with scratch(folder, ".getting-") as temporary:
        inside = temporary / entry.name
        inside.mkdir()
        before = 0
        for file in entry.files:
            _get(file, inside / file.name, telling(before), cancelled)
            before += file.size or 0
        one = len(entry.files) == 1  # a zip
        package = inside / entry.files[0].name if one else inside
        sound = look(package, "")
        if sound.problem:
            raise GeoDistilError("package", sound.problem, tr("It was not kept."))
        place = _free(folder, f"{entry.name}{package.suffix}" if one else entry.name)
        package.replace(place)
    return place


def picture_of(entry: Entry, cancelled: Callable[[], bool]) -> bytes:
    """A model's preview. For workers; raises as `catalogue.content`."""
    return content(entry.preview, MOST_PREVIEW, cancelled)


def _get(file: File, target: Path, progress: Callable[[int], None], cancelled: Callable[[], bool]) -> None:
    fetch(file.address, target, MOST_BYTES if file.size is None else file.size, progress, cancelled)
    size = target.stat().st_size
    if file.size is not None and size != file.size:
        raise _differs(file, tr("{size} bytes instead of {expected}").format(size=size, expected=file.size))
    if file.sha256 and sha256_of(target) != file.sha256:
        raise _differs(file, tr("its checksum is another"))


def _differs(file: File, how: str) -> GeoDistilError:
    return GeoDistilError(
        "hash",
        tr("{file} is not as its catalogue says: {how}.").format(file=file.address, how=how),
        tr("Try again; if it stays so, tell whoever keeps the zoo."),
    )


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + SPARE_BYTES > free:
        raise GeoDistilError(
            "output",
            tr("The model needs {needed} MB, and {folder} has {free} MB left.").format(
                needed=local(needed / 1e6, 1), folder=folder, free=local(free / 1e6, 1)
            ),
            tr("Make room there."),
        )


def _free(folder: Path, name: str) -> Path:
    """A place that nothing has yet."""
    stem, suffix = (name[: -len(".zip")], ".zip") if name.endswith(".zip") else (name, "")
    return free_place(folder, stem, suffix, "{stem} ({number}){suffix}")


def _share(done: int, whole: int) -> float:
    return min(1.0, done / whole) if whole else 0.0
