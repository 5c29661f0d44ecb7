"""The models window: all packages that are known, in full or two beside each other, and what can be done with them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Callable

from qgis.core import Qgis
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QItemSelectionModel, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPixmap, QResizeEvent, QTextOption
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSplitter,
    QTableWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ...jobs.background import Background, start
from ...jobs.errors import GeoDistilError
from ...jobs.models import shelf
from ...jobs.models.facts import class_names, comparison, main_scores, page
from ...jobs.models.scoring import Scored
from ...jobs.models.shelf import REGISTERED, Model
from ...jobs.package_registry import (
    CURRENT_MODEL,
    current_model,
    forget_current_model,
    register,
    set_current_model,
    speeds,
)
from ...jobs.packages import is_foreign
from ...jobs.qt import QAction
from ...jobs.translation import local, tr
from ..messages import tell
from ..runs.commands import FoldersDialog
from ..view.predictor import ViewPredictor
from ..widgets import button, open_with, table
from .ground import GroundBox


class ModelDetails(QWidget):
    """The selected models."""

    renamed = pyqtSignal(str)
    described = pyqtSignal(str, str)
    """Licence and source."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models: list[Model] = []
        self.picture = QLabel()
        self.picture.setAccessibleName(tr("Preview"))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._pixmap = QPixmap()
        self.text = QTextBrowser()
        self.text.setAccessibleName(tr("What is known of the model"))
        self.text.setOpenLinks(False)
        self.text.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        self.name, self.licence, self.source = QLineEdit(), QLineEdit(), QLineEdit()
        self.licence.setPlaceholderText(tr("for example CC-BY-4.0"))
        self.source.setPlaceholderText(tr("who made it, of what, or where it was published"))
        form = QFormLayout()
        for text, line in ((tr("Name"), self.name), (tr("Licence"), self.licence), (tr("Source"), self.source)):
            line.setAccessibleName(text)
            form.addRow(f"{text}:", line)
        self.fields = QWidget()
        form.setContentsMargins(0, 0, 0, 0)
        self.fields.setLayout(form)
        row = QHBoxLayout()
        row.addWidget(self.picture)
        row.addWidget(self.fields, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.text, 1)
        self.name.editingFinished.connect(self._rename)
        for line in (self.licence, self.source):
            line.editingFinished.connect(self._describe)

    def show_models(self, models: list[Model], speeds: dict[Path, float], scored: Scored | None = None) -> None:
        """Show one, or two beside each other, with what they scored on the same ground; of others nothing."""
        self._models = models
        one = models[0] if len(models) == 1 else None
        self.fields.setVisible(one is not None)
        self._pixmap = QPixmap()
        if one is not None:
            self._pixmap.loadFromData(one.preview)
            for line, text in ((self.name, one.name), (self.licence, one.licence), (self.source, one.source)):
                line.setText(text)
            self.name.setEnabled(not one.problem)
            for line in (self.licence, self.source):
                line.setEnabled(one.editable)
                line.setToolTip("" if one.editable else tr("Only a package that is a folder can be written into"))
        self._fit()
        if one is not None:
            self.text.setHtml(page(one, speeds))
        elif len(models) == 2:
            self.text.setHtml(comparison(models[0], models[1], speeds, scored))
        else:
            self.text.setHtml(f"<p>{tr('Select a model, or two to compare them.')}</p>")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The picture as large as there is room beside the fields."""
        self.picture.setVisible(not self._pixmap.isNull())
        if self._pixmap.isNull():
            return
        ratio = self.devicePixelRatioF()
        room = QSize(self.width() // 3, max(self.fields.sizeHint().height(), self.height() // 3)) * ratio
        drawn = self._pixmap.scaled(
            room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        drawn.setDevicePixelRatio(ratio)
        self.picture.setPixmap(drawn)
        self.picture.setFixedSize(drawn.size() / ratio)

    def _rename(self) -> None:
        if len(self._models) == 1 and self.name.text().strip() != self._models[0].name:
            self.renamed.emit(self.name.text().strip())

    def _describe(self) -> None:
        said = self.licence.text().strip(), self.source.text().strip()
        if len(self._models) == 1 and said != (self._models[0].licence, self._models[0].source):
            self.described.emit(*said)


HEADERS = (tr("Model"), tr("Scores (percent)"), tr("Classes"), tr("MP/s here"))
CURRENT = "✓ "
MOST_CLASSES = 3
FILES = tr("Models (item.json *.zip *.onnx);;All files (*)")

OpenAlgorithm = Callable[[str, "dict[str, Any]"], None]


class ModelsWindow(QDialog):
    """The window; it does not hold QGIS up.

    Args:
        iface: QGIS's interface.
        open_algorithm: opens an algorithm's dialog with parameters filled in.
        predictor: shows models on the map.
        swipe: the toolbar's action.
    """

    def __init__(self, iface: Any, open_algorithm: OpenAlgorithm, predictor: ViewPredictor, swipe: QAction) -> None:
        super().__init__(iface.mainWindow())
        self.setWindowTitle(tr("Models"))
        self.setObjectName("GeoDistilModels")
        self._iface, self._open_algorithm, self._predictor, self._swipe = iface, open_algorithm, predictor, swipe
        self.models: list[Model] = []
        self.looking = False
        self._awaited = False
        open_with(self, 1080, 560)
        self._make_parts()
        self._lay_out()
        self.table.itemSelectionChanged.connect(self._show)
        self.details.renamed.connect(self._rename)
        self.details.described.connect(self._describe)
        self.ground.scored.connect(self._show_scored)
        CURRENT_MODEL.changed.connect(self._fill)
        predictor.changed.connect(self._swipe_when_ready)
        self.finished.connect(lambda _: self._quit_waiting())

    def open_again(self) -> None:
        """Come to the front, and look at all models anew."""
        self.show()
        self.raise_()
        self.activateWindow()
        self.look()

    def look(self) -> None:
        """Look for all models, off the main thread: their disks may be far away."""
        self.looking = True
        start(Background(tr("Look for models"), shelf.models, self._found, self._not_found))

    def selected(self) -> list[Model]:
        """The selected models, from the top."""
        rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
        return [self.models[row] for row in rows if row < len(self.models)]

    # what is seen

    def _make_parts(self) -> None:
        self.table = table(HEADERS, tr("Models"), 2)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.itemActivated.connect(lambda _: self._use())
        self.details, self.ground = ModelDetails(), GroundBox(self._iface)
        self.use = button(tr("Use"), tr("Make it the current model: Predict this view asks it"), self._use)
        self.predict = button(tr("Predict…"), tr("Predict rasters with it"), self._predict)
        self.on_map = button(
            tr("Both on the map"), tr("Predict the view with two models, and swipe between them"), self._on_map
        )
        self.export = button(tr("Export…"), tr("Write it as one zip"), self._export)
        self.forget = button(tr("Forget"), tr("List it no longer; nothing is deleted"), self._forget)
        self.add = button(tr("Add…"), tr("Register a model: a package, or an ONNX file of another program"), self._add)
        self.zoo = button(tr("Zoo…"), tr("Get models that others share, from a folder or the web"), self.open_zoo)
        self.folders = button(tr("Folders…"), tr("Folders whose models are listed"), self._folders)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for each in (self.use, self.predict, self.on_map, self.export, self.forget):
            row.addWidget(each)
        row.addStretch()
        for each in (self.add, self.zoo, self.folders):
            row.addWidget(each)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.details, 1)
        column.addWidget(self.ground)
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.table)
        parts.addWidget(right)
        parts.setSizes([round(share * self.width()) for share in (0.58, 0.42)])
        layout = QVBoxLayout(self)
        layout.addWidget(parts, 1)
        layout.addLayout(row)
        self._show()

    def _found(self, models: list[Model]) -> None:
        if sip.isdeleted(self):
            return
        self.looking = False
        self.models = models
        self._fill()

    def _not_found(self, error: GeoDistilError) -> None:
        if not sip.isdeleted(self):
            self.looking = False
            self._failed(error)

    def _fill(self) -> None:
        """The rows; what was selected stays so."""
        kept, current, known = [each.path for each in self.selected()], current_model(), speeds()
        self.table.blockSignals(True)
        self.table.setRowCount(len(self.models))
        for row, model in enumerate(self.models):
            for column, text in enumerate(_cells(model, current, known)):
                item = QTableWidgetItem(text)
                item.setToolTip(model.problem or f"{text}\n{model.path}".strip())
                self.table.setItem(row, column, item)
        self.table.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        rows = [row for row, model in enumerate(self.models) if model.path in kept] or [0][: len(self.models)]
        for row in rows:
            self.table.selectionModel().select(self.table.model().index(row, 0), flags)
        self.table.blockSignals(False)
        self._show()

    def _show(self) -> None:
        chosen = self.selected()
        sound = [each for each in chosen if not each.problem]
        one = len(chosen) == 1
        shown = chosen if len(sound) == len(chosen) or one else sound
        self.details.show_models(shown, speeds(), self.ground.known(shown) if len(shown) == 2 else None)
        self.ground.show_models(shown)
        self.use.setEnabled(one and bool(sound) and sound[0].path != current_model())
        self.predict.setEnabled(one and bool(sound))
        self.export.setEnabled(one and bool(sound) and not is_foreign(sound[0].path))
        self.on_map.setEnabled(len(sound) == 2)
        self.forget.setEnabled(bool(chosen) and all(each.origin == REGISTERED for each in chosen))

    # what is done

    def _use(self) -> None:
        if self.use.isEnabled():
            set_current_model(self.selected()[0].path)

    def _predict(self) -> None:
        self._open_algorithm("geodistil:predict", {"MODEL": str(self.selected()[0].path)})

    def _export(self) -> None:
        self._open_algorithm("geodistil:exportmodel", {"MODEL": str(self.selected()[0].path)})

    def _forget(self) -> None:
        for model in self.selected():
            shelf.forget_model(model)
            forget_current_model(model.path)
        self.look()

    def _on_map(self) -> None:
        self._awaited = True
        self._predictor.compare([each.path for each in self.selected()])

    def _show_scored(self, scored: Scored) -> None:
        """The table, and both predictions on the map, where Swipe compares them."""
        self._predictor.show_on_ground(scored.predicted, scored.raster)
        self._show()

    def _swipe_when_ready(self) -> None:
        """Both are shown: the swipe begins by itself."""
        if self._awaited and not self._predictor.busy:
            self._awaited = False
            if len(self._predictor.shown()) > 1 and not self._swipe.isChecked():
                self._swipe.setChecked(True)
            self._fill()

    def _quit_waiting(self) -> None:
        self._awaited = False

    def _add(self) -> None:
        text, _ = QFileDialog.getOpenFileName(self, tr("Look for a model"), "", FILES)
        if text:
            self.add_file(Path(text))

    def add_file(self, path: Path) -> None:
        """Register a model; the engine tries an ONNX file first, and what it does not say is asked."""
        if not is_foreign(path):
            self._register(path)
            return
        from ..onnx_form import Then, enquire

        enquire(path, self, Then(partial(self._register, path), self._failed))

    def _register(self, path: Path) -> None:
        self._try(register, str(path))

    def open_zoo(self) -> None:
        """Look at models elsewhere; those that come are registered."""
        from .zoo import ZooWindow

        window = ZooWindow(self._register, self)
        window.finished.connect(lambda _: window.deleteLater())
        window.show()

    def _folders(self) -> None:
        dialog = FoldersDialog(
            shelf.folders(),
            self,
            tr("Model folders"),
            tr("Models in these folders, and in the folders inside them, are listed beside those registered here."),
        )
        dialog.accepted.connect(lambda: self.set_folders(dialog.folders()))
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    def set_folders(self, chosen: list[Path]) -> None:
        """List the models of these folders."""
        shelf.set_folders(chosen)
        self.look()

    def _rename(self, name: str) -> None:
        self._try(shelf.rename, self.selected()[0], name)

    def _describe(self, licence: str, source: str) -> None:
        self._try(shelf.describe, self.selected()[0], licence, source)

    def _try(self, what: Callable[..., Any], *arguments: Any) -> None:
        """Do something; what is wrong is said."""
        try:
            what(*arguments)
        except GeoDistilError as error:
            self._failed(error)
        self.look()

    def _failed(self, error: GeoDistilError) -> None:
        tell(self._iface, str(error), Qgis.MessageLevel.Warning, error.explained())


def _cells(model: Model, current: Path | None, known: dict[Path, float]) -> list[str]:
    name = f"{CURRENT if model.path == current else ''}{model.name}"
    if model.problem:
        return [name, tr("cannot be read"), *[""] * (len(HEADERS) - 2)]
    classes = class_names(model.card)
    more = f", … ({len(classes)})" if len(classes) > MOST_CLASSES else ""
    speed = local(known[model.path], 2) if model.path in known else ""
    return [name, main_scores(model.card), ", ".join(classes[:MOST_CLASSES]) + more, speed]
