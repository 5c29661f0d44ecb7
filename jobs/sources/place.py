"""Whether a run can be written where it is to go: the disk is looked at on any thread, answers are given at once."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsSettings

from ..folders import writable
from ..translation import local, tr
from .draft import Draft
from .suggestion import SIZES

SETTING = "geodistil/runsFolder"
BYTES_PER_PARAMETER = 4
COPIES_OF_A_NETWORK = 18
"""Weights, best weights, their average, two moments of the optimiser: in two checkpoints and one being written; best
weights as files, now and of an earlier stage, and the package."""
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


@dataclass(frozen=True)
class Place:
    """What was found of a folder that is to hold runs.

    Args:
        parent: the folder, as it was typed.
        problem: why no run can be written there; empty where one can.
        existing: the folder, or the first above it that is there.
        names: what is in it already, as the system compares names.
        free: bytes left on its disk.
        copied: bytes that are prepared for the run.
    """

    parent: str
    problem: str = ""
    existing: Path = Path()
    names: frozenset[str] = frozenset()
    free: int = 0
    copied: int = 0


def look_at(parent: str, prepared: Path | None) -> Place:
    """Look at a folder for runs; may take long where it is far away, so not for the main thread.

    Args:
        parent: the folder, as it was typed.
        prepared: the folder that a run was prepared in.
    """
    if not parent.strip():
        return Place(parent, tr("Choose the folder that holds your runs."))
    folder = Path(parent).expanduser()
    if not folder.is_absolute():
        return Place(parent, tr("Give the folder's whole path."))
    existing = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    if not existing.is_dir():
        return Place(parent, tr("{existing} is a file; choose a folder.").format(existing=existing))
    if not writable(existing):
        return Place(parent, tr("The folder {existing} cannot be written; choose another.").format(existing=existing))
    names = frozenset(map(_compared, os.listdir(folder))) if existing == folder else frozenset()
    copied = sum(each.stat().st_size for each in prepared.rglob("*") if each.is_file()) if prepared else 0
    return Place(parent, "", existing, names, shutil.disk_usage(existing).free, copied)


def name_problem(draft: Draft, place: Place) -> str:
    """What is wrong with the run's name; empty where nothing is."""
    name = folder_name(draft.name)
    if not name:
        return tr("Give the run a name.")
    if _compared(name) in place.names:
        return taken(name)
    return ""


def taken(name: str) -> str:
    """What is said of a folder name that something has already."""
    return tr("There is {folder_name} in this folder already; choose another name.").format(folder_name=name)


def parent_problem(draft: Draft, place: Place) -> str:
    """What is wrong with the folder that is to hold the run; empty where nothing is."""
    needed = needed_bytes(draft, place.copied)
    if place.problem or place.free >= needed:
        return place.problem
    return tr("{existing} has {free} free, and the run needs about {needed}.").format(
        existing=place.existing, free=_gigabytes(place.free), needed=_gigabytes(needed)
    )


def needed_bytes(draft: Draft, copied: int) -> int:
    """About what a run will take on the disk: checkpoints of its networks, and what was copied for it already."""
    millions = {size.name: size.parameters for size in SIZES}
    networks = millions[draft.recipe.student] + 2 * millions[draft.recipe.teacher]
    return round(networks * 1e6 * BYTES_PER_PARAMETER * COPIES_OF_A_NETWORK) + copied + RESERVE_BYTES


def _compared(name: str) -> str:
    """A name as Windows and macOS compare them: without case."""
    return name.casefold() if sys.platform in ("win32", "darwin") else name


def _gigabytes(size: int) -> str:
    return f"{local(size / 1e9, 1)} GB"
