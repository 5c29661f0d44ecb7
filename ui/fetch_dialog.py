"""Fetch a part of a web service: which part, how fine, into which file; the layer is then in the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from qgis.core import QgsMapSettings, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsExtentWidget, QgsFileWidget, QgsMapCanvas
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QMessageBox,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from ..jobs.background import Background, Cancelled, start
from ..jobs.errors import STOPPED, GeoDistilError
from ..jobs.folders import file_stem, free_place
from ..jobs.tiles.fetching import Fetched, Progress, credit, fetch, sampled
from ..jobs.tiles.plan import Order, order_for
from ..jobs.translation import tr
from .widgets import Hint, Problem

Button = QDialogButtonBox.StandardButton
LOOK_MILLISECONDS = 100


class FetchDialog(QDialog):
    """See the module. The fetch goes on where an earlier one of the same part ended.

    Args:
        layer: of the service.
        project: gets the file's layer.
        canvas: its view is what is fetched at first, and one can draw on it.
        parent: the window below.
    """

    fetched = pyqtSignal(QgsRasterLayer)
    """The file's layer is in the project."""

    def __init__(
        self, layer: QgsRasterLayer, project: QgsProject, canvas: QgsMapCanvas, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Fetch imagery of {layer}").format(layer=layer.name()))
        self._layer, self._project = layer, project
        self._task: Background | None = None
        self._progress = Progress(0, 1, 0, None)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MILLISECONDS)
        self._look.timeout.connect(self._show_progress)
        self._make_fields(canvas)
        self._lay_out()
        self.extent.extentChanged.connect(self._show)
        self.pixel_size.valueChanged.connect(self._show)
        self.file.fileChanged.connect(self._show)
        self._show_view(canvas.mapSettings())

    @property
    def running(self) -> bool:
        """Whether it fetches."""
        return self._task is not None

    def accept(self) -> None:
        """Fetch; the window closes when that is done."""
        try:
            order, path = self._order(), self._path()
        except GeoDistilError as error:
            self.problem.say(str(error))
            return
        if order.estimate.many:
            self._ask_first(order, path)
        else:
            self._begin(order, path)

    def _ask_first(self, order: Order, path: Path) -> None:
        """How much it is, is known better by a few tiles; then a person is asked."""

        def known(found: Order) -> None:
            if sip.isdeleted(self):
                return
            self._rest()
            self.size_text.say(found.estimate.text)
            QTimer.singleShot(0, lambda: self._begin_if_agreed(found, path))  # a task waits for no person

        self._run(order, lambda cancelled: sampled(order, cancelled), known)

    def _begin_if_agreed(self, order: Order, path: Path) -> None:
        if not sip.isdeleted(self) and not self.running and agreed(order, self):
            self._begin(order, path)

    def _begin(self, order: Order, path: Path) -> None:
        def told(progress: Progress) -> None:  # on the worker, which must not touch a window
            self._progress = progress

        def work(cancelled: Cancelled) -> Fetched:
            return fetch(order, path, told, cancelled)

        self._run(order, work, lambda found: self._finish(order, found))

    def _run(self, order: Order, work: Callable[[Cancelled], Any], done: Callable[[Any], None]) -> None:
        self.problem.say("")
        self._progress = Progress(0, order.estimate.tiles, 0, None)
        title = tr("Fetch {layer}").format(layer=order.service.name)
        self._task = start(Background(title, work, done, self._fail))
        self._show_progress()
        self._look.start()
        self._enable()

    def reject(self) -> None:
        """End the fetch, or close."""
        if self._task is not None:
            self._task.cancel()
        else:
            super().reject()

    def _make_fields(self, canvas: QgsMapCanvas) -> None:
        self.extent = QgsExtentWidget(None, QgsExtentWidget.WidgetStyle.CondensedStyle)
        self.extent.setMapCanvas(canvas, True)
        self.extent.toggleDialogVisibility.connect(self.setVisible)  # makes way while someone draws
        self.pixel_size = QDoubleSpinBox()
        self.pixel_size.setRange(0, 1e5)
        self.pixel_size.setDecimals(3)
        self.pixel_size.setSuffix(tr(" m"))
        self.pixel_size.setSpecialValueText(tr("the finest"))
        self.file = QgsFileWidget()
        self.file.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.file.setFilter("GeoTIFF (*.tif)")
        home = Path(self._project.homePath() or Path.home())
        self.file.setFilePath(str(free_place(home, file_stem(self._layer.name()), ".tif")))
        self.size_text, self.problem, self.bar = Hint(), Problem(), QProgressBar()
        self.bar.setAccessibleName(tr("Progress"))
        self.bar.hide()
        self.buttons = QDialogButtonBox(Button.Ok | Button.Cancel)
        self.buttons.button(Button.Ok).setText(tr("Fetch"))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = (
            (tr("E&xtent"), self.extent),
            (tr("Pixel &size on the ground"), self.pixel_size),
            (tr("&File"), self.file),
        )
        for text, widget in rows:
            form.addRow(text, widget)
            widget.setAccessibleName(text.replace("&", ""))
        terms = tr("Whether imagery may be fetched, and learned from, is for the service's terms of use to say.")
        terms = Hint(f"{terms} {self._layer.attribution()}".strip())
        lines = QVBoxLayout(self)
        lines.addLayout(form)
        for part in (self.size_text, terms, self.problem):
            lines.addWidget(part)
        lines.addStretch(1)
        for part in (self.bar, self.buttons):
            lines.addWidget(part)
        self.resize(520 * self.logicalDpiX() // 96, self.sizeHint().height())

    def _show_view(self, view: QgsMapSettings) -> None:
        crs = self._layer.dataProvider().crs()
        self.extent.setOriginalExtent(self._layer.extent(), crs)
        self.extent.setCurrentExtent(view.visibleExtent(), view.destinationCrs())
        self.extent.setOutputCrs(crs)
        self.extent.setOutputExtentFromCurrent()
        for line in self.extent.findChildren(QLineEdit):
            line.setCursorPosition(0)
        self._show()

    def _show(self, *_: object) -> None:
        """What would be fetched, or why it cannot."""
        try:
            self.size_text.say(self._order().estimate.text)
            self._path()
            self.problem.say("")
        except GeoDistilError as error:
            self.problem.say(str(error))
        self._enable()

    def _enable(self) -> None:
        for widget in (self.extent, self.pixel_size, self.file):
            widget.setEnabled(not self.running)
        self.buttons.button(Button.Ok).setEnabled(not self.running and not self.problem.text())

    def _show_progress(self) -> None:
        self.bar.show()
        self.bar.setRange(0, self._progress.of)
        self.bar.setValue(self._progress.done)
        self.bar.setFormat(self._progress.text)

    def _order(self) -> Order:
        extent = self.extent.outputExtent() if self.extent.isValid() else QgsRectangle()
        if extent.isEmpty():
            raise GeoDistilError("raster", tr("Choose the extent that is to be fetched."))
        return order_for(self._layer, extent, self.extent.outputCrs(), self.pixel_size.value(), self._project)

    def _path(self) -> Path:
        text = self.file.filePath().strip()
        path = Path(text if text.lower().endswith((".tif", ".tiff")) else f"{text}.tif")
        if not text or not path.is_absolute():
            raise GeoDistilError("output", tr("Give the file's whole path."))
        return path

    def _finish(self, order: Order, found: Fetched) -> None:
        if sip.isdeleted(self):
            return
        self._task = None
        self._look.stop()
        made = QgsRasterLayer(str(found.path), found.path.stem)
        credit(made, order.service.attribution, order.service.attribution_url)
        self._project.addMapLayer(made)
        super().accept()
        self.fetched.emit(made)

    def _fail(self, error: GeoDistilError) -> None:
        if sip.isdeleted(self):
            return
        self._rest()
        if error.code != STOPPED:
            self.problem.say(str(error))

    def _rest(self) -> None:
        """Nothing runs any more."""
        self._task = None
        self._look.stop()
        self.bar.hide()
        self._enable()


def agreed(order: Order, parent: QWidget) -> bool:
    """Ask whether so much is to be fetched."""
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    sentence = tr("That is much imagery: {size}").format(size=order.estimate.text)
    title = tr("Fetch imagery of {layer}").format(layer=order.service.name)
    return QMessageBox.question(parent, title, f"{sentence} {tr('Fetch it?')}", yes | no, no) == yes


def open_fetching(layer: QgsRasterLayer, project: QgsProject, canvas: QgsMapCanvas, parent: QWidget) -> FetchDialog:
    """Open the window beside QGIS's event loop."""
    dialog = FetchDialog(layer, project, canvas, parent)
    dialog.finished.connect(lambda _: QCoreApplication.instance() and dialog.deleteLater())
    dialog.open()
    return dialog
