"""Many small pictures from one service: few at a time, again where that helps, and not where it says no."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Callable, NamedTuple

from qgis.core import QgsNetworkAccessManager

from ..errors import CancelledError, GeoDistilError
from .line import Answer, Flight, Line, Trouble
from .refusals import ABSENT, PASSING, REFUSED, broken, busy, failed, refused, seconds_of, silent, slow
from .service import Service

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
