"""Which runs are on servers, and the threads that follow them."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from ..errors import file_errors
from ..process import STOP_FILE
from ..runs.registry import followed_runs, set_followed_runs
from .following import Follower
from .note import Note, Stage, write_note
from .server import Server, servers


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
