"""A model package put into a run folder, as the teacher of its student or as what a run starts from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from .errors import GeoDistilError
from .packages import ITEM_FILE
from .runs.files import CHECKPOINTS, MODEL_FOLDER, SPLIT_FILE, START, TEACHER
from .translation import tr
from .zips import BROKEN, content_of

FILES = (ITEM_FILE, "model.safetensors")
MOST_BYTES = 4 << 30
"""Largest file of a model that is copied."""


def facts(card: dict[str, Any]) -> dict[str, Any]:
    """What a run must have in common with its teacher, as `run.json` has it.

    Args:
        card: the teacher's.
    """
    classes = {
        f"{task}_classes": [_definition(each) for each in card[f"{task}_classes"]]
        for task in ("detection", "segmentation")
    }
    return {"gsd": card["gsd"], "bands": card["bands"], "background": card.get("background", True), **classes}


def heads_of(card: dict[str, Any]) -> dict[str, Any]:
    """What a student's network must have in common with its teacher's, so that detections pair one by one."""
    network = card.get("network") or {}
    return {key: network[key] for key in ("detection_head", "detection_strides") if key in network}


def copy_teacher(package: Path, folder: Path, name: str = TEACHER) -> None:
    """Copy what training needs of a package, a folder or a zip, to a folder of that name in a run folder.

    Raises:
        GeoDistilError: the package is incomplete, the run already goes on with another, or the folder cannot be
            written.
    """
    target = folder / name
    try:
        contents = {name: content_of(package, name, MOST_BYTES) for name in FILES}
        _refuse_another(contents[ITEM_FILE], target, package)
        target.mkdir(exist_ok=True)
        for name, content in contents.items():
            (target / name).write_bytes(content)
        if target.name == START and (split := _split_of(package)) is not None:
            shutil.copyfile(split, target / SPLIT_FILE)
    except (KeyError, FileNotFoundError, *BROKEN) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise GeoDistilError(
            "package", tr("The model package {package} is incomplete.").format(package=package), tr("Copy it again.")
        ) from error
    except OSError as error:
        raise GeoDistilError(
            "output",
            tr("The folder {target} cannot be written: {reason}.").format(target=target, reason=error.strerror),
        ) from error


def _split_of(package: Path) -> Path | None:
    """The split beside a copy of a model, or of the run folder that a model is of."""
    places = (package, package.parent) if package.name == MODEL_FOLDER else (package,)
    return next((place / SPLIT_FILE for place in places if (place / SPLIT_FILE).is_file()), None)


def _refuse_another(item: bytes, target: Path, package: Path) -> None:
    folder, known = target.parent, target / ITEM_FILE
    if (folder / CHECKPOINTS).exists() and known.exists() and known.read_bytes() != item:
        said = {
            TEACHER: tr("The run in {folder} has another teacher than {package}."),
            START: tr("The run in {folder} started from another model than {package}."),
        }
        raise GeoDistilError(
            "output", said[target.name].format(folder=folder, package=package), tr("Choose another run folder.")
        )


def _definition(each: dict[str, Any]) -> dict[str, Any]:
    return {"name": each["name"], "color": each["color"], "values": each.get("values", [])}
