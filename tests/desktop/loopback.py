"""A server on this machine: Debian's sshd with keys of its own, on a high port of 127.0.0.1."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile {folder}/sshd.pid
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PermitRootLogin yes
SetEnv OMP_NUM_THREADS=1 {environment}
"""


def sshd() -> str | None:
    """The server's program; none where it is not installed (package openssh-server)."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def end_trainings(folder: Path) -> None:
    """End what still trains in a server's folder."""
    for note in folder.glob("runs/*/launch.json"):
        pid = json.loads(note.read_text(encoding="utf-8"))["pid"]
        with suppress(ProcessLookupError):
            if pid:  # not of a queue
                os.killpg(pid, signal.SIGKILL)


def described(server: Loopback, folder: Path) -> dict[str, Any]:
    """How a person describes it: the fields of `jobs.servers.server.Server`, with this checkout as its engine."""
    values = {"host": HOST, "user": server.user, "port": server.port, "key": str(server.key)}
    return {**values, "folder": str(folder), "python": f"cd {ROOT} && .venv/bin/python"}


class Loopback:
    """An sshd that lets one key in.

    Args:
        folder: where its keys, configuration and log go.
        environment: variables of what runs there, as `SetEnv` takes them.
    """

    def __init__(self, folder: Path, environment: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.key, self.user = folder, folder / "user_key", getpass.getuser()
        self._child: subprocess.Popen | None = None
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        _make_key(self.key)
        shutil.copy(f"{self.key}.pub", folder / "authorized_keys")
        self.change_host_key()
        values = {"port": self.port, "folder": folder, "environment": environment}
        (folder / "sshd_config").write_text(CONFIGURATION.format(**values))

    def change_host_key(self) -> None:
        """Get another host key, known from the next start on."""
        (self.folder / "host_key").unlink(missing_ok=True)
        _make_key(self.folder / "host_key")

    def start(self) -> None:
        """Answer from now on."""
        if os.getuid() == 0:  # where it gives up its rights
            Path("/run/sshd").mkdir(exist_ok=True)
        command = [sshd(), "-D", "-f", str(self.folder / "sshd_config"), "-E", str(self.folder / "sshd.log")]
        self._child = subprocess.Popen(command)
        until = time.monotonic() + 20
        while not self._answers():
            assert time.monotonic() < until, (self.folder / "sshd.log").read_text()
            time.sleep(0.05)

    def cut(self) -> int:
        """Break all connections off, as a network does that is gone; how many there were."""
        sessions = _descendants(self._child.pid)
        for pid in sessions:
            with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                if Path(f"/proc/{pid}/comm").read_text().startswith("sshd"):
                    os.kill(pid, signal.SIGKILL)
        return len(sessions)

    def stop(self) -> None:
        """Answer no longer."""
        if self._child is not None:
            self.cut()
            self._child.kill()
            self._child.wait()
            self._child = None

    def _answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex((HOST, self.port)) == 0


def _make_key(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)], check=True)


def _descendants(pid: int) -> list[int]:
    """Processes below one, in its session or in others, but not below those that left it."""
    children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [each for child in children for each in (child, *_descendants_or_none(child))]


def _descendants_or_none(pid: int) -> list[int]:
    try:
        return _descendants(pid)
    except OSError:
        return []
