"""The plugin's languages: what a person reads goes through `tr`, in the language that QGIS has.

Words are looked up when they are shown or when their module is loaded, so the translator comes before any of them
(`__init__.py`). `make translations` brings the catalogues in `resources/translations` up to date.
"""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QLocale, QTranslator

CONTEXT = "GeoDistil"
FOLDER = Path(__file__).parent.parent / "resources" / "translations"


def tr(text: str) -> str:
    """A text in the user's language; the English one where there is no other.

    Args:
        text: a literal, so that it can be found; with named placeholders for `str.format`.
    """
    return QCoreApplication.translate(CONTEXT, text)


def language() -> str:
    """The language of QGIS, two letters: Settings > Options > General."""
    return QgsApplication.locale()[:2]


def local(value: float, decimals: int = 0) -> str:
    """A number as QGIS writes it: with the user's decimal point and thousands separator."""
    return QLocale().toString(float(value), "f", decimals)


def local_brief(value: float, digits: int = 3) -> str:
    """A number of so many digits, as QGIS writes it."""
    return QLocale().toString(float(value), "g", digits)


def local_time(seconds: float) -> str:
    """A day and time as QGIS writes it, from seconds since 1970."""
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(seconds)), QLocale.FormatType.ShortFormat)


def install_translator(language: str = "") -> QTranslator | None:
    """Have `tr` speak the user's language.

    Args:
        language: for example `de` or `de_AT`; empty takes that of QGIS (Settings > Options > General).

    Returns:
        The translator, to be kept and in the end given to `remove_translator`; none where there is no catalogue.
    """
    language = language or QgsApplication.locale()
    translator = QTranslator()
    if not translator.load(f"geodistil_{language[:2]}", str(FOLDER)):
        return None
    QCoreApplication.installTranslator(translator)
    return translator


def remove_translator(translator: QTranslator | None) -> None:
    """Speak English again."""
    if translator is not None:
        QCoreApplication.removeTranslator(translator)
