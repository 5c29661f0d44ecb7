"""The choice of a model in Processing's dialogs; the modules here that need Processing, which may be turned off."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import WidgetWrapper
from qgis.core import QgsProcessingParameterDefinition
from qgis.PyQt.QtWidgets import QWidget

from .model_widget import ModelWidget
from .wrapping import wrapper_for


class ModelWrapper:
    """What Processing makes for a model: `ModelWidget` in an algorithm's dialog, its own widgets elsewhere.

    A cell of the batch dialog has one line; in the model designer a value may be an input or an earlier step's output.
    """

    def __new__(cls, parameter: QgsProcessingParameterDefinition, dialog: QWidget, row: int = 0, col: int = 0) -> Any:
        """The widget for a dialog, called as Processing calls the wrapper classes of parameters."""
        return wrapper_for(DialogWrapper, parameter, dialog, row, col)


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
