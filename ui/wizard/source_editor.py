"""The fields of the selected sources; a mistake is told under its field."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from qgis.core import QgsMapLayerProxyModel, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsExtentWidget, QgsFieldComboBox, QgsMapCanvas, QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QGroupBox, QHBoxLayout, QVBoxLayout, QWidget

from ...jobs.sources.draft import AREA_LAYER, HULL, ROLES, WHOLE, SourceDraft
from ...jobs.sources.exporting import fetched_order
from ...jobs.sources.facts import POINTS, label_kind, likely_class_field, raster_facts
from ...jobs.sources.problems import Problems
from ...jobs.tiles.service import is_service
from ...jobs.translation import tr
from ..widgets import Hint, Problem, stacked

Filter = QgsMapLayerProxyModel.Filter


class SourceEditor(QGroupBox):
    """Edits the selected sources; what is changed is told by its name, so that several can be changed at once."""

    edited = pyqtSignal(str, object)
    """A field of `SourceDraft` and its new value."""
    layers_gone = pyqtSignal()
    """Layers were taken out of the project."""

    def __init__(self, project: QgsProject, canvas: QgsMapCanvas | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project, self._showing = project, False
        # Before the combo boxes hear of it: they would go to the next layer, as if someone had chosen it.
        project.layersWillBeRemoved["QStringList"].connect(self._hold)
        project.layersRemoved.connect(self._release)
        self._problems: dict[str, Problem] = {}
        self._rows: dict[str, list[QWidget]] = {}
        self._make_fields(canvas)
        self._lay_out()
        self._connect()

    def show_source(
        self, source: SourceDraft | None, problems: Problems, others: int = 0, taken: Collection[str] = ()
    ) -> None:
        """Show a source, or nothing.

        Args:
            source: the selected source, the first of several.
            problems: sentences by field.
            others: how many more are selected, which a change changes too.
            taken: ids of layers that are the other task's labels, and are not offered.
        """
        self.setEnabled(source is not None)
        self.setTitle(self._title(source, others))
        self._showing = True
        if source is not None:
            self._fill(source, taken)
        self._showing = False
        for field, label in self._problems.items():
            label.say(problems.get(field, ""))

    def _title(self, source: SourceDraft | None, others: int) -> str:
        layer = self._project.mapLayer(source.raster) if source else None
        if layer is None:
            return tr("Selected source")
        return tr("{} and {} more").format(layer.name(), others) if others else layer.name()

    def _make_fields(self, canvas: QgsMapCanvas | None) -> None:
        self.role = QComboBox()
        texts = (tr("Detection (boxes)"), tr("Segmentation (areas)"), tr("Unlabelled"))
        for role, text in zip(ROLES, texts):
            self.role.addItem(text, role)
        self.labels = QgsMapLayerComboBox()
        self.labels.setFilters(Filter.HasGeometry | Filter.RasterLayer)
        self.field = QgsFieldComboBox()
        self.field.setAllowEmptyFieldName(True)
        self.area = QComboBox()
        texts = (tr("Whole raster"), tr("Hull of the labels"), tr("Polygons of a layer"))
        for kind, text in zip((WHOLE, HULL, AREA_LAYER), texts):
            self.area.addItem(text, kind)
        self.area_layer = QgsMapLayerComboBox()
        self.area_layer.setFilters(Filter.HasGeometry)
        for combo in (self.labels, self.area_layer):
            combo.setAllowEmptyLayer(True)
        self.box_size = self._number(tr(" m"))
        self.split = QComboBox()
        texts = (tr("Training and validation, in blocks"), tr("Training only"), tr("Validation only"))
        for split, text in zip(("auto", "train", "validation"), texts):
            self.split.addItem(text, split)
        self.extent = QgsExtentWidget(None, QgsExtentWidget.WidgetStyle.CondensedStyle)
        if canvas is not None:
            self.extent.setMapCanvas(canvas, True)
            # The window makes way while someone draws on the map.
            self.extent.toggleDialogVisibility.connect(lambda visible: self.window().setVisible(visible))
        self.pixel_size = self._number("")
        self.size_text = Hint()

    @staticmethod
    def _number(suffix: str) -> QDoubleSpinBox:
        number = QDoubleSpinBox()
        number.setRange(0, 1e6)
        number.setDecimals(3)
        number.setSuffix(suffix)
        number.setKeyboardTracking(False)
        return number

    def _lay_out(self) -> None:
        self._problems["raster"] = Problem()
        lines, columns = QVBoxLayout(self), QHBoxLayout()
        lines.addWidget(self._problems["raster"])
        lines.addLayout(columns)
        columns.setSpacing(24)
        left, right = QFormLayout(), QFormLayout()
        for form in (left, right):
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
            form.setVerticalSpacing(6)
            column = QVBoxLayout()
            column.addLayout(form)
            column.addStretch()
            columns.addLayout(column, 1)
        self._add(left, "role", tr("&Role"), tr("What the imagery is labelled for"))
        self._add(left, "labels", tr("&Labels"), tr("Polygons or points; for areas also a class raster"))
        self._add(left, "field", tr("Class &field"), tr("Empty: all labels are of one class"))
        self._add(left, "box_size", tr("B&ox side"), tr("Side of the square around each point"))
        self._add(
            right,
            "area",
            tr("Labelled &area"),
            tr("Inside it, ground without a label is background; outside it nothing counts"),
        )
        self._add(right, "area_layer", tr("&Polygons"), tr("The labelled area"))
        self._add(right, "split", tr("&Use for"), tr("Validation shows how well the model does elsewhere"))
        self._add(right, "extent", tr("E&xtent"), tr("This raster is no file: the part that is saved as one"))
        self._add(
            right,
            "pixel_size",
            tr("Pixel &size"),
            tr("Of a web service in metres on the ground, of others in the units of their CRS"),
        )
        self._rows["pixel_size"][0].layout().addWidget(self.size_text)

    def _add(self, form: QFormLayout, name: str, text: str, tip: str) -> None:
        widget, problem = getattr(self, name), Problem()
        cell = stacked(widget, problem)
        form.addRow(text, cell)
        label = form.labelForField(cell)
        label.setBuddy(widget)
        for each in (widget, label):
            each.setToolTip(tip)
        widget.setAccessibleName(text.replace("&", ""))
        widget.setAccessibleDescription(tip)
        self._problems[name], self._rows[name] = problem, [cell, label]

    def _connect(self) -> None:
        for name in ("role", "area", "split"):
            combo = getattr(self, name)
            combo.currentIndexChanged.connect(lambda _, n=name, c=combo: self._tell(n, c.currentData()))
        for name in ("labels", "area_layer"):
            combo = getattr(self, name)
            combo.layerChanged.connect(lambda layer, n=name: self._tell(n, layer.id() if layer else ""))
        self.field.fieldChanged.connect(lambda name: self._tell("field", name))
        for name in ("box_size", "pixel_size"):
            getattr(self, name).valueChanged.connect(lambda value, n=name: self._tell(n, value))
        self.extent.extentChanged.connect(self._tell_extent)

    def _hold(self, _layers: list[str]) -> None:
        self._showing = True

    def _release(self, _layers: list[str]) -> None:
        self._showing = False
        self.layers_gone.emit()

    def _tell(self, name: str, value: Any) -> None:
        if self._showing:
            return
        self.edited.emit(name, value)
        if name == "labels":
            self.edited.emit("field", likely_class_field(self._project.mapLayer(value)))

    def _tell_extent(self, rectangle: QgsRectangle) -> None:
        corners = (rectangle.xMinimum(), rectangle.yMinimum(), rectangle.xMaximum(), rectangle.yMaximum())
        self._tell("extent", None if rectangle.isEmpty() else corners)

    def _fill(self, source: SourceDraft, taken: Collection[str]) -> None:
        layer = self._project.mapLayer
        labels, raster = layer(source.labels), layer(source.raster)
        self.role.setCurrentIndex(self.role.findData(source.role))
        excepted = (source.raster, *(each for each in taken if each != source.labels))
        self.labels.setExceptedLayerList([each for each in map(layer, excepted) if each is not None])
        self.labels.setLayer(labels)
        self.field.setLayer(labels if isinstance(labels, QgsVectorLayer) else None)
        self.field.setField(source.field)
        self.area.setCurrentIndex(self.area.findData(source.area))
        self.area_layer.setLayer(layer(source.area_layer))
        self.box_size.setValue(source.box_size)
        self.split.setCurrentIndex(self.split.findData(source.split))
        self.pixel_size.setValue(source.pixel_size)
        self._fill_extent(source, raster)
        self._show_rows(source, labels, raster)

    def _fill_extent(self, source: SourceDraft, raster: QgsRasterLayer | None) -> None:
        if raster is None:
            return
        facts = raster_facts(raster)
        self.extent.setOriginalExtent(facts.extent, facts.crs)
        self.extent.setOutputCrs(facts.crs)
        if source.extent is not None:
            self.extent.setOutputExtentFromUser(QgsRectangle(*source.extent), facts.crs)
        elif self.extent.isValid():
            self.extent.clear()

    def _show_size(self, source: SourceDraft, raster: QgsRasterLayer | None) -> None:
        """What would be fetched of a web service."""
        service = is_service(raster)
        self.pixel_size.setSuffix(tr(" m") if service else "")
        self.pixel_size.setSpecialValueText(tr("the finest") if service else tr("the raster's own"))
        order = fetched_order(source, self._project)
        self.size_text.say(order.estimate.text if order is not None else "")

    def _show_rows(self, source: SourceDraft, labels: Any, raster: QgsRasterLayer | None) -> None:
        shown = {
            "labels": source.labelled,
            "field": source.labelled and isinstance(labels, QgsVectorLayer),
            "box_size": source.labelled and label_kind(labels) == POINTS,
            "area": source.labelled,
            "area_layer": source.labelled and source.area == AREA_LAYER,
            "split": source.labelled,
        }
        no_file = raster is not None and not raster_facts(raster).path
        self._show_size(source, raster)
        shown.update({"extent": no_file, "pixel_size": no_file})
        for name, visible in shown.items():
            for widget in self._rows[name]:
                widget.setVisible(visible)
