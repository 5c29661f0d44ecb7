"""How far files may reach: to what lies beside them or was named, and over no network unless that was asked for.

Rasters and labels come from strangers, and GDAL follows what virtual ones, services and tile indexes refer to. So each
file is looked at before it is opened, by drivers that follow nothing, and GDAL's way to the network is closed.
"""

from __future__ import annotations

import functools
import os
import posixpath
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import rasterio
from rasterio.env import ensure_env_with_credentials
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from .references import Kind, Seen, content, look, look_inline, members, overview_file, split_archive

NETWORKS = "/vsicurl", "/vsis3", "/vsigs", "/vsiaz", "/vsiadls", "/vsioss", "/vsiswift", "/vsihdfs", "/vsiwebhdfs"
_LOCAL_SCHEMES = ("zip://", "tar://", "gzip://", "file://")
_CLOSED = {
    # GDAL asks no server: this is no proxy that it knows, and no file of /vsicurl/ has this name
    "GDAL_HTTP_PROXY": "closed://none",
    "GDAL_HTTPS_PROXY": "closed://none",
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "closed",
}
_KEPT = "GEODISTIL_BEFORE_"
"""Begins the names of variables that keep what those of GDAL had said."""
_ALWAYS = {
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GML_DOWNLOAD_WFS_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
}
FOLLOWING = {
    "VRT", "GTI", "MRF", "HTTP", "WMS", "WMTS", "WCS", "STACIT", "STACTA", "PLMOSAIC", "DAAS", "EEDA", "EEDAI",
    "DERIVED", "KMLSUPEROVERLAY", "GDALG", "NGW", "OGCAPI", "OAPIF", "WFS", "CSW", "OGR_VRT", "AmigoCloud", "Carto",
    "Elasticsearch", "PLSCENES", "GNMFile", "GNMDatabase", "TileDB", "ADBC", "PostGISRaster", "HDF5", "HDF5Image",
    "BAG", "KEA", "S102", "S104", "S111", "netCDF", "Zarr",
}  # fmt: skip
"""GDAL's drivers that open what a file refers to, or can; HDF5's own library does so unseen."""
SIDECARS = (".ovr", ".OVR", ".msk", ".aux.xml")
_LONG = 200
"""Characters of a place that a sentence shows."""
DEPTH = 16
"""Virtual rasters in virtual rasters, at most."""
ALLOW = 'allow it with --allow-remote, in run.json with "allow_remote": true'


class Beyond(Exception):
    """A file reaches where it may not; the message is a sentence.

    Args:
        message: the sentence.
        hint: what to do.
    """

    def __init__(self, message: str, hint: str = f"If you trust it, {ALLOW}.") -> None:
        super().__init__(message)
        self.hint = hint


class Permit(NamedTuple):
    """What files may reach besides what lies beside them.

    Attributes:
        named: real paths of the files that a person named, and addresses.
        places: folders and addresses, with all below them.
        anywhere: all.
    """

    named: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()
    anywhere: bool = False


class Way(NamedTuple):
    """How a file is opened once it was looked at.

    Attributes:
        drivers: GDAL's, none for any.
        network: whether reading it goes over a network.
    """

    drivers: tuple[str, ...] | None
    network: bool = False


_permit = Permit()
_before: dict[str, str | None] = {
    # a process that another of ours has started finds the way closed, and beside it what there was before
    name: os.environ.get(name if os.environ.get(name) != closed else _KEPT + name)
    for name, closed in _CLOSED.items()
}
os.environ.update({_KEPT + name: value for name, value in _before.items() if value is not None})
os.environ.update(_ALWAYS)
os.environ.update(_CLOSED)


def is_remote(path: str) -> bool:
    """Whether reading it goes over a network."""
    inner = path
    while (parts := split_archive(inner))[0] == "nested":
        inner = parts[1]
    return ("://" in path and not path.startswith(_LOCAL_SCHEMES)) or inner.startswith(NETWORKS)


def permit(named: Iterable[str | Path | None], allow_remote: bool | Sequence[str] = False) -> None:
    """Say what a person named, and whether files may reach further; what was said before no longer counts.

    Args:
        named: files, folders' files and addresses.
        allow_remote: true for anywhere, or folders and addresses.
    """
    global _permit
    names = [str(each) for each in named if each]
    places = () if isinstance(allow_remote, bool) else tuple(_real(each) for each in allow_remote)
    _permit = Permit(frozenset(map(_real, names)), places, allow_remote is True)
    for remembered in (way, _checked_layers, _real_folder):
        remembered.cache_clear()
    _network(_permit.anywhere or any(map(is_remote, [*names, *places])))


def open_network() -> None:
    """Let GDAL ask servers again, as for a file that a person named by its address."""
    _network(True)


