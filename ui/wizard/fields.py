"""The wizard's fields: a model package, a recipe's option with its sentence, and all of a recipe's details."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsFileWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ...jobs.background import Background, start
from ...jobs.progress import headed
from ...jobs.sources.draft import Draft
from ...jobs.sources.option import Option
from ...jobs.sources.options import OPTIONS
from ...jobs.sources.run_file import chosen_options
from ...jobs.sources.suggestion import DISTIL
from ...jobs.sources.teaching import read_package
from ...jobs.translation import tr
from ..widgets import FoldingBox, Hint


class ModelField(QgsFileWidget):
    """A path, and the card of the package there, read on another thread: its disk may be far away.

    Attributes:
        path: what was chosen.
        card: the package's card; empty until it is read.
        unread: why it is not read.
    """

    taken = pyqtSignal()
    """Another path was chosen, or a card was read."""

    def __init__(self) -> None:
        super().__init__()
        self.path, self.unread = "", ""
        self.card: dict[str, Any] = {}
        self.setFilter(tr("Model packages (*.zip item.json)"))
        self.fileChanged.connect(self._take)

    def show_path(self, path: str, card: dict[str, Any]) -> None:
        """Show a path; its package is read where the card is not at hand."""
        self.path, self.card = path, card
        self.blockSignals(True)
        self.setFilePath(path)
        self.blockSignals(False)
        if path and not card:
            self._read()

    def _take(self, path: str) -> None:
        if path != self.path:
            self.path, self.card = path, {}
            self._read()
        self.taken.emit()

    def _read(self) -> None:
        path, self.unread = self.path, tr("Reading the model's card…")
        if path:
            start(
                Background(
                    tr("Read the model's card"),
                    lambda _: read_package(path),
                    lambda card: self._answer(path, card),
                    lambda error: self._answer(path, {}, str(error)),
                    can_cancel=False,
                )
            )

    def _answer(self, path: str, card: dict[str, Any], problem: str = "") -> None:
        if not sip.isdeleted(self) and path == self.path:  # else another was chosen meanwhile
            self.card, self.unread = card, problem
            self.taken.emit()


INDENT = 22
SPACING = 8
"""Between a field and the label beside it."""


class OptionField(QWidget):
    """Shows and edits an option's value.

    Args:
        option: the option.
    """

    edited = pyqtSignal(object)
    """With the new value, where a person has changed it."""

    def __init__(self, option: Option) -> None:
        super().__init__()
        self._showing = False
        self.label: QLabel | None = None
        """Beside the field, where it has no words of its own."""
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(2)
        usual = next(iter(option.defaults.values()))
        if isinstance(usual, bool):
            self._make_switch(option)
        elif isinstance(usual, list):
            self._make_terms(option)
        elif option.choices:
            self._make_choice(option)
        else:
            self._make_number(option, whole=isinstance(usual, int))

    def show_value(self, value: Any) -> None:
        """Show a value, which is not an edit."""
        self._showing = True
        self._show(value)
        self._showing = False

    def _tell(self, value: Any) -> None:
        if not self._showing:
            self.edited.emit(value)

    def _make_switch(self, option: Option) -> None:
        self.box = QCheckBox(option.title)
        self._show = self.box.setChecked
        self.box.toggled.connect(self._tell)
        self._explain(self.box, option.help)

    def _make_terms(self, option: Option) -> None:
        heading = QLabel(option.title)
        self._explain(heading, option.help, indent=0)
        self.terms = {}
        for value, title, text in option.choices:
            self.terms[value] = box = QCheckBox(title)
            box.toggled.connect(lambda _: self._tell([name for name, box in self.terms.items() if box.isChecked()]))
            self._explain(box, text)
        self._show = lambda chosen: [box.setChecked(name in chosen) for name, box in self.terms.items()]

    def _make_choice(self, option: Option) -> None:
        self.combo = QComboBox()
        for value, title, _ in option.choices:
            self.combo.addItem(title, value)
        self._show = self._show_choice
        self.combo.currentIndexChanged.connect(lambda _: self._tell(self.combo.currentData()))
        self._beside(option.title, self.combo)
        helps = [f"{headed(title)}: {text}" for _, title, text in option.choices if text]
        self._explain(self.combo, "\n".join([option.help, *helps]), add=False)

    def _show_choice(self, value: Any) -> None:
        if self.combo.findData(value) < 0:  # a run file may name what the wizard does not offer
            self.combo.addItem(str(value), value)
        self.combo.setCurrentIndex(self.combo.findData(value))

    def _make_number(self, option: Option, whole: bool) -> None:
        self.number = QSpinBox() if whole else QDoubleSpinBox()
        number = int if whole else float
        lowest = option.smallest - option.step if option.unset else option.smallest
        self.number.setRange(number(lowest), number(option.largest))
        self.number.setSingleStep(number(option.step))
        self.number.setSpecialValueText(option.unset)
        self._show = lambda value: self.number.setValue(number(lowest if value is None else value))
        self.number.valueChanged.connect(
            lambda value: self._tell(None if option.unset and value < option.smallest else round(value, 2))
        )
        self._beside(option.title, self.number)
        self._explain(self.number, option.help, add=False)

    def _beside(self, title: str, widget: QWidget) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        self.label = QLabel(title)
        self.label.setBuddy(widget)
        widget.setAccessibleName(title)
        row.addWidget(self.label)
        row.addWidget(widget)
        row.addStretch()
        self._lines.addLayout(row)

    def _explain(self, widget: QWidget, text: str, indent: int = INDENT, add: bool = True) -> None:
        hint = Hint(text)
        hint.setIndent(indent)
        widget.setAccessibleDescription(text)
        if add:
            self._lines.addWidget(widget)
        self._lines.addWidget(hint)


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
