"""What a file refers to: the paths and addresses in virtual rasters and layers, read before GDAL follows them.

GDAL takes names of elements in any case, attributes for elements, and a mark anywhere in the first kilobyte for the
format; so does this. What only looks like a path counts as one.
"""

from __future__ import annotations

import gzip
import os
import posixpath
import re
import tarfile
import zipfile
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple
from xml.parsers import expat

ARCHIVES = re.compile(r"/vsi(zip|tar|gzip|7z|rar)(?=/|{)")
HEADER = 1024
"""Bytes in which GDAL looks for a mark."""
MOST = 2**28
"""Bytes of a description that are read; one of a million tiles has fewer."""
_VRT, _OGR_VRT = b"<vrtdataset", b"<ogrvrtdatasource"
_DESCRIPTIONS = (
    b"<gdal_wms", b"<wms_", b"<gdal_wmts", b"<wcs_gdal", b"<gdaltileindexdataset", b"<mrf_meta", b"<ogrwfsdatasource",
    b"<ogrcswdatasource", b"<ogcapi", b"gdal_streamed_alg", b'isseamless" = "true', b".zgroup", b"<tilemapservice",
    b"<tilemap ", b"<capabilities", b"<wfs_capabilities", b"<wmt_ms_capabilities",
)  # fmt: skip
"""Marks of services, tile indexes and pipelines: files that mean nothing without others."""
_MAGIC = (
    b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\x89PNG", b"\xff\xd8\xff", b"\0\0\0\x0cjP", b"\xffO\xffQ",
    b"EHFA_HEADER_TAG", b"GIF8", b"BM", b"RIFF", b"SQLite format 3",
)  # fmt: skip
"""How formats begin whose pixels lie in the file itself."""
_TILE_INDEX = re.compile(r"\.gti(\.\w+)?$", re.IGNORECASE)
_HDF = b"\x89HDF\r\n"
_PATHS = {"sourcefilename", "sourcedataset", "srcdatasource", "dempath", "sourcevrt", "filename", "datasetname"}
_TEXTS = {"mdi", "description", "category", "row", "f"}
"""Elements whose content GDAL never opens; the keys of `_OPENED` apart."""
_OPENED = {"overview_file", "x_dataset", "y_dataset"}
_PATHLIKE = re.compile(r"\s*(?:[\w+.-]+://|[/\\<{]|[a-z]:[/\\]|\.\.)|/vsi", re.IGNORECASE)
_SYSTEM = re.compile(r"https?://(www\.)?opengis\.net/def/crs", re.IGNORECASE)
_OUTER_SQL = re.compile(r"""['"]\s*\.|virtualogr|ogr_datasource|load_extension|load_layers""", re.IGNORECASE)
_SUBDATASET = re.compile(
    r'(?:(?:GTIFF_DIR|NITF_IM):[\w:]*?:|(?:GPKG|NETCDF|HDF[45]\w*):)"?([^"]+?)"?(?::[^:/\\]*)?$', re.IGNORECASE
)


class Kind(Enum):
    """What a file is to GDAL, as far as it matters to what else is opened."""

    PIXELS = "holds its own data"
    VIRTUAL = "a virtual raster"
    LAYERS = "a virtual layer"
    DESCRIPTION = "a description of a service or of other files"
    HDF = "an HDF5 file, whose values may lie in other files"
    OTHER = "something else"


class Seen(NamedTuple):
    """A file as it was looked at.

    Attributes:
        kind: of the file.
        places: what it refers to: absolute paths, addresses, and what is no path as it stands.
        fault: why it is never opened; empty where it may be.
    """

    kind: Kind
    places: tuple[str, ...] = ()
    fault: str = ""


def look(path: str) -> Seen:
    """Look at a file, or a member of an archive; at what cannot be read so, as something else.

    Args:
        path: of a file of this machine, or inside an archive of it as GDAL says that.
    """
    try:
        header = content(path, HEADER)
    except (OSError, ValueError, zipfile.BadZipFile, tarfile.TarError, EOFError, RuntimeError):
        return Seen(Kind.OTHER)
    return _described(path, header)


