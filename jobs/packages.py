"""What the plugin reads of a model package, without the engine, and a package put into a run folder."""

from __future__ import annotations

import re
import shutil
import unicodedata
import zipfile
from pathlib import Path
from typing import Any, Callable

from .errors import GeoDistilError
from .folders import BROKEN, content_of
from .runs.files import CHECKPOINTS, MODEL_FOLDER, SPLIT_FILE, START, TEACHER
from .text_files import parsed_json
from .translation import tr

ITEM_FILE = "item.json"
CARD_PROPERTY = "geodistil:card"
ONNX = ".onnx"
MODEL_FILES = tr("Models (item.json *.zip *.onnx);;All files (*)")
"""The filter of dialogs that look for a model."""
TASKS = ("detection", "segmentation", "regression")
COLOUR = re.compile("#[0-9a-fA-F]{6}")
MOST_LETTERS, MOST_ENTRIES = 200, 10_000
USUAL_SCORE = 0.3
"""From which detections are reported where a card does not say, as in `engine.config.card`."""
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
        item = parsed_json(content_of(path, ITEM_FILE))
    except (OSError, KeyError, TypeError, ValueError, *BROKEN) as error:
        raise _no_package(path) from error
    return checked_card(item, path)


def checked_card(item: Any, path: Path | str) -> dict[str, Any]:
    """The card in a package's item, wherever that comes from; as `read_card`.

    Args:
        item: parsed JSON.
        path: what the sentence calls the package.

    Raises:
        GeoDistilError: there is no card, or it leaves out what it must say.
    """
    try:
        card = item["properties"][CARD_PROPERTY]
    except (KeyError, TypeError, IndexError) as error:
        raise _no_package(path) from error
    return _checked(card, path)


def _no_package(path: Path | str) -> GeoDistilError:
    return GeoDistilError(
        "package",
        tr("{path} is not a GeoDistil model package.").format(path=path),
        tr("A package holds {file} with a model card.").format(file=ITEM_FILE),
    )


def _checked(card: Any, path: Path | str) -> dict[str, Any]:
    """The card, with a list of classes for each task, of which whoever reads it need not doubt anything."""
    known = card if isinstance(card, dict) else {}
    lists = {name: known.get(name) or [] for name in CLASS_LISTS}
    sound = {
        "name": _is_name(known.get("name")),
        "tasks": known.get("tasks") and _all(known["tasks"], lambda task: isinstance(task, str) and task in TASKS),
        "gsd": _is_number(known.get("gsd")) and 1e-4 <= known["gsd"] <= 1e6,
        "bands": known.get("bands") and _all(known["bands"], _is_band),
        "background": isinstance(known.get("background", True), bool),
        "network": isinstance(known.get("network") or {}, dict),
        "created": isinstance(known.get("created", ""), str) and len(known.get("created", "")) <= MOST_LETTERS,
        "score_threshold": _is_number(known.get("score_threshold", USUAL_SCORE)),
        "score_thresholds": _are_numbers(known.get("score_thresholds") or {}),
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
    return isinstance(values, list) and len(values) <= MOST_ENTRIES and all(map(is_sound, values))


def _is_class(entry: Any) -> bool:
    if not isinstance(entry, dict) or not _is_name(entry.get("name")) or not isinstance(entry.get("color"), str):
        return False
    return bool(COLOUR.fullmatch(entry["color"])) and _all(
        entry.get("values", []), lambda value: isinstance(value, str)
    )


def _is_name(text: Any) -> bool:
    """Whether maps, projects and reports can show it, as the engine asks of names."""
    return isinstance(text, str) and 0 < len(text) <= MOST_LETTERS and not any(map(_is_control, text))


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs") or letter in "\ufffe\uffff"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _are_numbers(values: Any) -> bool:
    return isinstance(values, dict) and len(values) <= MOST_ENTRIES and all(map(_is_number, values.values()))


def _is_band(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535


def run_of(package: Path) -> Path | None:
    """The run folder that a package still lies in, as its folder `model`; none where it lies elsewhere."""
    return package.parent if package.is_dir() and (package.parent / "run.json").is_file() else None


def least_score(card: dict[str, Any]) -> float:
    """The lowest score from which a model reports detections of any class."""
    return min([card.get("score_threshold", USUAL_SCORE), *(card.get("score_thresholds") or {}).values()])


def reported(card: dict[str, Any]) -> str:
    """A filter (SQL) of the detections that a model reports by itself, of all that were asked for."""
    usual, own = card.get("score_threshold", USUAL_SCORE), card.get("score_thresholds") or {}
    cases = "".join(f" WHEN {_quoted(name)} THEN {score}" for name, score in own.items())
    return f'"score" >= CASE "class"{cases} ELSE {usual} END' if own else f'"score" >= {usual}'


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


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
