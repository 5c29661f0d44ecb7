"""What the keys of the labelling dock mean now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from qgis.PyQt.QtCore import Qt

from ...jobs.types import given
from .drawing import DELETE, REDO, TOOLS, UNDO
from .suggest_box import ACCEPT, EDIT, REJECT

if TYPE_CHECKING:
    from .dock import LabelDock

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
JUDGING = {Qt.Key.Key_Y: ACCEPT, Qt.Key.Key_X: REJECT, Qt.Key.Key_E: EDIT}
"""Keys of what is done with the selected suggestions."""

Act = Callable[[], Any]


class Shortcuts:
    """See `Keys`, which calls it.

    Args:
        dock: what the keys act on.
    """

    def __init__(self, dock: LabelDock) -> None:
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
