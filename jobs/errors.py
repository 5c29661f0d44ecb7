"""The plugin's side of the one tree of errors: what the toolbox shows when something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .translation import tr


class GeoDistilError(Exception):
    """An error a user can act on.

    Args:
        code: the kind of error, as in `engine.errors`.
        message: one sentence that names the thing and what is wrong with it.
        hint: what to do about it; may be empty where the message already says so.
        details: for the log, for example the last lines of the engine's output.
    """

    def __init__(self, code: str, message: str, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        """The message and the hint, as one line."""
        return f"{self.message} {self.hint}".strip()

    @classmethod
    def from_event(cls, event: dict[str, Any], details: str = "") -> GeoDistilError:
        """The error that a `failed` event tells of."""
        message = event.get("message") or tr("The engine failed without saying why.")
        return cls(event.get("code") or "error", message, event.get("hint") or "", details)


@contextmanager
def file_errors() -> Iterator[None]:
    """What the system says of files and folders, as a sentence: a full disk, a folder that is missing or locked."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.filename is None:
            sentence = tr("A file cannot be read or written: {reason}.").format(reason=reason)
        else:
            sentence = tr("{path} cannot be read or written: {reason}.").format(path=error.filename, reason=reason)
        raise GeoDistilError(
            "output", sentence, tr("Choose another place, or make room there."), repr(error)
        ) from error
