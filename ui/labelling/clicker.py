"""Click to segment in the dock: prompts go to the engine, answers to the map, what is accepted to the labels."""

from __future__ import annotations

from typing import Callable

from qgis.core import QgsGeometry, QgsProject
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...jobs.errors import STOPPED, GeoDistilError
from ...jobs.labelling.clicking import Clicking, Prompt, Question, click_model_name, click_problem
from ...jobs.labelling.session import LabelSession
from ...jobs.sources.draft import SEGMENTATION
from ...jobs.translation import tr
from .click_box import ClickBox, ClickModelDialog
from .click_tool import ClickTool

LOOK_MILLISECONDS = 200
"""After so long without an answer it is said that the model looks at the view."""


class Clicker(QObject):
    """See the module.

    Args:
        project: where the layers are.
        box: the dock's part.
        tool: the map tool, of the map.
        session: the label layer at work.
        parent: the dock.
    """

    accepted = pyqtSignal(QgsGeometry, str)
    """An area is a label, in the label layer's CRS; with the model's name."""
    changed = pyqtSignal()
    """The model is another one."""

    def __init__(
        self,
        project: QgsProject,
        box: ClickBox,
        tool: ClickTool,
        session: Callable[[], LabelSession | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._canvas, self._box, self._tool, self._session = tool.canvas(), box, tool, session
        self.clicking = Clicking(project, self)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(LOOK_MILLISECONDS)
        self._late.timeout.connect(lambda: box.progress.tell(0, tr("Looking at the view…")))
        tool.asked.connect(self._ask)
        tool.dropped.connect(self.cancel)
        tool.found.connect(self._accept)
        box.progress.cancelled.connect(tool.cancel)
        self.clicking.answered.connect(self._show)
        self.clicking.failed.connect(self._fail)
        self.clicking.told.connect(self._tell)

    @property
    def problem(self) -> str:
        """Why the tool cannot be used; empty where it can."""
        return click_problem()

    def choose_model(self) -> None:
        """Ask for the model's files."""
        dialog = ClickModelDialog(self.parent())
        dialog.accepted.connect(self.changed)
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    def cancel(self) -> None:
        """Ask no more."""
        self.clicking.cancel()
        self._rest()
        self._box.problem.say("")

    def close(self) -> None:
        """End the engine."""
        self._rest()
        self.clicking.close()

    def _ask(self, prompt: Prompt) -> None:
        session = self._session()
        if session is None:
            return
        self._box.problem.say("" if prompt.means_something else tr("Click the object first, then what is not it."))
        if not prompt.means_something:
            return
        settings = self._canvas.mapSettings()
        view, crs = settings.visibleExtent(), settings.destinationCrs()
        try:
            self.clicking.ask(Question(prompt, session.layer.crs(), session.raster, view, crs))
        except GeoDistilError as error:
            self._fail(error)
            return
        if not self._box.progress.isVisible():
            self._late.start()

    def _show(self, area: QgsGeometry) -> None:
        self._rest()
        session = self._session()
        if session is None:
            return
        if area.isEmpty():
            self._box.problem.say(tr("The model finds nothing there: click elsewhere on the object, or drag a box."))
        elif session.link.role != SEGMENTATION:
            area = QgsGeometry.fromRect(area.boundingBox())  # as the other tools of boxes draw them
        self._tool.show_area(area)

    def _fail(self, error: GeoDistilError) -> None:
        self._rest()
        self._tool.show_area(QgsGeometry())
        if error.code != STOPPED:
            self._box.problem.say(str(error))

    def _tell(self, percent: float, text: str) -> None:
        if self.clicking.busy:  # else it was said before a cancel, and comes after it
            self._late.stop()
            self._box.progress.tell(percent, text)

    def _accept(self, area: QgsGeometry) -> None:
        self.accepted.emit(area, click_model_name())

    def _rest(self) -> None:
        self._late.stop()
        self._box.progress.hide()
