"""What is in a zoo, a STAC catalogue or a folder, and how its files come: from the web or a disk, nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable
from urllib.parse import unquote, urljoin, urlsplit

from qgis.core import QgsFileDownloader, QgsProcessingUtils
from qgis.PyQt.QtCore import QEventLoop, QTimer, QUrl

from ..errors import CancelledError, GeoDistilError
from ..folders import scratch
from ..models.shelf import PREVIEW, Model, look, packages_in
from ..package_registry import NETWORKS
from ..packages import ITEM_FILE, checked_card, is_foreign
from ..runs.files import MODEL_FOLDER, REPORT_FILE
from ..stored import store, stored
from ..text_files import parsed_json, texts
from ..translation import local, tr

CATALOGUE = "catalog.json"


def is_web(address: str) -> bool:
    """Whether an address is one of a web server."""
    return urlsplit(address).scheme.lower() in ("http", "https")


def catalogue_at(text: str) -> str:
    """The address of the catalogue that a person means by a folder or an address.

    Raises:
        GeoDistilError: it is neither.
    """
    text = text.strip()
    if is_web(text):
        if not urlsplit(text).netloc:
            raise GeoDistilError("network", tr("{address} is no address on the web.").format(address=text))
        return text if urlsplit(text).path.lower().endswith(".json") else f"{text.rstrip('/')}/{CATALOGUE}"
    if "://" in text:
        raise GeoDistilError(
            "network",
            tr("{address} is no address on the web.").format(address=text),
            tr("Write it with http:// or https://, or choose a folder."),
        )
    path = Path(text)
    if not text or not path.exists():
        raise GeoDistilError(
            "package",
            tr("There is no model zoo at {place}.").format(place=text or tr("an empty place")),
            tr("Choose a folder with models, or the address of a catalogue."),
        )
    return str(path / CATALOGUE if path.is_dir() else path)


def led_to(href: str, base: str, zoo: str) -> str:
    """Where a link leads.

    Args:
        href: as a file says it.
        base: that file's address.
        zoo: the catalogue's address: a zoo's files lie on its host, or in its folder.

    Raises:
        GeoDistilError: it leads elsewhere.
    """
    if is_web(zoo):
        address = urljoin(base, href)
        if urlsplit(address)[:2] == urlsplit(zoo)[:2]:
            return address
    elif "://" not in href:
        path = (Path(base).parent / unquote(href)).resolve()
        if Path(zoo).resolve().parent in path.parents:
            return str(path)
    raise GeoDistilError(
        "package",
        tr("The model zoo {zoo} names a file elsewhere: {href}.").format(zoo=zoo, href=href[:200]),
        tr("Its files must lie on its own host, or in its own folder."),
    )


def file_name(address: str) -> str:
    """The name of the file that an address is of."""
    return unquote(urlsplit(address).path.rpartition("/")[2]) if is_web(address) else Path(address).name


CHUNK = 1 << 20
ASKED_MILLISECONDS = 100
Progress = Callable[[int], None]
"""Is told how many bytes have come."""


def fetch(address: str, target: Path, most: int, progress: Progress, cancelled: Callable[[], bool]) -> None:
    """Get a file. For workers.

    Args:
        address: of the web, or a path.
        target: where to write it.
        most: bytes, beyond which it is given up.
        progress: told of what has come.
        cancelled: asked ten times a second.

    Raises:
        GeoDistilError: it is not there, is larger, or the server does not answer.
        CancelledError: it was cancelled.
        OSError: the disk failed.
    """
    if is_web(address):
        _download(address, target, most, progress, cancelled)
    else:
        _copy(Path(address), target, most, progress, cancelled)


def content(address: str, most: int, cancelled: Callable[[], bool]) -> bytes:
    """A small file's content; as `fetch`."""
    with scratch(Path(QgsProcessingUtils.tempFolder()), "geodistil_zoo_") as folder:
        fetch(address, folder / "part", most, lambda _: None, cancelled)
        return (folder / "part").read_bytes()


def _copy(source: Path, target: Path, most: int, progress: Progress, cancelled: Callable[[], bool]) -> None:
    done = 0
    with source.open("rb") as file, target.open("wb") as copy:
        while part := file.read(CHUNK):
            if cancelled():
                raise CancelledError()
            done += len(part)
            if done > most:
                raise _too_large(str(source), most)
            copy.write(part)
            progress(done)


