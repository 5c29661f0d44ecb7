"""The recipe's details, each with a sentence on what it does and where it comes from."""

from __future__ import annotations

from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QDoubleSpinBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from ...jobs.sources.draft import Draft
from ...jobs.sources.suggestion import DISTILLATION, PARTIAL, SEMI
from .words import Hint


class Advanced(QgsCollapsibleGroupBox):
    """Distillation, pseudo-labels, chips; what the recipe does not know is hidden."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setTitle(self.tr("Advanced"))
        self._draft = Draft()
        self._make_distillation()
        self._make_pseudo_labels()
        self._make_chips()
        # A collapsed box hides its children; parts that come and go are one level deeper.
        details = QWidget()
        lines = _lines(details)
        for part in (self.distillation, self.pseudo_labels, self.chips):
            lines.addWidget(part)
        QVBoxLayout(self).addWidget(details)
        self.setCollapsed(True)

    def show_draft(self, draft: Draft, kind: str) -> None:
        """Show a draft's details for a recipe; changes go into the draft."""
        self._draft = draft
        recipe, training = draft.recipe, draft.training
        for name, box in self.terms.items():
            box.setChecked(name in recipe.distillation)
        self.on_own_task.setChecked(recipe.on_own_task)
        self.confidence.setValue(recipe.confidence)
        self.agreement.setChecked(recipe.agreement)
        self.gsd.setValue(draft.gsd)
        self.chip_size.setValue(training.chip_size)
        self.batch_size.setValue(training.batch_size)
        self.seed.setValue(training.seed)
        self.distillation.setVisible(kind == PARTIAL)
        self.pseudo_labels.setVisible(kind == SEMI)

    def _make_distillation(self) -> None:
        self.distillation = QWidget()
        lines = _lines(self.distillation)
        lines.addWidget(
            Hint(self.tr("What the student learns from its teachers; with none of these no teacher is trained."))
        )
        self.terms: dict[str, QCheckBox] = {}
        for name, title, text in DISTILLATION:
            self.terms[name] = box = QCheckBox(self.tr(title))
            box.toggled.connect(self._take_distillation)
            _explained(lines, box, self.tr(text))
        self.on_own_task = QCheckBox(self.tr("Also where there are labels"))
        self.on_own_task.toggled.connect(lambda on: setattr(self._draft.recipe, "on_own_task", on))
        _explained(
            lines,
            self.on_own_task,
            self.tr("The teacher speaks on a raster's own task too, not only on the one that it has no labels for."),
        )

    def _make_pseudo_labels(self) -> None:
        self.pseudo_labels = QWidget()
        lines = _lines(self.pseudo_labels)
        self.agreement = QCheckBox(self.tr("Only where both teachers agree"))
        self.agreement.toggled.connect(lambda on: setattr(self._draft.recipe, "agreement", on))
        _explained(
            lines,
            self.agreement,
            self.tr("Ground that the two teachers see differently teaches the student nothing. (arXiv 2402.05305)"),
        )
        self.confidence = QDoubleSpinBox()
        self.confidence.setRange(0, 0.99)
        self.confidence.setSingleStep(0.05)
        self.confidence.valueChanged.connect(lambda value: setattr(self._draft.recipe, "confidence", round(value, 2)))
        form = QFormLayout()
        form.addRow(self.tr("Surest pseudo-labels only, from"), self.confidence)
        lines.addLayout(form)

    def _make_chips(self) -> None:
        self.chips = QWidget()
        form = QFormLayout(self.chips)
        form.setContentsMargins(0, 0, 0, 0)
        self.gsd = QDoubleSpinBox()
        self.gsd.setRange(0, 1000)
        self.gsd.setDecimals(3)
        self.gsd.setSuffix(self.tr(" m"))
        self.gsd.setSpecialValueText(self.tr("that of the finest labelled raster"))
        self.gsd.valueChanged.connect(lambda value: setattr(self._draft, "gsd", round(value, 3)))
        self.chip_size = _whole(64, 2048, 32)
        self.chip_size.setToolTip(self.tr("Side of the pieces the network learns from, a multiple of 32 pixels"))
        self.chip_size.editingFinished.connect(self._round_chip)
        self.chip_size.valueChanged.connect(lambda value: setattr(self._draft.training, "chip_size", value // 32 * 32))
        self.batch_size = _whole(1, 1024, 1)
        self.batch_size.setToolTip(self.tr("Chips learned from at a time; lower it where memory runs out"))
        self.batch_size.valueChanged.connect(lambda value: setattr(self._draft.training, "batch_size", value))
        self.seed = _whole(0, 2**31 - 1, 1)
        self.seed.setToolTip(self.tr("The same seed gives the same training again, as far as the device allows"))
        self.seed.valueChanged.connect(lambda value: setattr(self._draft.training, "seed", value))
        form.addRow(self.tr("Ground sampling distance"), self.gsd)
        form.addRow(self.tr("Chip size (pixels)"), self.chip_size)
        form.addRow(self.tr("Chips in a batch"), self.batch_size)
        form.addRow(self.tr("Seed"), self.seed)

    def _take_distillation(self) -> None:
        if self.sender() is not None and not self.distillation.isHidden():
            self._draft.recipe.distillation = [name for name, box in self.terms.items() if box.isChecked()]
            self.changed.emit()

    def _round_chip(self) -> None:
        self.chip_size.setValue(self._draft.training.chip_size)


def _lines(widget: QWidget) -> QVBoxLayout:
    lines = QVBoxLayout(widget)
    lines.setContentsMargins(0, 0, 0, 0)
    return lines


def _explained(lines: QVBoxLayout, widget: QCheckBox, text: str) -> None:
    hint = Hint(text)
    hint.setIndent(22)
    widget.setAccessibleDescription(text)
    pair = QVBoxLayout()
    pair.setSpacing(0)
    pair.addWidget(widget)
    pair.addWidget(hint)
    lines.addLayout(pair)


def _whole(smallest: int, largest: int, step: int) -> QSpinBox:
    number = QSpinBox()
    number.setRange(smallest, largest)
    number.setSingleStep(step)
    return number