def _network(free: bool) -> None:
    for name, closed in _CLOSED.items():
        value = _before[name] if free else closed
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@ensure_env_with_credentials  # type: ignore[untyped-decorator]  # rasterio has no types
def open_by(path: str, drivers: tuple[str, ...] | None, **options: int) -> DatasetReader:
    """Open a raster by some of GDAL's drivers, of which `rasterio.open` takes only one.

    Raises:
        RasterioError: none of them knows it.
    """
    return DatasetReader(path, driver=drivers and list(drivers), **options)


def way_to(path: str) -> Way:
    """Look at a raster before it is opened.

    Raises:
        Beyond: it reaches where it may not.
    """
    found = way(path, _state(path))
    if found.network:
        open_network()
    return found


@functools.lru_cache(maxsize=4096)
def way(path: str, _state: tuple[Any, ...]) -> Way:
    """As `way_to`, remembered for as long as the file is the same."""
    if _permit.anywhere:
        return Way(None, network=True)
    place = _as_gdal(path)
    if is_remote(place):
        return Way(_following_nothing(place), network=True)
    roots = _roots(place)
    seen = look_inline(place) if place.startswith("<") else look(place)
    places = _checked(path, place, seen, roots, 0)
    network = any(map(is_remote, places))
    if seen.kind is Kind.VIRTUAL:
        return Way(("VRT",), network)
    return Way(_following_nothing(place), network)


def check_opened(path: str, dataset: DatasetReader) -> None:
    """See that what GDAL opened with a raster lies beside it, and that its overviews do.

    Raises:
        Beyond: not so.
    """
    if _permit.anywhere or dataset.driver == "VRT":
        return
    remote = is_remote(_as_gdal(path))
    roots = (_address(posixpath.dirname(dataset.files[0])),) if remote and dataset.files else _roots(_as_gdal(path))
    for place in [*dataset.files, *([named] if (named := dataset.tags(ns="OVERVIEWS").get("OVERVIEW_FILE")) else [])]:
        if not _within(place.removeprefix(":::BASE:::"), roots, os.path.dirname(path)):
            raise _beyond(path, place)


def check_layers(path: str) -> None:
    """Look at a vector file, or the files of an archive, before it is opened.

    Raises:
        Beyond: it reaches where it may not.
    """
    _checked_layers(path, _state(path))


@functools.lru_cache(maxsize=4096)
def _checked_layers(path: str, _state: tuple[Any, ...]) -> None:
    if _permit.anywhere:
        return
    place = _as_gdal(path)
    if is_remote(place):
        open_network()
        return
    if place.startswith("<"):
        raise Beyond("A description in place of a label layer's path is not opened.")
    if os.path.isdir(place):
        return
    inside = members(place)
    kind, *_ = split_archive(place)
    if kind in ("nested", "7z", "rar"):
        raise Beyond(f"What {path} refers to cannot be seen inside its archive.")
    for each in inside or [place]:
        _check_layers_file(path, each)


def _check_layers_file(path: str, place: str) -> None:
    seen = look(place)
    if seen.kind is Kind.VIRTUAL:
        return  # a raster's, which no driver of layers opens
    _checked(path, place, seen, _roots(place), 0)


def check_driver(path: str, driver: str) -> None:
    """See that a layer's driver is none that follows what a file refers to, unless the file was looked at.

    Raises:
        Beyond: it is.
    """
    if _permit.anywhere or driver not in FOLLOWING - {"netCDF"}:
        return
    if driver == "OGR_VRT" and not is_remote(_as_gdal(path)):
        return
    raise Beyond(f"{path} is a description that GDAL's driver {driver} follows.")


def _checked(path: str, place: str, seen: Seen, roots: tuple[str, ...], depth: int) -> list[str]:
    """All places that a file refers to, in however many steps.

    Raises:
        Beyond: one of them may not be reached.
    """
    if seen.fault:
        raise Beyond(f"{place or path} {seen.fault}.", "Ask whoever made it for the imagery itself.")
    if seen.kind in (Kind.DESCRIPTION, Kind.HDF):
        raise Beyond(f"{place} is {seen.kind.value}.")
    if depth > DEPTH:
        raise Beyond(f"{path} is a virtual raster of virtual rasters without end.")
    for each in seen.places:
        if not _within(each, roots):
            raise _beyond(place, each)
    places = list(seen.places)
    for beside in _sidecars(place):
        if beside.endswith(".xml"):
            named = overview_file(beside)
            if named and not _within(named, roots):
                raise _beyond(beside, named)
            places += [named] if named else []
        else:
            places.append(beside)
    local = [each for each in places if not is_remote(each) and (os.path.isfile(each) or split_archive(each)[0])]
    for each, there in zip(local, _looked_at(local), strict=True):
        if there.kind is Kind.OTHER and seen.kind is Kind.VIRTUAL:
            _try(each, roots)
        further = roots + (_roots(each) if _real(each) in _permit.named else ())
        places += (
            _checked(path, each, there, further, depth + 1) if there.places or there.kind is not Kind.OTHER else []
        )
    return places


