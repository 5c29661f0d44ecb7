"""What is known of a process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    """A process that lives.

    Args:
        pid: its id, which the system gives to another one when it has ended.
        parent: the id of the process that started it.
        token: its start in the system's own unit; with the id, no two processes share it.
        started: its start in seconds since 1970, as the system's clock is set now.
        arguments: its command line; empty while its program is only being loaded, or where it may not be known.
    """

    pid: int
    parent: int
    token: int
    started: float
    arguments: tuple[str, ...] = ()

    def is_same(self, other: Process | None) -> bool:
        """Whether this is one and the same process, looked at twice."""
        return other is not None and (self.pid, self.token) == (other.pid, other.token)
