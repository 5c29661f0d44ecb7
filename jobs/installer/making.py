"""Makes the empty environment, brings it to its locked set, one package after the other, and proves that it works."""

from __future__ import annotations

import json
import platform
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Callable

from .download import Package, executable, installed, pythons, sweep
from .errors import InstallError, check_space, explain, marked, told, unfit_python
from .job import ChildFailed, Job
from .machine import DEFAULT, Build, Python, ask, platform_key
from .tools import Pip, Uv, get_uv

LOAD = """
import importlib, sys
for name in sys.argv[1:]:
    print("loading", name, flush=True)
    importlib.import_module(name)
"""

DOCTOR = """
import sys
sys.path.insert(0, sys.argv[1])
from engine.cli.main import main
sys.exit(main(["doctor", "--json"]))
"""


def verify(job: Job, python: str) -> dict[str, Any]:
    """Load the modules in the environment's own Python, then ask the engine's doctor.

    Returns:
        What the doctor found; empty where the request names no engine.

    Raises:
        InstallError: something does not load.
    """
    _load(job, python)
    return _ask_doctor(job, python) if job.request.engine else {}


def _ask_doctor(job: Job, python: str) -> dict[str, Any]:
    try:
        words = job.run([python, "-c", DOCTOR, job.request.engine])
        return json.loads(words[words.index("{") :])
    except (ChildFailed, ValueError) as error:
        raise InstallError(
            "error",
            marked("The engine does not start in {python}."),
            marked("Remove the environment and set it up anew, or copy the diagnostics into a bug report."),
            str(error),
            python=python,
        ) from error


def _load(job: Job, python: str) -> None:
    try:
        job.run([python, "-I", "-c", LOAD, *job.request.imports])
    except ChildFailed as error:
        tried = [line.split()[1] for line in error.words.splitlines() if line.startswith("loading ")]
        raise InstallError(
            "error",
            marked("The module {tried} does not load in {python}."),
            marked("Remove the environment and set it up anew, or copy the diagnostics into a bug report."),
            error.words,
            tried=tried[-1] if tried else "Python",
            python=python,
        ) from error


PREFERRED = "3.12"
"""The Python that uv fetches where nobody chose one."""

HOPELESS = ("network", "certificate", "disk")
"""What would stop pip as well."""


def environment(job: Job) -> tuple[Uv | Pip, Python]:
    """The tool, and the Python of the environment: the one that is there, or a new one.

    Raises:
        InstallError: no Python fits, or the environment cannot be made.
    """
    chosen = _fitting(job, job.request.python) if job.request.python else None
    tool = choose_tool(job, chosen)
    present = _present(job, tool, chosen)
    if present is not None:
        return tool, present
    job.spoil()
    shutil.rmtree(job.venv, ignore_errors=True)
    return tool, _make(job, tool, [chosen.path] if chosen else _candidates(job, tool))


def choose_tool(job: Job, chosen: Python | None) -> Uv | Pip:
    """Uv, or pip where that was asked for; where nothing was, pip also stands in for a uv that cannot be had."""
    if job.request.tool == "pip":
        return Pip()
    try:
        return get_uv(job, _own_platform())
    except InstallError as error:
        own_fits = chosen is not None or _fits(job, sys.version_info[:2])
        if job.request.tool == "uv" or not own_fits or error.code in HOPELESS:
            raise
        job.events.write("warning", **told(marked("uv cannot be used, so pip is: {reason}"), reason=error.message))
        return Pip()


def _own_platform() -> str:
    key = platform_key(platform.system(), platform.machine())
    if key is None:
        raise InstallError(
            "platform",
            marked("There is no torch for {system} {machine}."),
            system=platform.system(),
            machine=platform.machine(),
        )
    return key


def _present(job: Job, tool: Uv | Pip, chosen: Python | None) -> Python | None:
    """The environment's own Python, where it still runs, fits, and is of the Python that was chosen."""
    path = executable(job.venv)
    if not path.exists() or (tool.name == "pip" and not _has_pip(job, path)):
        return None
    try:
        python = ask(str(path), job.variables, job.events.check_stop)
    except InstallError:
        return None
    fits = _fits(job, python.version[:2], python.platform)
    return python if fits and (chosen is None or chosen.home == python.home) else None


