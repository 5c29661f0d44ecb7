"""Whether the engine that wrote `started` is still there."""

from __future__ import annotations

import socket
import time

from ..processes import engine

SILENCE_SECONDS = 900.0
"""How long a run on another machine may write nothing before it counts as dead."""


def is_alive(pid: int, host: str, last_sign: float) -> bool:
    """Whether a run's process lives: looked up on its own machine, judged by its last event elsewhere.

    Args:
        pid: process id.
        host: the machine it runs on.
        last_sign: when it last wrote something, in seconds since 1970.
    """
    if host != socket.gethostname():
        return time.time() - last_sign < SILENCE_SECONDS
    return engine(pid, last_sign) is not None