def _download(address: str, target: Path, most: int, progress: Progress, cancelled: Callable[[], bool]) -> None:
    loop, timer = QEventLoop(), QTimer()
    found: list[Exception] = []
    file = QgsFileDownloader(QUrl(address), str(target), "", True)

    def stop(error: Exception) -> None:
        if not found:
            found.append(error)
            file.cancelDownload()

    def failed(reasons: list[str]) -> None:
        if not found:
            found.append(_unanswered(address, "; ".join(reasons)))

    def told(received: int, _: int) -> None:
        if received > most:
            stop(_too_large(address, most))
        else:
            progress(received)

    file.downloadProgress.connect(told)
    file.downloadError.connect(failed)
    file.downloadExited.connect(loop.quit)
    timer.timeout.connect(lambda: stop(CancelledError()) if cancelled() else None)
    timer.start(ASKED_MILLISECONDS)
    file.startDownload()
    loop.exec()
    timer.stop()
    if found:
        raise found[0]


def _unanswered(address: str, reason: str) -> GeoDistilError:
    return GeoDistilError(
        "network",
        tr("{address} cannot be had: {reason}.").format(address=address, reason=reason.strip().rstrip(".")),
        tr("Check the address and the connection, then try again."),
    )


def _too_large(address: str, most: int) -> GeoDistilError:
    return GeoDistilError(
        "package",
        tr("{address} is larger than the {size} MB that it may have.").format(
            address=address, size=local(max(most / 1e6, 0.1), 1)
        ),
        tr("It was not kept."),
    )


ZOOS = "geodistil/zoos"
"""Folders and addresses, the last one first."""
MOST_JSON = 16 << 20
MOST_ENTRIES, DEPTH = 1000, 4
"""Models of a zoo, and catalogues in catalogues."""
MOST_BYTES = 8 << 30
"""Of a file."""
MOST_PREVIEW = 4 << 20
PACKAGE_FILES = (*NETWORKS, ITEM_FILE, REPORT_FILE, PREVIEW)
"""What a package that is no zip may be put together from."""
SHA256 = re.compile("1220[0-9a-f]{64}")
"""A multihash, as STAC's file extension has them."""


@dataclass(frozen=True)
class File:
    """A file of a package.

    Args:
        address: where it is.
        name: what it is called.
        size: in bytes; none where the catalogue does not say it.
        sha256: its hash; empty where the catalogue does not say it.
    """

    address: str
    name: str
    size: int | None = None
    sha256: str = ""


@dataclass(frozen=True)
class Entry:
    """A model of a zoo.

    Args:
        key: its item's address, or its path.
        name: for a file or folder here.
        model: what is known of it; a problem where it cannot be had.
        files: to get, one zip or the files of a folder.
        preview: a picture's address; empty without one.
    """

    key: str
    name: str
    model: Model
    files: tuple[File, ...] = ()
    preview: str = ""


@dataclass
class Zoo:
    """A catalogue.

    Args:
        address: as a person gave it.
        title: its name.
        entries: its models.
    """

    address: str
    title: str
    entries: list[Entry] = field(default_factory=list)


def zoos() -> list[str]:
    """The folders and addresses that a person has opened, the last one first."""
    return texts(stored(ZOOS))


def remember_zoo(address: str) -> None:
    """Offer a zoo from now on."""
    store(ZOOS, [address, *(each for each in zoos() if each != address)])


def forget_zoo(address: str) -> None:
    """Offer a zoo no longer."""
    store(ZOOS, [each for each in zoos() if each != address])


def read_zoo(text: str, cancelled: Callable[[], bool]) -> Zoo:
    """The models of a zoo. For workers.

    Args:
        text: a folder, a catalogue's file, or an address on the web.
        cancelled: whether nobody waits any more.

    Raises:
        GeoDistilError: there is none, it does not answer, or it is no catalogue.
        CancelledError: it was cancelled.
        OSError: the disk failed.
    """
    address = catalogue_at(text)
    if not is_web(address) and Path(text).is_dir() and not Path(address).exists():
        return _folder(Path(text), cancelled)
    reader = _Reader(address, cancelled)
    top = reader.read(address)
    title = top.get("title") or top.get("id")
    return Zoo(text, title if isinstance(title, str) else text, list(reader.entries(top, address)))


