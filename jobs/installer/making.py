"""Makes the empty environment: which tool, from which Python."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

from .children import ChildFailed
from .errors import InstallError, marked, told
from .failures import explain, unfit_python
from .job import Job
from .machine import platform_key
from .packages import executable
from .pythons import Python, ask
from .requirements import pythons
from .tools import Pip, Uv, get_uv

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
