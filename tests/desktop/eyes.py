"""What a person would not like in a window: texts that are cut off, keys that mean two things, parts without a key."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QFontMetrics, QPalette
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QDialogButtonBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QScrollArea,
    QTableView,
    QWidget,
    QWizard,
)

from .hands import _cut

LEAST_CONTRAST = 3.0
"""Of words on their ground, 1 to 21 (WCAG 2.1, large text); disabled ones may be fainter."""


def flaws(window: QWidget) -> list[str]:
    """Sentences, none of which a good window deserves."""
    ways = (_cut_off, _shared_keys, _out_of_reach, _out_of_order, _unreadable, _off_screen)
    return [flaw for way in ways for flaw in way(window)]


def _seen(window: QWidget, *kinds: type) -> Iterator[QWidget]:
    for kind in kinds:
        yield from (each for each in window.findChildren(kind) if each.isVisible())


def _cut_off(window: QWidget) -> Iterator[str]:
    for each in _seen(window, QLabel, QAbstractButton):
        if each.text() and _cut(each):
            yield f"cut off: {each.text()!r}"
    for header in _seen(window, QHeaderView):
        for place in range(header.count()):
            if not header.isSectionHidden(place) and header.sectionSizeHint(place) > header.sectionSize(place) + 1:
                title = header.model().headerData(place, header.orientation())
                yield f"a header is cut off: {title!r}"
    for combo in _seen(window, QComboBox):
        if not combo.isEditable() and combo.minimumSizeHint().width() > combo.width() + 1:
            yield f"a choice is cut off: {combo.currentText()!r}"
    for line in _seen(window, QLineEdit):
        if not line.text() and _width(line, line.placeholderText()) > line.contentsRect().width() - 4:
            yield f"an example is cut off: {line.placeholderText()!r}"
    for box in _seen(window, QGroupBox):
        if _width(box, box.title()) > box.width():
            yield f"a title is cut off: {box.title()!r}"


def _width(widget: QWidget, text: str) -> int:
    return QFontMetrics(widget.font()).horizontalAdvance(text)


def _shared_keys(window: QWidget) -> Iterator[str]:
    texts = [each.text() for each in _seen(window, QLabel, QAbstractButton)]
    texts += [each.title() for each in _seen(window, QGroupBox)]
    if isinstance(window, QWizard):
        texts = list(dict.fromkeys(texts))
    keys = Counter(found[1].lower() for found in map(re.compile(r"(?<!&)&(\w)").search, texts) if found)
    yield from (f"Alt+{key} means {count} things" for key, count in keys.items() if count > 1)


def _out_of_reach(window: QWidget) -> Iterator[str]:
    """What can be clicked must be reached by Tab, have a key, or belong to a part that is reached."""
    for each in _seen(window, QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox):
        inside = isinstance(each.parentWidget(), (QComboBox, QAbstractSpinBox, QLineEdit, QTableView))
        own = each.objectName().startswith("qt_")
        reached = each.focusPolicy() & Qt.FocusPolicy.TabFocus
        keyed = isinstance(each, QAbstractButton) and not each.shortcut().isEmpty()
        if each.isEnabled() and not (reached or keyed or inside or own):
            yield f"out of reach of Tab: {type(each).__name__} {getattr(each, 'text', str)() or each.objectName()}"


def _out_of_order(window: QWidget) -> Iterator[str]:
    """A dialog begins with what it asks, and Enter in its first part must not end it unread."""
    stops = list(_stops(window))
    boxes = [box for box in _seen(window, QDialogButtonBox) if any(not box.isAncestorOf(each) for each in stops)]
    if boxes and any(box.isAncestorOf(stops[0]) for box in boxes):
        yield f"Tab begins at the last buttons: {_called(stops[0])}"


def _unreadable(window: QWidget) -> Iterator[str]:
    for each in _seen(window, QLabel, QAbstractButton, QLineEdit):
        if each.isEnabled() and each.text():
            role = QPalette.ColorRole.ButtonText if isinstance(each, QAbstractButton) else each.foregroundRole()
            ground = QPalette.ColorRole.Button if isinstance(each, QAbstractButton) else each.backgroundRole()
            shown = _contrast(each.palette().color(role), each.palette().color(ground))
            if shown < LEAST_CONTRAST:
                yield f"hardly to be read ({shown:.1f}): {each.text()!r}"


def _contrast(one: QColor, other: QColor) -> float:
    def luminance(color: QColor) -> float:
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _off_screen(window: QWidget) -> Iterator[str]:
    room, frame = window.screen().availableGeometry(), window.frameGeometry()
    if frame.width() > room.width() or frame.height() > room.height():
        yield f"{frame.width()} x {frame.height()} do not fit the screen's {room.width()} x {room.height()}"


def tab_order(window: QWidget) -> list[str]:
    """What Tab goes through, from the first part on."""
    return [_called(each) for each in _stops(window)]


def _called(widget: QWidget) -> str:
    return widget.accessibleName() or getattr(widget, "text", str)() or type(widget).__name__


def _stops(window: QWidget) -> Iterator[QWidget]:
    each = window.nextInFocusChain()
    while each is not window:
        halts = each.isVisible() and each.isEnabled() and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        if halts and not isinstance(each, QScrollArea) and window.isAncestorOf(each):
            yield each
        each = each.nextInFocusChain()
