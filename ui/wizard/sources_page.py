"""Page 1: which imagery, labelled for what, by which layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsProject, QgsRasterLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWizardPage,
)

from ...jobs.labelling.link import suggested_sources
from ...jobs.progress import spoken
from ...jobs.sources.draft import AREA_LAYER, HULL, SourceDraft
from ...jobs.sources.exporting import fetched_order, view_of
from ...jobs.sources.facts import raster_facts
from ...jobs.sources.problems import draft_problem
from ...jobs.tiles.service import is_service
from ...jobs.translation import local, tr
from ..widgets import Problem, table
from .session import Session
from .source_editor import SourceEditor

MOST_CLASSES_SHOWN = 4


class SourcesPage(QWizardPage):
    """A table of rasters with their roles and labels, and the fields of the selected ones."""

    template_asked = pyqtSignal(Path)
    """A run folder to begin from."""

    def __init__(self, session: Session, canvas: QgsMapCanvas | None = None) -> None:
        super().__init__()
        self._session, self._canvas = session, canvas
        self.setTitle(tr("Sources"))
        self.setSubTitle(
            tr(
                "Which imagery to learn from, and what each raster is labelled for. Rasters may differ in what is "
                "labelled, in place and in resolution."
            )
        )
        self.table = self._make_table()
        self.editor = SourceEditor(session.project, canvas)
        self.problem = Problem()
        lines = QVBoxLayout(self)
        lines.addLayout(self._make_buttons())
        lines.addWidget(self.table, 1)
        lines.addWidget(self.problem)
        lines.addWidget(self.editor)
        self.table.itemSelectionChanged.connect(self._show_selected)
        self.editor.edited.connect(self._edit)
        self.editor.layers_gone.connect(self.refresh)
        session.inspector.counted.connect(self.refresh)

    def initializePage(self) -> None:  # noqa: D102
        self._session.inspector.forget()
        self.refresh()

    def cleanupPage(self) -> None:
        """Keep everything: going back loses nothing."""

    def isComplete(self) -> bool:  # noqa: D102
        sources, inspector = self._session.draft.sources, self._session.inspector
        return not draft_problem(self._session.draft) and all(
            not inspector.problems(source) and not inspector.counting(source) for source in sources
        )

    def validatePage(self) -> bool:
        """Look once more: someone may have edited labels on the map, which are then counted anew first."""
        complete = self.isComplete()
        self.refresh()
        return complete

    def add_rasters(self, layers: list[QgsRasterLayer]) -> None:
        """Add rasters that are not there yet, with the labels of the labelling dock, else unlabelled."""
        there = {source.raster for source in self._session.draft.sources}
        project = self._session.project
        new = [each for layer in layers if layer.id() not in there for each in suggested_sources(layer.id(), project)]
        self._session.draft.sources += new
        for source in new:
            self._choose_part(source)
        self.refresh()
        if new:
            self.table.selectRow(len(self._session.draft.sources) - len(new))

    def _choose_part(self, source: SourceDraft) -> None:
        """Of a web service the map's view, at the pixel size of imagery that is there already, as far as that goes."""
        layer = self._session.project.mapLayer(source.raster)
        if self._canvas is None or not is_service(layer):
            return
        rasters = (self._session.project.mapLayer(each.raster) for each in self._session.draft.sources)
        sizes = [raster_facts(raster).gsd for raster in rasters if raster is not None]
        source.pixel_size = round(min([size for size in sizes if size] or [0.0]), 3)
        crs = self._canvas.mapSettings().destinationCrs()
        source.extent = view_of(layer, self._canvas.extent(), crs, source.pixel_size)

    def refresh(self) -> None:
        """Show the draft as it is, and what is known of it."""
        sources = self._session.draft.sources
        self.table.blockSignals(True)
        self.table.setRowCount(len(sources))
        for row, source in enumerate(sources):
            self._fill_row(row, source)
        self.table.blockSignals(False)
        if sources and not self.table.selectionModel().hasSelection():
            self.table.selectRow(0)
        self._show_selected()
        self.completeChanged.emit()

    def _make_table(self) -> QTableWidget:
        names = (tr("Raster"), tr("Role"), tr("Labels"), tr("Labelled area"), tr("On this raster"), tr("Pixel"))
        made = table(names, tr("Sources"), stretched=4)
        made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        made.setAlternatingRowColors(True)
        return made

    def _make_buttons(self) -> QHBoxLayout:
        self.add_button = QToolButton()
        self.add_button.setText(tr("Add a raster"))
        self.add_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.add_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.add_button)
        menu.aboutToShow.connect(lambda: self._fill_menu(menu))
        self.add_button.setMenu(menu)
        self.add_all_button = QPushButton(tr("Add all loaded rasters as unlabelled"))
        self.add_all_button.clicked.connect(lambda: self.add_rasters(self._loaded()))
        self.remove_button = QPushButton(tr("Remove"))
        self.remove_button.clicked.connect(self._remove)
        self.again_button = QPushButton(tr("Count again"))
        self.again_button.setToolTip(tr("Count the labels that could not be counted"))
        self.again_button.clicked.connect(self._count_again)
        self.template_button = QPushButton(tr("Start from an earlier run…"))
        self.template_button.clicked.connect(self._ask_template)
        buttons = QHBoxLayout()
        for button in (self.add_button, self.add_all_button, self.remove_button, self.again_button):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(self.template_button)
        return buttons

    def _loaded(self) -> list[QgsRasterLayer]:
        """The project's rasters in the order of its legend, those that are labels left out."""
        labels = {source.labels for source in self._session.draft.sources}
        layers = self._session.project.layerTreeRoot().layerOrder() or self._session.project.mapLayers().values()
        return [layer for layer in layers if isinstance(layer, QgsRasterLayer) and layer.id() not in labels]

    def _fill_menu(self, menu: QMenu) -> None:
        menu.clear()
        there = {source.raster for source in self._session.draft.sources}
        for layer in self._loaded():
            if layer.id() not in there:
                menu.addAction(layer.name(), lambda layer=layer: self.add_rasters([layer]))
        menu.addSeparator()
        menu.addAction(tr("From a file…"), self._open_file)

    def _open_file(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, tr("Rasters"))
        layers = [QgsRasterLayer(path, Path(path).stem) for path in paths]
        bad = next((path for path, layer in zip(paths, layers) if not layer.isValid()), "")
        self._session.project.addMapLayers([layer for layer in layers if layer.isValid()])
        self.add_rasters([layer for layer in layers if layer.isValid()])
        if bad:
            self.problem.say(tr("{} is no raster that can be opened.").format(bad))

    def _ask_template(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("A run folder"), self._session.draft.parent)
        if folder:
            self.template_asked.emit(Path(folder))

    def _remove(self) -> None:
        rows = set(self._selected())
        sources = self._session.draft.sources
        self._session.draft.sources = [source for row, source in enumerate(sources) if row not in rows]
        self.table.clearSelection()
        self.refresh()

    def _count_again(self) -> None:
        self._session.inspector.try_again()
        self.refresh()

    def _edit(self, field: str, value: Any) -> None:
        for row in self._selected():
            setattr(self._session.draft.sources[row], field, value)
        self.refresh()

    def _selected(self) -> list[int]:
        rows = {index.row() for index in self.table.selectionModel().selectedRows()}
        return sorted(row for row in rows if row < len(self._session.draft.sources))

    def _show_selected(self) -> None:
        rows = self._selected()
        self.problem.say(self._page_problem(rows))
        self.again_button.setVisible(self._session.inspector.failed(self._session.draft.sources))
        self.remove_button.setEnabled(bool(rows))
        if not rows:
            self.editor.show_source(None, {})
            return
        source = self._session.draft.sources[rows[0]]
        problems = self._session.inspector.problems(source)
        self.editor.show_source(source, problems, len(rows) - 1, self._taken(source))

    def _taken(self, source: SourceDraft) -> set[str]:
        """Layers that another source has as labels of the other task."""
        labelled = [each for each in self._session.draft.sources if each.labelled and each is not source]
        return {each.labels for each in labelled if each.role != source.role}

    def _page_problem(self, selected: list[int]) -> str:
        """What no field of the editor tells: of all sources together, or of one that is not selected."""
        sources = self._session.draft.sources
        if sources and draft_problem(self._session.draft):
            return draft_problem(self._session.draft)
        for row in sorted(set(range(len(sources))) - set(selected[:1])):
            sentence = next(iter(self._session.inspector.problems(sources[row]).values()), "")
            layer = self._session.project.mapLayer(sources[row].raster)
            if sentence:
                return f"{layer.name()}: {sentence}" if layer is not None else sentence
        return ""

    def _fill_row(self, row: int, source: SourceDraft) -> None:
        problems = self._session.inspector.problems(source)
        texts = row_texts(source, self._session)
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip("\n".join(problems.values()) or text)
            if column == 0 and problems:
                item.setIcon(QgsApplication.getThemeIcon("/mIconWarning.svg"))
            self.table.setItem(row, column, item)


