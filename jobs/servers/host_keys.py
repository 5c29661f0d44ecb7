"""Host keys: looked at when a server is met for the first time, and accepted by a person or not at all."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import file_errors
from . import ssh
from .errors import refused_by_ssh
from .server import Server

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
        done = _run(ssh.command(server, "exit", options))
        if not known.is_file():
            raise refused_by_ssh(server, done.stderr)
        listed = _run([ssh.client("ssh-keygen"), "-l", "-f", str(known)])
        return HostKey(known.read_text(encoding="utf-8"), _fingerprint(listed.stdout))


def accept(key: HostKey) -> None:
    """Know a key from now on.

    Raises:
        GeoDistilError: it cannot be written down.
    """
    path = ssh.known_hosts()
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
        env=ssh.environment(),
        check=False,
        **ssh.HIDDEN,
    )


def _fingerprint(listed: str) -> str:
    """Of `256 SHA256:... host (ED25519)`, one a line."""
    words = [line.split() for line in listed.splitlines()]
    return "\n".join(f"{each[-1].strip('()')} {each[1]}" for each in words if len(each) > 2)
