"""Small widgets for words: a sentence under a field that is wrong, grey explanations, notices with icons."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QEvent, QObject, Qt
from qgis.PyQt.QtGui import QPalette, QResizeEvent
from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ...jobs.translation import tr

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
