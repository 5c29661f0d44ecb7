"""The formats by name, and which of them a file or folder is in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from ..errors import ConfigError, LabelError
from . import coco, masks, voc, yolo
from .chip import TABLES

FORMATS: dict[str, ModuleType] = {"coco": coco, "yolo": yolo, "voc": voc, "masks": masks}
TITLES = {"coco": "COCO", "yolo": "YOLO", "voc": "Pascal VOC", "masks": "masks"}
_ROLES = {
    "voc": ("detection", "Pascal VOC holds boxes, and no outlines", "masks, coco or yolo"),
    "masks": ("segmentation", "Masks hold areas, and no single objects", "coco, yolo or voc"),
}
"""Format -> (the only role that it has room for, why, what to take instead)."""
_FIRST = ("annotations.json", "_annotations.coco.json", "instances.json", "annotations/instances_default.json")
"""Where COCO's file is looked for first."""


def check_role(name: str, role: str) -> None:
    """See that a format has room for a role's labels.

    Raises:
        ConfigError: it has not.
    """
    only, why, others = _ROLES.get(name, (role, "", ""))
    if role != only:
        raise ConfigError(f"{why}; the labels are of {role}.", f"Choose the format {others}.")


def recognised(path: Path, name: str = "auto") -> tuple[str, Path]:
    """The format of annotations, and the file or folder that its reader takes.

    Args:
        path: what a person pointed at.
        name: the format, or auto.

    Raises:
        LabelError: there is no such thing, or it is in none of the formats.
    """
    if not path.exists():
        raise LabelError(f"{path} does not exist.", "Correct its path.")
    name = _guessed(path) if name == "auto" else name
    if name == "coco":
        return name, path if path.is_file() else _json_in(path)
    return name, path.parent if path.is_file() and name != "voc" else path


def _guessed(path: Path) -> str:
    if path.is_file():
        kinds = {".json": "coco", ".xml": "voc", ".yaml": "yolo", ".yml": "yolo"}
        found = kinds.get(path.suffix.lower(), "masks" if path.suffix.lower() in masks.SUFFIXES else "")
    elif any((path / name).is_file() for name in TABLES):
        found = "yolo"
    else:
        tests: dict[str, Callable[[], bool]] = {
            "voc": lambda: (path / voc.ANNOTATIONS).is_dir() or _holds(path, ".xml"),
            "masks": lambda: any((path / folder).is_dir() for folder in masks.FOLDERS if folder != yolo.LABELS),
            "coco": lambda: bool(_jsons(path)),
            "yolo": lambda: _holds(path, ".txt") or _holds(path / yolo.LABELS, ".txt"),
        }
        found = next((name for name, is_so in tests.items() if is_so()), "")
        found = found or ("masks" if any(_holds(path, suffix) for suffix in masks.SUFFIXES) else "")
    if not found:
        raise LabelError(
            f"{path} holds no annotations in the format COCO, YOLO, Pascal VOC or masks.",
            "Choose another file or folder, or name the format.",
        )
    return found


def _holds(folder: Path, suffix: str) -> bool:
    ours = (path for path in folder.glob(f"*{suffix}") if not path.name.endswith(".aux.xml"))
    return folder.is_dir() and next(ours, None) is not None


def _jsons(folder: Path) -> list[Path]:
    return [*sorted(folder.glob("*.json")), *sorted(folder.glob("annotations/*.json"))]


def _json_in(folder: Path) -> Path:
    found = next((folder / name for name in _FIRST if (folder / name).is_file()), None)
    if found is not None:
        return found
    files = _jsons(folder)
    if len(files) != 1:
        several = f"{len(files)} JSON files" if files else "no JSON file"
        raise LabelError(f"{folder} holds {several}.", "Choose the one with the annotations.")
    return files[0]
