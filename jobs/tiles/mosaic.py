"""Tiles that have come: kept on this machine's disk, read as pixels, put together as one GeoTIFF."""

from __future__ import annotations

import functools
import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any, Callable, NamedTuple

from osgeo import gdal
from qgis.core import QgsLayerMetadata, QgsSettings
from qgis.PyQt.QtCore import QRect, QStandardPaths, Qt
from qgis.PyQt.QtGui import QImage, QPainter
from qgis.PyQt.QtXml import QDomDocument

from ..errors import CancelledError, GeoDistilError
from ..gdal_files import create_geotiff, done
from ..text_files import write_bytes
from ..translation import tr
from .plan import Lattice, Window
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


RGBA = QImage.Format.Format_RGBA8888


def picture(content: bytes, width: int, height: int) -> QImage | None:
    """A tile's picture of the size that its lattice has; none where it is none, or damaged.

    Tiles for sharp screens have twice the pixels that their address says: they are made smaller.
    """
    image = QImage.fromData(content)
    if image.isNull():
        return None
    image = image.convertToFormat(RGBA)
    if (image.width(), image.height()) != (width, height):
        mode = Qt.TransformationMode.SmoothTransformation
        image = image.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    return image


def blank(width: int, height: int) -> QImage:
    """Ground without imagery."""
    image = QImage(width, height, RGBA)
    image.fill(Qt.GlobalColor.transparent)
    return image


def paste(image: QImage, onto: QImage, left: int, top: int) -> None:
    """Put a picture where it belongs; what is outside is left out."""
    inside = QRect(left, top, image.width(), image.height()).intersected(onto.rect())
    if inside.isEmpty():
        return
    painter = QPainter(onto)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(inside, image, inside.translated(-left, -top))
    painter.end()


def pixels(image: QImage) -> bytes:
    """Rows of red, green, blue, alpha."""
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return bytes(bits)


BLOCK = 256
PART = 4096
"""Columns that are in memory at once, with as many rows as a block."""

BANDS = 4
OPTIONS = (
    "TILED=YES", f"BLOCKXSIZE={BLOCK}", f"BLOCKYSIZE={BLOCK}", "COMPRESS=DEFLATE", "PREDICTOR=2", "PHOTOMETRIC=RGB",
    "ALPHA=YES", "BIGTIFF=IF_SAFER",
)  # fmt: skip


class Tiles(NamedTuple):
    """What a GeoTIFF is made of.

    Args:
        service: what it is of.
        window: its pixels.
        store: has all tiles that there are.
    """

    service: Service
    window: Window
    store: TileStore


def write(tiles: Tiles, path: Path, details: dict[str, str], cancelled: Callable[[], bool]) -> None:
    """Write the GeoTIFF, whole or not at all, and metadata beside it.

    Args:
        tiles: what it is made of.
        path: the file.
        details: what its tags say besides.
        cancelled: asked for each part.

    Raises:
        GeoDistilError: it cannot be written.
        CancelledError: it was cancelled.
        OSError: likewise.
    """
    service, window, store = tiles
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial.tif")
    try:
        dataset = create_geotiff(partial, window.columns, window.rows, BANDS, list(OPTIONS))
        if dataset is None:
            raise _unwritten(path)
        dataset.SetProjection(service.crs.toWkt())
        dataset.SetGeoTransform(window.geotransform)
        _describe(dataset, service, details)
        for left, top, image in _parts(window, store):
            if cancelled():
                raise CancelledError
            width, height = image.width(), image.height()
            spaces = {"buf_pixel_space": BANDS, "buf_line_space": width * BANDS, "buf_band_space": 1}
            write = functools.partial(dataset.WriteRaster, left, top, width, height, pixels(image), **spaces)
            if not done(write):
                raise _unwritten(path)
        if not done(dataset.FlushCache):
            raise _unwritten(path)
        dataset = None
        os.replace(partial, path)
    finally:
        dataset = None
        partial.unlink(missing_ok=True)
    _write_metadata(service, path, details)


def _parts(window: Window, tiles: TileStore) -> Iterator[tuple[int, int, Any]]:
    """Column and row in the file, and the picture: blocks of the file, each written once."""
    lattice = window.lattice
    remembered = functools.lru_cache(
        maxsize=PART // lattice.width + 3
    )(  # one row of tiles, for the next rows of blocks
        lambda key: picture(tiles.content(key), lattice.width, lattice.height)
    )
    for left in range(0, window.columns, PART):
        for top in range(0, window.rows, BLOCK):
            width, height = min(PART, window.columns - left), min(BLOCK, window.rows - top)
            image = blank(width, height)
            part = Window(lattice, window.column + left, window.row + top, width, height)
            for column, row in part.each():
                tile = remembered((column, row))
                if tile is not None:
                    paste(tile, image, column * lattice.width - part.column, row * lattice.height - part.row)
            yield left, top, image


def _describe(dataset: gdal.Dataset, service: Service, details: dict[str, str]) -> None:
    tags = {
        "TIFFTAG_IMAGEDESCRIPTION": service.name,
        "TIFFTAG_COPYRIGHT": service.attribution,
        "TIFFTAG_SOFTWARE": "GeoDistil",
        "TIFFTAG_DATETIME": datetime.now(timezone.utc).strftime("%Y:%m:%d %H:%M:%S"),
        **_facts(service, details),
    }
    for name, value in tags.items():
        if value:
            dataset.SetMetadataItem(name, value)


def _facts(service: Service, details: dict[str, str]) -> dict[str, str]:
    return {
        "SOURCE": service.shown_url,
        "LAYERS": ",".join(service.layers),
        "ATTRIBUTION": service.attribution,
        "ATTRIBUTION_URL": service.attribution_url,
        **details,
    }


def _write_metadata(service: Service, path: Path, details: dict[str, str]) -> None:
    """The layer's metadata as QGIS reads them with the file: attribution as its rights."""
    metadata, document = QgsLayerMetadata(), QDomDocument("qgis")
    metadata.setType("dataset")
    metadata.setTitle(service.name)
    metadata.setAbstract("\n".join(f"{name}: {value}" for name, value in _facts(service, details).items() if value))
    metadata.setRights([service.attribution] if service.attribution else [])
    metadata.setCrs(service.crs)
    root = document.createElement("qgis")
    document.appendChild(root)
    metadata.writeMetadataXml(root, document)
    path.with_suffix(".qmd").write_text(document.toString(), encoding="utf-8")


def _unwritten(path: Path) -> GeoDistilError:
    return GeoDistilError(
        "output",
        tr("The imagery cannot be written to {path}: {reason}.").format(
            path=path, reason=gdal.GetLastErrorMsg().strip().rstrip(".") or tr("GDAL does not say why")
        ),
        tr("Choose another file, or make room on the disk."),
    )
