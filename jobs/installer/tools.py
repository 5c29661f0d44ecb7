"""The two tools that make an environment and fill it, as command lines."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path

from .download import Package, executable, fetch, find, locked
from .errors import InstallError, explain, explain_exception, marked
from .job import ChildFailed, Job

UV_REQUIREMENTS = "uv.txt"


class Uv:
    """uv, a program of its own.

    Args:
        program: its executable.
        brings_pythons: whether it may fetch a Python; not from a folder of wheels.
    """

    name = "uv"
    index_option = "--default-index"  # --index-url gives way to UV_DEFAULT_INDEX

    def __init__(self, program: Path, brings_pythons: bool = True) -> None:
        self._program = str(program)
        self.brings_pythons = brings_pythons

    def make(self, python: str, venv: Path) -> list[str]:
        """Make an environment from a Python, given by its path or version."""
        return [self._program, "venv", "--no-project", "--python", python, str(venv)]

    def install(self, venv: Path, source: list[str]) -> list[str]:
        """Install what `source` names: a requirements file, or names and options."""
        return [*self._pip("install", venv), "--only-binary", ":all:", *source]

    def remove(self, venv: Path, names: list[str]) -> list[str]:
        """Uninstall packages."""
        return [*self._pip("uninstall", venv), *names]

    def _pip(self, verb: str, venv: Path) -> list[str]:
        return [self._program, "pip", verb, "--python", str(executable(venv))]


class Pip:
    """The pip that each environment of `venv` has."""

    name = "pip"
    index_option = "--index-url"
    brings_pythons = False

    def make(self, python: str, venv: Path) -> list[str]:
        """Make an environment from a Python."""
        return [python, "-m", "venv", str(venv)]

    def install(self, venv: Path, source: list[str]) -> list[str]:
        """Install what `source` names."""
        return [str(executable(venv)), "-m", "pip", "install", "--only-binary", ":all:", *source]

    def remove(self, venv: Path, names: list[str]) -> list[str]:
        """Uninstall packages."""
        return [str(executable(venv)), "-m", "pip", "uninstall", "--yes", *names]


def get_uv(job: Job, platform: str) -> Uv:
    """Uv itself, from the folder of wheels or the package index, checked against its locked hash and tried.

    Raises:
        InstallError: it cannot be had, or the system does not let it run.
    """
    package = locked(Path(job.request.requirements) / platform / UV_REQUIREMENTS)[0]
    program = job.folder / "tools" / f"uv-{package.version}" / ("uv.exe" if sys.platform == "win32" else "uv")
    if not program.exists():
        try:
            wheel = _wheel(job, package)
            _unpack(wheel, program)
        except (OSError, zipfile.BadZipFile) as error:
            raise explain_exception(error, job.folder, f"uv {package.version}") from error
    try:
        job.run([str(program), "--version"])
    except ChildFailed as error:
        raise explain(error.words, job.folder, f"uv {package.version}") from error
    return Uv(program, brings_pythons=not job.request.wheels)


def _wheel(job: Job, package: Package) -> Path:
    if not job.request.wheels:
        return fetch(package, job.index, job.cache / "tools", job.events.check_stop)
    wheel = find(package, Path(job.request.wheels))
    if wheel is None:
        raise InstallError(
            "platform",
            marked("The folder {wheels} does not have the locked wheel of uv {version}."),
            marked("Put it there, or choose pip as the tool."),
            wheels=job.request.wheels,
            version=package.version,
        )
    return wheel


def _unpack(wheel: Path, program: Path) -> None:
    """Take one file out of a wheel, whole or not at all."""
    program.parent.mkdir(parents=True, exist_ok=True)
    part = program.with_name(program.name + ".part")
    with zipfile.ZipFile(wheel) as archive:
        inside = next(name for name in archive.namelist() if name.endswith(f"/scripts/{program.name}"))
        with archive.open(inside) as source, part.open("wb") as target:
            shutil.copyfileobj(source, target)
    part.chmod(0o755)
    os.replace(part, program)
