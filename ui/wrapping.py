"""Widgets of our own in Processing's dialogs, and Processing's where its dialogs need more than a value."""

from __future__ import annotations

from typing import Any, Callable

from processing.gui.wrappers import DIALOG_MODELER, DIALOG_STANDARD, dialogTypes
from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingUtils,
    QgsProject,
)
from qgis.gui import QgsGui
from qgis.PyQt.QtWidgets import QWidget


class Wrapper:
    """What Processing makes for a parameter: a wrapper of ours in some kinds of dialogs, its own in the others."""

    ours: Callable[..., Any]
    """The class of our wrapper."""
    places: tuple[Any, ...] = (DIALOG_STANDARD,)
    """The kinds of dialogs that ours is for; a cell of the batch dialog has one line."""

    def __new__(
        cls, parameter: QgsProcessingParameterDefinition, dialog: QWidget, row: int = 0, col: int = 0, **more: Any
    ) -> Any:
        """The widget for a dialog, called as Processing calls the wrapper classes of parameters."""
        place = dialogTypes.get(type(dialog).__name__, DIALOG_STANDARD)
        if place in cls.places:
            return cls.ours(parameter, dialog, row, col)
        registry = QgsGui.processingGuiRegistry()
        if place == DIALOG_MODELER:
            wrapper = registry.createModelerParameterWidget(dialog.model, dialog.childId, parameter, dialog.context)
        else:
            wrapper = registry.createParameterWidgetWrapper(parameter, place)
        wrapper.setDialog(dialog)
        return wrapper


def named(wrappers: list[Any], name: str) -> Any:
    """The wrapper of a parameter; none where there is none."""
    return next((each for each in wrappers if each.parameterDefinition().name() == name), None)


def layer_of(wrapper: Any) -> QgsMapLayer | None:
    """The project's layer that a wrapper's value names; none where it names a file, or nothing."""
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    value = wrapper.parameterValue()
    return QgsProcessingUtils.mapLayerFromString(value, context, False) if isinstance(value, str) and value else None
