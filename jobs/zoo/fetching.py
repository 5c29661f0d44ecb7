"""Files of zoos, from the web through QGIS's own network (its proxy, certificates and time limits) or from a disk."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from qgis.core import QgsFileDownloader, QgsProcessingUtils
from qgis.PyQt.QtCore import QEventLoop, QTimer, QUrl

from ..errors import CancelledError, GeoDistilError
from ..folders import scratch
from ..translation import local, tr
from .addresses import is_web

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
