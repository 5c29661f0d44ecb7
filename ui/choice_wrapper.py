"""Choices by their titles in Processing's dialogs; scripts, models and histories keep the short names."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import DIALOG_BATCH, DIALOG_STANDARD, WidgetWrapper
from qgis.core import QgsProcessingParameterEnum
from qgis.gui import QgsProcessingModelerParameterWidget
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
    """Titles in an algorithm's dialog and in batches; in the designer Processing's own widget, with our titles."""

    ours = TitlesWrapper
    places = (DIALOG_STANDARD, DIALOG_BATCH)

    def __new__(cls, parameter: QgsProcessingParameterEnum, dialog: QWidget, *place: int, **more: Any) -> Any:
        """The widget for a dialog; see `Wrapper`."""
        wrapper = super().__new__(cls, parameter, dialog, *place, **more)
        if isinstance(wrapper, QgsProcessingModelerParameterWidget):
            _entitle(wrapper, dict(zip(parameter.options(), parameter.metadata()["widget_wrapper"]["titles"])))
        return wrapper


def _entitle(widget: QWidget, titles: dict[str, str]) -> None:
    """Show titles in the combo box that has the short names as its data, which are what a model keeps."""
    for combo in widget.findChildren(QComboBox):
        places = {combo.findData(name): title for name, title in titles.items()}
        if -1 not in places:
            for place, title in places.items():
                combo.setItemText(place, title)
