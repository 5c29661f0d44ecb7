"""Fields of a layer that may be a raster in Processing's dialogs: QGIS 3.22's own widget ends QGIS when it is one."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import WidgetWrapper
from qgis.core import QgsVectorLayer
from qgis.gui import QgsFieldComboBox
from qgis.PyQt.QtWidgets import QWidget

from .wrapping import Wrapper, layer_of, named


class FieldsWrapper(WidgetWrapper):
    """A list of a layer's fields, empty for a raster. Method names are Processing's."""

    def createWidget(self) -> QWidget:  # noqa: D102
        self._wanted = ""
        combo = QgsFieldComboBox()
        combo.setAllowEmptyFieldName(True)
        combo.fieldChanged.connect(lambda _: self.widgetValueHasChanged.emit(self))
        return combo

    def setValue(self, value: Any) -> None:  # noqa: D102
        self._wanted = value if isinstance(value, str) else ""  # its layer may come later
        self.widget.setField(self._wanted)

    def value(self) -> Any:  # noqa: D102
        return self.widget.currentField() or None

    def postInitialize(self, wrappers: list[Any]) -> None:
        """Follow the layer."""
        parent = named(wrappers, self.parameterDefinition().parentLayerParameterName())
        if parent is not None:
            parent.widgetValueHasChanged.connect(lambda _: self._follow(parent))
            self._follow(parent)

    def _follow(self, parent: Any) -> None:
        layer = layer_of(parent)
        self.widget.setLayer(layer if isinstance(layer, QgsVectorLayer) else None)
        self.widget.setField(self._wanted)


class FieldWrapper(Wrapper):
    """A list in an algorithm's dialog, Processing's own widgets elsewhere."""

    ours = FieldsWrapper
