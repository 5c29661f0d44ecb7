"""The page in QGIS's own options dialog."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QWidget

from ...jobs.translation import tr
from ..options_page import OptionsFactory


class ServersOptions(OptionsFactory):
    """Makes the page when the options dialog opens."""

    def __init__(self) -> None:
        super().__init__(tr("GeoDistil servers"), "GeoDistilServers", _page)


def _page(parent: QWidget) -> QWidget:
    from .page import ServersPage

    return ServersPage(parent)
