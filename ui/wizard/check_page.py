"""Page 4: the engine's look at everything before it trains; errors block, warnings explain."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsMapLayer, QgsProject
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from ...jobs.background import Background, start
from ...jobs.checking import EngineCheck
from ...jobs.errors import GeoDistilError, as_error
from ...jobs.given import given
from ...jobs.layers.results import split_layer
from ...jobs.progress import spoken
from ...jobs.sources.exporting import fetched_order
from ...jobs.sources.facts import raster_facts
from ...jobs.sources.preparation import Preparation
from ...jobs.sources.problems import findings, unsaved
from ...jobs.tiles.fetching import name_of, sampled
from ...jobs.tiles.plan import Order
from ...jobs.translation import local, tr
from ..fetch_dialog import agreed
from ..widgets import Hint, Notices, TextScroll, table
from .session import Measurement, Session


class CheckPage(QWizardPage):
    """Writes the run into a temporary folder and has the engine check it, in a child that nobody waits for."""

    def __init__(self, session: Session, measurement: Measurement) -> None:
        super().__init__()
        self._session, self._measurement = session, measurement
        self._work: Preparation | EngineCheck | Background | None = None
        self._agreed: set[str] = set()
        """Much imagery that may be fetched, by its files' names."""
        self._layer = ""
        self.setTitle(tr("Check"))
        self.setSubTitle(tr("The engine opens every layer, counts labels, divides the ground and builds the networks."))
        self.status = QLabel()
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.notices = Notices()
        self.facts, self.estimate = Hint(), Hint()
        measurement.changed.connect(lambda: self.estimate.say(measurement.text()))
        self.table = self._make_table()
        self.split_button = QPushButton(tr("Show the split on the &map"))
        self.split_button.clicked.connect(self.show_split)
        self.again_button = QPushButton(tr("Check &again"))
        self.again_button.clicked.connect(self.check)
        self._lay_out()

    def initializePage(self) -> None:  # noqa: D102
        if self._session.is_checked():
            self._passed(given(self._session.report))
            if not self._measurement.text():
                self._measurement.start()
        else:
            self.check()

    def cleanupPage(self) -> None:
        """Going back ends a check that is still running."""
        self.cancel()

    def isComplete(self) -> bool:  # noqa: D102
        return self._work is None and self._session.is_checked()

    def check(self) -> None:
        """Prepare the run folder anew and check it; much imagery of web services is asked about first."""
        self.cancel()
        self._begin()
        draft, project = self._session.draft, self._session.project
        orders = [order for source in draft.sources if (order := fetched_order(source, project)) is not None]
        self._ask([each for each in orders if each.estimate.many and name_of(each) not in self._agreed])

    def _ask(self, orders: list[Order]) -> None:
        """Ask about one after the other, each estimated by a few of its tiles; then prepare."""
        if not orders:
            self._prepare()
            return
        order, *others = orders
        self.status.setText(tr("Looking how much imagery {layer} has there…").format(layer=order.service.name))

        def known(found: Order) -> None:
            QTimer.singleShot(0, lambda: self._decide(found, others, task))  # a task waits for no person

        def failed(error: GeoDistilError) -> None:
            if not sip.isdeleted(self) and self._work is task:
                self._failed(error)

        title = tr("Fetch {layer}").format(layer=order.service.name)
        self._work = task = Background(title, lambda cancelled: sampled(order, cancelled), known, failed)
        start(task)

    def _decide(self, order: Order, others: list[Order], task: Background) -> None:
        if sip.isdeleted(self) or self._work is not task:
            return
        if agreed(order, self):
            self._agreed.add(name_of(order))
            self._ask(others)
        else:
            self._failed(_not_fetched(order))

    def _prepare(self) -> None:
        try:
            folder = self._session.new_folder()
            self._work = preparation = Preparation(self._session.draft, folder, self._session.project)
        except Exception as error:  # a slot that raises would leave the page busy for ever
            self._failed(as_error(error, tr("Check")))
            return
        preparation.step.connect(self.status.setText)
        preparation.done.connect(self._ask_engine)
        preparation.failed.connect(self._failed)
        preparation.start()

    def cancel(self) -> None:
        """End the check that is running, if one is."""
        if self._work is not None:
            self._work.cancel()
            self._work = None
        if self._measurement.running:
            self._measurement.cancel()

    def show_split(self) -> None:
        """Add the blocks to the project as a temporary layer; the one before goes."""
        project = self._session.project
        project.removeMapLayers([name for name in [self._layer] if project.mapLayer(name)])
        layer = split_layer(given(self._session.report)["blocks"], self._map_crs())
        self._layer = layer.id()
        project.addMapLayer(layer, False)
        project.layerTreeRoot().insertLayer(0, layer)

    def _map_crs(self) -> QgsCoordinateReferenceSystem:
        """The project's, that of imagery that is still there, or degrees."""
        project = self._session.project
        layers = [project.mapLayer(source.raster) for source in self._session.draft.sources if source.labelled]
        known = [project.crs(), *(layer.crs() for layer in layers if layer is not None)]
        return next((crs for crs in known if crs.isValid()), QgsCoordinateReferenceSystem("EPSG:4326"))

    def _begin(self) -> None:
        self.notices.clear()
        self.status.setText(tr("Looking at the layers…"))
        self.facts.say("")
        self._measurement.cancel()
        self._show_parts(busy=True, passed=False)
        self.completeChanged.emit()

    def _ask_engine(self) -> None:
        self.status.setText(tr("The engine checks the run…"))
        try:
            self._work = check = EngineCheck(given(self._session.prepared))
        except GeoDistilError as error:
            self._failed(error)
            return
        check.passed.connect(self._take)
        check.failed.connect(self._failed)
        check.start()

    def _take(self, report: dict[str, Any]) -> None:
        self._work = None
        self._session.passed(report)
        self._passed(report)
        self._measurement.start()

    def _passed(self, report: dict[str, Any]) -> None:
        warnings = report["warnings"]
        self.status.setText(tr("Ready to train, with something to know.") if warnings else tr("Ready to train."))
        self.notices.clear()
        for sentence in warnings:
            self.notices.add("warning", sentence)
        known = findings(self._rasters(self._session.project), report["gsd_m"])
        for sentence in known + unsaved(self._label_layers()):
            self.notices.add("information", sentence)
        if not self.notices.shown:
            self.notices.add("success", tr("Nothing to complain of."))
        self.facts.say(facts_text(report))
        self._fill_table(report["label_counts"])
        self._show_parts(busy=False, passed=True)
        self.completeChanged.emit()

    def _failed(self, error: GeoDistilError) -> None:
        self._work = None
        self.status.setText(tr("This run cannot be trained yet."))
        self.notices.clear()
        self.notices.add("error", str(error))
        self._show_parts(busy=False, passed=False)
        self.completeChanged.emit()

    def _rasters(self, project: QgsProject) -> list[Any]:
        layers = [project.mapLayer(source.raster) for source in self._session.draft.sources]
        return [raster_facts(layer) for layer in layers if layer is not None]

    def _label_layers(self) -> list[QgsMapLayer]:
        names = {source.labels for source in self._session.draft.sources if source.labelled}
        layers = [self._session.project.mapLayer(name) for name in sorted(names)]
        return [layer for layer in layers if layer is not None]

    def _show_parts(self, busy: bool, passed: bool) -> None:
        self.progress.setVisible(busy)
        self.table.setVisible(passed)
        self.split_button.setEnabled(passed)
        self.again_button.setEnabled(not busy)

    def _make_table(self) -> QTableWidget:
        names = (tr("Task"), tr("Class"), tr("In the labelled area"))
        made = table(names, tr("Labels by class"), stretched=1)
        made.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        return made

    def _fill_table(self, counts: dict[str, dict[str, int]]) -> None:
        rows = [(task, name, number) for task, classes in counts.items() for name, number in classes.items()]
        self.table.setRowCount(len(rows))
        for row, (task, name, number) in enumerate(rows):
            for column, text in enumerate((spoken(task), name, local(number))):
                self.table.setItem(row, column, QTableWidgetItem(text))
            self.table.item(row, 2).setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _lay_out(self) -> None:
        bold = self.status.font()
        bold.setBold(True)
        self.status.setFont(bold)
        inside = QWidget()
        left = QVBoxLayout(inside)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(self.notices)
        left.addWidget(self.facts)
        left.addWidget(self.estimate)
        left.addStretch()
        columns = QHBoxLayout()
        columns.addWidget(TextScroll(inside), 3)
        columns.addWidget(self.table, 2)
        buttons = QHBoxLayout()
        buttons.addWidget(self.split_button)
        buttons.addWidget(self.again_button)
        buttons.addStretch()
        lines = QVBoxLayout(self)
        lines.addWidget(self.status)
        lines.addWidget(self.progress)
        lines.addLayout(columns, 1)
        lines.addLayout(buttons)


def _not_fetched(order: Order) -> GeoDistilError:
    return GeoDistilError(
        "raster",
        tr("The imagery of {layer} is not fetched.").format(layer=order.service.name),
        tr("Choose a smaller extent or larger pixels on the page Sources."),
    )


def facts_text(report: dict[str, Any]) -> str:
    """The engine's description of a run, as a few lines."""
    hectares = report["train_area_m2"] / 10_000
    bands = ", ".join(map(str, report["bands"]))
    lines = [
        tr("{gsd} m per pixel, bands {bands} ({type}), {area} ha of labelled ground to train on").format(
            gsd=local(report["gsd_m"], 3), bands=bands, type=report["dtype"], area=local(hectares, 1)
        )
    ]
    lines += [tr("Network {}: {}").format(spoken(name), text) for name, text in report["networks"].items()]
    stages = [f"{spoken(stage['name'])} {100 * stage['share']:.0f} %" for stage in report["stages"]]
    lines.append(tr("Budget: {}").format(", ".join(stages)))
    return "\n".join(lines)
