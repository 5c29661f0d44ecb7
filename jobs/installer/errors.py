"""What ends an installation, in one sentence and with what to do about it."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Any


class InstallError(Exception):
    """Something a person can act on.

    Args:
        code: `disk`, `network`, `proxy`, `certificate`, `policy`, `python`, `hash`, `platform`, `busy` or `error`.
        text: one sentence that names the thing and what is wrong with it, with named placeholders.
        hint: what to do about it.
        details: the tool's own words, for the log.
        values: of the placeholders.
    """

    def __init__(self, code: str, text: str, hint: str = "", details: str = "", **values: Any) -> None:
        self.told = told(text, **values)
        self.code = code
        self.message = self.told["message"]
        self.hint = hint
        self.details = details
        super().__init__(self.message)


def told(text: str, **values: Any) -> dict[str, Any]:
    """A sentence as events have it: in English, and in parts, for the plugin to say it in the user's language."""
    values = {name: str(value) for name, value in values.items()}
    return {"message": text.format(**values), "text": text, "values": values}


def marked(text: str) -> str:
    """The text itself, marked for the translators: the plugin translates it when it reads the event."""
    return text


class Stopped(Exception):
    """A person asked for an end."""


GIGABYTE = 1e9

DISK = (
    r"no space left|os error 28\b|errno 28\b|os error 112\b|winerror 112\b|enough space on the disk|"
    r"quota exceeded|os error 122\b"
)
CERTIFICATE = r"certificate[ _]verify[ _]failed|invalid peer certificate|unknownissuer|self.signed certificate|sslerror"
LOGIN = r"\b407\b|proxy authentication required"
PROXY = (
    r"proxyerror|cannot connect to proxy|tunnel (error|connection failed)|"
    r"proxy (error|connect)|unknown url type: socks|missing dependencies for socks"
)
HASH = r"hash mismatch|do not match the hashes|hashes are required|in --require-hashes mode"
POLICY = (
    r"os error 1260\b|winerror 1260\b|group policy|os error 4551\b|winerror 4551\b|application control policy|"
    r"os error 5\b|winerror 5\b|access is denied|permission denied|os error 13\b|operation not permitted|"
    r"read-only file system"
)
NETWORK = (
    r"error sending request|dns error|name resolution|name or service not known|nodename nor servname|getaddrinfo|"
    r"connection (refused|reset|aborted|closed|broken)|timed? ?out|network is unreachable|no route to host|unreachable|"
    r"failed to (fetch|download)|error decoding response|incompleteread|remote end closed|newconnectionerror|"
    r"urlopen error|server error|\b50[0234]\b|request or response body error"
)
VENV = r"ensurepip is not|no module named '?(venv|ensurepip)"
UNFIT = (
    r"no matching distribution|could not find a version|no wheels|no solution found|not a supported wheel|"
    r"no (usable|compatible) wheel|no binary distribution|requires a different python|requires-python"
)

SENTENCES = (
    (
        "disk",
        DISK,
        marked("The disk of {folder} is full{at}."),
        marked("Free some space, or choose another folder, and go on."),
    ),
    (
        "certificate",
        CERTIFICATE,
        marked("The secure connection is not trusted{at}: its certificate is from an authority unknown here."),
        marked(
            "Add your organisation's certificate in Settings > Options > Authentication > Manage Certificates, "
            "and go on."
        ),
    ),
    (
        "proxy",
        LOGIN,
        marked("The proxy server wants a user name and password{at}."),
        marked("Enter them in Settings > Options > Network, and go on."),
    ),
    (
        "proxy",
        PROXY,
        marked("The proxy server cannot be reached or refuses{at}."),
        marked("Correct it in Settings > Options > Network, or turn it off, and go on."),
    ),
    (
        "hash",
        HASH,
        marked("What was downloaded is not what GeoDistil was released with{at}, so it was not installed."),
        marked("Try again on another network, or with another package index."),
    ),
    (
        "python",
        VENV,
        marked("This Python cannot make environments{at}."),
        marked("Choose uv as the tool, or install the system's package python3-venv."),
    ),
    (
        "policy",
        POLICY,
        marked("The system forbids to write or run programs in {folder}{at}."),
        marked("Choose another folder, or a Python that your administrator allows."),
    ),
    (
        "network",
        NETWORK,
        marked("The connection failed{at}."),
        marked("Check network and proxy (Settings > Options > Network) and go on: what is there already is kept."),
    ),
    (
        "platform",
        UNFIT,
        marked("There is no build for this Python and system{at}."),
        marked("Choose another Python, or another build of torch."),
    ),
)


def explain(words: str, folder: Path, doing: str = "") -> InstallError:
    """The error that a tool's output tells of.

    Args:
        words: all the tool said.
        folder: the environment's folder.
        doing: what was under way, for example `torch 2.15.0`.
    """
    at = f" ({doing})" if doing else ""
    for code, pattern, text, hint in SENTENCES:
        if re.search(pattern, words, re.IGNORECASE):
            return InstallError(code, text, hint, words, folder=folder, at=at)
    last = next((line.strip() for line in reversed(words.splitlines()) if line.strip()), "it said nothing")
    return InstallError(
        "error",
        marked("The installation failed{at}: {last}."),
        marked("Copy the diagnostics into a bug report."),
        words,
        at=at,
        last=last.rstrip(".")[:300],
    )


def explain_exception(error: Exception, folder: Path, doing: str = "") -> InstallError:
    """The error behind an exception of the standard library."""
    full = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    if isinstance(error, OSError) and error.errno in full:
        return explain("no space left", folder, doing)
    return explain(f"{type(error).__name__}: {error}", folder, doing)


def check_space(free: int, needed: int, folder: Path) -> None:
    """Refuse before the download what could not end well.

    Raises:
        InstallError: `disk`.
    """
    if free < needed:
        raise InstallError(
            "disk",
            marked("The disk of {folder} has {free} GB free, and about {needed} GB are needed."),
            marked("Free some space, or choose another folder, and go on."),
            folder=folder,
            free=f"{free / GIGABYTE:.1f}",
            needed=f"{needed / GIGABYTE:.1f}",
        )


def unfit_python(python: str, version: str, supported: list[tuple[int, int]]) -> InstallError:
    """A Python that there are no locked requirements for."""
    oldest, newest = (".".join(map(str, each)) for each in (supported[0], supported[-1]))
    return InstallError(
        "python",
        marked("{python} is Python {version}, and the engine needs {oldest} to {newest}."),
        marked("Choose another Python, or leave the choice to uv, which brings its own."),
        python=python,
        version=version,
        oldest=oldest,
        newest=newest,
    )
