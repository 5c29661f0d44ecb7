"""The system's OpenSSH client: where it is, which host keys it knows; what goes wrong with servers, as sentences."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication

from ..environment import child_environment
from ..errors import GeoDistilError, file_errors
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


CONNECT_SECONDS = 15
SILENT_SECONDS = 15
"""Between two signs of life of a connection that is idle; after three that are missing it is given up."""
HIDDEN: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
KNOWN_HOSTS = "geodistil/known_hosts"
"""In the profile: host keys that were accepted here."""


def known_hosts() -> Path:
    """The file of host keys that were accepted here."""
    return Path(QgsApplication.qgisSettingsDirPath()) / KNOWN_HOSTS


def client(program: str) -> str:
    """The path of a program of the OpenSSH client.

    Raises:
        GeoDistilError: it is not installed.
    """
    path = shutil.which(program)
    if path is None:
        raise GeoDistilError(
            "server",
            tr("The program {program} is not installed.").format(program=program),
            tr("Install the OpenSSH client: package openssh-client, or Optional features of Windows' settings."),
        )
    return path


def command(server: Server, remote: str, options: Sequence[str] = ()) -> list[str]:
    """The command line that runs something on a server; it never asks anything.

    Args:
        server: the server.
        remote: what its shell gets.
        options: of `ssh -o`, before all others, so that they win.

    Raises:
        GeoDistilError: there is no OpenSSH client.
    """
    settled = (
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={_quoted(known_hosts())} ~/.ssh/known_hosts ~/.ssh/known_hosts2",
        f"ConnectTimeout={CONNECT_SECONDS}",
        f"ServerAliveInterval={SILENT_SECONDS}",
        "ServerAliveCountMax=3",
        "ControlMaster=no",  # one that stays would keep our pipes open
        "ClearAllForwardings=yes",
        "PermitLocalCommand=no",
        "RemoteCommand=none",
        "RequestTTY=no",
    )
    line = [client("ssh"), "-T"]
    for option in (*options, *settled):
        line += ["-o", option]
    if server.key:
        line += ["-i", str(Path(server.key).expanduser()), "-o", "IdentitiesOnly=yes"]
    if server.port:
        line += ["-p", str(server.port)]
    if server.user:
        line += ["-l", server.user]
    return [*line, "--", server.host, remote]


def environment() -> dict[str, str]:
    """The client's environment: QGIS's own libraries must not reach it."""
    return child_environment()


def _quoted(path: Path) -> str:
    return '"' + path.as_posix().replace("%", "%%") + '"'


pass

LOOK_SECONDS = 60


@dataclass(frozen=True)
class HostKey:
    """A host key that was shown.

    Args:
        lines: as files of known hosts have it.
        fingerprint: type and fingerprint, for example `ED25519 SHA256:...`.
    """

    lines: str
    fingerprint: str


def look_at_host_key(server: Server) -> HostKey:
    """The key that a server shows now, by the way that all later connections take; nothing is sent, and nothing kept.

    Raises:
        GeoDistilError: it does not answer, or there is no OpenSSH client.
    """
    with tempfile.TemporaryDirectory(prefix="geodistil_") as folder:
        known = Path(folder) / "known_hosts"
        options: tuple[str, ...] = ("StrictHostKeyChecking=accept-new", f'UserKnownHostsFile="{known.as_posix()}"')
        # Nobody logs in: what is looked for is there before that.
        options += ("GlobalKnownHostsFile=none", "PreferredAuthentications=none", "HashKnownHosts=no")
        done = _run(command(server, "exit", options))
        if not known.is_file():
            raise refused_by_ssh(server, done.stderr)
        listed = _run([client("ssh-keygen"), "-l", "-f", str(known)])
        return HostKey(known.read_text(encoding="utf-8"), _fingerprint(listed.stdout))


def accept(key: HostKey) -> None:
    """Know a key from now on.

    Raises:
        GeoDistilError: it cannot be written down.
    """
    path = known_hosts()
    with file_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(key.lines)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LOOK_SECONDS,
        env=environment(),
        check=False,
        **HIDDEN,
    )


def _fingerprint(listed: str) -> str:
    """Of `256 SHA256:... host (ED25519)`, one a line."""
    words = [line.split() for line in listed.splitlines()]
    return "\n".join(f"{each[-1].strip('()')} {each[1]}" for each in words if len(each) > 2)
