"""The labelling dock: draw labels for a raster, say what is complete, go on to the next cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

from qgis.core import QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer, QgsWkbTypes
from qgis.gui import QgsDockWidget, QgsMapCanvas
from qgis.PyQt.QtCore import QEvent, QSize
from qgis.PyQt.QtGui import QKeyEvent
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ...jobs.errors import GeoDistilError
from ...jobs.given import given
from ...jobs.labelling.link import label_layers, read_link
from ...jobs.labelling.session import LabelSession
from ...jobs.sources.draft import SEGMENTATION
from ...jobs.translation import local, tr
from ..widgets import Hint, Problem, TextScroll
from .classes import ClassButtons, ClassDialog
from .clicker import ClickBox, Clicker
from .drawing import AREA, BOX, CLICK, COPY, DELETE, REDO, SELECT, UNDO, DrawingTools, Toolkit
from .learner import LearnBox, Learner
from .reviewer import DockCalls, Reviewer
from .setup import ask
from .shortcuts import ENTER, Keys, Shortcuts
from .suggest_box import SuggestBox
from .tools import band, paint, seen
from .walker import GRID, SUGGESTIONS, AreaBox, WalkBox, Walker

POLYGONS = QgsWkbTypes.GeometryType.PolygonGeometry


class LabelDock(QgsDockWidget):
    """The dock.

    Args:
        iface: QGIS's interface.
        project: where the layers are.
    """

    def __init__(self, iface: Any, project: QgsProject) -> None:
        super().__init__(tr("Label"), iface.mainWindow())
        self.setObjectName("GeoDistilLabel")
        self._iface, self._project = iface, project
        self._canvas: QgsMapCanvas = iface.mapCanvas()
        self.session: LabelSession | None = None
        self._lost = self._warned = ""
        self._make_parts()
        self._lay_out()
        self._fresh = band(self._canvas)
        self.toolkit = Toolkit(self._canvas, self.drawing.size.value, self._last_shape, self._add, self._select)
        self.reviewer = Reviewer(iface, project, self.suggest, DockCalls(self._try, self._chosen), self)
        self.learner = Learner(iface, project, self.learn, self.suggest.model, self)
        self.walker = Walker(self._canvas, self.walk, project, lambda: self.reviewer.suggestions)
        self.clicker = Clicker(project, self.click, self.toolkit.tools[CLICK], lambda: self.session, self)
        self.keys = Keys(self._canvas, self, Shortcuts(self), self.toolkit.at_work)
        self._connect()
        self._list_layers()

    def sizeHint(self) -> QSize:
        """Room for three tools beside each other."""
        return QSize(330, 640) * self.logicalDpiX() / 96

    def stop(self) -> None:
        """Take everything off the map and listen no longer."""
        self._leave()
        self.reviewer.close()
        self.learner.close()
        self.keys.close()
        self.toolkit.close()
        self.clicker.close()
        self.walker.close()
        self._canvas.scene().removeItem(self._fresh)
        for signal, slot in self._wires:
            signal.disconnect(slot)

    def take(self, layer: QgsVectorLayer) -> None:
        """Label this layer."""
        self._list_layers()
        self.layers.setCurrentIndex(self.layers.findData(layer.id()))
        if self.session is None or self.session.layer is not layer:
            self._begin(layer)
        self.pick(AREA if given(self.session).link.role == SEGMENTATION else BOX)

    # what is seen

    def _make_parts(self) -> None:
        self.layers = QComboBox()
        self.layers.setAccessibleName(tr("Label layer"))
        self.layers.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.new_button, self.classes_button = QPushButton(tr("New…")), QPushButton(tr("Classes…"))
        self.new_button.setToolTip(tr("Make a label layer for a raster, or take one of the project"))
        self.classes_button.setToolTip(tr("Add, rename and colour classes"))
        self.problem, self.note = Problem(), Hint()
        self.classes, self.drawing = ClassButtons(), DrawingTools()
        self.area, self.walk, self.suggest = AreaBox(), WalkBox(self._project), SuggestBox()
        self.click, self.learn = ClickBox(), LearnBox()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.layers, 1)
        row.addWidget(self.new_button)
        row.addWidget(self.classes_button)
        body = QWidget()
        lines = QVBoxLayout(body)
        lines.setContentsMargins(6, 4, 6, 6)
        lines.addLayout(row)
        parts = (self.problem, self.note, self.classes, self.drawing, self.click, self.area, self.walk)
        for part in (*parts, self.suggest, self.learn):
            lines.addWidget(part)
        lines.addStretch()
        scroll = TextScroll(body)
        scroll.setMinimumWidth(body.minimumSizeHint().width() + scroll.verticalScrollBar().sizeHint().width())
        self.setWidget(scroll)

    def _connect(self) -> None:
        self.layers.currentIndexChanged.connect(lambda _: self._choose())
        self.new_button.clicked.connect(self._set_up)
        self.classes_button.clicked.connect(self._edit_classes)
        self.classes.chosen.connect(self._choose_class)
        self.drawing.picked.connect(self.pick)
        self.drawing.asked.connect(self.command)
        self.drawing.size.valueChanged.connect(self._keep_size)
        self.drawing.model_asked.connect(self.clicker.choose_model)
        self.clicker.changed.connect(self._show)
        self.clicker.accepted.connect(self._add)
        self.area.button.clicked.connect(self.complete)
        self.walk.stepped.connect(self.step)
        self.walk.changed.connect(self._forget_cells)
        select = self.toolkit.tools[SELECT]
        select.framed.connect(lambda frame, adds: self.reviewer.choose(frame, adds, every=True))
        select.approved.connect(lambda place: self.reviewer.judge_at(place, accepts=True))
        select.refused.connect(self._refuse)
        self.reviewer.changed.connect(self._show_suggestions)
        self.reviewer.filled.connect(self._walk_suggestions)
        self.reviewer.reviewed.connect(self._go_on)
        self.visibilityChanged.connect(lambda seen: None if seen else self.toolkit.down())
        self._wires = [
            (self._project.layersAdded, self._list_layers),
            (self._project.layersRemoved, self._list_layers),
            (self._project.layersWillBeRemoved["QStringList"], self._lose),
            (self._project.cleared, self._list_anew),
            (self._project.readProject, self._list_anew),
            (self._canvas.mapToolSet, self._show_tool),
            (self._canvas.mapCanvasRefreshed, self._hide_fresh),
            (self._canvas.extentsChanged, self._show_what),
        ]
        for signal, slot in self._wires:
            signal.connect(slot)

    def _list_layers(self, *_: object) -> None:
        """Offer the project's label layers; the one at work stays, or the first is taken."""
        kept = self.session.layer.id() if self.session else None
        self.layers.blockSignals(True)
        self.layers.clear()
        for layer in label_layers(self._project):
            self.layers.addItem(layer.name(), layer.id())
        # Where a layer was taken away, nobody chose the next one.
        self.layers.setCurrentIndex(-1 if self._lost and kept is None else max(self.layers.findData(kept), 0))
        self.layers.blockSignals(False)
        self.walk.list_sources()
        if self.session is None or self.layers.currentData() != kept:
            self._choose()

    def _list_anew(self, *_: object) -> None:
        """Another project."""
        self._lost = ""
        self._list_layers()

    def _choose(self) -> None:
        layer = self._project.mapLayer(self.layers.currentData() or "")
        if layer is None:
            self._leave()
            self._show()
        elif self.session is None or self.session.layer is not layer:
            self._begin(layer)

    def _begin(self, layer: QgsVectorLayer) -> None:
        self._leave()
        self._lost = ""
        self.session = LabelSession(layer, self._project, self)
        self.session.changed.connect(self._show)
        self.session.relinked.connect(self._show_classes)
        self.reviewer.take(self.session)
        self.learner.take(self.session)
        link = given(read_link(layer))
        self.drawing.keep_free.setChecked(link.role == SEGMENTATION)
        self.drawing.size.setValue(link.box_size)
        self._iface.setActiveLayer(layer)
        self._show_classes()
        self._try(self.session.load_area)
        if not self.problem.text():
            self._show()

    def _leave(self) -> None:
        """Let go of the layer; edits stay in it."""
        self._hide_fresh()
        self.walker.forget()
        self.toolkit.aim(None, "#808080")
        if self.session is not None:
            self.reviewer.take(None)
            self.learner.take(None)
            self.session.close()
            self.session.deleteLater()
            self.session = None

    def _lose(self, ids: list[str]) -> None:
        """Layers go: the one at work, or what belongs to it."""
        self.reviewer.lose(ids)
        if self.session is None:
            return
        if self.session.layer.id() in ids:
            words = tr("The layer {layer} was removed from the project; add it again, or choose another.")
            self._lost = words.format(layer=self.session.layer.name())
            self._leave()
            self._show()
        elif self.session.link.area in ids:
            self.session.completeness = None  # opened again when something is called complete

    def _show_classes(self) -> None:
        self.classes.show_classes(given(self.session).link.classes)
        self.reviewer.show_classes()
        self._show()

    def _show(self) -> None:
        """What is known of the layer now."""
        session = self.session
        sentence = session.problem() if session else self._lost
        self.problem.say(sentence)
        self.note.say((session.note() if session else tr("Choose New… to make a label layer.")) if not sentence else "")
        for widget in (self.classes, self.drawing, self.area, self.walk, self.suggest, self.learn):
            widget.setEnabled(session is not None and not sentence)
        self.classes.setVisible(session is not None)
        self.classes_button.setEnabled(session is not None)
        self.area.show_share(session.completeness.share if session and session.completeness else None)
        self.drawing.offer_click(self.clicker.problem)
        self._show_what()
        if session is None:
            return
        if self.layers.findData(session.layer.id()) >= 0:
            self.layers.setItemText(self.layers.findData(session.layer.id()), session.layer.name())
        self.classes.show_counts(session.counts.__getitem__, session.counts.reading)
        stack = session.layer.undoStack()
        self.drawing.commands[UNDO].setEnabled(stack.canUndo())
        self.drawing.commands[REDO].setEnabled(stack.canRedo())
        self.drawing.commands[DELETE].setEnabled(session.layer.selectedFeatureCount() > 0)
        self.toolkit.aim(None if sentence else session.layer, self.classes.color)

    def _show_what(self) -> None:
        self.area.show_what(self.walker.cell() is not None)

    def _show_tool(self, *_: object) -> None:
        self.drawing.show_picked(self.toolkit.name())
        self.click.setVisible(self.toolkit.name() == CLICK)

    def _hide_fresh(self) -> None:
        self._fresh.reset(POLYGONS)

    # what is done

    def _try(self, what: Callable[..., Any], *arguments: object) -> bool:
        """Do something; what is wrong is said."""
        try:
            what(*arguments)
        except GeoDistilError as error:
            self._show()
            self.problem.say(str(error))
            return False
        self._show()
        return True

    def _add(self, shape: QgsGeometry, model: str = "") -> None:
        session = self.session
        if session is None or not self._try(session.editor.add, shape, *self._chosen(), model):
            return
        paint(self._fresh, self.classes.color)
        self._fresh.setToGeometry(shape, session.layer)  # until the map is painted anew

    def _chosen(self) -> tuple[str, bool]:
        return self.classes.current, self.drawing.keep_free.isChecked()

    def _select(self, place: QgsRectangle, adds: bool) -> None:
        if not self.reviewer.choose(place, adds):
            given(self.session).editor.select_at(place, adds)
        elif not adds:  # suggestions lie on top
            given(self.session).layer.removeSelection()

    def _choose_class(self, name: str) -> None:
        chosen = given(self.session).layer.selectedFeatureIds()
        changed = self.reviewer.change_class(name)
        if chosen:
            self._try(given(self.session).editor.change_class, chosen, name)
        elif not changed:
            self._show()
        self._canvas.setFocus()

    def pick(self, tool: str) -> None:
        """Put a tool to work."""
        if self.session is None:
            return
        if tool == CLICK and (sentence := self.clicker.problem):
            self.problem.say(sentence)
            return
        layer = self.session.layer
        chosen = layer.selectedFeatureIds()
        if tool == COPY and len(chosen) == 1:
            self.session.editor.last = self.session.editor.shape_of(chosen[0])
        if tool != SELECT:
            layer.removeSelection()  # else a class's key would change what nobody looks at
            self.reviewer.let_go()
        self.toolkit.pick(tool)
        self._show_tool()

    def _last_shape(self) -> QgsGeometry | None:
        return self.session.editor.last if self.session else None

    def command(self, name: str) -> None:
        """Undo, redo or delete."""
        editor = given(self.session).editor
        if name == DELETE:
            self._try(editor.delete, given(self.session).layer.selectedFeatureIds())
        else:
            self._try(editor.undo if name == UNDO else editor.redo)
        self._hide_fresh()
        self._canvas.setFocus()

    def complete(self) -> None:
        """Call the cell that is walked, or what is seen, complete."""
        cell = self.walker.cell()
        shape, crs = (cell.shape, cell.crs) if cell is not None else seen(self._canvas)
        left = self.reviewer.unreviewed(shape, crs)
        if left and shape.asWkt() != self._warned:
            self._warned = shape.asWkt()
            words = tr("Suggestions here are not reviewed ({count}): judge them, or press Enter again to reject them.")
            self.problem.say(words.format(count=local(len(left))))
            return
        done = (not left or self.reviewer.judge(left, accepts=False)) and self._try(
            given(self.session).complete, shape, crs
        )
        if done and cell is not None:
            self.step(1)
        self._canvas.setFocus()

    def _refuse(self, place: QgsRectangle) -> None:
        if not self.reviewer.judge_at(place, accepts=False):
            given(self.session).layer.removeSelection()
            self.reviewer.let_go()

    def _show_suggestions(self) -> None:
        self.walk.offer_suggestions(self.reviewer.suggestions is not None)

    def _walk_suggestions(self) -> None:
        """There are others; who walks nothing yet will want to walk them."""
        if self.walk.walks(GRID) and not self.walker.begun:
            self.walk.choose(SUGGESTIONS)
        elif self.walk.walks(SUGGESTIONS):
            self._forget_cells()

    def _go_on(self) -> None:
        """Who walks suggestions goes on when one is reviewed."""
        at = self.walker.suggestion()
        if at is not None and not given(self.reviewer.suggestions).is_open(at):
            self.step(1)

    def step(self, way: int) -> None:
        """Go to the next cell or suggestion, or to the one before."""
        if self.session is not None:
            self._try(self.walker.step, self.session, way)
            if (at := self.walker.suggestion()) is not None:
                self.session.layer.removeSelection()
                given(self.reviewer.suggestions).layer.selectByIds([at])
            self._canvas.setFocus()

    def _forget_cells(self) -> None:
        self.walker.forget()
        self._show_what()

    def _keep_size(self, metres: float) -> None:
        if self.session is not None and metres != self.session.link.box_size:
            self.session.set_link(replace(self.session.link, box_size=metres))

    def _set_up(self) -> None:
        active = self._iface.activeLayer()
        raster = active if isinstance(active, QgsRasterLayer) else self.session.raster if self.session else None
        ask(self._project, raster, self, self._canvas).chosen.connect(self.take)

    def _edit_classes(self) -> None:
        def apply(wanted: list[Any]) -> None:
            given(self.session).set_classes(wanted)
            self._show()

        dialog = ClassDialog(list(given(self.session).link.classes), apply, self)
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    # keys

    def event(self, event: QEvent) -> bool:
        """Keys of the dock go before shortcuts of QGIS's window."""
        if event.type() == QEvent.Type.ShortcutOverride and not self.keys.typing() and self.keys.take(event):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no field of the dock wants."""
        button = self.keys.on_button()
        if button is not None and event.key() in ENTER:
            button.click()
        elif self.keys.typing() or not self.keys.take(event):
            super().keyPressEvent(event)
