"""What the plugin reads of a model package: its card, from the folder or the zip, without the engine."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Callable

from .errors import GeoDistilError
from .text_files import parsed_json
from .translation import tr

ITEM_FILE = "item.json"
CARD_PROPERTY = "geodistil:card"
ONNX = ".onnx"
CLASS_LISTS = ("segmentation_classes", "detection_classes")


def is_foreign(path: Path) -> bool:
    """Whether this is an ONNX file on its own, as other programs make them, and not one inside a package."""
    return path.suffix.lower() == ONNX and path.is_file() and not (path.parent / ITEM_FILE).exists()


def package_path(text: str) -> Path:
    """The package a person pointed at: its folder, its zip, or a file inside its folder; or an ONNX file on its own.

    Raises:
        GeoDistilError: there is no such thing, or it is no model package.
    """
    path = Path(text)
    if path.is_file() and not is_foreign(path) and not zipfile.is_zipfile(path):
        path = path.parent
    if not path.exists():
        raise GeoDistilError(
            "package",
            tr("There is no model package at {text}.").format(text=text),
            tr("Choose a package's folder or zip."),
        )
    return path


def read_card(path: Path) -> dict[str, Any]:
    """The model's card: names and colours of its classes, its ground sampling distance.

    Args:
        path: a package's folder or zip.

    Raises:
        GeoDistilError: it is no model package, its `item.json` has no card, or the card leaves out what it must say.
    """
    try:
        card = parsed_json(_item(path))["properties"][CARD_PROPERTY]
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise GeoDistilError(
            "package",
            tr("{path} is not a GeoDistil model package.").format(path=path),
            tr("A package holds {file} with a model card.").format(file=ITEM_FILE),
        ) from error
    return _checked(card, path)


def _checked(card: Any, path: Path) -> dict[str, Any]:
    """The card, with a list of classes for each task, of which whoever reads it need not doubt anything."""
    known = card if isinstance(card, dict) else {}
    lists = {name: known.get(name) or [] for name in CLASS_LISTS}
    sound = {
        "name": isinstance(known.get("name"), str) and known["name"],
        "tasks": known.get("tasks") and _all(known["tasks"], lambda task: isinstance(task, str)),
        "gsd": isinstance(known.get("gsd"), (int, float)) and known["gsd"] > 0,
        "bands": known.get("bands") and _all(known["bands"], lambda band: isinstance(band, int)),
        **{name: _all(classes, _is_class) for name, classes in lists.items()},
    }
    wrong = [name for name, is_sound in sound.items() if not is_sound]
    if wrong:
        raise GeoDistilError(
            "package",
            tr("The card of the model package {path} does not say its {what}.").format(path=path, what=wrong[0]),
            tr("Export the model again."),
        )
    return {**known, **lists}


def _all(values: Any, is_sound: Callable[[Any], bool]) -> bool:
    return isinstance(values, list) and all(map(is_sound, values))


def _is_class(entry: Any) -> bool:
    return isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in ("name", "color"))


def run_of(package: Path) -> Path | None:
    """The run folder that a package still lies in, as its folder `model`; none where it lies elsewhere."""
    return package.parent if package.is_dir() and (package.parent / "run.json").is_file() else None


def _item(path: Path) -> bytes:
    if path.is_dir():
        return (path / ITEM_FILE).read_bytes()
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if Path(name).name == ITEM_FILE]
        return archive.read(min(names, key=len, default=ITEM_FILE))
