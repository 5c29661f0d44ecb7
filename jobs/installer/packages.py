"""What is in an environment, read from its files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.metadata import PathDistribution
from pathlib import Path

from .requirements import normalised


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
