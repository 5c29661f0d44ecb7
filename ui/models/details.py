"""A model in full, or two beside each other."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPixmap, QResizeEvent, QTextOption
from qgis.PyQt.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QTextBrowser, QVBoxLayout, QWidget

from ...jobs.models.facts import comparison, page
from ...jobs.models.scoring import Scored
from ...jobs.models.shelf import Model
from ...jobs.translation import tr


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
