"""The choice of a model in Processing's dialogs; the modules here that need Processing, which may be turned off."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import WidgetWrapper
from qgis.PyQt.QtWidgets import QWidget

from .model_widget import ModelWidget
from .wrapping import Wrapper


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


class ModelWrapper(Wrapper):
    """`ModelWidget` in an algorithm's dialog; in the model designer a value may be an input or a step's output."""

    ours = DialogWrapper
