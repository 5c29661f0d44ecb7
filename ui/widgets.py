"""Small widgets that windows share: notices, words, groups, progress, tables of forms, buttons, pages of settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, TypeVar

from qgis.core import QgsApplication
from qgis.gui import QgsCollapsibleGroupBox, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QEvent, QObject, QSize, Qt, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices, QGuiApplication, QIcon, QPalette, QResizeEvent
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QTableWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..jobs.environment import ROOT
from ..jobs.help import help_url
from ..jobs.translation import tr

ICONS = {
    "error": "/mIconCritical.svg",
    "warning": "/mIconWarning.svg",
    "information": "/mIconInfo.svg",
    "success": "/mIconSuccess.svg",
}


class Sentence(QLabel):
    """A wrapped text that takes no room while it is empty."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)  # names of models, classes and files may be anything
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.say(text)

    def say(self, text: str) -> None:
        """Show a text; an empty one hides the label."""
        self.setText(text)
        self.setVisible(bool(text))


class Problem(Sentence):
    """What is wrong with the field above, in red that can be read on light and dark."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        dark = self.palette().color(QPalette.ColorRole.Window).lightness() < 128
        self.setStyleSheet(f"color: {'#ff8a80' if dark else '#b71c1c'}")
        self.setAccessibleName(tr("Problem"))


class Hint(Sentence):
    """An explanation, quieter than the fields."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        palette = self.palette()
        color = palette.color(QPalette.ColorRole.WindowText)
        color.setAlphaF(0.65)
        palette.setColor(QPalette.ColorRole.WindowText, color)
        self.setPalette(palette)


def stacked(widget: QWidget, *below: QWidget) -> QWidget:
    """A field of a form, and words close under it."""
    cell = QWidget()
    lines = QVBoxLayout(cell)
    lines.setContentsMargins(0, 0, 0, 0)
    lines.setSpacing(2)
    for each in (widget, *below):
        lines.addWidget(each)
    return cell


class TextScroll(QScrollArea):
    """Scrolls only where it must: wrapped text has the height that it needs at this width, and no more."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)
        inside.layout().setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        inside.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        layout = self.widget().layout()
        needed = layout.totalHeightForWidth(self.viewport().width())
        self.widget().setMinimumHeight(max(needed, 0))


class Notices(QWidget):
    """Sentences with icons, one under the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self.shown: list[tuple[str, str]] = []

    def clear(self) -> None:
        """Take all notices away."""
        while self._rows.count():
            self._rows.takeAt(0).widget().deleteLater()
        self.shown = []

    def add(self, kind: str, text: str) -> None:
        """Add a notice: error, warning, information or success."""
        row = QWidget(self)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        icon = QLabel(row)
        size = self.fontMetrics().height()
        icon.setPixmap(QgsApplication.getThemeIcon(ICONS[kind]).pixmap(size, size))
        icon.setAccessibleName(kind)
        line.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(Sentence(text, row), 1)
        self._rows.addWidget(row)
        self.shown.append((kind, text))


class FoldingBox(QgsCollapsibleGroupBox):
    """QGIS's own, whose arrow says to screen readers what it folds."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        for arrow in self.findChildren(QToolButton):
            arrow.setAccessibleName(title)


class ProgressRow(QWidget):
    """A bar with what is being done, and a button that cancels it; unseen while nothing is done."""

    cancelled = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.bar, self.text = QProgressBar(), Hint()
        self.bar.setTextVisible(False)
        self.button = QPushButton(tr("Cancel"))
        self.button.clicked.connect(self.cancelled)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.button)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addLayout(row)
        lines.addWidget(self.text)
        self.hide()

    def tell(self, percent: float, text: str) -> None:
        """Show how far it is; 0 percent for what nobody knows."""
        self.bar.setRange(0, 100 if percent else 0)
        self.bar.setValue(round(percent))
        self.text.say(text)
        self.show()


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


def icon(name: str) -> QIcon:
    """An icon by its file's name without ending."""
    return QIcon(str(ROOT / "resources" / "icons" / f"{name}.svg"))


def button(text: str, tip: str, slot: Callable[[], None]) -> QPushButton:
    """A button with a tooltip, which Enter in another field does not press."""
    widget = QPushButton(text)
    widget.setToolTip(tip)
    widget.setAutoDefault(False)
    widget.clicked.connect(lambda _=False: slot())
    return widget


class FlowSplitter(QSplitter):
    """See the module.

    Args:
        wide_from: width from which it counts as wide, in pixels at 96 dots an inch.
        keeps_first: whether the first of two parts gets what it asks for and the second the rest; else they are equal.
    """

    def __init__(self, wide_from: int, keeps_first: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._wide_from, self._keeps_first = wide_from, keeps_first
        self.setChildrenCollapsible(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn where the width crosses the limit."""
        wide = self.width() >= self._wide_from * self.logicalDpiX() / 96
        orientation = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.orientation() != orientation:
            self.setOrientation(orientation)
            self._share(self.width() if wide else self.height())
        super().resizeEvent(event)

    def _share(self, length: int) -> None:
        hint = self.widget(0).sizeHint()
        wanted = hint.width() if self.orientation() == Qt.Orientation.Horizontal else hint.height()
        first = wanted if self._keeps_first else length // 2
        self.setSizes([first, length - first])


D = TypeVar("D", bound=QDialog)


class PageDialog(QDialog):
    """A page above buttons that close it and help; it is gone when it is closed.

    Args:
        title: of the window.
        guide: the page of the guide that Help opens.
        parent: QGIS's window, or whoever opens it.
    """

    def __init__(self, title: str, guide: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._guide = guide

    def hold(self, page: Any) -> None:
        """Show this page, to be called once; made before the buttons, it comes before them when Tab is pressed."""
        self.page = page
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close | QDialogButtonBox.StandardButton.Help)
        buttons.rejected.connect(self.reject)
        buttons.helpRequested.connect(lambda: QDesktopServices.openUrl(QUrl(help_url(self._guide))))
        lines = QVBoxLayout(self)
        lines.addWidget(page, 1)
        lines.addWidget(buttons)


def open_with(window: QWidget, width: int, height: int) -> None:
    """Give a window its first size, in pixels of which an inch has 96; Qt's own is two thirds of the screen at most."""
    size = QSize(width, height) * window.logicalDpiX() / 96
    window.resize(size.boundedTo(QGuiApplication.primaryScreen().availableSize()))


def show_beside(kind: Callable[[QWidget | None], D], parent: QWidget | None = None) -> D:
    """Open a window of this kind beside the map, which stays usable; an open one comes to the front."""
    dialog = parent.findChild(kind) if parent is not None else None
    dialog = dialog or kind(parent)
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
    return dialog


MakePage = Callable[[QWidget], QWidget]


class OptionsPage(QgsOptionsPageWidget):
    """The page among the options.

    Args:
        name: of the object.
        make: makes the page.
        parent: QGIS's dialog.
    """

    def __init__(self, name: str, make: MakePage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.page = make(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.page)

    def apply(self) -> None:
        """QGIS calls this when the dialog is accepted; nothing is left to do."""


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page when the options dialog opens.

    Args:
        title: in the dialog's list.
        name: of the page's object.
        make: makes the page; it imports what only the page needs.
    """

    def __init__(self, title: str, name: str, make: MakePage) -> None:
        super().__init__(title, icon("geodistil"))
        self._name, self._make = name, make

    def createWidget(self, parent: QWidget | None = None) -> QgsOptionsPageWidget:  # noqa: D102
        return OptionsPage(self._name, self._make, parent)
