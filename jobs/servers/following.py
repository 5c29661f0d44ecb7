"""Runs on servers, each followed from a thread of its own: copied, started, fetched; taken up where it broke off."""

from __future__ import annotations

import json
import posixpath
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable
from uuid import uuid4

from qgis.PyQt.QtCore import QLockFile

from ..errors import CancelledError, GeoDistilError, as_error, file_errors
from ..events import EVENTS_FILE, last_event
from ..packages import ITEM_FILE
from ..process import LOG_FILE, STOP_FILE
from ..runs.files import LAUNCH_FILE, MODEL_FOLDER, REPORT_FILE, TRAINED, followed_runs, set_followed_runs
from ..text_files import read_object, write_text
from ..translation import tr
from .cargo import RUNS, cargo
from .connection import Connection
from .copying import Mirror, Pace, Wanted, fetch, missing, send
from .note import LOCK_FILE, UNDER_WAY, Note, Stage, read_note, write_note
from .server import Server, servers
from .ssh import ServerError, no_engine, no_server, too_little_room

POLL_SECONDS = 1.0
LONGEST_PAUSE = 30.0
"""Between two attempts to connect."""
NOTED_SECONDS = 0.5
"""Between two notes of how far a copying is."""
END = "end"
"""In the file `stop`: do not wait for a checkpoint."""
RESULTS = [MODEL_FOLDER, REPORT_FILE, *TRAINED]
RESERVE_BYTES = 50_000_000

FindServer = Callable[[str, str], "Server | None"]
"""A server's id and name to its description, as it is now."""


class Follower(threading.Thread):
    """Follows one run until it has ended and its results are here; touches no widget and no layer.

    It never holds QGIS's end up: what is under way there goes on, and the next QGIS follows it from where this one was.

    Args:
        run: the run folder here.
        token: of the start that is followed.
        find_server: finds its server.
    """

    def __init__(self, run: Path, token: str, find_server: FindServer) -> None:
        super().__init__(name=f"geodistil {run.name}", daemon=True)
        self.run_folder, self.token = run, token
        self._find, self._left = find_server, threading.Event()
        self._connected, self._starts, self._noted = False, False, 0.0
        self._note = Note("", "")

    def leave(self) -> None:
        """Follow no longer; does not wait."""
        self._left.set()

    def run(self) -> None:
        """Work; called on the thread."""
        lock = QLockFile(str(self.run_folder / LOCK_FILE))
        lock.setStaleLockTime(0)  # held as long as this process lives
        while not lock.tryLock(0):
            if self._left.wait(LONGEST_PAUSE / 6):
                return
        try:
            self._work()
        finally:
            lock.unlock()

    def _work(self) -> None:
        pause = POLL_SECONDS
        note = read_note(self.run_folder)
        if note is None or note.stage not in UNDER_WAY:
            return
        self._note = note
        while not self._tried():
            pause = POLL_SECONDS if self._connected else min(LONGEST_PAUSE, 2 * pause)
            self._connected = False
            until = time.monotonic() + pause
            while time.monotonic() < until and not self._given_up():
                time.sleep(0.1)

    def _tried(self) -> bool:
        """Do all that is left to be done; whether nothing is, or nothing can be."""
        try:
            if self._given_up():
                raise CancelledError
            server = self._find(self._note.server, self._note.name)
            if server is None:
                raise no_server(self._note.name)
            with Connection(server, self._given_up) as connection:
                self._connected = True
                self._write(name=server.name, trouble="")
                self._advance(connection, server)
            return True
        except CancelledError:
            if not self._left.is_set():
                self._settle(Stage.CANCELLED, tr("The copying was cancelled; it goes on from there."))
            return True
        except Exception as error:  # a thread that raises ends without a word
            return self._failed(as_error(error, tr("Following the run")))

    def _failed(self, error: GeoDistilError) -> bool:
        """Note what went wrong; whether it is of no use to try again."""
        passing = isinstance(error, ServerError) and error.passing
        if self._note.stage is Stage.COPYING and not (passing and (self._connected or self._note.fraction > 0)):
            self._settle(Stage.FAILED, str(error))
            return True
        self._write(trouble=str(error))
        return False

    def _advance(self, connection: Connection, server: Server) -> None:
        if self._note.stage is Stage.COPYING:
            self._copy(connection, server)
            self._start(connection, server)
        if self._note.stage is Stage.WORKING:
            self._follow(connection)
        if self._note.stage is Stage.FETCHING:
            progress = self._progress()
            last = f"{MODEL_FOLDER}/{ITEM_FILE}"
            fetch(connection, Wanted(self._note.folder, RESULTS, last), self.run_folder, progress)
            if last_event(self.run_folder).get("kind") == "finished":
                (self.run_folder / LAUNCH_FILE).unlink(missing_ok=True)  # the next start is one here, to predict
            self._write(stage=Stage.ENDED)

    def _copy(self, connection: Connection, server: Server) -> None:
        if not connection.ask("has_engine")["engine"]:
            raise no_engine(server, tr("there is no package engine"))
        place = connection.ask("prepare", folder=server.folder)
        name = posixpath.basename(self._note.folder) or f"{self.run_folder.name}-{self._note.token[:8]}"
        loads = missing(connection, place["folder"], cargo(self.run_folder, name, not self._note.begun))
        needed = sum(load.item.size - load.done for load in loads) + RESERVE_BYTES
        if needed > place["free"]:
            raise too_little_room(server, place["folder"], needed, place["free"])
        self._write(folder=posixpath.join(place["folder"], RUNS, name))
        send(connection, place["folder"], loads, self._progress())

    def _start(self, connection: Connection, server: Server) -> None:
        note = self._note
        self._starts = True  # from now on a stop is the training's, which may have begun before we hear of it
        launched = connection.ask(
            "start", folder=note.folder, token=note.token, queue=server.queue, options=server.queue_options
        )
        log = self.run_folder / LOG_FILE
        seen = {"pid": launched["pid"], "host": server.name, "time": launched["time"]}
        size = log.stat().st_size if log.exists() else 0
        write_text(self.run_folder / LAUNCH_FILE, json.dumps({**seen, "log": size}))
        started = {"pid": launched["pid"], "since": launched["since"], "job": launched["job"]}
        self._write(stage=Stage.WORKING, begun=True, alive=True, waits=bool(launched["job"]), **started)

    def _follow(self, connection: Connection) -> None:
        mirrors = [Mirror(self.run_folder / name) for name in (EVENTS_FILE, LOG_FILE)]
        while True:
            self._pass_stop_on(connection)
            more = self._look(connection, mirrors)
            if not self._note.alive and not more:
                break
            if not more:
                self._pause()
        if (self.run_folder / STOP_FILE).exists() and not self._has_spoken():
            return self._settle(Stage.CANCELLED, tr("It was stopped before it began."))
        (self.run_folder / STOP_FILE).unlink(missing_ok=True)
        return self._write(stage=Stage.FETCHING, fraction=0.0, seconds_left=None)

    def _has_spoken(self) -> bool:
        """Whether the training has said anything since it was started; both times are of the server's clock."""
        started = read_object(self.run_folder / LAUNCH_FILE).get("time") or 0.0
        return (last_event(self.run_folder).get("time") or 0.0) >= started

    def _look(self, connection: Connection, mirrors: list[Mirror]) -> bool:
        """Take in what is new; whether there may be more."""
        note = self._note
        known = [mirror.known() for mirror in mirrors]
        training = {"pid": note.pid, "since": note.since, "job": note.job}
        answer, content = connection.ask_bytes("look", folder=note.folder, training=training, files=known)
        for mirror, told in zip(mirrors, answer["files"]):
            mirror.take(content[: told["bytes"]], told["restarted"])
            content = content[told["bytes"] :]
        if (answer["alive"], answer["waits"]) != (note.alive, note.waits):
            self._write(alive=answer["alive"], waits=answer["waits"])
        return any(told["bytes"] for told in answer["files"])

    def _pass_stop_on(self, connection: Connection) -> None:
        """The file `stop` here is one there, as long as it is here: an engine that loads takes an old one away."""
        try:
            wanted = (self.run_folder / STOP_FILE).read_text(encoding="utf-8")
        except OSError:
            return
        note = self._note
        connection.ask("stop", folder=note.folder, job=note.job)
        if wanted == END:
            connection.ask("end", pid=note.pid, since=note.since, job=note.job)

    def _pause(self) -> None:
        if self._left.wait(POLL_SECONDS):
            raise CancelledError

    def _given_up(self) -> bool:
        sends = self._note.stage is Stage.COPYING and not self._starts
        return self._left.is_set() or (sends and (self.run_folder / STOP_FILE).exists())

    def _progress(self) -> Callable[[int, int], None]:
        pace = Pace()

        def told(done: int, total: int) -> None:
            fraction, left = pace(done, total)
            if time.monotonic() - self._noted > NOTED_SECONDS:
                self._noted = time.monotonic()
                self._write(fraction=fraction, seconds_left=left)

        return told

    def _settle(self, stage: Stage, trouble: str) -> None:
        (self.run_folder / STOP_FILE).unlink(missing_ok=True)
        self._write(stage=stage, trouble=trouble, seconds_left=None)

    def _write(self, **changed: Any) -> None:
        note = replace(self._note, **changed)
        if note != self._note:
            self._note = note
            write_note(self.run_folder, note)


