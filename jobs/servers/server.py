"""A server as a person describes it, the settings that keep it, and the device of a run that may be a server's."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import Any
from uuid import uuid4

from ..stored import store, stored
from ..translation import tr

SETTING = "geodistil/servers"
DIRECT, SBATCH = "", "sbatch"
"""How a training is started: at once, or by Slurm."""

FOLDER = "~/geodistil"
PYTHON = "~/geodistil/.venv/bin/python"
MOST_PORTS = 65535
_HOST = re.compile(r"[^\s@/\\'\"-][^\s@/\\'\"]*")
_USER = re.compile(r"[^\s@/'\"-][^\s/'\"]*")


@dataclass(frozen=True)
class Server:
    """A machine with the engine on it.

    Args:
        name: what people call it; each server's is its own.
        host: its address, or a name from SSH's own configuration.
        user: who logs in; empty leaves that to SSH.
        port: 0 leaves it to SSH.
        key: file of the private key; empty leaves that to the agent and SSH's configuration.
        folder: where imagery and runs go there.
        python: what starts the Python that has the engine, as one would type it there.
        queue: `DIRECT` or `SBATCH`.
        queue_options: arguments of `sbatch`, as one would type them there.
        id: stays when all else changes, for runs refer to it.
    """

    name: str = ""
    host: str = ""
    user: str = ""
    port: int = 0
    key: str = ""
    folder: str = FOLDER
    python: str = PYTHON
    queue: str = DIRECT
    queue_options: str = ""
    id: str = ""

    @property
    def address(self) -> str:
        """As people write it, for example `ada@gpu-box:2222`."""
        user, port = f"{self.user}@" if self.user else "", f":{self.port}" if self.port else ""
        return f"{user}{self.host}{port}"


def servers() -> list[Server]:
    """The servers that are described; damaged descriptions are left out."""
    found = stored(SETTING)
    sound = [_sound(each) for each in found] if isinstance(found, list) else []
    return [server for server in sound if server is not None]


def store_servers(described: list[Server]) -> None:
    """Keep these descriptions in the place of the former ones."""
    store(SETTING, [asdict(server) for server in described])


def new_id() -> str:
    """An id for a new server."""
    return uuid4().hex


def problems(server: Server, others: list[Server]) -> dict[str, str]:
    """What is wrong with a description: a sentence by field.

    Args:
        server: the description.
        others: the other servers.
    """
    found = {}
    if not server.name.strip():
        found["name"] = tr("Give the server a name.")
    elif any(server.name.casefold() == other.name.casefold() for other in others):
        found["name"] = tr("There is a server {name} already; choose another name.").format(name=server.name)
    if not _HOST.fullmatch(server.host):
        found["host"] = tr("Give the server's address, for example gpu-box.example.org, or its name in SSH's settings.")
    if server.user and not _USER.fullmatch(server.user):
        found["user"] = tr("A user's name has no spaces, slashes or quotes.")
    if not server.folder.startswith(("/", "~/")):
        found["folder"] = tr("Give the folder's whole path there, or one that begins with ~/.")
    if not server.python.strip():
        found["python"] = tr("Say how the engine's Python is started there, for example {python}.").format(
            python=PYTHON
        )
    return found


def _sound(values: Any) -> Server | None:
    if not isinstance(values, dict):
        return None
    known = {each.name: values[each.name] for each in fields(Server) if each.name in values}
    usual = Server()
    if not all(type(value) is type(getattr(usual, name)) for name, value in known.items()):
        return None
    server = Server(**known)
    sound = server.id and 0 <= server.port <= MOST_PORTS and server.queue in (DIRECT, SBATCH)
    return server if sound and not problems(server, []) else None


OFFERED = ("auto", "all")
"""Of each server; others can be typed, for nobody here knows its cards."""


def offered() -> list[str]:
    """Devices of all servers, as a person reads them."""
    return [_words(device, server.name) for server in servers() for device in OFFERED]


def device_words(device: str, server: str) -> str:
    """A device in words; of the server with that id, where there is one."""
    name = next((each.name for each in servers() if each.id == server), "")
    return _words(device, name) if name else device


def chosen_device(text: str) -> tuple[str, str]:
    """The device that a person chose or typed, and the id of its server; that is empty for this machine."""
    text = text.strip()
    for server in servers():
        ending = _words("", server.name)
        if text.endswith(ending) or text == ending.strip():
            return text[: max(0, len(text) - len(ending))].strip() or OFFERED[0], server.id
    return text or OFFERED[0], ""


def _words(device: str, server: str) -> str:
    return tr("{device} on {host}").format(device=device, host=server)
