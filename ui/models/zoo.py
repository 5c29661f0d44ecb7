"""The zoo: models that others share, in a folder or on the web, to look at and to get."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QCloseEvent, QPixmap
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSplitter,
    QTableWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ...jobs.background import Background, start
from ...jobs.errors import STOPPED, GeoDistilError
from ...jobs.models.facts import class_names, page, size, tasks
from ...jobs.translation import local, tr
from ...jobs.zoo.catalogue import Entry, Zoo, forget_zoo, read_zoo, remember_zoo, zoos
from ...jobs.zoo.getting import get, packages_folder, picture_of, place_of, remember_place
from ..widgets import button, open_with, table

HEADERS = (tr("Model"), tr("Tasks"), tr("Classes"), tr("Metres per pixel"), tr("Size"), tr("Here"))
MOST_CLASSES = 3
PARTS = 1000
"""Of the progress bar."""


class ZooWindow(QDialog):
    """Opens zoos and gets models from them; it does not hold QGIS up.

    Args:
        got: called with each package that has come.
        parent: the window that it belongs to.
        folder: gets the packages; none takes the person's profile.
    """

    progressed = pyqtSignal(float)

    def __init__(self, got: Callable[[Path], None], parent: QWidget | None = None, folder: Path | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Model zoos"))
        self.setObjectName("GeoDistilZoo")
        self._got, self._place = got, folder or packages_folder()
        self.zoo: Zoo | None = None
        self._task: Background | None = None
        self._picture_of = ""
        open_with(self, 1080, 520)
        self._make_parts()
        self._lay_out()
        self.table.itemSelectionChanged.connect(self._show)
        self.progressed.connect(lambda share: self.bar.setValue(round(PARTS * share)))
        self._show()

    @property
    def busy(self) -> bool:
        """Whether it reads a zoo, or gets a model."""
        return self._task is not None

    def open_zoo(self, address: str) -> None:
        """Look what is in a zoo, off the main thread."""
        if self.busy or not address.strip():
            return
        self.address.setEditText(address.strip())
        self._begin(
            tr("Open the model zoo"),
            lambda cancelled: read_zoo(address.strip(), cancelled),
            self._opened,
            tr("Reading {zoo}…").format(zoo=address.strip()),
        )

    def selected(self) -> Entry | None:
        """The selected model."""
        rows = self.table.selectionModel().selectedRows()
        entries = self.zoo.entries if self.zoo else []
        return entries[rows[0].row()] if rows and rows[0].row() < len(entries) else None

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102
        self._cancel()
        super().closeEvent(event)

    def reject(self) -> None:  # noqa: D102
        self._cancel()
        super().reject()

    # what is seen

    def _make_parts(self) -> None:
        self.address = QComboBox()
        self.address.setEditable(True)
        self.address.setAccessibleName(tr("Folder or address of a model zoo"))
        self.address.lineEdit().setPlaceholderText(tr("a folder, or an address such as https://example.org/models"))
        self.address.addItems(zoos())
        self.address.setCurrentIndex(-1)
        self.address.lineEdit().returnPressed.connect(self._open)
        self.address.activated.connect(lambda _: self._open())
        self.look = button(tr("Open"), tr("Look which models are there"), self._open)
        self.folder = button(tr("Folder…"), tr("Choose a folder with models"), self._choose)
        self.forget = button(tr("Forget"), tr("Offer this zoo no longer; nothing is deleted"), self._forget)
        self.table = table(HEADERS, tr("Models of the zoo"), 2)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.itemActivated.connect(lambda _: self._get())
        self.picture, self.text = QLabel(), QTextBrowser()
        self.picture.setAccessibleName(tr("Preview"))
        self.text.setAccessibleName(tr("What is known of the model"))
        self.text.setOpenLinks(False)
        self.bar = QProgressBar()
        self.bar.setRange(0, PARTS)
        self.bar.setAccessibleName(tr("Progress"))
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.get = button(tr("Get"), tr("Copy this model to your computer and list it among your models"), self._get)
        self.cancel = button(tr("Cancel"), tr("Stop; nothing of it is kept"), self._cancel)

    def _lay_out(self) -> None:
        top, bottom = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.address, 1)
        for each in (self.look, self.folder, self.forget):
            top.addWidget(each)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.picture)
        column.addWidget(self.text, 1)
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.table)
        parts.addWidget(right)
        parts.setSizes([round(share * self.width()) for share in (0.66, 0.34)])
        bottom.addWidget(self.said, 1)
        for widget in (self.bar, self.cancel, self.get):
            bottom.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(parts, 1)
        layout.addLayout(bottom)

    def _fill(self) -> None:
        row = self.table.currentRow()
        entries = self.zoo.entries if self.zoo else []
        self.table.blockSignals(True)
        self.table.setRowCount(len(entries))
        for place, entry in enumerate(entries):
            for column, text in enumerate(_cells(entry)):
                item = QTableWidgetItem(text)
                item.setToolTip(entry.model.problem or text)
                self.table.setItem(place, column, item)
        self.table.selectRow(max(0, min(row, len(entries) - 1)))
        self.table.blockSignals(False)
        self._show()

    def _show(self) -> None:
        entry = self.selected()
        for widget in (self.bar, self.cancel):
            widget.setVisible(self.busy)
        for widget in (self.address, self.look, self.folder, self.forget):
            widget.setEnabled(not self.busy)
        self.get.setEnabled(not self.busy and entry is not None and not entry.model.problem and place_of(entry) is None)
        self.text.setHtml(page(entry.model, {}, elsewhere=True) if entry else "")
        self.picture.setVisible(False)
        if entry is not None and entry.preview and not self.busy:
            self._picture_of = entry.key
            work = Background(
                tr("Preview of a model"),
                lambda cancelled: picture_of(entry, cancelled),
                lambda content: self._pictured(entry.key, content),
                lambda _: None,
            )
            start(work)

    def _pictured(self, key: str, content: bytes) -> None:
        pixmap = QPixmap()
        if sip.isdeleted(self) or key != self._picture_of or not pixmap.loadFromData(content):
            return
        ratio = self.devicePixelRatioF()
        room = QSize(self.text.width(), self.height() // 3) * ratio
        pixmap = pixmap.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        pixmap.setDevicePixelRatio(ratio)
        self.picture.setPixmap(pixmap)
        self.picture.setVisible(True)

    # what is done

    def _begin(
        self, title: str, work: Callable[[Callable[[], bool]], Any], done: Callable[[Any], None], saying: str
    ) -> None:
        self.said.setText(saying)
        self.bar.setValue(0)
        self._task = Background(title, work, lambda result: self._ended(done, result), self._failed)
        self._show()
        start(self._task)

    def _ended(self, done: Callable[[Any], None], result: Any) -> None:
        if not sip.isdeleted(self):
            self._task = None
            self.said.setText("")
            done(result)

    def _failed(self, error: GeoDistilError) -> None:
        if not sip.isdeleted(self):
            self._task = None
            self.said.setText(tr("Cancelled; nothing of it was kept.") if error.code == STOPPED else str(error))
            self._show()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _opened(self, zoo: Zoo) -> None:
        self.zoo = zoo
        remember_zoo(zoo.address)
        self._list_zoos(zoo.address)
        sound = sum(not each.model.problem for each in zoo.entries)
        self.said.setText(tr("{zoo}: {count} models").format(zoo=zoo.title, count=sound))
        self._fill()

    def _list_zoos(self, current: str) -> None:
        self.address.blockSignals(True)
        self.address.clear()
        self.address.addItems(zoos())
        self.address.setEditText(current)
        self.address.blockSignals(False)

    def _get(self) -> None:
        entry = self.selected()
        if entry is None or not self.get.isEnabled():
            return
        self._begin(
            tr("Get the model {name}").format(name=entry.model.name),
            lambda cancelled: get(entry, self._place, self.progressed.emit, cancelled),
            lambda path: self._arrived(entry, path),
            tr("Getting {name}…").format(name=entry.model.name),
        )

    def _arrived(self, entry: Entry, path: Path) -> None:
        remember_place(entry, path)
        self._got(path)
        self._fill()
        self.said.setText(tr("{name} is among your models now.").format(name=entry.model.name))

    def _open(self) -> None:
        self.open_zoo(self.address.currentText())

    def _choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Choose a folder with models"))
        if folder:
            self.open_zoo(folder)

    def _forget(self) -> None:
        forget_zoo(self.address.currentText())
        self.zoo = None
        self._list_zoos("")
        self._fill()


def _cells(entry: Entry) -> list[str]:
    model = entry.model
    if model.problem:
        return [model.name, tr("cannot be read"), *[""] * (len(HEADERS) - 2)]
    classes = class_names(model.card)
    more = f", … ({len(classes)})" if len(classes) > MOST_CLASSES else ""
    here = "✓" if place_of(entry) else ""
    named = ", ".join(classes[:MOST_CLASSES]) + more
    return [model.name, tasks(model), named, local(model.card["gsd"], 2), size(model), here]
