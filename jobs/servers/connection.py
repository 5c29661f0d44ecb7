"""One connection to a server, with the script `there` at its other end, and the test of a server."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Callable

from ..errors import CancelledError
from ..given import given
from ..text_files import parsed_json
from . import ssh
from .server import Server
from .ssh import lost, no_engine, no_python, on_its_disk, refused_by_ssh

SCRIPT = Path(__file__).with_name("there.py")
READY = b"GEODISTIL-READY\n"
"""As in `there`."""
BOOTSTRAP = "'import sys; exec(sys.stdin.buffer.read(int(sys.argv[1])))'"
"""Quoted for the shell there; the only thing that is, for all paths travel as JSON behind it."""

MOST_GREETING = 1 << 16
"""Bytes that a server's start-up files may print."""
REFUSED = 255
"""SSH's own exit code; all others are the command's."""
POLL_SECONDS = 0.1


class Connection:
    """A connection, open from the beginning to `close`; not for the main thread.

    Args:
        server: the server.
        cancelled: tells whether to give up, at any time and wherever it waits.

    Raises:
        ServerError: there is no connection, or no Python.
        CancelledError: it was cancelled.
    """

    def __init__(self, server: Server, cancelled: Callable[[], bool] = lambda: False) -> None:
        self._server, self._cancelled, self._given_up = server, cancelled, False
        script = SCRIPT.read_bytes()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the connection
        self._child: subprocess.Popen[bytes] = subprocess.Popen(
            ssh.command(server, f"{server.python} -c {BOOTSTRAP} {len(script)}"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=ssh.environment(),
            **ssh.HIDDEN,
        )
        threading.Thread(target=self._watch, name="geodistil cancel", daemon=True).start()
        try:
            self._write(script)
            self._skip_greeting()
            self.hello = self.receive()[0]
            """Version, path and host name of the Python there."""
        except Exception:
            self.close()
            raise

    def __enter__(self) -> Connection:
        """The connection."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType) -> None:
        """Close it."""
        self.close()

    def ask(self, do: str, **values: Any) -> dict[str, Any]:
        """Have one thing done there, and wait for it.

        Raises:
            ServerError: it cannot be done, or the connection broke off.
            CancelledError: it was cancelled.
        """
        return self.ask_bytes(do, **values)[0]

    def ask_bytes(self, do: str, **values: Any) -> tuple[dict[str, Any], bytes]:
        """The same where bytes come back."""
        self.send(do, b"", **values)
        return self.receive()

    def send(self, do: str, content: bytes = b"", **values: Any) -> None:
        """Ask without waiting; each answer is to be received, in order."""
        self._write(json.dumps({"do": do, "bytes": len(content), **values}).encode() + b"\n" + content)

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next answer, and its bytes."""
        line = given(self._child.stdout).readline()
        values = _parsed(line)
        if values is None:
            raise self._broken()
        content = given(self._child.stdout).read(values["bytes"])
        if len(content) < values["bytes"]:
            raise self._broken()
        if "error" in values:
            raise on_its_disk(self._server, values["error"])
        return values, content

    def close(self) -> None:
        """End the connection; what was started there goes on."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout, self._errors):
            try:
                given(pipe).close()
            except OSError:  # of what could no longer be sent
                continue

    def _watch(self) -> None:
        """End the client when it is cancelled, which ends every wait for it."""
        while self._child.poll() is None:
            if self._cancelled():
                self._given_up = True
                self._child.kill()
            time.sleep(POLL_SECONDS)

    def _write(self, content: bytes) -> None:
        try:
            given(self._child.stdin).write(content)
            given(self._child.stdin).flush()
        except OSError as error:
            raise self._broken() from error

    def _skip_greeting(self) -> None:
        skipped = 0
        for line in iter(given(self._child.stdout).readline, b""):
            if line == READY:
                return
            skipped += len(line)
            if skipped > MOST_GREETING:
                raise no_python(self._server, line.decode("utf-8", "replace"))
        raise self._refused()

    def _refused(self) -> Exception:
        """Why nothing has begun there."""
        code = self._child.wait()
        if self._given_up:
            return CancelledError()
        return refused_by_ssh(self._server, self._said()) if code == REFUSED else no_python(self._server, self._said())

    def _broken(self) -> Exception:
        if self._given_up:
            return CancelledError()
        if not hasattr(self, "hello"):  # it ended while the script was sent
            return self._refused()
        return lost(self._server, self._said())

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace")


def _parsed(line: bytes) -> dict[str, Any] | None:
    """An answer; none where it is torn, or what is no answer of ours."""
    try:
        values = parsed_json(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    sound = isinstance(values, dict) and isinstance(values.get("bytes"), int)
    return values if sound else None


@dataclass(frozen=True)
class Found:
    """What a server has.

    Args:
        python: version of its Python.
        engine: version of its engine.
        device: its graphics cards, or `CPU`.
        folder: the server's folder, as a whole path.
        free: bytes left on that folder's disk.
    """

    python: str
    engine: str
    device: str
    folder: str
    free: int


def probe(server: Server, cancelled: Callable[[], bool] = lambda: False) -> Found:
    """Try all that a training needs; takes as long as the engine there takes to load.

    Raises:
        ServerError: something is missing; the sentence says what.
        CancelledError: it was cancelled.
    """
    with Connection(server, cancelled) as connection:
        place = connection.ask("prepare", folder=server.folder)
        answer, content = connection.ask_bytes("doctor")
        told = _object(content)
        if answer["code"] != 0 or "geodistil" not in told:
            raise no_engine(server, answer["said"])
        return Found(
            str(connection.hello["python"]), str(told["geodistil"]), _device(told), place["folder"], place["free"]
        )


def _device(told: dict[str, Any]) -> str:
    cards = told.get("cuda")
    if isinstance(cards, list) and cards:
        return ", ".join(map(str, cards))
    return "MPS" if told.get("mps") else "CPU"


def _object(content: bytes) -> dict[str, Any]:
    try:
        values = parsed_json(content)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