def assign(run: Path, server: Server) -> None:
    """Have a run train on a server, once it is started.

    Raises:
        OSError: the run folder cannot be written.
    """
    write_note(run, Note(server.id, server.name))


def begin(run: Path, note: Note) -> None:
    """Start a run on its server, or let it go on there; whoever follows does the rest.

    Raises:
        GeoDistilError: the run folder cannot be written.
    """
    token = uuid4().hex
    with file_errors():
        (run / STOP_FILE).unlink(missing_ok=True)
        fresh = Note(note.server, note.name, Stage.COPYING, note.folder, note.begun, token)
        write_note(run, fresh)
    set_followed_runs({**followed_runs(), run: token})


class Followers:
    """Keeps a thread at work for each run on a server. Its methods are the main thread's."""

    def __init__(self) -> None:
        self._threads: dict[Path, Follower] = {}
        self._servers: list[Server] = []

    def keep(self) -> list[Path]:
        """See to it that every run is followed; the runs that have ended since the last call."""
        followed = followed_runs()
        if not followed and not self._threads:
            return []
        self._servers = servers()
        ended = [thread for thread in self._threads.values() if not thread.is_alive()]
        for thread in ended:
            del self._threads[thread.run_folder]
            if followed.get(thread.run_folder) == thread.token:  # else it was started again meanwhile
                del followed[thread.run_folder]
        if ended:
            set_followed_runs(followed)
        for run, token in followed.items():
            if run not in self._threads:
                self._threads[run] = Follower(run, token, self._find)
                self._threads[run].start()
        return [thread.run_folder for thread in ended]

    def leave(self) -> None:
        """Follow nothing any more; does not wait, and ends nothing on any server."""
        for thread in self._threads.values():
            thread.leave()
        self._threads = {}

    def _find(self, known: str, name: str) -> Server | None:
        """A server by its id; one that was removed and described anew has another, but the same name."""
        found = sorted(self._servers, key=lambda server: server.id != known)
        return next((server for server in found if server.id == known or server.name == name), None)
