"""The proof that an environment works: its Python loads what the engine needs, and the engine looks around."""

from __future__ import annotations

import json
from typing import Any

from .children import ChildFailed
from .errors import InstallError, marked
from .job import Job

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
