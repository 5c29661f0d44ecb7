"""The plugin's side of the one tree of errors: what the toolbox shows when something goes wrong."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .translation import tr

REFERENCES = {
    "error": "GD-100",
    "config": "GD-201",
    "raster": "GD-301",
    "labels": "GD-302",
    "split": "GD-303",
    "layer": "GD-304",
    "weights": "GD-401",
    "package": "GD-402",
    "output": "GD-501",
    "device": "GD-601",
    "cluster": "GD-602",
    "training": "GD-701",
    "stopped": "GD-801",
    "environment": "GD-811",
    "engine": "GD-812",
    "process": "GD-813",
    "disk": "GD-821",
    "network": "GD-822",
    "proxy": "GD-823",
    "certificate": "GD-824",
    "policy": "GD-825",
    "python": "GD-826",
    "hash": "GD-827",
    "platform": "GD-828",
    "busy": "GD-829",
    "server": "GD-831",
    "service": "GD-841",
    "unexpected": "GD-900",
}
"""Codes of errors, the engine's and the installer's too, as people read them: headings of the guide's page `errors`."""


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

    @property
    def reference(self) -> str:
        """The code as people read it."""
        return REFERENCES.get(self.code, REFERENCES["error"])

    def explained(self) -> str:
        """The details, and where the guide says more; of a cancel there is nothing to say."""
        if self.code == STOPPED:
            return self.details
        more = tr("Error {reference}: the page Errors of the guide says what helps.").format(reference=self.reference)
        return f"{self.details}\n{more}".strip()

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
