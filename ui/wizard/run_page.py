"""Page 5: what the run is called, where it goes, how long it takes, and what is predicted afterwards."""

from __future__ import annotations

from qgis.core import QgsRasterLayer
from qgis.gui import QgsFileWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from ...jobs.background import Background, start
from ...jobs.servers.server import chosen_device, device_words, offered
from ...jobs.sources.facts import raster_facts
from ...jobs.sources.place import Place, look_at, name_problem, parent_problem, run_folder
from ...jobs.sources.problems import gone
from ...jobs.translation import tr
from ..widgets import Hint, Problem, stacked
from .session import Measurement, Session

BUDGETS = (("minutes", 60.0, 1), ("epochs", 30.0, 1), ("steps", 3000.0, 0))
"""Kind, its usual amount, decimals."""

TYPING_MILLISECONDS = 300
"""After the last letter of a folder, until it is looked at."""

DEVICES = ("auto", "all", "cpu", "cuda", "mps")


class RunPage(QWizardPage):
    """The last page; it blocks on a name or folder that cannot be used."""

    def __init__(self, session: Session, measurement: Measurement) -> None:
        super().__init__()
        self._session, self._measurement = session, measurement
        self._showing, self._writing, self._failure = False, "", ""
        self._found: Place | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_MILLISECONDS)
        self._pause.timeout.connect(self._look)
        self.setTitle(tr("Run"))
        self.setSubTitle(
            tr("The training is a process of its own: it goes on when QGIS closes, and the runs dock finds it again.")
        )
        self.name = QLineEdit()
        self.folder = QgsFileWidget()
        self.folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.place = Hint()
        self.budget, self.budget_kind = QDoubleSpinBox(), QComboBox()
        self.budget.setRange(0.1, 10_000_000)
        for kind, text in zip((kind for kind, *_ in BUDGETS), (tr("minutes"), tr("epochs"), tr("steps"))):
            self.budget_kind.addItem(text, kind)
        self.estimate_button = QPushButton(tr("&Estimate time and memory"))
        self.estimate_button.setToolTip(tr("Has the engine train each stage for a few steps; takes up to a minute"))
        self.estimate = Hint()
        self.device = QComboBox()
        self.device.setEditable(True)
        self.device.setToolTip(
            tr("auto takes the fastest; all: every graphics card shares the work; cuda:1 is the second card")
        )
        self.servers = QPushButton(tr("Ser&vers…"))
        self.servers.setToolTip(tr("Describe and test servers that can train"))
        self.wait = QCheckBox(tr("&Wait until no other training uses the device"))
        self.wait.setToolTip(tr("The runs dock starts it then"))
        self.predict = QListWidget()
        self.problems = {name: Problem() for name in ("name", "folder", "start")}
        self._lay_out()
        self._connect()

    def initializePage(self) -> None:  # noqa: D102
        draft = self._session.draft
        self._showing = True
        self.name.setText(draft.name)
        self.folder.setFilePath(draft.parent)
        self.budget_kind.setCurrentIndex(self.budget_kind.findData(draft.training.budget_kind))
        self.budget.setDecimals(0 if draft.training.budget_kind == "steps" else 1)
        self.budget.setValue(draft.training.budget)
        self._offer_devices()
        self.wait.setChecked(draft.wait)
        self._fill_predict()
        self._showing, self._failure = False, ""
        self._show_estimate()
        self._look()

    def cleanupPage(self) -> None:
        """Keep everything: going back loses nothing."""

    def isComplete(self) -> bool:  # noqa: D102
        return self._looked() and not self._writing and not any(self._sentences().values())

    def begin(self, sentence: str = "") -> None:
        """Show that the run is being written, or `sentence`; nothing can be changed meanwhile."""
        self._writing, self._failure = sentence or tr("Writing the run folder…"), ""
        self.setEnabled(False)
        self._check()

    def fail(self, sentence: str) -> None:
        """Say why the training did not start."""
        self._writing, self._failure = "", sentence
        self.setEnabled(True)
        self._look()

    def cancel(self) -> None:
        """Look at nothing any more."""
        self._pause.stop()

    def _show_estimate(self) -> None:
        self.estimate.say(self._measurement.text())
        self.estimate_button.setEnabled(not self._measurement.running)

    def _look(self) -> None:
        """Look at the folder on another thread: once a page and a folder, for its disk may be far away."""
        self._pause.stop()
        self._found = None
        parent, prepared = self._session.draft.parent, self._session.prepared
        start(
            Background(
                tr("Look at the folder for runs"),
                lambda _: look_at(parent, prepared),
                self._take_place,
                lambda error: self._take_place(Place(parent, str(error))),
                can_cancel=False,
            )
        )
        self._check()

    def _take_place(self, place: Place) -> None:
        if not sip.isdeleted(self) and place.parent == self._session.draft.parent:  # else another was typed meanwhile
            self._found = place
            self._check()

    def _looked(self) -> bool:
        return self._found is not None

    def _sentences(self) -> dict[str, str]:
        draft, place = self._session.draft, self._found or Place(self._session.draft.parent)
        folder = parent_problem(draft, place) if self._looked() else ""
        return {"name": name_problem(draft, place), "folder": folder, "start": gone(draft, self._session.project)}

    def _check(self) -> None:
        for name, sentence in self._sentences().items():
            self.problems[name].say(sentence or (self._failure if name == "start" else ""))
        self.place.say(self._place_text())
        self.completeChanged.emit()

    def _place_text(self) -> str:
        if self._writing or not self._looked():
            return self._writing or tr("Looking at the folder…")
        return tr("The run folder will be {}").format(run_folder(self._session.draft)) if self.isComplete() else ""

    def _layers_gone(self) -> None:
        """Layers were taken out of the project, perhaps some that are needed."""
        if self.isVisible():
            self._fill_predict()
            self._take()

    def _offer_devices(self) -> None:
        """Devices here, and those of the servers as they are described now."""
        showing, self._showing = self._showing, True
        draft = self._session.draft
        self.device.clear()
        self.device.addItems([*DEVICES, *offered()])
        self.device.setCurrentText(device_words(draft.training.device, draft.server))
        self._showing = showing

    def _open_servers(self) -> None:
        from ..servers_page import ServersDialog

        dialog = ServersDialog(self)
        dialog.finished.connect(lambda _: self._offer_devices())
        dialog.open()

    def _fill_predict(self) -> None:
        """Rasters that are files; services have no end."""
        showing, self._showing = self._showing, True
        self.predict.clear()
        project, chosen = self._session.project, self._session.draft.predict
        layers = [layer for layer in project.mapLayers().values() if isinstance(layer, QgsRasterLayer)]
        labels = {source.labels for source in self._session.draft.sources}
        for layer in sorted(layers, key=lambda layer: layer.name()):
            if layer.id() not in labels and raster_facts(layer).path:
                item = QListWidgetItem(layer.name(), self.predict)
                item.setData(Qt.ItemDataRole.UserRole, layer.id())
                item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
                item.setCheckState(Qt.CheckState.Checked if layer.id() in chosen else Qt.CheckState.Unchecked)
        self._showing = showing

    def _connect(self) -> None:
        self.name.textChanged.connect(self._take)
        self.folder.fileChanged.connect(self._take_folder)
        self._session.project.layersRemoved.connect(self._layers_gone)
        self.budget.valueChanged.connect(self._take)
        self.budget_kind.currentIndexChanged.connect(self._change_kind)
        self.device.currentTextChanged.connect(self._take)
        self.servers.clicked.connect(self._open_servers)
        self.estimate_button.clicked.connect(self._measurement.start)
        self._measurement.changed.connect(self._show_estimate)
        self.wait.toggled.connect(self._take)
        self.predict.itemChanged.connect(self._take)

    def _change_kind(self, index: int) -> None:
        if not self._showing:
            _, usual, decimals = BUDGETS[index]
            self.budget.setDecimals(decimals)
            self.budget.setValue(usual)
            self._take()

    def _take_folder(self, *_: object) -> None:
        if not self._showing:
            self._found = None
            self._pause.start()
            self._take()

    def _take(self, *_: object) -> None:
        if self._showing:
            return
        self._failure = ""
        draft = self._session.draft
        draft.name, draft.parent = self.name.text(), self.folder.filePath()
        draft.training.budget, draft.training.budget_kind = self.budget.value(), self.budget_kind.currentData()
        device, draft.server = chosen_device(self.device.currentText())
        if draft.training.device != device:
            self._measurement.cancel()
        draft.training.device = device
        self._show_estimate()
        draft.wait = self.wait.isChecked()
        items = [self.predict.item(row) for row in range(self.predict.count())]
        checked = [item for item in items if item.checkState() == Qt.CheckState.Checked]
        draft.predict = [item.data(Qt.ItemDataRole.UserRole) for item in checked]
        self._check()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(tr("Na&me"), stacked(self.name, self.problems["name"]))
        form.addRow(tr("&Folder for runs"), stacked(self.folder, self.problems["folder"], self.place))
        row = QWidget()
        amount = QHBoxLayout(row)
        amount.setContentsMargins(0, 0, 0, 0)
        amount.addWidget(self.budget)
        amount.addWidget(self.budget_kind)
        amount.addWidget(self.estimate_button)
        amount.addStretch()
        budget = stacked(row, self.estimate)
        form.addRow(tr("&Train for"), budget)
        form.labelForField(budget).setBuddy(self.budget)
        devices = QWidget()
        choice = QHBoxLayout(devices)
        choice.setContentsMargins(0, 0, 0, 0)
        choice.addWidget(self.device, 1)
        choice.addWidget(self.servers)
        form.addRow(tr("&Device"), devices)
        form.labelForField(devices).setBuddy(self.device)
        form.addRow("", self.wait)
        form.addRow(tr("&Predict afterwards"), self.predict)
        for widget, text in (
            (self.name, tr("Name")),
            (self.folder, tr("Folder for runs")),
            (self.budget, tr("Training budget")),
            (self.budget_kind, tr("Unit of the budget")),
            (self.device, tr("Device")),
            (self.predict, tr("Rasters to predict afterwards")),
        ):
            widget.setAccessibleName(text)
        lines = QVBoxLayout(self)
        lines.addLayout(form, 1)
        lines.addWidget(self.problems["start"])