def _looked_at(places: list[str]) -> list[Seen]:
    """Mosaics have thousands of tiles, and servers of files are slow."""
    if len(places) < 64:
        return [look(each) for each in places]
    with ThreadPoolExecutor(16) as threads:
        return list(threads.map(look, places))


def _try(place: str, roots: tuple[str, ...]) -> None:
    """Open a part of a virtual raster that is of no well-known format by drivers that follow nothing."""
    try:
        with open_by(place, _following_nothing(place)) as dataset:
            for each in dataset.files:
                if not _within(each, roots):
                    raise _beyond(place, each)
    except RasterioError as error:
        raise Beyond(f"{place} is no raster that holds its own data.") from error


@functools.lru_cache(maxsize=2)
def _drivers() -> tuple[str, ...]:
    with rasterio.Env() as env:
        return tuple(name for name in env.drivers() if name not in FOLLOWING)


def _following_nothing(place: str) -> tuple[str, ...]:
    """GDAL's drivers that open nothing else: netCDF only in its classic format, Zarr only as a folder."""
    more: tuple[str, ...] = ()
    if os.path.isdir(place):
        more = ("Zarr",)
    elif not is_remote(place) and os.path.isfile(place) and content(place, 3) == b"CDF":
        more = ("netCDF",)
    return _drivers() + more


@functools.lru_cache(maxsize=256)
def _names(folder: str, _modified: int) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _sidecars(place: str) -> list[str]:
    """The files beside a raster that GDAL opens with it."""
    folder, name = os.path.split(place)
    if place.startswith(("/vsi", "<")) or not os.path.isdir(folder or "."):
        return []
    there = _names(folder or ".", os.stat(folder or ".").st_mtime_ns)
    return [os.path.join(folder, name + ending) for ending in SIDECARS if name + ending in there]


def _within(place: str, roots: tuple[str, ...], folder: str = "") -> bool:
    """Whether a file may reach a place."""
    if is_remote(place):
        known = _address(place)
        return known in _permit.named or any(known.startswith(f"{each}/") for each in (*roots, *_permit.places))
    kind, archive, member = split_archive(place)
    if kind:
        if kind in ("nested", "7z", "rar") or ".." in Path(member).parts:
            return False
        place = archive
    elif place.startswith(("/vsi", "<", "{", "@")) or (":" in place and not os.path.isabs(place)):
        return False
    real = _real(os.path.join(folder, place))
    return real in _permit.named or any(_below(real, root) for root in (*roots, *_permit.places))


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _roots(place: str) -> tuple[str, ...]:
    """The folders below which a file may reach: its own, and the one that a link leads to."""
    if place.startswith("<"):
        return ()
    kind, archive, _ = split_archive(place)
    place = archive if kind else place
    return tuple({_real(os.path.dirname(os.path.abspath(place))), os.path.dirname(os.path.realpath(place))})


def _real(path: str) -> str:
    place = _as_gdal(path)
    if is_remote(place):
        return _address(place)
    kind, archive, _ = split_archive(place)
    place = os.path.abspath(archive if kind else place)
    return (
        os.path.join(_real_folder(os.path.dirname(place)), os.path.basename(place))
        if not os.path.islink(place)
        else os.path.realpath(place)
    )


@functools.lru_cache(maxsize=4096)
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def _address(place: str) -> str:
    """A place on a network, in one form of GDAL's two."""
    return place.removeprefix("/vsicurl/").rstrip("/")


def _as_gdal(path: str) -> str:
    """A path with one of rasterio's schemes for local files, as GDAL has it."""
    for scheme in _LOCAL_SCHEMES:
        if path.startswith(scheme):
            archive, _, member = path.removeprefix(scheme).partition("!")
            return archive if scheme == "file://" else f"/vsi{scheme[:-3]}/{archive}/{member.lstrip('/')}".rstrip("/")
    return path


def _state(path: str) -> tuple[Any, ...]:
    """What changes with a file and with the files beside it."""
    try:
        file, folder = os.stat(path), os.stat(os.path.dirname(path) or ".")
    except (OSError, ValueError):
        return ()
    return file.st_size, file.st_mtime_ns, folder.st_mtime_ns


def _beyond(path: str, place: str) -> Beyond:
    if is_remote(place):
        return Beyond(f"{path} reaches over the network for {place}.")
    where = place if len(place) < _LONG else f"{place[:_LONG]}..."
    if os.path.islink(place):
        where += f" (a link to {os.path.realpath(place)})"
    return Beyond(
        f"{path} reaches for {where}, which neither lies beside it nor was named.",
        f"Put it in the same folder or name it too; if you trust {Path(path).name}, {ALLOW}.",
    )
