"""Works QGIS as a person does, from inside: one step after the other, while QGIS's own event loop turns.

A script is a generator. It yields what it waits for: seconds, a function that becomes true, or such a function with a
limit in seconds. Clicks are delivered after the generator has yielded, so a dialog that they open may block.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QMenuBar,
    QTableView,
    QToolButton,
    QWidget,
)

Steps = Iterator[Any]
TURN_MILLISECONDS = 20
BREATH = 0.15
"""Seconds after a click or a key, so that QGIS can do what it asks for."""

LIMIT = 60.0


def play(script: Callable[[dict[str, Any]], Steps], values: dict[str, Any], result: str) -> None:
    """Begin a script once QGIS is up; QGIS ends with it.

    Args:
        script: a generator function; what it returns, a dictionary, is the result.
        values: its argument.
        result: the JSON file for the result, or for the traceback under `error`.
    """
    Path(result).with_suffix(".begun").write_text(str(os.getpid()))
    faulthandler.enable()  # into the log that `profile.Desktop` shows
    QTimer.singleShot(0, lambda: PLAYERS.append(Player(script(values), Path(result))))


PLAYERS: list[Player] = []
"""Nobody else holds them."""


class Player:
    """Goes through a script in the turns of a timer."""

    def __init__(self, steps: Steps, result: Path) -> None:
        self._steps, self._result = steps, result
        self._ready, self._end = _true, 0.0
        sys.excepthook = self._fail  # QGIS's own shows a message and goes on
        self._timer = QTimer()
        self._timer.timeout.connect(self._turn)
        self._timer.start(TURN_MILLISECONDS)

    def _turn(self) -> None:
        try:
            if self._ready():
                self._await(next(self._steps))
            elif time.monotonic() > self._end:
                self._steps.throw(TimeoutError("What the script waits for did not happen."))
        except StopIteration as ending:
            self._leave(ending.value or {})
        except BaseException:  # whatever it is, the person who started the script must read it
            self._leave({"error": traceback.format_exc()})

    def _await(self, step: Any) -> None:
        condition, limit = step if isinstance(step, tuple) else (step, LIMIT)
        if isinstance(condition, (int, float)):
            until = time.monotonic() + condition
            condition, limit = (lambda: time.monotonic() >= until), condition + LIMIT
        self._ready, self._end = condition, time.monotonic() + limit

    def _fail(self, kind: Any, error: BaseException, trace: Any) -> None:
        self._leave({"error": "".join(traceback.format_exception(kind, error, trace))})

    def _leave(self, found: dict[str, Any]) -> None:
        partial = self._result.with_suffix(".partial")
        partial.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
        os.replace(partial, self._result)
        os._exit(1 if "error" in found else 0)  # an orderly end would ask whether to save the project


def _true() -> bool:
    return True


def click(widget: QWidget, place: QPoint | None = None, modifier: Any = Qt.KeyboardModifier.NoModifier) -> Steps:
    """Click a widget in its middle, a box or radio button on its mark, or wherever is said."""
    yield lambda: widget.isVisible() and widget.isEnabled()
    if place is None:
        place = widget.rect().center()
        if isinstance(widget, QAbstractButton) and widget.isCheckable() and not isinstance(widget, QToolButton):
            place.setX(min(place.x(), 8))
    QTimer.singleShot(0, lambda: QTest.mouseClick(widget, Qt.MouseButton.LeftButton, modifier, place))
    yield BREATH


def click_row(table: QTableView, row: int, column: int = 0, modifier: Any = Qt.KeyboardModifier.NoModifier) -> Steps:
    """Click a cell."""
    table.scrollTo(table.model().index(row, column))
    yield from click(table.viewport(), table.visualRect(table.model().index(row, column)).center(), modifier)


def write(widget: QWidget, text: str) -> Steps:
    """Replace what stands in a line or a spin box."""
    line = widget if isinstance(widget, QLineEdit) else widget.findChild(QLineEdit)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(widget, Qt.Key.Key_Tab)
    yield BREATH


def choose(combo: QComboBox, text: str) -> Steps:
    """Go through a combo box with the arrow keys until what it says begins as is wanted."""
    yield lambda: combo.isVisible() and combo.isEnabled()
    QTest.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(combo.count()):
        if combo.currentText().startswith(text):
            break
        QTest.keyClick(combo, Qt.Key.Key_Down)
    assert combo.currentText().startswith(text), f"there is no {text}, but {combo.currentText()}"
    yield BREATH


def choose_entry(menu: QMenu | QMenuBar, *words: str) -> Steps:
    """Click an entry of a menu, and one of the menu that it opens, and so on."""
    for word in words:
        entry = next((each for each in menu.actions() if each.text().replace("&", "").startswith(word)), None)
        assert entry is not None, f"there is no {word}: {[each.text() for each in menu.actions()]}"
        yield from click(menu, menu.actionGeometry(entry).center())
        menu = entry.menu()


def unfold(box: QWidget) -> Steps:
    """Open a collapsible group box by its arrow."""
    yield from click(box.findChild(QToolButton, "collapseButton"))


def drop(widget: QWidget, path: Path) -> Steps:
    """Drop a file or folder on a widget."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    place, buttons = widget.rect().center(), (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    action = Qt.DropAction.CopyAction
    # Qt delivers a drop to the widget that took the drag in.
    enter, fall = (
        QDragEnterEvent(place, action, mime, *buttons),
        QDropEvent(QPointF(place), action, mime, *buttons),
    )
    QTimer.singleShot(0, lambda: [QCoreApplication.sendEvent(widget, event) for event in (enter, fall)])
    yield BREATH


def window_of(kind: str) -> Any:
    """The window of a class of this name that is seen; none where there is none."""
    windows = QApplication.topLevelWidgets()
    return next((each for each in windows if type(each).__name__ == kind and each.isVisible()), None)


def complaints(window: QWidget) -> list[str]:
    """What is cut off in a window, and which scroll bars it shows."""
    found = [f"a scroll bar in {_name(area)}" for area in window.findChildren(QAbstractScrollArea) if _scrolls(area)]
    for widget in (*window.findChildren(QLabel), *window.findChildren(QAbstractButton)):
        if widget.isVisible() and widget.text() and _cut(widget):
            found.append(f"cut off: {widget.text()!r}")
    return found


def _scrolls(area: QAbstractScrollArea) -> bool:
    bars = (area.verticalScrollBar(), area.horizontalScrollBar())
    return area.isVisible() and any(bar.isVisible() and bar.maximum() > 0 for bar in bars)


def _cut(widget: QWidget) -> bool:
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.heightForWidth(widget.width()) > widget.height() + 1
    needed = widget.minimumSizeHint() if isinstance(widget, QLabel) else widget.sizeHint()
    return needed.width() > widget.width() + 1


def _name(widget: QWidget) -> str:
    return widget.accessibleName() or widget.objectName() or type(widget).__name__


def screenshot(file: Path, widget: QWidget | None = None) -> None:
    """Save what the screen shows, or the part of it that a widget takes.

    Args:
        file: a .png.
        widget: none takes all.
    """
    image = QGuiApplication.primaryScreen().grabWindow(0).toImage()
    if widget is not None:
        ratio, corner = image.devicePixelRatio(), widget.mapToGlobal(QPoint(0, 0))
        place = (corner.x(), corner.y(), widget.width(), widget.height())
        image = image.copy(*(round(ratio * number) for number in place))
    file.parent.mkdir(parents=True, exist_ok=True)
    assert image.save(str(file)), file
