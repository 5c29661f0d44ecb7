"""The device of a run where it may be a server's: `auto` here is `auto on NAME` there."""

from __future__ import annotations

from ..translation import tr
from .server import servers

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