def _folder(folder: Path, cancelled: Callable[[], bool]) -> Zoo:
    zoo = Zoo(str(folder), folder.name)
    for path in packages_in(folder):
        if cancelled():
            raise CancelledError()
        if is_foreign(path):  # says too little of itself to be got by a click
            continue
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files = tuple(
            File(str(each), each.name, each.stat().st_size)
            for each in inside
            if not path.is_dir() or each.name in PACKAGE_FILES
        )
        name = path.parent.name if path.name == MODEL_FOLDER else path.stem if path.is_file() else path.name
        picture = path / PREVIEW if path.is_dir() else Path()
        zoo.entries.append(Entry(str(path), name, look(path, ""), files, str(picture) if picture.is_file() else ""))
    return zoo


class _Reader:
    """Reads a catalogue's files, each once.

    Args:
        zoo: the catalogue's address.
        cancelled: whether nobody waits any more.
    """

    def __init__(self, zoo: str, cancelled: Callable[[], bool]) -> None:
        self._zoo, self._cancelled = zoo, cancelled
        self._seen: set[str] = set()

    def read(self, address: str) -> dict[str, Any]:
        """A file's object."""
        if self._cancelled():
            raise CancelledError()
        self._seen.add(address)
        try:
            values = parsed_json(content(address, MOST_JSON, self._cancelled))
        except (ValueError, FileNotFoundError) as error:
            raise _no_catalogue(address) from error
        if not isinstance(values, dict):
            raise _no_catalogue(address)
        return values

    def entries(self, values: dict[str, Any], address: str, depth: int = DEPTH) -> Iterator[Entry]:
        """The models that a catalogue, or a single item, leads to."""
        if values.get("type") == "Feature":
            yield self._entry(values, address)
            return
        links = values.get("links")
        if values.get("type") not in ("Catalog", "Collection") or not isinstance(links, list):
            raise _no_catalogue(address)
        for link in links[:MOST_ENTRIES]:
            kind = link.get("rel") if isinstance(link, dict) else None
            if (
                kind not in ("item", "child")
                or not isinstance(link.get("href"), str)
                or (kind == "child" and not depth)
            ):
                continue
            title = link["title"] if isinstance(link.get("title"), str) else file_name(link["href"])
            try:
                there = led_to(link["href"], address, self._zoo)
                if there not in self._seen and len(self._seen) < 2 * MOST_ENTRIES:
                    yield from self.entries(self.read(there), there, depth - 1)
            except GeoDistilError as error:  # one broken entry leaves the others
                yield Entry(link["href"], title, Model(Path(title), title, "", problem=str(error)))

    def _entry(self, item: dict[str, Any], address: str) -> Entry:
        title = item["id"] if isinstance(item.get("id"), str) else file_name(address)
        name = re.sub(r"[^\w.()-]+", " ", title).strip(" .")[:100] or "model"
        try:
            card = checked_card(item, title)
            files, preview = self._files(item, address)
        except GeoDistilError as error:
            return Entry(address, name, Model(Path(name), title, "", problem=str(error)))
        size = sum(each.size or 0 for each in files)
        model = Model(Path(name), card["name"], "", card, "", item["properties"], size)
        return Entry(address, name, model, files, preview)

    def _files(self, item: dict[str, Any], address: str) -> tuple[tuple[File, ...], str]:
        """The zip, or the files that make up a folder; and where a picture is."""
        assets = item.get("assets")
        named = [self._file(each, address) for each in assets.values()] if isinstance(assets, dict) else []
        found = [each for each in named if each is not None]
        zips = [each for each in found if each.name.lower().endswith(".zip")]
        files = {each.name: each for each in found if each.name in PACKAGE_FILES}
        preview = next((each.address for each in found if each.name.lower().endswith(".png")), "")
        if zips:
            return (zips[0],), preview
        if not any(name in files for name in NETWORKS):
            raise GeoDistilError("package", tr("{address} names no files of a model.").format(address=address))
        if ITEM_FILE not in files:  # a package's own item, as it lies in its folder
            files[ITEM_FILE] = File(address, ITEM_FILE)
        return tuple(files.values()), preview

    def _file(self, asset: Any, address: str) -> File | None:
        if not isinstance(asset, dict) or not isinstance(asset.get("href"), str):
            return None
        size, checksum = asset.get("file:size"), asset.get("file:checksum")
        known = isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= MOST_BYTES
        there = led_to(asset["href"], address, self._zoo)
        digest = checksum[4:] if isinstance(checksum, str) and SHA256.fullmatch(checksum) else ""
        return File(there, file_name(there), size if known else None, digest)


def _no_catalogue(address: str) -> GeoDistilError:
    return GeoDistilError(
        "package",
        tr("{address} is no catalogue of models.").format(address=address),
        tr("A zoo is a folder of models, or a STAC catalogue as the engine's command zoo writes it."),
    )
