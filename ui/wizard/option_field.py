"""One option of a recipe: a box to tick, a number, a choice of one or of several, with its sentence below."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ...jobs.sources.option import Option
from ...jobs.vocabulary import headed
from .words import Hint

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
