"""GeoDistil: a QGIS plugin with a deep-learning engine in a process of its own."""

from __future__ import annotations

from typing import Any


def classFactory(iface: Any) -> Any:
    """The plugin, made by QGIS; imports stay in here so that nothing loads before it is asked for."""
    from .jobs.translation import install_translator

    translator = install_translator()  # before any module that has texts
    from .plugin import GeoDistilPlugin

    return GeoDistilPlugin(iface, translator)
