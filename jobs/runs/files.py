"""What of a folder belongs to a run, and where the runs are."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from qgis.core import QgsSettings

from ..errors import GeoDistilError
from ..events import EVENTS_FILE, last_event
from ..process import LOG_FILE, OWNER_FILE, STOP_FILE
from ..run_folder import RUN_FILE
from ..servers.note import LOCK_FILE, NOTE_FILE
from ..stored import store, stored_by_path
from ..translation import tr

LAUNCH_FILE = "launch.json"
"""Who started the engine here last; of this machine, so it is not exported."""

REPORT_FILE = "report.html"
MODEL_FOLDER = "model"
CHECKPOINTS = "checkpoints"
AFTERWARDS_FILE = "afterwards.json"
"""What is predicted when the training is done."""
CACHE = "cache"
"""What the engine would find again: indices of labels, statistics; it does not travel."""
PREDICTIONS = "predictions"
"""Where `afterwards.py` has the engine write."""
SPLIT_FILE = "split.json"
"""Which ground has trained the run's networks, and must not judge those that start from them."""
TRAINED = (SPLIT_FILE, "validation.json", "figures")
"""What training leaves for those who go on from its model, and for the report."""
TEACHER, START = "teacher", "start"
"""Copies of the model that teaches, and of the one that the run starts from."""
PACKED = (
    *(RUN_FILE, "labels", "rasters", TEACHER, START),
    *(EVENTS_FILE, LOG_FILE, CHECKPOINTS, MODEL_FOLDER, REPORT_FILE, *TRAINED),
)
"""A run's own files and folders, those that travel."""

LOCAL = (CACHE, LAUNCH_FILE, AFTERWARDS_FILE, STOP_FILE, OWNER_FILE, NOTE_FILE, LOCK_FILE)
"""Of this machine, so they do not travel."""
OWN = (*PACKED, *LOCAL)


def files_in(path: Path) -> list[Path]:
    """A file itself, or all files of a folder, in order; none where there is nothing."""
    return [path] if path.is_file() else sorted(child for child in path.rglob("*") if child.is_file())


def is_run(folder: Path) -> bool:
    """Whether there is a `run.json` in the folder."""
    return os.path.isfile(folder / RUN_FILE)  # `Path.is_file` raises in a folder that may not be looked into


def find_runs(root: Path, depth: int = 2) -> list[Path]:
    """Run folders: `root` itself, or those inside it down to `depth` levels. A run is not searched for others."""
    if is_run(root):
        return [root]
    if depth == 0:
        return []
    try:
        inside = sorted(child for child in root.iterdir() if child.is_dir() and not child.name.startswith("."))
    except OSError:  # gone, or not ours to read
        return []
    return [run for child in inside for run in find_runs(child, depth - 1)]


def prediction_ending(run: Path) -> dict[str, Any]:
    """The event that ended the prediction after the training; empty where there is none, or it goes on."""
    last = last_event(run / PREDICTIONS)
    return last if last.get("kind") in ("finished", "failed", "stopped") else {}


def predicted(run: Path) -> list[dict[str, str]]:
    """What was predicted when the training was done: raster and output files of each; empty where nothing was."""
    ending = prediction_ending(run)
    outputs = ending.get("outputs") if ending.get("kind") == "finished" else []
    return [each for each in outputs if _is_output(each)] if isinstance(outputs, list) else []


def _is_output(values: Any) -> bool:
    """Whether these are a raster and the paths of its outputs, of which some may be missing."""
    whole = isinstance(values, dict) and isinstance(values.get("raster"), str)
    return whole and all(isinstance(each, (str, type(None))) for each in values.values())


def delete_run(folder: Path) -> bool:
    """Delete a run's own files, and the folder where nothing else is in it.

    Returns:
        Whether the folder is gone; it stays where it holds other files.

    Raises:
        GeoDistilError: it is no run, or something cannot be deleted.
    """
    if not is_run(folder):
        raise GeoDistilError(
            "output", tr("{folder} is no run folder.").format(folder=folder), tr("Nothing was deleted.")
        )
    try:
        # run.json last: until then the dock still lists what is left.
        for name in sorted(OWN, key=lambda name: name == RUN_FILE):
            _remove(folder / name)
    except OSError as error:
        raise GeoDistilError(
            "output",
            tr("{path} cannot be deleted: {reason}.").format(path=error.filename, reason=error.strerror),
            tr("Close what uses it and delete again."),
        ) from error
    with suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


FOLDERS = "geodistil/runFolders"
"""Folders that are searched for runs."""

RUNS = "geodistil/runs"
"""Single run folders: started from the toolbox or imported."""


FOLLOWED = "geodistil/serverRuns"
"""Runs on servers that have not ended, as far as anybody here has seen, and the token of their last start."""


def run_folders() -> list[Path]:
    """The folders that are searched for runs."""
    return _read(FOLDERS)


def set_run_folders(folders: list[Path]) -> None:
    """Replace the folders that are searched for runs."""
    _write(FOLDERS, folders)


def known_runs() -> list[Path]:
    """Runs that were started or imported here, the newest first; some may be gone by now."""
    return _read(RUNS)


def remember(run: Path) -> None:
    """Show a run in the dock wherever it lies."""
    _write(RUNS, [run, *(known for known in known_runs() if known != run)])


def forget(run: Path) -> None:
    """Show a run no longer, unless it lies in a folder that is searched."""
    _write(RUNS, [known for known in known_runs() if known != run])


def followed_runs() -> dict[Path, str]:
    """The runs on servers that somebody has to follow, and the token of the start that is followed."""
    return {Path(run): token for run, token in stored_by_path(FOLLOWED).items() if isinstance(token, str)}


def set_followed_runs(runs: dict[Path, str]) -> None:
    """Replace the runs that are followed."""
    store(FOLLOWED, {str(run): token for run, token in runs.items()})
    QgsSettings().sync()


def _write(key: str, paths: list[Path]) -> None:
    settings = QgsSettings()
    settings.setValue(key, [str(path) for path in paths])
    settings.sync()  # a QGIS that is killed must not lose it


def _read(key: str) -> list[Path]:
    value = QgsSettings().value(key) or []
    texts = [value] if isinstance(value, str) else value  # a list of one may come back as a string
    return [Path(text) for text in texts if isinstance(text, str) and text and "\0" not in text]
