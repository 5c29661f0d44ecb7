"""Many small pictures from one service: few at a time, again where that helps, and not where it says no."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from queue import Empty, Queue
from typing import Callable, NamedTuple
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from qgis.core import QgsNetworkAccessManager

from ..errors import CancelledError, GeoDistilError
from ..progress import duration
from ..translation import tr
from .capabilities import MapService, Matrix
from .line import Answer, Flight, Line, Trouble
from .plan import Lattice
from .service import Service

Address = Callable[[tuple[int, int]], str]
"""Column and row of a tile -> its address."""


def xyz_address(service: Service, zoom: int) -> Address:
    """Of a template with {x}, {y} or {-y}, {z}, or {q} (quadkey), and {switch:a,b,c}."""

    def address(key: tuple[int, int]) -> str:
        column, row = key
        parts = {"x": column, "y": row, "-y": 2**zoom - 1 - row, "z": zoom, "q": quadkey(column, row, zoom)}
        text = re.sub(r"\{switch:([^}]*)\}", lambda found: _one_of(found[1].split(","), column + row), service.url)
        for name, value in parts.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    return address


def quadkey(column: int, row: int, zoom: int) -> str:
    """A tile's name as Bing has it."""
    digits = (((column >> place) & 1) + 2 * ((row >> place) & 1) for place in range(zoom - 1, -1, -1))
    return "".join(map(str, digits))


def wmts_address(service: Service, matrix: Matrix) -> Address:
    """Of a template (RESTful), or by names and values."""
    style = service.styles[0] if service.styles else ""
    values = {**dict(matrix.dimensions), **dict(service.dimensions)}

    def address(key: tuple[int, int]) -> str:
        column, row = key
        if matrix.template:
            parts = {
                "style": style,
                "tilematrixset": service.matrix_set,
                "tilematrix": matrix.name,
                "tilecol": str(column),
                "tilerow": str(row),
                **{name.lower(): value for name, value in values.items()},
            }
            return re.sub(
                r"\{([^}]+)\}", lambda found: quote(parts.get(found[1].lower(), ""), safe=":"), matrix.template
            )
        query = {
            "SERVICE": "WMTS",
            "REQUEST": "GetTile",
            "VERSION": "1.0.0",
            "LAYER": service.layers[0],
            "STYLE": style,
            "FORMAT": service.format or matrix.format,
            "TILEMATRIXSET": service.matrix_set,
            "TILEMATRIX": matrix.name,
            "TILEROW": str(row),
            "TILECOL": str(column),
            **values,
        }
        return with_query(matrix.url or service.url, query)

    return address


def wms_address(service: Service, known: MapService, lattice: Lattice) -> Address:
    """GetMap, in the version that the service speaks."""
    newer = known.version >= (1, 3)
    swapped = newer and service.crs.hasAxisInverted()

    def address(key: tuple[int, int]) -> str:
        west, south, east, north = lattice.extent(*key)
        box = (south, west, north, east) if swapped else (west, south, east, north)
        query = {
            "SERVICE": "WMS",
            "VERSION": ".".join(map(str, known.version)),
            "REQUEST": "GetMap",
            "LAYERS": ",".join(service.layers),
            "STYLES": ",".join(service.styles),
            "CRS" if newer else "SRS": service.crs.authid(),
            "BBOX": ",".join(f"{each:.10f}".rstrip("0").rstrip(".") for each in box),
            "WIDTH": str(lattice.width),
            "HEIGHT": str(lattice.height),
            "FORMAT": service.format or "image/png",
            "TRANSPARENT": "TRUE",
        }
        return with_query(known.url or service.url, query)

    return address


def with_query(url: str, more: dict[str, str]) -> str:
    """An address whose own parameters stay, but for those of these names."""
    parts = urlsplit(url)
    own = [each for each in parts.query.split("&") if each and each.partition("=")[0].upper() not in more]
    return urlunsplit(parts._replace(query="&".join([*own, urlencode(more, quote_via=quote, safe=":,/")]), fragment=""))


