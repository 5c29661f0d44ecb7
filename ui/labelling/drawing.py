"""The tools of the dock: map tools aimed at a layer and class, their buttons and options, undo, redo and delete."""

from __future__ import annotations

from typing import Any, Callable

from qgis.core import QgsApplication, QgsGeometry, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...jobs.translation import tr
from ..widgets import icon
from .clicker import ClickTool
from .tools import AreaTool, BoxTool, LabelTool, RotatedBoxTool, SelectTool, copy_tool, point_tool

SELECT, BOX, ROTATED, AREA, POINT, COPY, CLICK = "select", "box", "rotated", "area", "point", "copy", "click"
TOOLS = (
    (BOX, tr("Box"), "B", "/mActionAddBasicRectangle.svg", tr("Two clicks on opposite corners, or a drag")),
    (
        ROTATED,
        tr("Turned box"),
        "R",
        "/mActionRectangle3PointsProjected.svg",
        tr("Three clicks: along one side, then across"),
    ),
    (
        AREA,
        tr("Area"),
        "A",
        "/mActionCapturePolygon.svg",
        tr("Click the corners, or drag freehand; the right button or Enter ends, Backspace takes a corner back"),
    ),
    (POINT, tr("Point"), "O", "/mActionCapturePoint.svg", tr("One click: a box of the size below around it")),
    (COPY, tr("Copy"), "C", "/mActionMoveFeatureCopy.svg", tr("One click: the last label once more")),
    (
        SELECT,
        tr("Select"),
        "S",
        "/mActionSelect.svg",
        tr("Click a label or drag a frame, with Shift for more; then Delete, or the key of another class"),
    ),
    (
        CLICK,
        tr("Click to segment"),
        "K",
        "click",
        tr("A click on an object, or a box around it: a model of your own draws its area"),
    ),
)
"""Name, title, key, icon (QGIS's where it begins with a slash), how it works."""

UNDO, REDO, DELETE = "undo", "redo", "delete"
COMMANDS = (
    (UNDO, tr("Undo"), "/mActionUndo.svg"),
    (REDO, tr("Redo"), "/mActionRedo.svg"),
    (DELETE, tr("Delete the selected labels"), "/mActionDeleteSelectedFeatures.svg"),
)
COLUMNS = 3
WIDE = {CLICK: 2}
"""Columns of buttons that need more than one."""


class DrawingTools(QWidget):
    """See the module."""

    picked = pyqtSignal(str)
    """A tool."""
    asked = pyqtSignal(str)
    """A command."""
    model_asked = pyqtSignal()
    """The model that clicks are for."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout()
        grid.setSpacing(2)
        self.tools = {}
        for place, (name, title, key, picture, help_text) in enumerate(TOOLS):
            button = _button(title, picture, f"{help_text} ({key})")
            button.setText(title)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked, name=name: self.picked.emit(name))
            self.tools[name] = button
            grid.addWidget(button, place // COLUMNS, place % COLUMNS, 1, WIDE.get(name, 1))
        self._click_tip = self.tools[CLICK].toolTip()
        self.model_button = QPushButton(tr("Model…"))
        self.model_button.setToolTip(tr("Choose the two files of the model that Click to segment uses"))
        self.model_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.model_button.clicked.connect(self.model_asked)
        grid.addWidget(self.model_button, len(TOOLS) // COLUMNS, COLUMNS - 1)
        self.keep_free = QCheckBox(tr("New areas do not overlap old ones"))
        self.keep_free.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.size = QDoubleSpinBox()
        self.size.setRange(0.1, 1000)
        self.size.setValue(4)
        self.size.setDecimals(1)
        self.size.setSuffix(tr(" m"))
        size_label = QLabel(tr("Box around a point"))
        size_label.setBuddy(self.size)
        row = QHBoxLayout()
        row.addWidget(size_label)
        row.addWidget(self.size)
        row.addStretch()
        self.commands = {}
        for name, title, picture in COMMANDS:
            self.commands[name] = _button(title, picture, title)
            self.commands[name].clicked.connect(lambda _checked, name=name: self.asked.emit(name))
            row.addWidget(self.commands[name])
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addLayout(grid)
        lines.addWidget(self.keep_free)
        lines.addLayout(row)

    def offer_click(self, problem: str) -> None:
        """Offer the tool that needs a model, or say why it cannot be used."""
        self.tools[CLICK].setEnabled(not problem)
        self.tools[CLICK].setToolTip(problem or self._click_tip)

    def show_picked(self, tool: str) -> None:
        """Show which tool is at work; empty where none is."""
        for name, button in self.tools.items():
            button.setChecked(name == tool)


def _button(title: str, picture: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(QgsApplication.getThemeIcon(picture) if picture.startswith("/") else icon(picture))
    side = round(button.fontMetrics().height() * 1.3)
    button.setIconSize(QSize(side, side))
    button.setAccessibleName(title)
    button.setToolTip(tip)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys to the map
    return button


class Toolkit:
    """See the module.

    Args:
        canvas: the map.
        metres: side of a box around a point.
        last: the shape to be copied; none where there is none yet.
        drawn: called with each finished shape.
        clicked: called with what is selected by a click.
    """

    def __init__(
        self,
        canvas: QgsMapCanvas,
        metres: Callable[[], float],
        last: Callable[[], QgsGeometry | None],
        drawn: Callable[[QgsGeometry], None],
        clicked: Callable[..., Any],
    ) -> None:
        self._canvas = canvas
        self.tools: dict[str, LabelTool] = {
            BOX: BoxTool(canvas),
            ROTATED: RotatedBoxTool(canvas),
            AREA: AreaTool(canvas),
            POINT: point_tool(canvas, metres),
            COPY: copy_tool(canvas, last),
            SELECT: SelectTool(canvas),
            CLICK: ClickTool(canvas),
        }
        for tool in self.tools.values():
            tool.drawn.connect(drawn)
        self.tools[SELECT].clicked.connect(clicked)

    def aim(self, layer: QgsVectorLayer | None, color: str) -> None:
        """Draw into this layer, in this colour."""
        for tool in self.tools.values():
            tool.aim(layer, color)

    def pick(self, name: str) -> None:
        """Put a tool to work."""
        self._canvas.setMapTool(self.tools[name])
        self._canvas.setFocus()

    def at_work(self) -> LabelTool | None:
        """The tool of ours that the map has now."""
        return next((tool for tool in self.tools.values() if tool is self._canvas.mapTool()), None)

    def name(self) -> str:
        """That tool's name; empty where the map has another."""
        tool = self.at_work()
        return next((name for name, each in self.tools.items() if each is tool), "")

    def down(self) -> None:
        """Put the tool away."""
        if self.at_work() is not None:
            self._canvas.unsetMapTool(self.at_work())

    def close(self) -> None:
        """Take everything off the map."""
        self.down()
        for tool in self.tools.values():
            tool.dispose()
