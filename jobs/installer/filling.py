"""Brings an environment to its locked set: one package after the other, so that each is known to be there or not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Callable

from .children import ChildFailed
from .errors import InstallError, marked, told
from .failures import check_space, explain
from .job import Job
from .machine import DEFAULT, Build
from .packages import installed, sweep
from .progress import FIRST, LAST, Progress
from .requirements import Package
from .tools import Pip, Uv

NEEDED = 2.1
"""Bytes of disk for a byte of wheel: what is unpacked, and the largest wheel itself."""

TORCH = ("torch", "torchvision")
KEPT = {"pip", "setuptools", "wheel"}


def fill(job: Job, tool: Uv | Pip, packages: list[Package], builds: list[Build]) -> Build:
    """Install what is missing and remove what is too much; returns the build of torch that is now there.

    Raises:
        InstallError: a package cannot be had, is another than was locked, or does not fit on the disk.
    """
    sweep(job.venv)
    build = _settle_build(job, tool, packages, builds)
    wanted = [each for each in packages if build == DEFAULT or not each.follows_the_device]
    _install_locked(job, tool, missing(job.venv, wanted))
    if build != DEFAULT:
        _install_build(job, tool, packages, build, alone=False)  # what it needs besides is not in the locked set
    _remove_others(job, tool, packages, build)
    return build


def missing(venv: Path, packages: list[Package]) -> list[Package]:
    """The packages that are not there in exactly their version, the largest first."""
    present = installed(venv)
    return sorted((each for each in packages if present.get(each.name) != each.version), key=lambda each: -each.size)


def _install_locked(job: Job, tool: Uv | Pip, packages: list[Package]) -> None:
    check_space(shutil.disk_usage(job.folder).free, int(NEEDED * sum(each.size for each in packages)), job.folder)
    progress = Progress(job, packages)
    file = job.scratch / "requirement.txt"
    source = ["--no-deps", "--require-hashes", *_offline(job), "-r", str(file)]
    for package in packages:
        job.events.check_stop()
        progress.begin(package)
        file.write_text(package.requirement + "\n", encoding="utf-8")
        _run(job, tool.install(job.venv, source), f"{package.name} {package.version}", progress.beat)
        progress.end()


def _settle_build(job: Job, tool: Uv | Pip, packages: list[Package], builds: list[Build]) -> Build:
    """The first build of torch that can be had; comes first, so that nothing else is installed for another.

    One that is there already is preferred: what could not be had the last time is not asked for each time.
    """
    present = installed(job.venv)
    builds = sorted(builds, key=lambda build: not _is_there(present, packages, build))
    for build in builds:
        try:
            _switch(job, tool, packages, build)
            return build
        except InstallError as error:
            if build == builds[-1] or error.code == "disk":
                raise
            text = marked("torch for {build} cannot be had. {reason}")
            job.events.write("warning", **told(text, build=build.name, reason=error.message))
    raise AssertionError("there is always a build")


def _switch(job: Job, tool: Uv | Pip, packages: list[Package], build: Build) -> None:
    """Replace another build of torch; the new one is there before what only the old one needed goes."""
    present = installed(job.venv)
    if build == DEFAULT:
        # To the tools 2.9+cpu is as good as 2.9, so they would leave it.
        stale = {name for name in TORCH if "+" in present.get(name, "")}
    else:
        _install_build(job, tool, packages, build, alone=True)
        changed = not _is_there(present, packages, build)
        stale = {each.name for each in packages if changed and each.follows_the_device} - set(TORCH)
    _remove(job, tool, stale & set(present), "the former build of torch")


def _install_build(job: Job, tool: Uv | Pip, packages: list[Package], build: Build, alone: bool) -> None:
    """Torch from its makers' own index, in the locked versions; that index is not covered by locked hashes.

    Alone it comes first, before what it needs; otherwise last.
    """
    if job.request.wheels:
        raise InstallError(
            "platform",
            marked("From a folder of wheels only the registry's torch can be installed, not {build}."),
            marked("Choose the registry's own build."),
            build=build.name,
        )
    doing = f"torch for {build.name}"
    job.events.write("progress", stage="packages", step=1, of=1, package=doing, fraction=FIRST if alone else LAST)
    options = ["--no-deps"] if alone else []
    source = [tool.index_option, build.index or "", *options, *_torch(packages, build)]
    _run(job, tool.install(job.venv, source), doing)


def _is_there(present: dict[str, str], packages: list[Package], build: Build) -> bool:
    return all(present.get(name) == version for name, version in (each.split("==") for each in _torch(packages, build)))


def _torch(packages: list[Package], build: Build) -> list[str]:
    """What to ask for to get a build of torch and of what goes with it."""
    local = "" if build == DEFAULT else f"+{build.name}"
    return [f"{each.name}=={each.version}{local}" for each in packages if each.name in TORCH]


def _remove_others(job: Job, tool: Uv | Pip, packages: list[Package], build: Build) -> None:
    """Remove what an older locked set had; another build of torch brings packages of its own."""
    extra = set(installed(job.venv)) - {each.name for each in packages} - KEPT
    if build != DEFAULT:
        extra = {name for name in extra if not Package(name, "", (), 0).follows_the_device}
    _remove(job, tool, extra, "packages no longer needed")


def _remove(job: Job, tool: Uv | Pip, names: set[str], doing: str) -> None:
    if names:
        _run(job, tool.remove(job.venv, sorted(names)), doing)


def _offline(job: Job) -> list[str]:
    return ["--no-index", "--find-links", job.request.wheels] if job.request.wheels else []


def _run(job: Job, command: list[str], doing: str, beat: Callable[[], None] = lambda: None) -> None:
    job.spoil()
    try:
        job.run(command, beat)
    except ChildFailed as error:
        raise explain(error.words, job.folder, doing) from error
