"""Fetch a part of a service into a GeoTIFF, or into the kept tiles for what looks at it next."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Callable, NamedTuple, TypeVar

from qgis.core import QgsMapLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..background import Background, Cancelled, start
from ..errors import GeoDistilError
from ..folders import file_stem
from ..given import given
from ..progress import duration
from ..translation import local, tr
from .capabilities import map_service, matrix
from .getting import (
    Address,
    Manners,
    Wanted,
    empty,
    get,
    no_picture,
    with_query,
    wms_address,
    wmts_address,
    xyz_address,
)
from .mosaic import ABSENT_SECONDS, FRESH_SECONDS, Tiles, TileStore, picture, put, sweep, tiles_folder, write
from .plan import Order, Window, bytes_per_pixel, note_size, window, wms_lattice, xyz_lattice
from .service import WMS, XYZ, Service

MANNERS = Manners()
Said = TypeVar("Said")


class Progress(NamedTuple):
    """Where a fetch is.

    Args:
        done: tiles that are there.
        of: all of them.
        bytes: that came now.
        seconds: about how long it takes still; none where that cannot be told yet.
    """

    done: int
    of: int
    bytes: int
    seconds: float | None

    @property
    def text(self) -> str:
        """For people."""
        parts = [
            tr("{done} of {count} tiles").format(done=local(self.done), count=local(self.of)),
            tr("{size} MB").format(size=local(self.bytes / 1e6, 1)),
        ]
        if self.seconds is not None and self.done < self.of:
            parts.append(tr("{time} left").format(time=duration(self.seconds)))
        return ", ".join(parts)


Key = tuple[int, int]
"""Column and row of a tile."""

SAMPLES = 4
"""Tiles, from one corner to the other, by which a large fetch is estimated before a person is asked."""

Told = Callable[[Progress], None]


class Fetched(NamedTuple):
    """What was fetched.

    Args:
        path: the GeoTIFF.
        tiles: it is made of so many.
        asked: of which so many were asked for now.
        absent: and so many are ground without imagery.
    """

    path: Path
    tiles: int
    asked: int
    absent: int


def fetch(
    wanted: Order, path: Path, told: Told, cancelled: Callable[[], bool], manners: Manners | None = None
) -> Fetched:
    """Fetch into a GeoTIFF; tiles that came stay for the next time, however it ends. For workers.

    Args:
        wanted: what.
        path: the GeoTIFF; its folder is made.
        told: of progress.
        cancelled: asked many times a second.
        manners: how the service is asked; none is `MANNERS`.

    Raises:
        GeoDistilError: the service refuses, fails, is silent or has nothing there; or the disk cannot be written.
        CancelledError: it was cancelled.
        OSError: the disk failed.
    """
    sweep(tiles_folder())
    part = _Part(wanted, cancelled, manners)
    missing = part.missing(part.window.each())
    part.get(missing, told)
    absent = sum(map(part.store.is_absent, part.window.each()))
    if absent == part.window.count:
        raise empty(part.service.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    zoom = wanted.estimate.zoom
    details = {
        "ZOOM": "" if zoom is None else str(zoom),
        "GROUND_METRES": f"{wanted.estimate.ground:.4g}",
        "FETCHED": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    write(Tiles(part.service, part.window, part.store), path, details, cancelled)
    return Fetched(path, part.window.count, len(missing), absent)


def sampled(wanted: Order, cancelled: Callable[[], bool], manners: Manners | None = None) -> Order:
    """The order with an estimate by a few of its tiles, which are fetched, and stay for the fetch. For workers.

    Raises:
        GeoDistilError: as `fetch`.
        CancelledError: it was cancelled.
        OSError: the disk failed.
    """
    part = _Part(wanted, cancelled, manners)
    first_column, first_row, last_column, last_row = part.window.tiles
    shares = [(2 * place + 1) / (2 * SAMPLES) for place in range(SAMPLES)]
    keys = [
        (
            first_column + int(share * (last_column - first_column + 1)),
            first_row + int(other * (last_row - first_row + 1)),
        )
        for share, other in zip(shares, [*shares[1::2], *shares[::2]])
    ]
    part.get(part.missing(dict.fromkeys(keys)))
    return wanted._replace(estimate=replace(wanted.estimate, weight=bytes_per_pixel(wanted.service)))


def fetch_kept(wanted: Order, told: Told, cancelled: Callable[[], bool], manners: Manners | None = None) -> Path:
    """The same into a file among the tiles, which is there for the next who wants the same."""
    path = tiles_folder() / name_of(wanted)
    if not path.exists() or time.time() - path.stat().st_mtime > FRESH_SECONDS:
        fetch(wanted, path, told, cancelled, manners)
    return path


def name_of(wanted: Order) -> str:
    """A file's name that tells parts of services apart."""
    service, extent = wanted.service, wanted.extent
    corners = extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()
    told_of = (service.url, service.layers, service.styles, corners, wanted.estimate.resolution)
    code = sha256(repr(told_of).encode()).hexdigest()[:16]
    return f"{file_stem(service.name)}_{code}.tif"


