"""What the scripts of pictures share: their options, and a QGIS with settings of its own and the plugin in it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "user-guide" / "images"

_kept: list[Any] = []
"""The application; Qt needs it as long as there are windows."""


def arguments(words: str | None, output: Path = IMAGES) -> argparse.ArgumentParser:
    """Where pictures go, and circumstances; a script may add its own."""
    parser = argparse.ArgumentParser(description=words, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=output)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--dark", action="store_true")
    return parser


def start_qgis(scratch: Path, dark: bool, language: str = "") -> Any:
    """QGIS's application, in a process that has none; the plugin is the package `geodistil`.

    Args:
        scratch: a folder for settings and the plugin's link.
        dark: whether colours are those of a dark desktop.
        language: that QGIS is set to; empty leaves it the system's.
    """
    (scratch / "plugins").mkdir()
    (scratch / "plugins" / "geodistil").symlink_to(ROOT)
    sys.path.insert(0, str(scratch / "plugins"))
    from qgis.core import QgsApplication, QgsSettings
    from qgis.PyQt.QtCore import QCoreApplication, QSettings
    from qgis.PyQt.QtGui import QFont

    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(scratch / "profile"))
    QCoreApplication.setOrganizationName("screenshots")
    if language:
        QgsSettings().setValue("locale/overrideFlag", True)
        QgsSettings().setValue("locale/userLocale", language)
    application = QgsApplication([], True, str(scratch / "profile"))
    _kept.append(application)
    application.initQgis()
    application.setFont(QFont("DejaVu Sans", 9))  # as in the window of `make session`
    if dark:
        _darken(application)
    return application


def _darken(application: Any) -> None:
    from qgis.PyQt.QtGui import QColor, QPalette

    palette = QPalette(QColor("#2b2b2b"))
    for role, colour in (("Window", "#2b2b2b"), ("Base", "#1f1f1f"), ("Button", "#3a3a3a"), ("Highlight", "#2a6db0")):
        palette.setColor(getattr(QPalette.ColorRole, role), QColor(colour))
    for role in ("WindowText", "Text", "ButtonText", "HighlightedText"):
        palette.setColor(getattr(QPalette.ColorRole, role), QColor("#e6e6e6"))
        palette.setColor(QPalette.ColorGroup.Disabled, getattr(QPalette.ColorRole, role), QColor("#808080"))
    application.setPalette(palette)
