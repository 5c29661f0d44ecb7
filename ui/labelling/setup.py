"""The window that makes a label layer for a raster, or takes one of the project."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsMapLayerProxyModel, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsFieldComboBox, QgsFileWidget, QgsMapCanvas, QgsMapLayerComboBox
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ...jobs.classes import category_symbols
from ...jobs.errors import GeoDistilError
from ...jobs.labelling.layers import Labelling, layer_problem, layer_values, make_labels, take_labels, usual_path
from ...jobs.labelling.link import LabelClass, next_color
from ...jobs.sources.draft import LABELLED_ROLES
from ...jobs.sources.facts import likely_class_field
from ...jobs.tiles.service import is_service
from ...jobs.translation import tr
from ..fetch_dialog import open_fetching
from ..widgets import Hint, Problem
from .classes import ClassEditor

Filter = QgsMapLayerProxyModel.Filter
GEOPACKAGE = "GeoPackage (*.gpkg)"


class SetupDialog(QDialog):
    """See the module.

    Args:
        project: where the layers are.
        raster: the raster chosen at first.
        parent: the dock.
        canvas: the map, whose view is offered to be fetched of a web service.
    """

    chosen = pyqtSignal(QgsVectorLayer)
    """A label layer is there."""

    def __init__(
        self,
        project: QgsProject,
        raster: QgsRasterLayer | None = None,
        parent: QWidget | None = None,
        canvas: QgsMapCanvas | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Label a raster"))
        self._project, self._canvas = project, canvas
        self._own_path = ""
        self._make_fields()
        self._lay_out()
        if raster is not None:
            self.raster.setLayer(raster)
        self.raster.layerChanged.connect(self._suggest)
        self.role.currentIndexChanged.connect(self._suggest)
        self.new.toggled.connect(self._suggest)
        self.layer.layerChanged.connect(self._show_layer)
        self.field.fieldChanged.connect(self._show_values)
        self._suggest()

    def accept(self) -> None:
        """Make or take the layer, and close if that went well."""
        try:
            labels = self._labels()
        except GeoDistilError as error:
            self.problem.say(str(error))
            return
        super().accept()
        self.chosen.emit(labels)

    def _make_fields(self) -> None:
        self.raster, self.role = QgsMapLayerComboBox(), QComboBox()
        self.raster.setFilters(Filter.RasterLayer)
        self.service = Hint(
            tr("This is a web service: what models look at or learn from is fetched when it is needed.")
        )
        self.fetch = QPushButton(tr("Fetch the view as a file…"))
        self.fetch.clicked.connect(self._fetch)
        for role, text in zip(LABELLED_ROLES, (tr("Detection (boxes)"), tr("Segmentation (areas)"))):
            self.role.addItem(text, role)
        self.new, self.taken = QRadioButton(tr("A new layer")), QRadioButton(tr("A layer of the project"))
        self.new.setChecked(True)
        self.file = QgsFileWidget()
        self.file.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.file.setFilter(GEOPACKAGE)
        self.layer, self.field = QgsMapLayerComboBox(), QgsFieldComboBox()
        self.layer.setFilters(Filter.PolygonLayer | Filter.PointLayer)
        for widget, name in ((self.raster, tr("Raster")), (self.layer, tr("Layer")), (self.field, tr("Class field"))):
            widget.setAccessibleName(name)
        self.classes, self.problem = ClassEditor(), Problem()
        self.classes.show_classes([LabelClass(tr("class {number}").format(number=1), next_color(0))])
        button = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(button.Ok | button.Cancel)
        self.buttons.button(button.Ok).setText(tr("Start labelling"))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow(tr("&Raster"), self.raster)
        self._form.addRow("", self.service)
        self._form.addRow("", self.fetch)
        self._form.addRow(tr("R&ole"), self.role)
        self._form.addRow(tr("Labels in"), self.new)
        self._form.addRow("", self.taken)
        self._form.addRow(tr("&File"), self.file)
        self._form.addRow(tr("&Layer"), self.layer)
        self._form.addRow(tr("Class fi&eld"), self.field)
        self._form.addRow(tr("Classes"), self.classes)
        lines = QVBoxLayout(self)
        lines.addLayout(self._form)
        lines.addWidget(self.problem)
        lines.addWidget(self.buttons)
        self.resize(460 * self.logicalDpiX() // 96, self.sizeHint().height())

    def _suggest(self, *_: object) -> None:
        """Show the fields that matter, with what is likely in them."""
        new = self.new.isChecked()
        for widget in (self.file, self.layer, self.field):
            shown = new == (widget is self.file)
            widget.setVisible(shown)
            self._form.labelForField(widget).setVisible(shown)
        raster = self.raster.currentLayer()
        for widget in (self.service, self.fetch):
            widget.setVisible(self._canvas is not None and is_service(raster))
        if new and raster is not None and self.file.filePath() == self._own_path:
            self._own_path = str(usual_path(raster, self.role.currentData()))
            self.file.setFilePath(self._own_path)
        if not new:
            self._show_layer(self.layer.currentLayer())

    def _show_layer(self, layer: QgsVectorLayer | None) -> None:
        self.field.setLayer(layer)
        if layer is not None and likely_class_field(layer):
            self.field.setField(likely_class_field(layer))
        self._show_values()

    def _show_values(self, *_: object) -> None:
        layer, field = self.layer.currentLayer(), self.field.currentField()
        if self.new.isChecked() or layer is None:
            return
        sentence = layer_problem(layer, field, [])
        self.problem.say(sentence)
        if not sentence:
            symbols = category_symbols(layer, field)
            values = layer_values(layer, field)
            colors = [symbols.get(each, ("", next_color(place)))[1] for place, each in enumerate(values)]
            self.classes.show_classes([LabelClass(*each) for each in zip(values, colors)])

    def _fetch(self) -> None:
        """The service's place is taken by a file of it."""
        dialog = open_fetching(self.raster.currentLayer(), self._project, self._canvas, self)
        dialog.fetched.connect(self.raster.setLayer)

    def _labels(self) -> QgsVectorLayer:
        raster, role = self.raster.currentLayer(), self.role.currentData()
        classes = [each for _, each in self.classes.classes()]
        if raster is None:
            raise GeoDistilError("raster", tr("Add the raster to the project first."))
        if self.new.isChecked():
            text = self.file.filePath().strip()
            path = Path(text if text.lower().endswith(".gpkg") else f"{text}.gpkg")
            if not text or not path.is_absolute():
                raise GeoDistilError("output", tr("Give the file's whole path."))
            return make_labels(raster, path, role, classes, self._project)
        layer = self.layer.currentLayer()
        if layer is None:
            raise GeoDistilError("labels", tr("Choose the layer that gets the labels."))
        take_labels(layer, raster, Labelling(role, self.field.currentField(), classes), self._project)
        return layer


def ask(project: QgsProject, raster: QgsRasterLayer | None, parent: QWidget, canvas: QgsMapCanvas) -> SetupDialog:
    """Open the window beside QGIS's event loop."""
    dialog = SetupDialog(project, raster, parent, canvas)
    dialog.finished.connect(lambda _: QCoreApplication.instance() and dialog.deleteLater())
    dialog.open()
    return dialog
