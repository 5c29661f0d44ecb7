"""The locked requirements: which file holds for a Python, what is in it, and what an environment has of it."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PathDistribution
from pathlib import Path

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
