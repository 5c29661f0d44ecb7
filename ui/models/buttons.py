"""Buttons of the windows of models."""

from __future__ import annotations

from typing import Callable

from qgis.PyQt.QtWidgets import QPushButton


def button(text: str, tip: str, slot: Callable[[], None]) -> QPushButton:
    """A button with a tooltip, which Enter in another field does not press."""
    widget = QPushButton(text)
    widget.setToolTip(tip)
    widget.setAutoDefault(False)
    widget.clicked.connect(lambda _=False: slot())
    return widget