def look_inline(text: str) -> Seen:
    """As `look`, at a description that stands where a path should."""
    return _described("", text.encode())


def _described(path: str, header: bytes) -> Seen:
    lower = header.lower()
    for mark, kind in ((_OGR_VRT, Kind.LAYERS), (_VRT, Kind.VIRTUAL)):
        if mark in lower:
            return _virtual(path, header, kind)
    if any(mark in lower for mark in _DESCRIPTIONS) or _TILE_INDEX.search(path):
        return Seen(Kind.DESCRIPTION)
    if header.startswith(_HDF):
        return Seen(Kind.HDF)
    return Seen(Kind.PIXELS if header.startswith(_MAGIC) else Kind.OTHER)


def content(path: str, size: int = MOST) -> bytes:
    """The first bytes of a file, or of a member of an archive.

    Raises:
        OSError: it cannot be read, as other errors of the archives' modules.
    """
    kind, archive, member = split_archive(path)
    if not kind:
        with open(path, "rb") as file:
            return file.read(size)
    if kind == "gzip":
        with gzip.open(archive, "rb") as unzipped:
            return unzipped.read(size)
    if kind == "zip":
        with zipfile.ZipFile(archive) as files, files.open(member) as content:
            return content.read(size)
    if kind == "tar":
        with tarfile.open(archive) as tar:
            extracted = tar.extractfile(member)
            return b"" if extracted is None else extracted.read(size)
    raise OSError(path)


def members(path: str) -> list[str]:
    """The files of an archive, as GDAL says them; none where it is none that can be listed."""
    kind, archive, _ = split_archive(path)
    try:
        if kind == "zip" or (not kind and zipfile.is_zipfile(path)):
            with zipfile.ZipFile(archive or path) as files:
                return [f"/vsizip/{archive or path}/{name}" for name in files.namelist() if not name.endswith("/")]
        if kind == "tar":
            with tarfile.open(archive) as files:
                return [f"/vsitar/{archive}/{each.name}" for each in files.getmembers() if each.isfile()]
    except (OSError, zipfile.BadZipFile, tarfile.TarError, EOFError):
        pass
    return []


def split_archive(path: str) -> tuple[str, str, str]:
    """The kind of an archive, its own path, and what is in it; kind and paths are empty for what is in none.

    Of nested archives the outer one is told with the kind `nested`; what is inside cannot be looked at.
    """
    found = ARCHIVES.match(path)
    if not found:
        return "", "", ""
    kind, rest = found[1], path[found.end() :]
    if rest.startswith("/{") or rest.startswith("{"):
        archive, _, member = rest.lstrip("/")[1:].partition("}")
        return ("nested" if archive.startswith("/vsi") else kind), archive, member.lstrip("/")
    rest = rest.removeprefix("/")
    if ARCHIVES.match(rest) or rest.startswith("/vsi") or ARCHIVES.match(f"/{rest}") or rest.startswith("vsi"):
        return "nested", rest if rest.startswith("/") else f"/{rest}", ""
    if kind == "gzip":
        return kind, rest, ""
    for candidate in (rest, f"/{rest}"):
        whole = Path(candidate)
        for outer in (whole, *whole.parents):
            if outer.is_file():
                return kind, str(outer), posixpath.normpath(candidate[len(str(outer)) :]).strip("/.")
    return kind, rest, ""


def _virtual(path: str, header: bytes, kind: Kind) -> Seen:
    try:
        text = content(path) if path else header
        texts = list(_texts(text))
    except _Refused as refused:
        return Seen(kind, fault=str(refused))
    except (expat.ExpatError, OSError, ValueError, LookupError) as error:
        return Seen(kind, fault=f"is {kind.value} that cannot be understood ({error})")
    folder = _folder(path)
    return Seen(kind, tuple(dict.fromkeys(place for each in texts for place in _places(folder, *each))))


