"""The system's OpenSSH client: where it is, how it is called, which host keys it knows and how one is accepted."""

from __future__ import annotations

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
from ..translation import tr
from .errors import refused_by_ssh
from .server import Server

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
