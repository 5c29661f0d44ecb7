"""The plugin's side of the one tree of errors: what the toolbox shows when something goes wrong."""

from __future__ import annotations

import traceback
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


class CancelledError(Exception):
    """Work was given up because the person did not want to wait; nothing of it is left behind."""


STOPPED = "stopped"
"""Code of the error that a cancel becomes; the engine's is the same."""


def as_error(error: Exception, doing: str) -> GeoDistilError:
    """Any exception as an error that can be shown: ours as it is, a cancel, the system's words, or a fault of ours.

    Args:
        error: what was raised.
        doing: what was being done, as a person reads it.
    """
    if isinstance(error, GeoDistilError):
        return error
    if isinstance(error, CancelledError):
        return GeoDistilError(STOPPED, tr("{doing}: cancelled.").format(doing=doing))
    if isinstance(error, OSError):
        try:
            with file_errors():
                raise error
        except GeoDistilError as sentence:
            return sentence
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    reason = str(error) or type(error).__name__
    return GeoDistilError("error", tr("{title} failed: {error}.").format(title=doing, error=reason), "", trace)


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
