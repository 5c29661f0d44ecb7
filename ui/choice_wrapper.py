"""Choices by their titles in Processing's dialogs; scripts, models and histories keep the short names."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import DIALOG_BATCH, DIALOG_STANDARD, WidgetWrapper
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from .wrapping import Wrapper


class TitlesWrapper(WidgetWrapper):
    """A combo box of titles. Method names are Processing's."""

    def createWidget(self) -> QWidget:  # noqa: D102
        parameter = self.parameterDefinition()
        titles = parameter.metadata()["widget_wrapper"]["titles"]
        combo = QComboBox()
        for value, title in zip(parameter.options(), titles):
            combo.addItem(title, value)
        combo.currentIndexChanged.connect(lambda _: self.widgetValueHasChanged.emit(self))
        return combo

    def setValue(self, value: Any) -> None:  # noqa: D102
        place = self.widget.findData("" if value is None else str(value))
        if place >= 0:
            self.widget.setCurrentIndex(place)

    def value(self) -> str:  # noqa: D102
        return self.widget.currentData()


class ChoiceWrapper(Wrapper):
    """Titles in an algorithm's dialog and in batches, Processing's own widgets elsewhere."""

    ours = TitlesWrapper
    places = (DIALOG_STANDARD, DIALOG_BATCH)
