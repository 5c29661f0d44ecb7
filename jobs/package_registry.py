"""The model packages that a person has registered, the current one, and how fast each predicts here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QObject, pyqtSignal

from .errors import GeoDistilError
from .folders import BROKEN, content_of, names_in
from .foreign import package_of
from .packages import CARD_PROPERTY, ITEM_FILE, is_foreign, package_path, read_card
from .stored import store, stored, stored_by_path
from .text_files import texts
from .translation import tr

SPEEDS = "geodistil/speeds"
"""Megapixels a second by package, the last measured last."""

MOST = 100


def note_speed(package: Path, megapixels_per_second: float) -> None:
    """Remember how fast a model was."""
    known = {path: value for path, value in speeds().items() if path != package}
    known[package] = round(megapixels_per_second, 3)
    newest = list(known.items())[-MOST:]
    store(SPEEDS, {str(path): value for path, value in newest})


def speeds() -> dict[Path, float]:
    """Megapixels of its own pixels a second by package: of the last view that it predicted."""
    return {
        Path(path): float(value) for path, value in stored_by_path(SPEEDS).items() if isinstance(value, (int, float))
    }


PACKAGES = "geodistil/packages"
"""Paths and names of registered packages, the newest first."""

NAMES = "geodistil/modelNames"
"""By path, what a person calls a package here."""

NETWORKS = ("model.safetensors", "model.onnx", "segmentation.onnx", "detection.onnx")
"""A package holds at least one of these beside its `item.json`."""


def looks_like_package(text: str) -> bool:
    """Whether a folder or file means to be a model package, sound or not: other things that people drop are not ours.

    A run folder with a finished model counts as its model, an ONNX file of another program as one too.
    """
    path = _inside(Path(text))
    if is_foreign(path):
        return True
    try:
        names = names_in(path)
        if ITEM_FILE not in names:
            return False
        return any(name in names for name in NETWORKS) or CARD_PROPERTY in content_of(path, ITEM_FILE).decode("utf-8")
    except GeoDistilError:  # for whoever reads it to say
        return True
    except (OSError, KeyError, *BROKEN):
        return False


def register(text: str) -> tuple[Path, dict[str, Any]]:
    """Check a package and remember it.

    Args:
        text: its folder, its zip, a file inside it, the run folder that it came from, or an ONNX file that the
            engine has adopted.

    Returns:
        Where it is, and its card.

    Raises:
        GeoDistilError: it is no package, or something of it is missing.
    """
    path = _inside(package_path(text)).resolve()
    card = read_card(package_of(str(path)))
    if not is_foreign(path) and not any(name in names_in(path) for name in NETWORKS):
        raise GeoDistilError(
            "package",
            tr("The model package {path} is incomplete: it holds no network.").format(path=path),
            tr("Copy it again, with {files}.").format(files=", ".join(NETWORKS)),
        )
    name = path.stem if is_foreign(path) else card["name"]
    _write({path: name, **{other: known for other, known in _read().items() if other != path}})
    return path, card


def known() -> list[tuple[str, Path]]:
    """Name and place of every registered package, the newest first, as they were; no disk is looked at."""
    own = own_names()
    return [(own.get(path, name), path) for path, name in _read().items()]


def registered() -> list[tuple[str, Path]]:
    """Name and place of every registered package that is still there, the newest first.

    Opens each of them, on disks that may be far away, so it is for workers.
    """
    own = own_names()
    return [(own.get(path, name), path) for path in _read() if (name := _name(path))]


def own_names() -> dict[Path, str]:
    """What a person calls packages here, whatever their cards say."""
    return {Path(path): name for path, name in stored_by_path(NAMES).items() if isinstance(name, str) and name}


def set_own_name(path: Path, name: str) -> None:
    """Call a package so from now on; empty for its card's own name."""
    names = {**own_names(), path: name}
    store(NAMES, {str(each): text for each, text in names.items() if text})


def forget(path: Path) -> None:
    """Offer a package no longer; nothing is deleted."""
    _write({other: name for other, name in _read().items() if other != path})


def _name(path: Path) -> str:
    if is_foreign(path):
        return path.stem
    try:
        return read_card(path)["name"]
    except GeoDistilError:  # gone or broken since; it may come back with its disk
        return ""


def _inside(path: Path) -> Path:
    """A run folder's model, or the path itself."""
    if path.is_file() and path.name == ITEM_FILE:
        return path.parent
    model = path / "model"
    return model if not (path / ITEM_FILE).exists() and (model / ITEM_FILE).exists() else path


def _read() -> dict[Path, str]:
    entries = stored(PACKAGES)
    entries = entries if isinstance(entries, list) else []
    pairs = [texts([each] if isinstance(each, str) else each) for each in entries]  # once without names
    return {Path(path): "".join(name) or Path(path).stem for path, *name in filter(None, pairs)}


def _write(packages: dict[Path, str]) -> None:
    store(PACKAGES, [[str(path), name] for path, name in packages.items()])


CHOSEN = "geodistil/currentModel"
"""The one that a person chose, in the models window or in the toolbar, or that a training gave."""

PREDICTED = "geodistil/predictedModel"
"""The one that the algorithm Predict used last; it serves where none was chosen."""


class CurrentModel(QObject):
    """Tells of changes, from whatever thread they come."""

    changed = pyqtSignal()


CURRENT_MODEL = CurrentModel()


def current_model() -> Path | None:
    """The package's folder or zip: the chosen one, else Predict's last, else the newest registered; none without any.

    No disk is looked at: it may be gone.
    """
    settings = QgsSettings()
    text = settings.value(CHOSEN, "", type=str) or settings.value(PREDICTED, "", type=str)
    return Path(text) if text else next((path for _, path in known()), None)


def set_current_model(path: Path) -> None:
    """Choose a model for all that follows."""
    _set(CHOSEN, path)


def note_predicted(path: Path) -> None:
    """Remember what Predict used, from any thread."""
    _set(PREDICTED, path)


def forget_current_model(path: Path) -> None:
    """Choose this model no longer, where it is the chosen one."""
    settings = QgsSettings()
    for key in (CHOSEN, PREDICTED):
        if settings.value(key, "", type=str) == str(path):
            settings.remove(key)
    CURRENT_MODEL.changed.emit()


def _set(key: str, path: Path) -> None:
    settings = QgsSettings()
    if settings.value(key, "", type=str) != str(path):
        settings.setValue(key, str(path))
        CURRENT_MODEL.changed.emit()