def _has_pip(job: Job, python: Path) -> bool:
    try:
        job.run([str(python), "-m", "pip", "--version"])
    except ChildFailed:
        return False
    return True


def _candidates(job: Job, tool: Uv | Pip) -> list[str]:
    """Pythons to try: QGIS's own first on Linux, where it is the system's; last elsewhere, where it goes with QGIS."""
    own = [sys.executable] if _fits(job, sys.version_info[:2]) else []
    if not tool.brings_pythons:
        return own or [_fitting(job, sys.executable).path]
    return [*own, PREFERRED] if sys.platform == "linux" else [PREFERRED, *own]


def _make(job: Job, tool: Uv | Pip, candidates: list[str]) -> Python:
    for remaining, python in enumerate(candidates, start=1 - len(candidates)):
        try:
            job.run(tool.make(python, job.venv))
            return ask(str(executable(job.venv)), job.variables, job.events.check_stop)
        except (ChildFailed, InstallError) as error:
            words = getattr(error, "words", str(error))
            shutil.rmtree(job.venv, ignore_errors=True)
            if not remaining:
                raise explain(words, job.folder, f"the environment from Python {python}") from error
            text = marked("No environment can be made from Python {python}; another is tried.")
            job.events.write("warning", **told(text, python=python))
    raise AssertionError("there is always a candidate")


def _fitting(job: Job, path: str) -> Python:
    """A Python, asked and found to be one that there are locked requirements for."""
    python = ask(path, job.variables, job.events.check_stop)
    if not _fits(job, python.version[:2], python.platform):
        raise unfit_python(path, python.text, pythons(Path(job.request.requirements) / python.platform))
    return python


def _fits(job: Job, version: tuple[int, ...], key: str | None = None) -> bool:
    return tuple(version) in pythons(Path(job.request.requirements) / (key or _own_platform()))


UNPACKED = 1.75
"""Bytes on disk for a byte of wheel, measured for the whole locked set."""

OVERHEAD = 400_000
"""What a package costs besides its size, in bytes, when time is divided among packages."""

FIRST, LAST = 0.03, 0.95
"""Part of the whole work that is done before the packages, and after them."""

BEAT_SECONDS = 2.0
MOST = 0.95
"""How much of a package can be done before it is."""


class Progress:
    """Writes `progress` events; for the package under way the disk's growth stands for what has come of it.

    Neither tool tells how far a download is in a form that is meant for programs. Others may write to the same disk:
    a wrong guess is at most a package wide, and never goes backwards.

    Args:
        job: the installation.
        packages: what will be installed, in order.
    """

    def __init__(self, job: Job, packages: list[Package]) -> None:
        self._job, self._count = job, len(packages)
        self._total = sum(map(_cost, packages))
        self._done, self._step, self._share = 0, 0, 0.0
        self._start = self._told = time.monotonic()

    def begin(self, package: Package) -> None:
        """A package's turn."""
        self._package, self._step, self._share = package, self._step + 1, 0.0
        self._free = shutil.disk_usage(self._job.folder).free
        self._tell()

    def beat(self) -> None:
        """To be called often while the package is under way."""
        if time.monotonic() - self._told < BEAT_SECONDS:
            return
        grown = self._free - shutil.disk_usage(self._job.folder).free
        share = min(grown / (UNPACKED * self._package.size), MOST)
        if share > self._share:
            self._share = share
            self._tell()

    def end(self) -> None:
        """The package is there."""
        self._done += _cost(self._package)

    def _tell(self) -> None:
        self._told = time.monotonic()
        done = self._done + self._share * _cost(self._package)
        spent = self._told - self._start
        self._job.events.write(
            "progress",
            stage="packages",
            step=self._step,
            of=self._count,
            package=f"{self._package.name} {self._package.version}",
            megabytes=round(self._package.size / 1e6, 1),
            fraction=round(FIRST + (LAST - FIRST) * done / self._total, 4),
            eta_seconds=round(spent / done * (self._total - done)) if done and spent > 1 else None,
        )


def _cost(package: Package) -> int:
    return package.size + OVERHEAD


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
