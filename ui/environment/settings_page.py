"""The page in QGIS's own options dialog."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QWidget

from ..options_page import OptionsFactory


class EnvironmentOptions(OptionsFactory):
    """Makes the page when the options dialog opens."""

    def __init__(self) -> None:
        super().__init__("GeoDistil", "GeoDistilEnvironment", _page)


def _page(parent: QWidget) -> QWidget:
    from .page import EnvironmentPage

    return EnvironmentPage(parent)
