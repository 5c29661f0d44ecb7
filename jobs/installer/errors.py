"""What ends an installation."""

from __future__ import annotations


class InstallError(Exception):
    """Something a person can act on.

    Args:
        code: `disk`, `network`, `proxy`, `certificate`, `policy`, `python`, `hash`, `platform`, `busy` or `error`.
        message: one sentence that names the thing and what is wrong with it.
        hint: what to do about it.
        details: the tool's own words, for the log.
    """

    def __init__(self, code: str, message: str, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details


class Stopped(Exception):
    """A person asked for an end."""
