"""Many small pictures from one service: few at a time, again where that helps, and not where it says no."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread
from typing import Callable, NamedTuple

from qgis.core import QgsBlockingNetworkRequest, QgsNetworkAccessManager
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QThread, QUrl
from qgis.PyQt.QtNetwork import QNetworkReply, QNetworkRequest

from ..environment import ROOT
from ..errors import CancelledError, GeoDistilError
from .refusals import ABSENT, PASSING, REFUSED, broken, busy, failed, refused, seconds_of, silent, slow
from .service import Service

NetworkError = QNetworkReply.NetworkError
LOOK_SECONDS = 0.05
FINAL = (NetworkError.HostNotFoundError, NetworkError.SslHandshakeFailedError, NetworkError.ProtocolUnknownError)
"""Asking again does not help."""

SILENT = (NetworkError.OperationCanceledError, NetworkError.TimeoutError)
"""What a time limit becomes."""


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


class _Answer(NamedTuple):
    """What came: HTTP's status (0 where there is none), content, `Retry-After`, and of what went wrong the kind."""

    status: int = 0
    content: bytes = b""
    wait: bytes = b""
    problem: str = ""
    kind: NetworkError = NetworkError.NoError


class _Flight:
    """A picture that is being asked for."""

    def __init__(self, wanted: Wanted, tries: int) -> None:
        self.wanted, self.tries, self.begun = wanted, tries, time.monotonic()
        self.answer: _Answer | Exception = _Answer()


class _Line(Thread):
    """One connection: asks for one picture after the other, through QGIS's own network.

    Replies stay on QGIS's side: Python's wrappers of them are not safe beside the main thread. A request that is not
    wanted any more ends by its time limit, for QGIS 3.22 may wait for ever for one that is cancelled.
    """

    def __init__(self, service: Service, silence: float, inbox: Queue, outbox: Queue) -> None:
        super().__init__(daemon=True)
        self._service, self._silence, self._inbox, self._outbox = service, silence, inbox, outbox

    def run(self) -> None:
        QEventLoop()  # Qt's timers work once a thread has had one
        while (flight := self._inbox.get()) is not None:
            try:
                flight.answer = self._ask(flight)
            except Exception as error:  # what leaves `run` ends QGIS
                flight.answer = error
            self._outbox.put(flight)

    def _ask(self, flight: _Flight) -> _Answer:
        request, asking = self._request(flight.wanted.url), QgsBlockingNetworkRequest()
        asking.setAuthCfg(self._service.authcfg)
        asking.get(request, True)
        reply = asking.reply()
        status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute) or 0
        return _Answer(int(status), bytes(reply.content()), bytes(reply.rawHeader(b"Retry-After")), *_problem(asking))

    def _request(self, url: str) -> QNetworkRequest:
        request = QNetworkRequest(QUrl(url))
        request.setAttribute(QNetworkRequest.Attribute.CacheSaveControlAttribute, False)  # we keep them ourselves
        if hasattr(request, "setTransferTimeout"):  # Qt 5.15; before, QGIS's own limit
            request.setTransferTimeout(round(1000 * self._silence))
        for name, value in (("X-Requested-With", name_and_version()), *self._service.headers):
            request.setRawHeader(name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        user, password = self._service.login
        if (user or password) and not self._service.authcfg:
            told = b64encode(f"{user}:{password}".encode())
            request.setRawHeader(b"Authorization", b"Basic " + told)
        return request


class _Visit:
    """All requests of a fetch, given out to a few lines and judged on the caller's thread."""

    def __init__(self, service: Service, wanted: Iterator[Wanted], arrived: Arrived, manners: Manners) -> None:
        self._service, self._wanted, self._arrived, self._manners = service, wanted, arrived, manners
        self._silence = min(manners.silence, QgsNetworkAccessManager.timeout() / 1000)
        self._again: list[tuple[Wanted, int]] = []
        self._rest = 0.0
        self._flights: list[_Flight] = []
        self._inbox: Queue = Queue()
        self._outbox: Queue = Queue()

    def go(self, cancelled: Callable[[], bool]) -> None:
        lines = [
            _Line(self._service, self._silence, self._inbox, self._outbox) for _ in range(self._manners.connections)
        ]
        for line in lines:
            line.start()
        try:
            while self._fill():
                if cancelled():
                    raise CancelledError
                self._look()
        finally:
            for _ in lines:
                self._inbox.put(None)

    def _fill(self) -> bool:
        """Ask for more where a line is free; whether there is anything to wait for."""
        while len(self._flights) < self._manners.connections and time.monotonic() >= self._rest:
            wanted, tries = self._again.pop(0) if self._again else (next(self._wanted, None), 0)
            if wanted is None:
                break
            self._flights.append(_Flight(wanted, tries + 1))
            self._inbox.put(self._flights[-1])
        return bool(self._flights or self._again or time.monotonic() < self._rest)

    def _look(self) -> None:
        """Wait a moment for an answer, and judge it."""
        if QThread.currentThread() is QCoreApplication.instance().thread():
            QCoreApplication.processEvents()  # QGIS asks for passwords on this one
        limit = self._silence * self._manners.whole
        if any(time.monotonic() - flight.begun > limit for flight in self._flights):
            raise slow(self._service.host, limit)
        try:
            flight = self._outbox.get(timeout=LOOK_SECONDS)
        except Empty:
            return
        self._flights.remove(flight)
        if isinstance(flight.answer, Exception):
            raise flight.answer
        self._judge(flight, flight.answer)

    def _judge(self, flight: _Flight, answer: _Answer) -> None:
        """What an answer means."""
        host, status = self._service.host, answer.status
        if not status and answer.kind in SILENT:
            self._later(flight, silent(host, self._silence, flight.tries))
        elif status in REFUSED:
            raise refused(host, status)
        elif status in ABSENT:
            self._arrived(flight.wanted, b"")
        elif status in PASSING:
            rest = seconds_of(answer.wait)
            if rest > self._manners.patience:
                raise busy(host, rest)
            self._later(flight, failed(host, status), rest)
        elif status >= 300:
            raise failed(host, status)
        elif answer.kind == NetworkError.NoError:
            self._arrived(flight.wanted, answer.content)
        elif answer.kind in FINAL:
            raise broken(host, answer.problem)
        else:  # refused connections, those that break off
            self._later(flight, broken(host, answer.problem))

    def _later(self, flight: _Flight, error: GeoDistilError, rest: float = 0.0) -> None:
        """Ask again after a pause, in which nothing else is asked for either; give up after some tries."""
        if flight.tries >= self._manners.tries:
            raise error
        self._again.append((flight.wanted, flight.tries))
        rest = max(rest, self._manners.pause * 2 ** (flight.tries - 1))
        self._rest = max(self._rest, time.monotonic() + rest)


def _problem(asking: QgsBlockingNetworkRequest) -> tuple[str, NetworkError]:
    reply = asking.reply()
    return reply.errorString() or asking.errorMessage(), reply.error()


def name_and_version() -> str:
    """Who asks. QGIS writes `User-Agent` itself, with its own name and version, whatever a request says."""
    lines = (ROOT / "metadata.txt").read_text(encoding="utf-8").splitlines()
    version = next((line.partition("=")[2].strip() for line in lines if line.startswith("version=")), "")
    return f"GeoDistil/{version}"
