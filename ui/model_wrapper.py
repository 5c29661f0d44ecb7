"""The choice of a model in Processing's dialogs; the one module here that needs Processing, which may be turned off."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import DIALOG_MODELER, DIALOG_STANDARD, WidgetWrapper, dialogTypes
from qgis.core import QgsProcessingParameterDefinition
from qgis.gui import QgsGui
from qgis.PyQt.QtWidgets import QWidget

from .model_widget import ModelWidget


class ModelWrapper:
    """What Processing makes for a model: `ModelWidget` in an algorithm's dialog, its own widgets elsewhere.

    A cell of the batch dialog has one line; in the model designer a value may be an input or an earlier step's output.
    """

    def __new__(cls, parameter: QgsProcessingParameterDefinition, dialog: QWidget, row: int = 0, col: int = 0) -> Any:
        """The widget for a dialog, called as Processing calls the wrapper classes of parameters."""
        place = dialogTypes.get(type(dialog).__name__, DIALOG_STANDARD)
        if place == DIALOG_STANDARD:
            return DialogWrapper(parameter, dialog, row, col)
        registry = QgsGui.processingGuiRegistry()
        if place == DIALOG_MODELER:
            wrapper = registry.createModelerParameterWidget(dialog.model, dialog.childId, parameter, dialog.context)
        else:
            wrapper = registry.createParameterWidgetWrapper(parameter, place)
        wrapper.setDialog(dialog)
        return wrapper


class DialogWrapper(WidgetWrapper):
    """`ModelWidget` as Processing wants it. Method names are Processing's."""

    def createWidget(self) -> QWidget:  # noqa: D102
        widget = ModelWidget(self.parameterDefinition().fileFilter())
        widget.changed.connect(lambda: self.widgetValueHasChanged.emit(self))
        return widget

    def setValue(self, value: Any) -> None:  # noqa: D102
        self.widget.set_path("" if value is None else str(value))

    def value(self) -> str:  # noqa: D102
        return self.widget.path()