def _one_of(names: list[str], number: int) -> str:
    return names[number % len(names)]


ABSENT = (204, 404, 410)
"""There is no imagery here."""

PASSING = (408, 429, 500, 502, 503, 504)
"""May pass by itself."""

REFUSED = (401, 403, 407, 418, 451)
"""It knows us, and says no; asking again makes it worse."""

CHARACTERS = 300
"""Of a service's own words that are told."""


def refused(host: str, code: int) -> GeoDistilError:
    """It says no."""
    return GeoDistilError(
        "service",
        tr("The service at {host} refuses to give its imagery (HTTP {code}).").format(host=host, code=code),
        tr("Look at its terms of use, and at the authentication of the layer's connection; do not simply try again."),
    )


def failed(host: str, code: int) -> GeoDistilError:
    """It answers with an error that will not pass."""
    return GeoDistilError(
        "service",
        tr("The service at {host} cannot answer (HTTP {code}).").format(host=host, code=code),
        tr("Look at the layer on the map at the same place and scale."),
    )


def silent(host: str, seconds: float, tries: int) -> GeoDistilError:
    """Nothing came, again and again."""
    return GeoDistilError(
        "service",
        tr("The service at {host} does not answer: nothing came for {time}, {tries} times.").format(
            host=host, time=duration(seconds), tries=tries
        ),
        tr("Try again later: what has come is kept."),
    )


def slow(host: str, seconds: float) -> GeoDistilError:
    """Something comes, but as good as nothing."""
    return broken(host, tr("one picture took more than {time}").format(time=duration(seconds)))


def broken(host: str, reason: str) -> GeoDistilError:
    """It could not be reached, or broke off, again and again."""
    return GeoDistilError(
        "service",
        tr("The service at {host} does not answer: {reason}.").format(host=host, reason=reason.strip().rstrip(".")),
        tr("Try again later: what has come is kept."),
    )


def busy(host: str, seconds: float) -> GeoDistilError:
    """It wants longer to be left alone than a person waits."""
    return GeoDistilError(
        "service",
        tr("The service at {host} asks to be left alone for {time}.").format(host=host, time=duration(seconds)),
        tr("Try again then: what has come is kept."),
    )


def no_picture(host: str, content: bytes) -> GeoDistilError:
    """It answers with something else, such as a page or an exception in XML."""
    words = " ".join(content[: 4 * CHARACTERS].decode("utf-8", "replace").split())[:CHARACTERS]
    return GeoDistilError(
        "service",
        tr("The service at {host} answers with something else than a picture.").format(host=host),
        tr("Look at the layer on the map at the same place and scale."),
        words,
    )


def empty(name: str) -> GeoDistilError:
    """All of it is ground without imagery."""
    return GeoDistilError(
        "raster",
        tr("The layer {layer} has no imagery of this extent at this pixel size.").format(layer=name),
        tr("Choose larger pixels, or another extent."),
    )


def seconds_of(header: str) -> float:
    """What `Retry-After` says, in seconds from now; 0 where it says nothing that is known."""
    text = header.strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, IndexError):
        return 0.0


LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Manners:
    """How a service is asked.

    Args:
        connections: requests at a time.
        tries: of one picture.
        pause: seconds before it is asked for again, twice as many each time.
        silence: most seconds without a byte; QGIS's own time limit counts where it is shorter.
        whole: how many times as long all of a picture may take.
        patience: most seconds that a service may have us wait (`Retry-After`).
    """

    connections: int = 2
    tries: int = 4
    pause: float = 1.0
    silence: float = 20.0
    whole: int = 6
    patience: float = 120.0


class Wanted(NamedTuple):
    """One picture: which, and its address."""

    key: tuple[int, int]
    url: str


Arrived = Callable[[Wanted, bytes], None]
"""Is given each picture that came; without a byte where there is no imagery. May raise a `GeoDistilError`."""