def _folder(path: str) -> str:
    """Where relative paths of a description start; GDAL follows a link to the description itself."""
    if not path:
        return os.getcwd()
    return posixpath.dirname(path) if path.startswith("/vsi") else os.path.dirname(os.path.realpath(path))


def _places(folder: str, name: str, text: str, relative: bool | None) -> Iterator[str]:
    """The places that a text of a description may stand for; both where GDAL's drivers read `relative` differently."""
    text = text.strip()
    if inner := _SUBDATASET.fullmatch(text):
        text = inner[1]
    if name == "srcsql":
        if _OUTER_SQL.search(text):
            yield text
        return
    if _PATHLIKE.match(text) or "/vsi" in text.lower():
        if not _SYSTEM.match(text):
            yield text if not text.startswith("..") else _joined(folder, text)
    elif name in _PATHS or name in _OPENED:
        if re.match(r"[\w+.-]{2,}:", text) or (text.startswith("@") and name == "srcdatasource"):
            yield text
            return
        if relative is not False:
            yield _joined(folder, text.removeprefix(":::BASE:::"))
        if relative is not True:
            yield os.path.abspath(text)


def _joined(folder: str, text: str) -> str:
    return (
        posixpath.normpath(f"{folder}/{text}")
        if folder.startswith("/vsi")
        else os.path.normpath(os.path.join(folder, text))
    )


class _Refused(Exception):
    """A description holds what is never followed."""


def _texts(xml: bytes) -> Iterator[tuple[str, str, bool | None]]:
    """All texts of a description: the element's or attribute's name, the text, and whether it is relative to the file.

    Raises:
        _Refused: it declares entities, or holds Python.
        ExpatError: it is no XML.
    """
    found: list[tuple[str, str, bool | None]] = []
    open_: list[list[Any]] = []  # name, key, whether relative, text

    def within(name: str) -> bool:
        return any(each[0] == name for each in open_)

    def refuse(*_: object) -> None:
        raise _Refused("declares entities of its own, which no description needs")

    def start(name: str, attributes: dict[str, str]) -> None:
        lower = {key.lower(): value for key, value in attributes.items()}
        relative = {"1": True, "0": False}.get(lower.get("relativetovrt", "0").strip())
        open_.append([name.lower(), lower.get("key", "").lower(), relative, ""])
        if not within("metadata"):
            texts = ((key, value, relative) for key, value in lower.items() if key not in ("key", "domain", "name"))
            found.extend(each for each in texts if not each[0].startswith(("xmlns", "xsi:")))

    def data(text: str) -> None:
        if open_:
            open_[-1][3] += text

    def end(_: str) -> None:
        name, key, relative, text = open_.pop()
        if name == "pixelfunctioncode" or (name == "pixelfunctionlanguage" and "python" in text.lower()):
            raise _Refused("holds program code, which is never run")
        if key in _OPENED:
            found.append((key, text, relative))
        elif name not in _TEXTS and text.strip() and not within("metadata"):
            found.append((name, text, relative))

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.Parse(xml.strip(b"\0 \t\r\n"), True)
    if any(name == "pixelfunctionlanguage" and "python" in text.lower() for name, text, _ in found):
        raise _Refused("holds program code, which is never run")
    yield from found


_OVERVIEW_FILE = re.compile(rb'key="OVERVIEW_FILE"[^>]*>([^<]*)<', re.IGNORECASE)


def overview_file(path: str) -> str:
    """The overviews elsewhere that a sidecar (.aux.xml) names; empty where it names none."""
    try:
        found = _OVERVIEW_FILE.search(content(path, 2**24))
    except OSError:
        return ""
    return next(_places(_folder(path), "overview_file", found[1].decode(errors="replace"), True), "") if found else ""
