"""What goes wrong between this machine and a server, as sentences."""

from __future__ import annotations

import re

from ..errors import GeoDistilError
from ..translation import local, tr
from .server import Server

ADDRESS, SILENT, KEY, UNKNOWN_HOST_KEY, CHANGED_HOST_KEY, PYTHON, LOST, THERE = (
    "address",
    "silent",
    "key",
    "unknown host key",
    "changed host key",
    "python",
    "lost",
    "there",
)
"""Kinds of errors."""
PASSING = (ADDRESS, SILENT, LOST)
"""Kinds that may pass by themselves: a network that is away, a server that starts again."""

_CHANGED = "REMOTE HOST IDENTIFICATION HAS CHANGED"
_UNKNOWN = ("Host key verification failed", "host key is known for")
_ADDRESS = ("Could not resolve hostname", "Name or service not known", "hostname contains invalid characters")
_REFUSED = ("Permission denied", "Too many authentication failures")
_SILENT = ("Connection refused", "timed out", "No route to host", "Network is unreachable", "Host is down")
_OFFENDING = re.compile(r"Offending \S+ key in (.+):(\d+)")
_BAD_KEY = re.compile(r'(?:Load key "?|no such identity: |Identity file )([^":\n]+?)"?(?: not accessible)?: ([^\n]*)')
_NO_SPACE, _QUOTA = 28, 122


class ServerError(GeoDistilError):
    """Something between here and a server.

    Args:
        kind: which of the kinds above.
        message: as of `GeoDistilError`, and so are the others.
    """

    def __init__(self, kind: str, message: str, hint: str = "", details: str = "") -> None:
        super().__init__("server", message, hint, details)
        self.kind = kind

    @property
    def passing(self) -> bool:
        """Whether it may pass by itself."""
        return self.kind in PASSING


def refused_by_ssh(server: Server, said: str) -> ServerError:
    """Why there is no connection.

    Args:
        server: the server.
        said: what the SSH client wrote, in English, as it always does.
    """
    values = {"server": server.name, "host": server.host, "reason": last_line(said)}
    if _CHANGED in said:
        return _changed(values, said)
    if any(sign in said for sign in _UNKNOWN):
        message = tr("The host key of {server} is not known here yet.")
        kind, hint = UNKNOWN_HOST_KEY, tr("Press Test in Settings > Options > GeoDistil servers to look at it.")
    elif any(sign in said for sign in _ADDRESS):
        kind, message = ADDRESS, tr("There is no host {host}, the address of the server {server}.")
        hint = tr("Correct the address, or connect to the network that knows it.")
    elif any(sign in said for sign in _REFUSED):
        return _refused_key(server, values, said)
    elif any(sign in said for sign in _SILENT):
        kind, message = SILENT, tr("The server {server} does not answer at {host}: {reason}.")
        hint = tr("Check address and port, and whether it is on and reachable from here.")
    else:
        kind, message = LOST, tr("The connection to {server} ended: {reason}.")
        hint = tr("Try again, or test it with ssh in a terminal.")
    return ServerError(kind, message.format(**values), hint, said)


def no_python(server: Server, said: str) -> ServerError:
    """The command that should start Python there does not."""
    message = tr("The server {server} has no Python that starts with {python}: {reason}.")
    hint = tr("Correct how Python is started there, or set the engine up there as the guide's page Servers says.")
    values = {"server": server.name, "python": server.python, "reason": last_line(said)}
    return ServerError(PYTHON, message.format(**values), hint, said)


def no_engine(server: Server, said: str) -> ServerError:
    """Python starts there, but cannot run the engine."""
    message = tr("The Python {python} on {server} has no engine: {reason}.")
    hint = tr("Install it there as the guide's page Servers says, or name the Python that has it.")
    values = {"server": server.name, "python": server.python, "reason": last_line(said)}
    return ServerError(PYTHON, message.format(**values), hint, said)


def lost(server: Server, said: str) -> ServerError:
    """The connection broke off."""
    return ServerError(LOST, tr("The connection to {server} broke off.").format(server=server.name), "", said)


def on_its_disk(server: Server, error: dict[str, object]) -> ServerError:
    """What the server's system says of a file or folder: a full disk, missing rights."""
    values = {"server": server.name, "path": error.get("path") or server.folder, "reason": error.get("reason")}
    if error.get("errno") in (_NO_SPACE, _QUOTA):
        message = tr("The disk of {server} is full at {path}.")
        hint = tr("Make room there, then start the run again: what is copied already is not copied again.")
    elif not error.get("errno"):
        message = tr("On {server}: {reason}.")
        hint = tr("Correct how it is described among the servers.")
    else:
        message = tr("On {server}, {path} cannot be read or written: {reason}.")
        hint = tr("Choose another folder there, or have its rights changed.")
    return ServerError(THERE, message.format(**values), hint, str(error.get("details") or ""))


def too_little_room(server: Server, folder: str, needed: int, free: int) -> ServerError:
    """The server's disk has less room than what is to be copied takes."""
    message = tr("On {server}, {folder} has {free} GB free, and the run's files need {needed} GB.")
    values = {"server": server.name, "folder": folder, "needed": _gigabytes(needed), "free": _gigabytes(free)}
    return ServerError(THERE, message.format(**values), tr("Make room there, or choose another folder."))


def no_server(name: str) -> ServerError:
    """A run's server is not described any more."""
    message = tr("The server {server} is not among the servers any more.").format(server=name)
    return ServerError(ADDRESS, message, tr("Add it again in Settings > Options > GeoDistil servers."))


def last_line(said: str) -> str:
    """The last thing that was said, without a full stop."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else tr("it gave no reason")


def _gigabytes(size: int) -> str:
    return local(size / 1e9, 3 if size < 1e8 else 1)


def _changed(values: dict[str, str], said: str) -> ServerError:
    found = _OFFENDING.search(said)
    message = tr("The host key of {server} is not the one that was accepted, so nothing was sent there.")
    hint = tr("Ask whoever runs it whether its key was changed.")
    if found:
        hint += " " + tr("If so, remove line {line} of {file}, then press Test.").format(line=found[2], file=found[1])
    return ServerError(CHANGED_HOST_KEY, message.format(**values), hint, said)


def _refused_key(server: Server, values: dict[str, str], said: str) -> ServerError:
    found = _BAD_KEY.search(said)
    if found:
        message = tr("The key file {file} cannot be used: {reason}.").format(file=found[1], reason=last_line(found[2]))
        return ServerError(KEY, message, tr("Choose the private key's file, or leave it empty to ask the agent."), said)
    message = tr("The server {server} accepts no key of {user}.")
    hint = tr("Add your public key there (ssh-copy-id), or load a key with a passphrase into the agent (ssh-add).")
    user = server.user or tr("yours")
    return ServerError(KEY, message.format(user=user, **values), hint, said)
