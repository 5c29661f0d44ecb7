"""What tells a file's content from another's: size and time, and where those moved a hash of what was in it.

Copied and moved files keep their content and may have new times, so the hash decides; where path, sizes and times are
as they were, nothing is read. Of imagery a bounded part is hashed, of layers what is read of them: programs that only
look at a GeoPackage may write into it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyogrio

from ..errors import RasterError
from .geometries import encoding_of
from .opening import open_raster
from .reach import is_remote
from .vectors import UNREADABLE, Layer, unreadable, value_text

PIECE, PIECES, FEWEST = 2**16, 64, 4
"""Bytes of a piece of a file that is hashed, and how many are: the first, the last, and some between."""
TOGETHER = 1024
"""Pieces of all files together, up to which each has as many."""
SMALL_PIECE = 2**12
"""Bytes of a piece where there are more files than `TOGETHER` has room for."""
LARGE = 2**27
"""Bytes of a layer's files above which a part of them is hashed, and not all features."""
SQLITE_HEADER = 100
"""First bytes of a GeoPackage, which change when somebody looks at it."""
STYLES = (".qml", ".sld", ".qmd", ".lock")
"""What programs write beside a layer that they show."""
STATISTICS = ".aux.xml"
"""What programs write beside a raster that they show."""

Identity = dict[str, Any]
"""`path`; `seen`, name, size and time (nanoseconds) of each file; `content`, a hash. It is plain JSON."""


def of_raster(path: str, known: Identity | None = None, together: int = 1) -> Identity:
    """Of a raster and of the files that GDAL reads with it: a mosaic's tiles, overviews, world files.

    Args:
        path: any raster that GDAL opens; of one that is far away, its address is all that counts.
        known: an earlier identity, whose hash is used again where nothing has moved.
        together: how many rasters there are, of which less each is hashed.

    Raises:
        RasterError: it cannot be opened, or a file of it cannot be read.
    """
    if is_remote(path) or path.startswith(("/vsi", "<")) or Path(path).is_dir():
        return _address(path)
    with open_raster(path) as dataset:
        files = [file for file in dataset.files if not file.endswith(STATISTICS)]
    if path not in files:  # its drive is away by now, which is no other content
        files.insert(0, path)
    try:
        return _identity(path, files, known, lambda: _hash_of(files, together))
    except OSError as error:
        raise RasterError(f"{path} cannot be read: {error.strerror or error}.") from error


def of_layer(layer: Layer, known: Identity | None = None) -> Identity:
    """Of the features of a layer that pass its filter, in their order, and of their classes.

    Args:
        layer: where it is; of one that is far away, its address is all that counts.
        known: as of `of_raster`.

    Raises:
        LabelError: it cannot be read.
    """
    if is_remote(layer.path):
        return _address(layer.path)
    try:
        if not Path(layer.path).exists():
            pyogrio.read_info(layer.path, layer=layer.layer)  # a database's, and not a file whose drive is away
            return _address(layer.path)
        files = files_of_layer(Path(layer.path))
        large = sum(max(0, size) for _, size, _ in seen(files)) > LARGE
        whole = [file for file in files if not file.endswith(("-wal", "-shm"))]
        content = (lambda: _hash_of(whole, start=SQLITE_HEADER)) if large else (lambda: _hash_of_features(layer))
        return _identity(layer.path, files, known, content)
    except (*UNREADABLE, OSError) as error:
        raise unreadable(layer, error) from error


def files_of_layer(path: Path) -> list[str]:
    """A vector file and what belongs to it: a GeoPackage has its newest features beside it, a shapefile its values."""
    found = path.rglob("*") if path.is_dir() else path.parent.glob(f"{_escaped(path.stem)}.*")
    return sorted(str(file) for file in found if file.suffix.lower() not in STYLES)


def of_files(paths: Sequence[str | Path], known: Identity | None = None) -> Identity:
    """Of files that are read whole, such as weights."""
    files = [str(path) for path in paths]
    return _identity(os.path.dirname(files[0]) if files else "", files, known, lambda: _hash_of(files))


def difference(before: Identity, now: Identity) -> str:
    """How content differs, in words; empty where it does not."""
    if before["content"] == now["content"]:
        return ""
    sizes = [sum(max(0, size) for _, size, _ in each["seen"]) for each in (before, now)]
    if not before["seen"] or sizes[0] == sizes[1]:
        return "its content is another"
    return f"it had {sizes[0]:,} bytes and has {sizes[1]:,}"


def seen(files: Sequence[str]) -> list[list[Any]]:
    """Name, size and time of each file; of one that is missing or far away, its name."""
    found = []
    for file in files:
        try:
            status = os.stat(file)
        except OSError:
            found.append([os.path.basename(file), -1, 0])
        else:
            found.append([os.path.basename(file), status.st_size, status.st_mtime_ns])
    return found


def _address(path: str) -> Identity:
    return {"path": path, "seen": [], "content": path}


def _identity(path: str, files: Sequence[str], known: Identity | None, content: Callable[[], str]) -> Identity:
    mine = {"path": path, "seen": seen(files)}
    if known is not None and all(known.get(key) == value for key, value in mine.items()):
        return known
    return {**mine, "content": content()}


def _hash_of(files: Sequence[str], together: int = 1, start: int = 0) -> str:
    """A hash of sizes and pieces of files, the same pieces each time.

    Args:
        files: by their paths.
        together: how many there are of their kind.
        start: first bytes of each that do not count.

    Raises:
        OSError: a file of this machine cannot be read; of others the name counts.
    """
    found, count = hashlib.sha256(), max(1, len(files)) * together
    piece, pieces = (PIECE if FEWEST * count <= TOGETHER else SMALL_PIECE), min(PIECES, max(FEWEST, TOGETHER // count))
    for name in files:
        try:
            with open(name, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                found.update(f"{size}\n".encode())
                for at in _starts(size, piece, pieces):
                    file.seek(max(at, start))
                    found.update(file.read(piece))
        except OSError:
            if not is_remote(name) and not name.startswith("/vsi"):
                raise
            found.update(f"{name}\n".encode())
    return found.hexdigest()


def _starts(size: int, piece: int, pieces: int) -> list[int]:
    """Where pieces begin: everywhere, or evenly from the first to the last byte."""
    if size <= piece * pieces:
        return list(range(0, size, piece))
    return [(size - piece) * index // (pieces - 1) for index in range(pieces)]


def _hash_of_features(layer: Layer) -> str:
    meta, _, shapes, fields = pyogrio.raw.read(
        layer.path, layer=layer.layer, columns=[layer.field] if layer.field else [], where=layer.where,
        force_2d=True, encoding=encoding_of(layer.path),
    )  # fmt: skip
    crs = str(meta["crs"])
    found = hashlib.sha256(crs.encode() if crs.rpartition(":")[2].isdecimal() else b"")  # others are not one text
    for shape in shapes:
        found.update(b"-" if shape is None else len(shape).to_bytes(8, "big") + bytes(shape))
    for value in fields[0] if fields else ():
        found.update(f"{value_text(value)}\n".encode())
    return found.hexdigest()


def _escaped(stem: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in stem)
