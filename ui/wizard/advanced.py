"""The recipe's details, each with a sentence on what it does and where it comes from."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QDoubleSpinBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from ...jobs.sources.draft import Draft
from ...jobs.sources.options import OPTIONS
from ...jobs.sources.run_file import chosen_options
from ...jobs.sources.suggestion import DISTIL
from ...jobs.translation import tr
from ..folding import FoldingBox
from .option_field import SPACING, OptionField


class Advanced(FoldingBox):
    """The options of the recipe, then chips; what the recipe does not know is hidden."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(tr("Advanced"))
        self._draft, self._kind = Draft(), ""
        self._fields = [(option, OptionField(option)) for option in OPTIONS]
        self._make_chips()
        self._align()
        # A collapsed box hides its children; parts that come and go are one level deeper.
        details = QWidget()
        lines = QVBoxLayout(details)
        lines.setContentsMargins(0, 0, 0, 0)
        for option, field in self._fields:
            lines.addWidget(field)
            field.edited.connect(lambda value, name=option.parameter: self._take(name, value))
        lines.addWidget(self.chips)
        QVBoxLayout(self).addWidget(details)
        self.setCollapsed(True)

    def show_draft(self, draft: Draft, kind: str) -> None:
        """Show a draft's details for a recipe; changes go into the draft."""
        self._draft, self._kind = draft, kind
        chosen = chosen_options(draft.recipe, kind)
        for option, field in self._fields:
            field.setVisible(kind in option.defaults)
            if kind in option.defaults:
                field.show_value(chosen[option.parameter])
        self.gsd.setValue(draft.gsd)
        self.gsd.setEnabled(kind != DISTIL)  # it is the model's
        self.chip_size.setValue(draft.training.chip_size)
        self.batch_size.setValue(draft.training.batch_size)
        self.seed.setValue(draft.training.seed)

    @property
    def fields(self) -> dict[str, OptionField]:
        """The fields that the recipe shown has, by `Option.parameter`."""
        return {option.parameter: field for option, field in self._fields if self._kind in option.defaults}

    def _take(self, name: str, value: Any) -> None:
        self._draft.recipe.options.setdefault(self._kind, {})[name] = value
        self.changed.emit()

    def _make_chips(self) -> None:
        self.chips = QWidget()
        form = self._form = QFormLayout(self.chips)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(SPACING)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        self.gsd = QDoubleSpinBox()
        self.gsd.setRange(0, 1000)
        self.gsd.setDecimals(3)
        self.gsd.setSuffix(tr(" m"))
        self.gsd.setSpecialValueText(tr("that of the finest labelled raster"))
        self.gsd.valueChanged.connect(lambda value: setattr(self._draft, "gsd", round(value, 3)))
        self.chip_size = _whole(64, 2048, 32)
        self.chip_size.setToolTip(tr("Side of the pieces the network learns from, a multiple of 32 pixels"))
        self.chip_size.editingFinished.connect(self._round_chip)
        self.chip_size.valueChanged.connect(lambda value: setattr(self._draft.training, "chip_size", value // 32 * 32))
        self.batch_size = _whole(1, 1024, 1)
        self.batch_size.setToolTip(tr("Chips learned from at a time; lower it where memory runs out"))
        self.batch_size.valueChanged.connect(lambda value: setattr(self._draft.training, "batch_size", value))
        self.seed = _whole(0, 2**31 - 1, 1)
        self.seed.setToolTip(tr("The same seed gives the same training again, as far as the device allows"))
        self.seed.valueChanged.connect(lambda value: setattr(self._draft.training, "seed", value))
        form.addRow(tr("Ground sampling distance"), self.gsd)
        form.addRow(tr("Chip size (pixels)"), self.chip_size)
        form.addRow(tr("Chips in a batch"), self.batch_size)
        form.addRow(tr("Seed"), self.seed)

    def _align(self) -> None:
        """One column for all fields that have their label beside them."""
        labels = [field.label for _, field in self._fields if field.label is not None]
        labels += [self._form.labelForField(each) for each in (self.gsd, self.chip_size, self.batch_size, self.seed)]
        width = max(label.sizeHint().width() for label in labels)
        for label in labels:
            label.setMinimumWidth(width)

    def _round_chip(self) -> None:
        self.chip_size.setValue(self._draft.training.chip_size)


def _whole(smallest: int, largest: int, step: int) -> QSpinBox:
    number = QSpinBox()
    number.setRange(smallest, largest)
    number.setSingleStep(step)
    return number
