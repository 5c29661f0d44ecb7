"""One connection to a service, kept open: asks for one picture after the other.

Not through Qt: on other threads than the main one, Python's wrappers of its network replies are not safe, and QGIS's
blocking requests may wait for ever (both seen in QGIS 3.22). What QGIS knows of proxies, authorities and logins comes
with the service.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import urljoin, urlsplit

from ..given import given
from .service import Service

MOST_BYTES = 64 << 20
"""Of one answer."""

CHUNK = 1 << 16
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)


class Trouble(Enum):
    """Why there is no answer."""

    NONE = "none"
    SILENCE = "nothing came"
    PASSING = "may pass by itself"
    LASTING = "asking again does not help"


@dataclass
class Answer:
    """What came: HTTP's status, content, `Retry-After`; or what went wrong."""

    status: int = 0
    content: bytes = b""
    wait: str = ""
    trouble: Trouble = Trouble.NONE
    reason: str = ""


@dataclass(eq=False)
class Flight:
    """A picture that is being asked for, for the first or another time."""

    key: tuple[int, int]
    url: str
    tries: int
    begun: float = field(default_factory=time.monotonic)
    answer: Answer = field(default_factory=Answer)


class Line(Thread):
    """See the module. Takes flights from `inbox` until there is none, and puts them, answered, into `outbox`."""

    def __init__(self, service: Service, silence: float, inbox: Queue[Any], outbox: Queue[Any]) -> None:
        super().__init__(daemon=True)
        self._service, self._silence, self._inbox, self._outbox = service, silence, inbox, outbox
        self._connection: http.client.HTTPConnection | None = None
        self._place = ("", "")
        self._stopped = False

    def run(self) -> None:
        """Answer flights."""
        while (flight := self._inbox.get()) is not None and not self._stopped:
            flight.answer = self._answer(flight.url)
            self._outbox.put(flight)
        self._close()

    def hang_up(self) -> None:
        """End whatever it waits for; from any thread."""
        self._stopped = True
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with suppress(OSError):  # it is closed already
                connection.sock.shutdown(socket.SHUT_RDWR)

    def _answer(self, url: str) -> Answer:
        try:
            return self._ask(url)
        except (TimeoutError, socket.timeout):  # two things before Python 3.10
            answer = Answer(trouble=Trouble.SILENCE)
        except (socket.gaierror, ssl.SSLCertVerificationError, http.client.InvalidURL, ValueError) as error:
            answer = Answer(trouble=Trouble.LASTING, reason=_said(error))
        except (OSError, http.client.HTTPException) as error:
            answer = Answer(trouble=Trouble.PASSING, reason=_said(error))
        self._close()
        return answer

    def _ask(self, url: str) -> Answer:
        own = urlsplit(url).netloc
        for _ in range(MOST_REDIRECTS):
            response = self._send(url, own)
            target = response.getheader("Location")
            if response.status not in REDIRECTS or not target:
                return Answer(response.status, self._read(response), response.getheader("Retry-After") or "")
            self._read(response)
            url = urljoin(url, target)
        return Answer(trouble=Trouble.LASTING, reason=f"{MOST_REDIRECTS} redirects")

    def _send(self, url: str, own: str) -> http.client.HTTPResponse:
        """Ask, once more where a connection that was kept open has been closed by the other side meanwhile."""
        parts = urlsplit(url)
        kept = self._connection is not None and self._place == (parts.scheme, parts.netloc)
        try:
            return self._send_once(url, own)
        except (http.client.RemoteDisconnected, ConnectionError):
            if not kept or self._stopped:
                raise
            self._close()
            return self._send_once(url, own)

    def _send_once(self, url: str, own: str) -> http.client.HTTPResponse:
        parts = urlsplit(url)
        place = parts.scheme, parts.netloc
        if self._connection is None or self._place != place:
            self._close()
            self._connection, self._place = self._connect(*place), place
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        proxied = self._service.proxy and parts.scheme == "http"
        headers = dict(self._service.headers)
        if parts.netloc == own:  # not where it leads to
            headers.update(self._service.secret_headers)
        if proxied:
            headers.update(given(self._service.proxy).headers)
        self._connection.request("GET", url if proxied else path, headers=headers)
        return self._connection.getresponse()

    def _connect(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        netloc, proxy = netloc.rpartition("@")[2], self._service.proxy
        if scheme not in ("http", "https"):
            raise ValueError(scheme)
        address = f"{proxy.host}:{proxy.port}" if proxy else netloc
        if scheme == "http":
            return http.client.HTTPConnection(address, timeout=self._silence)
        context = ssl.create_default_context()
        if self._service.authorities:
            context.load_verify_locations(cadata=self._service.authorities)
        connection = http.client.HTTPSConnection(address, timeout=self._silence, context=context)
        if proxy:
            connection.set_tunnel(netloc, headers=dict(proxy.headers))
        return connection

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        content = bytearray()
        while part := response.read(CHUNK):
            content += part
            if len(content) > MOST_BYTES or self._stopped:
                raise http.client.HTTPException(f"over {MOST_BYTES >> 20} MB")
        if response.length:  # reading in parts, Python does not tell
            raise http.client.IncompleteRead(bytes(content), response.length)
        return bytes(content)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