def credit(layer: QgsMapLayer, attribution: str, url: str) -> None:
    """Have the map name whose imagery a fetched layer shows, as it does of the service's own; for the main thread."""
    layer.loadDefaultMetadata()
    layer.setAttribution(attribution or "; ".join(layer.metadata().rights()))  # a WMS has told it to the file alone
    layer.setAttributionUrl(url)


class _Part:
    """A part of a service on its way: which pixels, where their tiles are asked for, and where they are kept.

    Args:
        wanted: the part.
        cancelled: asked many times a second.
        manners: how the service is asked; none is `MANNERS`.
    """

    def __init__(self, wanted: Order, cancelled: Callable[[], bool], manners: Manners | None) -> None:
        self._wanted, self._cancelled, self._manners = wanted, cancelled, manners or MANNERS
        self.service, self.window, self._address = _settled(wanted, cancelled, self._manners)
        self.store = TileStore(tiles_folder(), self.service, self.window.lattice)
        self.store.begin()

    def missing(self, keys: Iterable[Key]) -> list[Key]:
        """Those of these tiles that are not kept."""
        return [key for key in keys if not self.store.has(key)]

    def get(self, missing: list[Key], told: Told = lambda _: None) -> None:
        """Get these tiles, and keep them."""
        lattice, count, begun = self.window.lattice, self.window.count, time.monotonic()
        before = count - len(missing)
        came, size, shown = 0, 0, 0

        def arrived(wanted: Wanted, content: bytes) -> None:
            nonlocal came, size, shown
            if content and picture(content, lattice.width, lattice.height) is None:
                raise no_picture(self.service.host, content)
            self.store.put(wanted.key, content)
            came, size, shown = came + 1, size + len(content), shown + bool(content)
            left = (len(missing) - came) * (time.monotonic() - begun) / came
            told(Progress(before + came, count, size, left))

        told(Progress(before, count, 0, None))
        wanted = (Wanted(key, self._address(key)) for key in missing)
        get(self.service, wanted, arrived, self._cancelled, self._manners)
        if shown:
            note_size(self._wanted.service, size, shown * lattice.width * lattice.height)


def _settled(wanted: Order, cancelled: Callable[[], bool], manners: Manners) -> tuple[Service, Window, Address]:
    """The service as its capabilities describe it, the pixels, and where their tiles are."""
    service, size = wanted.service, wanted.estimate.resolution
    part = wanted.extent.intersect(service.extent)
    if service.kind == XYZ:
        lattice = xyz_lattice(service, size)
        return service, window(lattice, part), xyz_address(service, given(wanted.estimate.zoom))
    if service.kind == WMS:
        known = _capabilities(service, partial(map_service, service), cancelled, manners)
        lattice = wms_lattice(service, size, known.largest)
        named = replace(service, attribution=service.attribution or known.attribution)
        return named, window(lattice, part), wms_address(service, known, lattice)
    found = _capabilities(service, partial(matrix, service, resolution=size), cancelled, manners)
    return service, window(found.lattice, part), wmts_address(service, found)


def _capabilities(
    service: Service, read: Callable[[bytes], Said], cancelled: Callable[[], bool], manners: Manners
) -> Said:
    """What a WMS or WMTS says of itself, asked for once a day; kept where `read` could read it."""
    url, came = service.url, []
    if not url.split("?")[0].endswith(".xml"):
        url = with_query(url, {"SERVICE": "WMS" if service.kind == WMS else "WMTS", "REQUEST": "GetCapabilities"})
    kept = tiles_folder() / f"{sha256(repr((url, service.secret_headers)).encode()).hexdigest()[:24]}.xml"
    if kept.exists() and time.time() - kept.stat().st_mtime < ABSENT_SECONDS:
        with suppress(GeoDistilError):  # of another layer, say, that is newer
            return read(kept.read_bytes())
    get(service, iter([Wanted((0, 0), url)]), lambda _, content: came.append(content), cancelled, manners)
    said = read(came[0])
    put(kept, came[0])
    return said


class KeptFetch(QObject):
    """Fetches in a task; what is kept already is there at once. Of what was given up nothing follows.

    Args:
        parent: who waits for it.
    """

    came = pyqtSignal(str)
    """The file."""
    failed = pyqtSignal(object)
    """With a `GeoDistilError`."""
    told = pyqtSignal(float, str)
    """Percent, and in words."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._task: Background | None = None

    def start(self, order: Order) -> None:
        """Begin; what was on its way is given up."""
        self.cancel()

        def wanted() -> bool:
            return not sip.isdeleted(self) and self._task is task

        def told(progress: Progress) -> None:
            percent = 100 * progress.done / progress.of
            task.setProgress(percent)
            if wanted():
                self.told.emit(percent, progress.text)

        def work(cancelled: Cancelled) -> Path:
            return fetch_kept(order, told, cancelled)

        def came(path: Path) -> None:
            if wanted():
                self._task = None
                self.came.emit(str(path))

        def failed(error: GeoDistilError) -> None:
            if wanted():
                self._task = None
                self.failed.emit(error)

        self._task = task = Background(tr("Fetch {layer}").format(layer=order.service.name), work, came, failed)
        start(task)

    def cancel(self) -> None:
        """Give up what is on its way."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
