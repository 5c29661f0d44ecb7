"""Where the runs are: folders that the person chose, and every run that was started here."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsSettings

from ..stored import store, stored_by_path

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
