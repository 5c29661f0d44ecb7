"""Click to segment: the window that chooses the model's files, the map tool, and what joins them with the labels."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, NamedTuple

from qgis.core import QgsGeometry, QgsPointXY, QgsProject, QgsRectangle
from qgis.gui import QgsFileWidget, QgsMapCanvas, QgsVertexMarker
from qgis.PyQt.QtCore import QObject, QPoint, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from ...jobs.errors import STOPPED, GeoDistilError
from ...jobs.labelling.clicking import (
    Clicking,
    Prompt,
    Question,
    click_files,
    click_model_name,
    click_problem,
    set_click_files,
)
from ...jobs.labelling.editing import box
from ...jobs.labelling.session import LabelSession
from ...jobs.sources.draft import SEGMENTATION
from ...jobs.translation import tr
from ..widgets import Hint, Problem, ProgressRow
from .tools import LabelTool

ONNX_FILES = tr("ONNX files (*.onnx)")
WIDTH = 480


class ClickBox(QWidget):
    """Seen while the tool is at work."""

    def __init__(self) -> None:
        super().__init__()
        self.progress, self.problem, self.words = ProgressRow(), Problem(), Hint()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        for part in (self.words, self.problem, self.progress):
            lines.addWidget(part)
        self.words.say(
            tr(
                "Click the object, with Shift what is not it, or drag a box around it. Enter or the right button keeps "
                "the area, Backspace takes a click back, Escape gives up."
            )
        )
        self.hide()


class ClickModelDialog(QDialog):
    """Chooses the encoder and the decoder.

    Args:
        parent: the dock.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Click-to-segment model"))
        self.setMinimumWidth(WIDTH)
        self.encoder, self.decoder = QgsFileWidget(), QgsFileWidget()
        form = QFormLayout()
        titles = (tr("Image encoder"), tr("Prompt decoder"))
        for title, widget, path in zip(titles, (self.encoder, self.decoder), click_files()):
            widget.setFilter(ONNX_FILES)
            widget.setFilePath(path)
            widget.lineEdit().setAccessibleName(title)
            form.addRow(title, widget)
        words, self.problem = Hint(), Problem()
        words.say(
            tr(
                "Two ONNX files of one model of the SAM family (Segment Anything, MobileSAM, SAM 2), exported as its "
                "encoder and its decoder. GeoDistil has none with it: see the guide."
            )
        )
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        lines = QVBoxLayout(self)
        lines.addWidget(words)
        lines.addLayout(form)
        lines.addWidget(self.problem)
        lines.addWidget(self.buttons)

    def accept(self) -> None:
        """Keep the files, where both are there, or neither is named."""
        paths = self.encoder.filePath().strip(), self.decoder.filePath().strip()
        missing = next((each for each in paths if not Path(each).is_file()), None) if any(paths) else None
        if missing is not None:
            self.problem.say(
                tr("There is no file {path}.").format(path=missing) if missing else tr("Choose both files.")
            )
            return
        set_click_files(*paths)
        super().accept()


INSIDE, OUTSIDE = "#2e9e5b", "#e6194b"
MARKER_PIXELS = 9


class Step(NamedTuple):
    """A click or a box: where it is in the layer's CRS, whether it is inside, and its mark on the map."""

    place: QgsPointXY | QgsRectangle
    inside: bool
    marker: QgsVertexMarker | None


class ClickTool(LabelTool):
    """A click means what is there, one with Shift what is not; a drag is a box around it. See `show_area`."""

    asked = pyqtSignal(object)
    """A `Prompt`, after each step."""
    found = pyqtSignal(QgsGeometry)
    """The area is accepted."""
    dropped = pyqtSignal()
    """Nothing is meant any more."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._steps: list[Step] = []
        self._area: QgsGeometry | None = None
        self._accepts = False

    @property
    def busy(self) -> bool:  # noqa: D102
        return bool(self._steps)

    def show_area(self, area: QgsGeometry) -> None:
        """The answer to the last prompt, in the layer's CRS; empty where there is none."""
        if not self._steps:
            return
        self._area = None if area.isEmpty() else area
        self.hide_band()
        if self._area is not None:
            self.show_band(self._area)
            if self._accepts:
                self.finish()
        self._accepts = False

    def move(self, pixel: QPoint) -> None:  # noqa: D102
        if self.dragged(pixel):
            self.show_band(box(self.place(self._pressed), self.place(pixel)))

    def release(self, pixel: QPoint) -> None:  # noqa: D102
        drawn, start = self.dragged(pixel), self._pressed
        super().release(pixel)
        if drawn:
            self._steps.append(Step(box(self.place(start), self.place(pixel)).boundingBox(), True, None))
        else:
            inside = not self.shifted
            self._steps.append(Step(self.place(pixel), inside, self._marker(pixel, inside)))
        self._ask()

    def finish(self) -> None:
        """Accept the area; one that is still awaited is accepted when it is there."""
        if self._area is None:
            self._accepts = bool(self._steps)
            return
        area = self._area
        self.cancel()
        self.found.emit(area)

    def back(self) -> None:  # noqa: D102
        self._unmark(self._steps.pop())
        if self._prompt().means_something:
            self._ask()
        else:
            self.cancel()

    def cancel(self) -> None:  # noqa: D102
        begun = bool(self._steps)
        while self._steps:
            self._unmark(self._steps.pop())
        self._area, self._accepts = None, False
        super().cancel()
        if begun:
            self.dropped.emit()

    def _ask(self) -> None:
        self._area, self._accepts = None, False
        self.asked.emit(self._prompt())

    def _prompt(self) -> Prompt:
        points = [each for each in self._steps if each.marker is not None]
        boxes = [each.place for each in self._steps if each.marker is None]
        inside, outside = (tuple(each.place for each in points if each.inside is way) for way in (True, False))
        return Prompt(inside, outside, boxes[-1] if boxes else None)

    def _marker(self, pixel: QPoint, inside: bool) -> QgsVertexMarker:
        marker = QgsVertexMarker(self._canvas)
        kind = QgsVertexMarker.IconType
        marker.setIconType(kind.ICON_CIRCLE if inside else kind.ICON_X)
        marker.setIconSize(MARKER_PIXELS)
        marker.setPenWidth(2)
        marker.setColor(QColor(INSIDE if inside else OUTSIDE))
        marker.setCenter(self.toMapCoordinates(pixel))
        return marker

    def _unmark(self, step: Step) -> None:
        if step.marker is not None:
            self._canvas.scene().removeItem(step.marker)


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
