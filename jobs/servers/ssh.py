"""The system's OpenSSH client: where it is, how it is called, which host keys it knows."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication

from ..environment import child_environment
from ..errors import GeoDistilError
from ..translation import tr
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
