"""Tables of forms: rows to select, words over the columns, and the Tab key goes on to the next field."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget


def table(headers: Sequence[str], name: str, stretched: int) -> QTableWidget:
    """An empty table.

    Args:
        headers: words over the columns.
        name: what a screen reader calls it.
        stretched: the column that takes what room is left; the others are as wide as what they hold.
    """
    widget = QTableWidget(0, len(headers))
    widget.setHorizontalHeaderLabels(headers)
    widget.setAccessibleName(name)
    widget.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    widget.setTabKeyNavigation(False)
    widget.verticalHeader().hide()
    header = widget.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    header.setMinimumSectionSize(header.sectionSizeHint(stretched))  # or others would squeeze it to nothing
    return widget


def keep_width(widget: QTableWidget, column: int, letters: int) -> None:
    """Give a column a width of its own: as many times the height of a line."""
    header = widget.horizontalHeader()
    header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
    header.resizeSection(column, letters * widget.fontMetrics().height())