def get(
    service: Service,
    wanted: Iterator[Wanted],
    arrived: Arrived,
    cancelled: Callable[[], bool],
    manners: Manners,
) -> None:
    """Get them all. For workers.

    Args:
        service: gives login and headers.
        wanted: in the order of asking; taken as places get free.
        arrived: told of each.
        cancelled: asked twenty times a second.
        manners: how.

    Raises:
        GeoDistilError: the service refuses, fails or is silent.
        CancelledError: it was cancelled.
    """
    _Visit(service, wanted, arrived, manners).go(cancelled)


class _Visit:
    """All requests of a fetch, given out to a few lines and judged on the caller's thread."""

    def __init__(self, service: Service, wanted: Iterator[Wanted], arrived: Arrived, manners: Manners) -> None:
        self._service, self._wanted, self._arrived, self._manners = service, wanted, arrived, manners
        self._silence = min(manners.silence, QgsNetworkAccessManager.timeout() / 1000)
        self._again: list[tuple[Wanted, int]] = []
        self._rest = 0.0
        self._flights: list[Flight] = []
        self._inbox: Queue[Flight | None] = Queue()
        self._outbox: Queue[Flight] = Queue()

    def go(self, cancelled: Callable[[], bool]) -> None:
        count = self._manners.connections
        lines = [Line(self._service, self._silence, self._inbox, self._outbox) for _ in range(count)]
        for line in lines:
            line.start()
        try:
            while self._fill():
                if cancelled():
                    raise CancelledError
                self._look()
        finally:
            for line in lines:
                self._inbox.put(None)
                line.hang_up()

    def _fill(self) -> bool:
        """Ask for more where a line is free; whether there is anything to wait for."""
        while len(self._flights) < self._manners.connections and time.monotonic() >= self._rest:
            wanted, tries = self._again.pop(0) if self._again else (next(self._wanted, None), 0)
            if wanted is None:
                break
            self._flights.append(Flight(wanted.key, wanted.url, tries + 1))
            self._inbox.put(self._flights[-1])
        return bool(self._flights or self._again)

    def _look(self) -> None:
        """Wait a moment for an answer, and judge it."""
        limit = self._silence * self._manners.whole
        if any(time.monotonic() - flight.begun > limit for flight in self._flights):
            raise slow(self._service.host, limit)
        try:
            flight = self._outbox.get(timeout=LOOK_SECONDS)
        except Empty:
            return
        self._flights.remove(flight)
        self._judge(flight, flight.answer)

    def _judge(self, flight: Flight, answer: Answer) -> None:
        """What an answer means."""
        host, status = self._service.host, answer.status
        if answer.trouble is Trouble.LASTING:
            raise broken(host, answer.reason)
        if answer.trouble is Trouble.SILENCE:
            self._later(flight, silent(host, self._silence, flight.tries))
        elif answer.trouble is Trouble.PASSING:
            self._later(flight, broken(host, answer.reason))
        elif status == 200:
            self._arrived(Wanted(flight.key, flight.url), answer.content)
        elif status in ABSENT:
            self._arrived(Wanted(flight.key, flight.url), b"")
        elif status in REFUSED:
            raise refused(host, status)
        elif status in PASSING:
            rest = seconds_of(answer.wait)
            if rest > self._manners.patience:
                raise busy(host, rest)
            self._later(flight, failed(host, status), rest)
        else:
            raise failed(host, status)

    def _later(self, flight: Flight, error: GeoDistilError, rest: float = 0.0) -> None:
        """Ask again after a pause, in which nothing else is asked for either; give up after some tries."""
        if flight.tries >= self._manners.tries:
            raise error
        self._again.append((Wanted(flight.key, flight.url), flight.tries))
        rest = max(rest, self._manners.pause * 2 ** (flight.tries - 1))
        self._rest = max(self._rest, time.monotonic() + rest)
