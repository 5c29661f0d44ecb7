"""Whether a run can be written where it is to go."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from qgis.core import QgsSettings

from ..run_folder import RUN_FILE
from ..translation import local, tr
from .draft import Draft
from .suggestion import SIZES

SETTING = "geodistil/runsFolder"
BYTES_PER_PARAMETER = 4
COPIES_OF_A_NETWORK = 8
"""Weights, their average, two moments of the optimiser, twice for writing atomically, best weights and the package."""
RESERVE_BYTES = 200_000_000


def runs_folder() -> Path:
    """Where a person's runs are, by the setting `geodistil/runsFolder`."""
    return Path(QgsSettings().value(SETTING, "", type=str) or Path.home() / "GeoDistil")


def remember_runs_folder(folder: Path) -> None:
    """Offer this folder the next time."""
    QgsSettings().setValue(SETTING, str(folder))


def run_folder(draft: Draft) -> Path:
    """The folder of a draft's run."""
    return Path(draft.parent).expanduser() / folder_name(draft.name)


def folder_name(name: str) -> str:
    """A name as a folder's, on every system."""
    return "".join("_" if letter in '<>:"/\\|?*' or ord(letter) < 32 else letter for letter in name).strip(". ")


def name_problem(draft: Draft) -> str:
    """What is wrong with the run's name; empty where nothing is."""
    if not folder_name(draft.name):
        return tr("Give the run a name.")
    if draft.parent and (run_folder(draft) / RUN_FILE).exists():
        return tr("There is a run called {folder_name} in this folder already; choose another name.").format(
            folder_name=folder_name(draft.name)
        )
    return ""


def parent_problem(draft: Draft, needed: int) -> str:
    """What is wrong with the folder that is to hold the run; empty where nothing is.

    Args:
        draft: the run.
        needed: bytes it will take.
    """
    if not draft.parent.strip():
        return tr("Choose the folder that holds your runs.")
    folder = Path(draft.parent).expanduser()
    if not folder.is_absolute():
        return tr("Give the folder's whole path.")
    existing = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    if not existing.is_dir():
        return tr("{existing} is a file; choose a folder.").format(existing=existing)
    if not _writable(existing):
        return tr("The folder {existing} cannot be written; choose another.").format(existing=existing)
    free = shutil.disk_usage(existing).free
    if free < needed:
        return tr("{existing} has {free} free, and the run needs about {needed}.").format(
            existing=existing, free=_gigabytes(free), needed=_gigabytes(needed)
        )
    return ""


def needed_bytes(draft: Draft, prepared: Path | None) -> int:
    """About what a run will take on the disk: checkpoints of its networks, and what was copied for it already."""
    millions = {size.name: size.parameters for size in SIZES}
    networks = millions[draft.recipe.student] + 2 * millions[draft.recipe.teacher]
    copied = sum(each.stat().st_size for each in prepared.rglob("*") if each.is_file()) if prepared else 0
    return round(networks * 1e6 * BYTES_PER_PARAMETER * COPIES_OF_A_NETWORK) + copied + RESERVE_BYTES


def _writable(folder: Path) -> bool:
    """Tried, not asked: rights, read-only disks and Windows' lists all answer alike."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _gigabytes(size: int) -> str:
    return f"{local(size / 1e9, 1)} GB"
