"""Widgets of our own in Processing's dialogs, and Processing's where its dialogs need more than a value."""

from __future__ import annotations

from typing import Any, Callable

from processing.gui.wrappers import DIALOG_BATCH, DIALOG_MODELER, DIALOG_STANDARD, WidgetWrapper, dialogTypes
from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingUtils,
    QgsProject,
    QgsVectorLayer,
)
from qgis.gui import QgsFieldComboBox, QgsGui, QgsProcessingModelerParameterWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from ..jobs.background import Background, start
from ..jobs.classes import ClassReader
from ..jobs.errors import GeoDistilError
from ..jobs.layers.styles import legend
from ..jobs.translation import tr
from .model_widget import ModelWidget


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


class ClassesFieldWrapper(WidgetWrapper):
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

    ours = ClassesFieldWrapper


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
