"""The current model: one setting for all that predicts without asking for a model."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QObject, pyqtSignal

from .package_registry import known

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
