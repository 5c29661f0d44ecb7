"""Classes chosen from a layer's own in Processing's dialogs; what is typed counts, too."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import WidgetWrapper
from qgis.core import (
    QgsMapLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from ..jobs.background import Background, start
from ..jobs.classes import ClassReader
from ..jobs.errors import GeoDistilError
from ..jobs.layers.map_classes import legend
from ..jobs.translation import tr
from .wrapping import Wrapper, layer_of, named

SEPARATOR = ", "


class ClassesWidget(QWidget):
    """A field for names of classes, and a button that lists those of a layer.

    Args:
        several: whether more than one may be chosen, with commas between them.
    """

    changed = pyqtSignal()

    def __init__(self, several: bool) -> None:
        super().__init__()
        self._several = several
        self._layer: QgsMapLayer | None = None
        self._field = ""
        self.line = QLineEdit()
        self.line.textChanged.connect(lambda _: self.changed.emit())
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._list)
        self.button = QToolButton()
        self.button.setText("…")
        self.button.setToolTip(tr("Choose from the layer's classes"))
        self.button.setAccessibleName(tr("Choose from the layer's classes"))
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        self.set_layer(None)

    def set_layer(self, layer: QgsMapLayer | None, field: str = "") -> None:
        """Whose classes are offered."""
        self._layer, self._field = layer, field
        self.button.setEnabled(layer is not None)

    def chosen(self) -> list[str]:
        """The names in the field."""
        text = self.line.text()
        names = text.split(",") if self._several else [text]
        return [name.strip() for name in names if name.strip()]

    def _list(self) -> None:
        """The layer's classes: its legend's at once, else its values, off the main thread."""
        self.menu.clear()
        if self._layer is None or sip.isdeleted(self._layer):
            return
        known = [*legend(self._layer, self._field)["colors"]]
        if known:
            self._offer(known)
            return
        self._say(tr("Reading the layer…"))
        try:
            reader = ClassReader(self._layer, self._field)
        except GeoDistilError as error:
            self._say(error.message)
            return
        start(
            Background(
                tr("Classes of {layer}").format(layer=self._layer.name()),
                lambda _: [each["name"] for each in reader()],
                self._offer,
                lambda error: self._say(error.message),
                can_cancel=False,
            )
        )

    def _offer(self, names: list[str]) -> None:
        if sip.isdeleted(self):
            return
        self.menu.clear()
        for name in names:
            action = self.menu.addAction(name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(name in self.chosen())
            action.triggered.connect(lambda checked, name=name: self._choose(name, checked))

    def _say(self, sentence: str) -> None:
        if not sip.isdeleted(self):
            self.menu.clear()
            self.menu.addAction(sentence).setEnabled(False)

    def _choose(self, name: str, wanted: bool) -> None:
        others = [each for each in self.chosen() if each != name] if self._several else []
        self.line.setText(SEPARATOR.join([*others, name] if wanted else others))


class FieldWrapper(WidgetWrapper):
    """`ClassesWidget` as Processing wants it. Method names are Processing's."""

    def createWidget(self) -> QWidget:  # noqa: D102
        widget = ClassesWidget(self._told()["several"])
        widget.changed.connect(lambda: self.widgetValueHasChanged.emit(self))
        return widget

    def setValue(self, value: Any) -> None:  # noqa: D102
        self.widget.line.setText("" if value is None else str(value))

    def value(self) -> str:  # noqa: D102
        return self.widget.line.text()

    def postInitialize(self, wrappers: list[Any]) -> None:
        """Follow the fields of the layer and of its class field."""
        told = self._told()
        sources = [named(wrappers, name) for name in (told["layer"], told["field"]) if name]
        for source in sources:
            source.widgetValueHasChanged.connect(lambda _: self._follow(*sources))
        self._follow(*sources)

    def _follow(self, layer: Any, field: Any = None) -> None:
        name = field.parameterValue() if field is not None else ""
        self.widget.set_layer(layer_of(layer), name if isinstance(name, str) else "")

    def _told(self) -> dict[str, Any]:
        return self.parameterDefinition().metadata()["widget_wrapper"]


class ClassesWrapper(Wrapper):
    """A field with a list in an algorithm's dialog, Processing's own widgets elsewhere."""

    ours = FieldWrapper
