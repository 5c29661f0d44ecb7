"""Tiles that have come, on this machine's disk: what is there is not asked for again."""

from __future__ import annotations

import os
import shutil
import time
from hashlib import sha256
from pathlib import Path

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QStandardPaths

from ..text_files import write_bytes
from .plan import Lattice
from .service import Service

SETTING = "geodistil/tilesFolder"
FRESH_SECONDS = 30 * 24 * 3600
"""Services have new imagery now and then."""

ABSENT_SECONDS = 24 * 3600
"""What a service did not have is asked for sooner."""

NAME_CHARACTERS = 40


def tiles_folder() -> Path:
    """Where tiles are kept: the setting `geodistil/tilesFolder`, else among the user's caches."""
    place = QgsSettings().value(SETTING, "", type=str)
    caches = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericCacheLocation)
    return Path(place) if place else Path(caches) / "geodistil" / "tiles"


class TileStore:
    """Tiles of one lattice of one service, a file each; an empty one says that there is no imagery.

    Args:
        folder: of all services.
        service: whose tiles they are.
        lattice: which they are.
    """

    def __init__(self, folder: Path, service: Service, lattice: Lattice) -> None:
        told = (
            service.kind, service.url, service.crs.authid() or service.crs.toWkt(), service.layers, service.styles,
            service.format, service.matrix_set, service.dimensions, service.secret_headers,
            lattice.west, lattice.north, lattice.resolution, lattice.width, lattice.height,
        )  # fmt: skip
        self.folder = folder / sha256(repr(told).encode()).hexdigest()[:NAME_CHARACTERS]

    def begin(self) -> None:
        """Have the folder, and note that it is used.

        Raises:
            OSError: it cannot be made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        os.utime(self.folder)

    def has(self, key: tuple[int, int]) -> bool:
        """Whether a tile is there, and not too old."""
        try:
            found = self._path(key).stat()
        except OSError:
            return False
        return time.time() - found.st_mtime < (FRESH_SECONDS if found.st_size else ABSENT_SECONDS)

    def is_absent(self, key: tuple[int, int]) -> bool:
        """Whether there is nothing of a tile, as the service says or because its file has gone."""
        try:
            return self._path(key).stat().st_size == 0
        except OSError:
            return True

    def put(self, key: tuple[int, int], content: bytes) -> None:
        """Keep a tile, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        put(self._path(key), content)

    def content(self, key: tuple[int, int]) -> bytes:
        """A tile; empty where there is no imagery."""
        try:
            return self._path(key).read_bytes()
        except OSError:
            return b""

    def _path(self, key: tuple[int, int]) -> Path:
        column, row = key
        return self.folder / str(row) / str(column)


def put(path: Path, content: bytes) -> None:
    """Write a file in one step, and its folder where there is none.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content)


def sweep(folder: Path) -> None:
    """Remove what nobody has used for so long that it would be asked for anew."""
    if not folder.is_dir():
        return
    for each in folder.iterdir():
        try:
            if time.time() - each.stat().st_mtime > FRESH_SECONDS:
                shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink()
        except OSError:  # another QGIS was quicker
            continue
