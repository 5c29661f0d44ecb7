"""Icons of `resources/icons`, readable on light and dark ground."""

from __future__ import annotations

from qgis.PyQt.QtGui import QIcon

from ..jobs.environment import ROOT


def icon(name: str) -> QIcon:
    """An icon by its file's name without ending."""
    return QIcon(str(ROOT / "resources" / "icons" / f"{name}.svg"))
