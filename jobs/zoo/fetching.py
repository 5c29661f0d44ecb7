"""Files of zoos, from the web through QGIS's own network or from a disk, and from nowhere that nobody pointed to."""

from __future__ import annotations

from pathlib import Path
from typing import Callable
from urllib.parse import unquote, urljoin, urlsplit

from qgis.core import QgsFileDownloader, QgsProcessingUtils
from qgis.PyQt.QtCore import QEventLoop, QTimer, QUrl

from ..errors import CancelledError, GeoDistilError
from ..folders import scratch
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
