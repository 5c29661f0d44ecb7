"""The dock's map tools: made once, aimed at the layer and class of the moment."""

from __future__ import annotations

from typing import Any, Callable

from qgis.core import QgsGeometry, QgsVectorLayer
from qgis.gui import QgsMapCanvas

from .area_tool import AreaTool
from .box_tools import BoxTool, RotatedBoxTool, copy_tool, point_tool
from .click_tool import ClickTool
from .drawing import AREA, BOX, CLICK, COPY, POINT, ROTATED, SELECT
from .select_tool import SelectTool
from .tool import LabelTool


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
