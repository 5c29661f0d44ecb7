"""The test of a server: is there a connection, a folder, a Python, an engine, and what has the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from ..text_files import parsed_json
from .connection import Connection
from .errors import no_engine
from .server import Server


@dataclass(frozen=True)
class Found:
    """What a server has.

    Args:
        python: version of its Python.
        engine: version of its engine.
        device: its graphics cards, or `CPU`.
        folder: the server's folder, as a whole path.
        free: bytes left on that folder's disk.
    """

    python: str
    engine: str
    device: str
    folder: str
    free: int


def probe(server: Server, cancelled: Callable[[], bool] = lambda: False) -> Found:
    """Try all that a training needs; takes as long as the engine there takes to load.

    Raises:
        ServerError: something is missing; the sentence says what.
        CancelledError: it was cancelled.
    """
    with Connection(server, cancelled) as connection:
        place = connection.ask("prepare", folder=server.folder)
        answer, content = connection.ask_bytes("doctor")
        told = _object(content)
        if answer["code"] != 0 or "geodistil" not in told:
            raise no_engine(server, answer["said"])
        return Found(
            str(connection.hello["python"]), str(told["geodistil"]), _device(told), place["folder"], place["free"]
        )


def _device(told: dict[str, Any]) -> str:
    cards = told.get("cuda")
    if isinstance(cards, list) and cards:
        return ", ".join(map(str, cards))
    return "MPS" if told.get("mps") else "CPU"


def _object(content: bytes) -> dict[str, Any]:
    try:
        values = parsed_json(content)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
