"""The keys of the labelling dock and the map, and never those of someone who types."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Protocol

from qgis.gui import QgsMapCanvas, QgsMapToolCapture, QgsVertexMarker
from qgis.PyQt.QtCore import QEvent, QObject, QPoint, Qt
from qgis.PyQt.QtGui import QColor, QKeyEvent
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from ...jobs.given import given
from .drawing import DELETE, REDO, TOOLS, UNDO
from .suggest_box import ACCEPT, EDIT, REJECT
from .tools import LabelTool

if TYPE_CHECKING:
    from ...jobs.labelling.session import LabelSession
    from .classes import ClassButtons
    from .drawing import Toolkit
    from .reviewer import Reviewer

    class Dock(Protocol):
        """What the keys act on: the labelling dock."""

        session: LabelSession | None
        classes: ClassButtons
        toolkit: Toolkit
        reviewer: Reviewer

        def command(self, name: str) -> None:
            """Undo, redo or delete."""

        def complete(self) -> None:
            """Call the cell that is walked, or what is seen, complete."""

        def pick(self, tool: str) -> None:
            """Put a tool to work."""

        def step(self, way: int) -> None:
            """Go to the next cell or suggestion, or to the one before."""


ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
JUDGING = {Qt.Key.Key_Y: ACCEPT, Qt.Key.Key_X: REJECT, Qt.Key.Key_E: EDIT}
"""Keys of what is done with the selected suggestions."""

Act = Callable[[], Any]


class Shortcuts:
    """See `Keys`, which calls it.

    Args:
        dock: what the keys act on.
    """

    def __init__(self, dock: Dock) -> None:
        self._dock = dock

    def __call__(self, key: int, control: bool, shift: bool, dry: bool) -> bool:
        """Whether a key means something; does it, unless `dry`."""
        act = self._meaning(key, control, shift)
        if act is not None and not dry:
            act()
        return act is not None

    def _meaning(self, key: int, control: bool, shift: bool) -> Act | None:
        dock = self._dock
        if dock.session is None or not dock.classes.isEnabled():
            return None
        if control:
            redo = key == Qt.Key.Key_Y or (shift and key == Qt.Key.Key_Z)
            return partial(dock.command, REDO if redo else UNDO) if redo or key == Qt.Key.Key_Z else None
        tool = dock.toolkit.at_work()
        if tool is not None and tool.busy:
            if key in ENTER:
                return tool.finish
            return {Qt.Key.Key_Backspace: tool.back, Qt.Key.Key_Escape: tool.cancel}.get(key, self._anytime(key))
        if key in ENTER:
            return dock.complete
        return self._with_selection(key) or self._anytime(key)

    def _with_selection(self, key: int) -> Act | None:
        """Keys of selected labels, then of selected suggestions."""
        dock, reviewer = self._dock, self._dock.reviewer
        if given(dock.session).layer.selectedFeatureCount():
            let_go = given(dock.session).layer.removeSelection
            own = {Qt.Key.Key_Delete: partial(dock.command, DELETE), Qt.Key.Key_Escape: let_go}
            if key in own:
                return own[key]
        if not reviewer.selected():
            return None
        if key == Qt.Key.Key_Escape:
            return reviewer.let_go
        if key == Qt.Key.Key_Delete and dock.toolkit.at_work() is not None:  # else it is the vertex tool's
            return partial(reviewer.do, REJECT)
        return partial(reviewer.do, JUDGING[key]) if key in JUDGING else None

    def _anytime(self, key: int) -> Act | None:
        """Keys of classes, tools and steps."""
        dock, number = self._dock, int(key) - int(Qt.Key.Key_1)
        if 0 <= number < min(9, len(given(dock.session).link.classes)):
            return partial(dock.classes.choose, number)
        steps = {Qt.Key.Key_N: 1, Qt.Key.Key_P: -1}
        if key in steps:
            return partial(dock.step, steps[key])
        letters = {int(getattr(Qt.Key, f"Key_{letter}")): name for name, _, letter, *_ in TOOLS}
        return partial(dock.pick, letters[int(key)]) if int(key) in letters else None


TYPING = (QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit, QAbstractItemView)
Modifier = Qt.KeyboardModifier
ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
STEP_PIXELS, FINE_PIXELS = 10, 1


class Keys(QObject):
    """Listens to the map and to the dock.

    Args:
        canvas: the map.
        dock: the dock; keys count while it is seen.
        act: called with a key and whether Control and Shift are down, says whether the key means something; with
            `dry` it does nothing else.
        tool: the label tool at work; none where another one is.
    """

    def __init__(
        self,
        canvas: QgsMapCanvas,
        dock: QWidget,
        act: Callable[[int, bool, bool, bool], bool],
        tool: Callable[[], LabelTool | None],
    ) -> None:
        super().__init__(dock)
        self._canvas, self._dock, self._act, self._tool = canvas, dock, act, tool
        self._pointer: QPoint | None = None
        self._marker = QgsVertexMarker(canvas)
        self._marker.setIconType(QgsVertexMarker.IconType.ICON_CROSS)
        self._marker.setIconSize(21)
        self._marker.setColor(QColor("#e6194b"))
        self._marker.hide()
        canvas.installEventFilter(self)
        canvas.viewport().installEventFilter(self)

    def close(self) -> None:
        """Listen no longer."""
        self._canvas.removeEventFilter(self)
        self._canvas.viewport().removeEventFilter(self)
        self._canvas.scene().removeItem(self._marker)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the map; its mouse takes the pointer of the keys away."""
        if event.type() == QEvent.Type.MouseMove:
            self._hide()
        if watched is not self._canvas or event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return False
        tool = self._canvas.mapTool()
        if not self._dock.isVisible() or isinstance(tool, QgsMapToolCapture):  # QGIS's own, which has its keys
            return False
        return self.take(event)

    def take(self, event: QKeyEvent) -> bool:
        """Whether a key was ours. Shortcuts of QGIS's window are asked for first, or they would go before."""
        dry = event.type() == QEvent.Type.ShortcutOverride
        control, shift = (
            bool(event.modifiers() & Modifier.ControlModifier),
            bool(event.modifiers() & Modifier.ShiftModifier),
        )
        if event.modifiers() & (Modifier.AltModifier | Modifier.MetaModifier):
            return False
        ours = self._point(event.key(), control, shift, dry) or self._act(event.key(), control, shift, dry)
        if ours:
            event.accept()
        return ours

    def typing(self) -> bool:
        """Whether someone types, or Space and Enter are those of a button."""
        return isinstance(QApplication.focusWidget(), TYPING)

    def on_button(self) -> QAbstractButton | None:
        """The button that has the focus."""
        focus = QApplication.focusWidget()
        return focus if isinstance(focus, QAbstractButton) else None

    def _point(self, key: int, control: bool, shift: bool, dry: bool) -> bool:
        """Control and arrows lead a pointer over the map, Space clicks there."""
        tool = self._tool()
        if tool is None or not self._canvas.hasFocus():
            return False
        if key in ARROWS and control:
            if not dry:
                self._lead(tool, ARROWS[key], FINE_PIXELS if shift else STEP_PIXELS)
            return True
        if key == Qt.Key.Key_Space and self._pointer is not None and not control:
            if not dry:
                tool.shifted = shift
                tool.press(self._pointer)
                tool.release(self._pointer)
            return True
        return False

    def _lead(self, tool: LabelTool, way: tuple[int, int], pixels: int) -> None:
        if self._pointer is None:
            self._pointer = self._canvas.rect().center()
        else:
            self._pointer += QPoint(*way) * pixels
        room = self._canvas.rect()
        self._pointer.setX(min(max(self._pointer.x(), room.left()), room.right()))
        self._pointer.setY(min(max(self._pointer.y(), room.top()), room.bottom()))
        self._marker.setCenter(self._canvas.getCoordinateTransform().toMapCoordinates(self._pointer))
        self._marker.show()
        tool.move(self._pointer)

    def _hide(self) -> None:
        self._pointer = None
        self._marker.hide()