def row_texts(source: SourceDraft, session: Session) -> tuple[str, ...]:
    """A source in the table's words: raster, role, labels, labelled area, counts, pixel size."""
    raster, labels = session.project.mapLayer(source.raster), session.project.mapLayer(source.labels)
    role = spoken(source.role)
    if raster is None:
        return tr("(gone)"), role, "", "", "", ""
    order = fetched_order(source, session.project)
    gsd = raster_facts(raster).gsd if order is None else order.estimate.ground
    pixel = f"{local(gsd, 2)} m" if gsd else "–"
    if not source.labelled:
        return raster.name(), role, "", "", "", pixel
    name = labels.name() if labels is not None else "–"
    return raster.name(), role, name, _area_text(source, session.project), _count_text(source, session), pixel


def _area_text(source: SourceDraft, project: QgsProject) -> str:
    if source.area == AREA_LAYER:
        layer = project.mapLayer(source.area_layer)
        return layer.name() if layer is not None else "–"
    return tr("hull of the labels") if source.area == HULL else tr("whole raster")


def _count_text(source: SourceDraft, session: Session) -> str:
    counts = session.inspector.counts(source)
    if counts is None:
        return tr("counting…") if session.inspector.counting(source) else ""
    if not counts.total:
        return tr("no labels")
    most = sorted(counts.by_value.items(), key=lambda pair: -pair[1])
    unit = tr("pixels") if counts.pixels else tr("labels")
    text = ", ".join(f"{value} {local(number)}" for value, number in most[:MOST_CLASSES_SHOWN])
    more = ", …" if len(most) > MOST_CLASSES_SHOWN else ""
    return f"{local(counts.total)} {unit}: {text}{more}"
