"""`python -m jobs.installer FOLDER`; exit code 0, 1 (failed: one sentence, and the event `failed`), 3 (stopped)."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from .download import digest, executable, locked
from .errors import InstallError, Stopped, explain_exception
from .job import STATE_FILE, STOP_FILE, Job, only_one
from .machine import driver_version, torch_builds
from .making import environment, fill, verify

STAGES = ("python", "packages", "check")


def main(folder: Path) -> int:
    """Install into a folder; events tell how it goes."""
    job = Job(folder)
    try:
        with only_one(folder):
            return _tell(job)
    except InstallError as error:  # the log is the other installation's: nothing is written there
        print(f"error: {error.message} {error.hint}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _tell(job: Job) -> int:
    driver = ".".join(map(str, driver_version() or ())) or "none"
    versions = {"python": platform.python_version(), "nvidia_driver": driver}
    job.events.write("started", pid=os.getpid(), host=socket.gethostname(), device="", versions=versions)
    try:
        job.events.open()
        job.scratch.mkdir(exist_ok=True)
        outputs = _verify_own(job) if job.request.own else _install(job)
    except Stopped:
        job.events.write("stopped")
        return 3
    except InstallError as error:
        return _failed(job, error)
    except (OSError, ValueError) as error:
        return _failed(job, explain_exception(error, job.folder))
    finally:
        (job.folder / STOP_FILE).unlink(missing_ok=True)
        shutil.rmtree(job.scratch, ignore_errors=True)
        job.events.close()
    job.events.write("finished", outputs=outputs)
    return 0


def _failed(job: Job, error: InstallError) -> int:
    job.events.write("failed", code=error.code, hint=error.hint, **error.told)
    with suppress(OSError):  # the log may be on the disk that is full
        print(f"error: {error.message} {error.hint}", file=sys.stderr, flush=True)
    return 1


def _install(job: Job) -> dict[str, Any]:
    _stage(job, "python")
    tool, python = environment(job)
    requirements = Path(job.request.requirements) / python.platform / f"{python.version[0]}.{python.version[1]}.txt"
    _stage(job, "packages")
    packages = locked(requirements)
    builds = torch_builds(python.platform, driver_version(), job.request.build, job.request.indexes)
    build = fill(job, tool, packages, builds)
    _stage(job, "check")
    outputs = {
        "python": str(executable(job.venv)),
        "version": python.text,
        "home": python.home,
        "requirements": f"{python.platform}/{requirements.name}",
        "digest": digest(requirements, build.name),
        "build": build.name,
        "tool": tool.name,
        "packages": len(packages),
        "time": round(time.time()),
        "found": _verified(job),
    }
    _note(job.folder / STATE_FILE, outputs)
    shutil.rmtree(job.cache, ignore_errors=True)
    return outputs


def _verified(job: Job) -> dict[str, Any]:
    try:
        return verify(job, str(executable(job.venv)))
    except InstallError:
        job.spoil()
        raise


def _note(path: Path, outputs: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(outputs, indent=2) + "\n", encoding="utf-8")
    part.replace(path)


def _verify_own(job: Job) -> dict[str, Any]:
    _stage(job, "check")
    return {"python": job.request.own, "own": True, "found": verify(job, job.request.own)}


def _stage(job: Job, name: str) -> None:
    job.events.check_stop()
    job.events.write("stage", name=name, index=STAGES.index(name), of=len(STAGES), networks=[])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
