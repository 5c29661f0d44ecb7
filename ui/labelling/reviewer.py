"""Suggestions while labelling: asked for, shown, selected, accepted, rejected."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from qgis.core import QgsCsException, QgsGeometry, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...jobs.errors import STOPPED, GeoDistilError
from ...jobs.given import given
from ...jobs.labelling.desk import Desk, Filling, Offer, offered
from ...jobs.labelling.predicting import Asking, Question, common_extent, imagery_of_question
from ...jobs.labelling.session import LabelSession
from ...jobs.labelling.suggestions import Suggestions
from ...jobs.reference_systems import transform_between
from ...jobs.translation import local, tr
from .suggest_box import ACCEPT, ACCEPT_VIEW, CLEAR, EDIT, RASTER, REJECT, VIEW, SuggestBox
from .tools import seen

Attempt = Callable[..., bool]


class DockCalls(NamedTuple):
    """What the dock does for its parts.

    Attributes:
        attempt: does something and says what is wrong; whether it went well.
        chosen: the class that is chosen now, and whether new areas keep off old ones.
    """

    attempt: Attempt
    chosen: Callable[[], tuple[str, bool]]


class Reviewer(QObject):
    """See the module.

    Args:
        iface: QGIS's interface.
        project: where the layers are.
        box: the dock's part.
        calls: what the dock does for it.
        parent: the dock.
    """

    changed = pyqtSignal()
    """What there is to review, or what is selected of it."""
    reviewed = pyqtSignal()
    """A person has accepted or rejected something."""
    filled = pyqtSignal()
    """There are others."""

    def __init__(self, iface: Any, project: QgsProject, box: SuggestBox, calls: DockCalls, parent: QObject) -> None:
        super().__init__(parent)
        self._iface, self._canvas, self._project = iface, iface.mapCanvas(), project
        self._box, self._calls = box, calls
        self.session: LabelSession | None = None
        self._desks: dict[str, Desk] = {}
        self._asking: Asking | None = None
        self._filling: Filling | None = None
        box.asked.connect(self.do)
        box.layer_asked.connect(self._take_layer)
        box.score_changed.connect(self._filter)
        box.cancelled.connect(self._give_up)
        box.menu.aboutToShow.connect(self._fill_menu)

    @property
    def suggestions(self) -> Suggestions | None:
        """Those for the layer at work; none where there were none yet."""
        desk = self._desks.get(self.session.layer.id()) if self.session is not None else None
        return desk.suggestions if desk is not None else None

    def take(self, session: LabelSession | None) -> None:
        """Review for another layer."""
        self.cancel()
        self.session = session
        self._box.problem.say("")
        if session is not None and session.layer.id() not in self._desks:
            self._desk().restore()
        self.show()

    def lose(self, ids: list[str]) -> None:
        """Layers go out of the project, perhaps ours."""
        for key, desk in list(self._desks.items()):
            if key in ids:
                self._desks.pop(key).close()
                desk.clear(forget=False)
                desk.deleteLater()
            else:
                desk.lose(ids)

    def close(self) -> None:
        """Listen no longer."""
        self.cancel()
        for desk in self._desks.values():
            desk.close()

    def cancel(self) -> None:
        """Ask no more."""
        if self._filling is not None:
            self._filling.stop()
            self._filling = None
        if self._asking is not None:
            for signal in (self._asking.progressed, self._asking.done, self._asking.failed):
                signal.disconnect()  # its end would be taken for that of the next
            self._asking.cancel()
            self._asking = None
        self._box.progress.hide()

    def show(self) -> None:
        """Show how many there are."""
        found = self.suggestions
        left, selected = (len(found.open_ids()), len(found.selected())) if found is not None else (0, 0)
        desk = self._desks.get(self.session.layer.id()) if self.session is not None else None
        busy = self._asking is not None or self._filling is not None or (desk is not None and desk.busy)
        self._box.show_counts(left, selected, busy)
        self.changed.emit()

    # asking

    def do(self, name: str) -> None:
        """A command of the box, by its name."""
        if self.session is None:
            return
        if name in (VIEW, RASTER):
            self._calls.attempt(self._ask, name == VIEW)
        elif name == CLEAR:
            self._desk().clear()
        elif name == EDIT:
            self._calls.attempt(self._edit)
        else:
            ids = self._in_view() if name == ACCEPT_VIEW else self.selected()
            self.judge(ids, name != REJECT)
        if name in (ACCEPT, REJECT, ACCEPT_VIEW):
            self._canvas.setFocus()

    def _ask(self, view: bool) -> None:
        self.cancel()
        self._box.problem.say("")
        model = self._box.model.path()
        if not model:
            raise GeoDistilError("package", tr("Choose the model that suggests labels."))
        raster = given(self.session).raster
        (path, service), extent = imagery_of_question(raster, whole=not view), None
        if view:
            settings = self._canvas.mapSettings()
            extent = common_extent(settings.visibleExtent(), raster, self._project, settings.destinationCrs())
        role, score = given(self.session).link.role, self._box.score.value() / 100
        question = Question(model, path, role, score, extent, given(raster).crs(), service)
        self._asking = Asking(question)
        asked = (
            None if extent is None else self._on_labels(QgsGeometry.fromRect(extent), given(raster).crs()).boundingBox()
        )
        self._asking.progressed.connect(self._box.progress.tell)
        self._asking.done.connect(lambda layer: self._fill(layer, asked))
        self._asking.failed.connect(self._fail)
        self._box.progress.tell(0, tr("The engine starts…"))
        self._asking.start()
        self.show()

    def _take_layer(self, key: str) -> None:
        layer = self._project.mapLayer(key)
        if self.session is not None and layer is not None:
            self.cancel()
            self._box.problem.say("")
            self._fill(layer, None)

    def _fill(self, layer: Any, extent: QgsRectangle | None) -> None:
        """Suggest what a layer holds, instead of what was suggested there before."""
        self._asking = None
        try:
            desk = self._desk()
            offer = Offer(layer, self._calls.chosen()[0], extent)
            self._filling = Filling(offer, given(self.session), desk, self._project, self)
            found = desk.open()
            found.drop(found.open_ids() if extent is None else found.centred_in(QgsGeometry.fromRect(extent)))
        except GeoDistilError as error:
            self._fail(error)
            return
        found.set_threshold(self._box.score.value() / 100)
        self._filling.done.connect(self._filled)
        self._filling.failed.connect(self._fail)
        self._box.progress.tell(0, tr("Comparing with the labels…"))
        self._filling.start()
        self.show()

    def _filled(self, taken: int, left_out: int) -> None:
        self.cancel()
        self.show()
        words = tr("{count} suggestions").format(count=local(taken))
        if left_out:
            words += tr("; {count} left out, which are labelled or known already").format(count=local(left_out))
        self._box.words.say(words)
        self.filled.emit()

    def _restored(self, desk: Desk, count: int) -> None:
        """Suggestions that were left when QGIS ended are there again."""
        desk.open().set_threshold(self._box.score.value() / 100)
        if self.suggestions is desk.suggestions:
            self.show()
            self._box.words.say(tr("{count} suggestions from before").format(count=local(count)))
            self.filled.emit()

    def _give_up(self) -> None:
        self.cancel()
        self.show()

    def _fail(self, error: GeoDistilError) -> None:
        self._give_up()
        if error.code != STOPPED:
            self._box.problem.say(str(error))

    def _filter(self, score: float) -> None:
        if self.suggestions is not None:
            self.suggestions.set_threshold(score)

    def _fill_menu(self) -> None:
        layers = [(each.name(), each.id()) for each in offered(self._project) if not self._is_at_work(each)]
        self._box.fill_menu(layers, self.suggestions is not None)

    def _is_at_work(self, layer: Any) -> bool:
        return self.session is not None and self.session.layer is layer

    # selecting

    def selected(self) -> list[int]:
        """Suggestions that are selected and to be reviewed."""
        return self.suggestions.selected() if self.suggestions is not None else []

    def choose(self, place: QgsRectangle, adds: bool, every: bool = False) -> list[int]:
        """Select the smallest suggestion at a place of the label layer's CRS, or `every` one; returns those there."""
        found = self._at(place)
        found = found if every else found[:1]
        if self.suggestions is not None:
            layer = self.suggestions.layer
            layer.selectByIds([*found, *(layer.selectedFeatureIds() if adds else [])])
        return found

    def let_go(self) -> None:
        """Select nothing."""
        if self.suggestions is not None:
            self.suggestions.layer.removeSelection()

    def judge_at(self, place: QgsRectangle, accepts: bool) -> bool:
        """Accept or reject the suggestion at a place; false where there is none."""
        found = self._at(place)[:1]
        if found:
            self.judge(found, accepts)
        return bool(found)

    def _at(self, place: QgsRectangle) -> list[int]:
        found = self.suggestions
        if found is None:
            return []
        shape = self._moved(QgsGeometry.fromRect(place), given(self.session).layer.crs(), found.layer.crs())
        return [] if shape is None else found.touching(shape.boundingBox())

    def unreviewed(self, shape: QgsGeometry, crs: Any) -> list[int]:
        """Suggestions in a shape that nobody has reviewed."""
        found = self.suggestions
        moved = self._moved(shape, crs, found.layer.crs()) if found is not None else None
        return [] if moved is None else given(found).centred_in(moved)

    def _in_view(self) -> list[int]:
        return self.unreviewed(*seen(self._canvas))

    # judging

    def judge(self, ids: list[int], accepts: bool) -> bool:
        """Accept or reject suggestions; whether that went well."""
        if not ids:
            return False
        reviewing = self._desk().reviewing(given(self.session).editor)
        if accepts:
            done = self._calls.attempt(reviewing.accept, ids, self._calls.chosen()[1])
        else:
            done = self._calls.attempt(reviewing.reject, ids)
        if self._iface.activeLayer() is given(self.suggestions).layer:
            self._iface.setActiveLayer(given(self.session).layer)
        if done:
            self.reviewed.emit()
        return done

    def change_class(self, name: str) -> bool:
        """Give the selected suggestions another class; false where none is selected."""
        ids = self.selected()
        if ids:
            self._calls.attempt(self._desk().reviewing(given(self.session).editor).change_class, ids, name)
        return bool(ids)

    def _edit(self) -> None:
        """Put QGIS's vertex tool to work on the selected suggestion."""
        layer = given(self.suggestions).layer
        if not layer.isEditable():
            layer.startEditing()
        self._iface.setActiveLayer(layer)
        tool = getattr(self._iface, "actionVertexToolActiveLayer", None)
        if tool is not None:
            tool().trigger()
        self._canvas.setFocus()

    # the desk

    def _desk(self) -> Desk:
        layer = given(self.session).layer
        if layer.id() not in self._desks:
            desk = self._desks[layer.id()] = Desk(layer, self._project, self)
            desk.changed.connect(self.show)
            desk.failed.connect(self._box.problem.say)
            desk.restored.connect(lambda count, desk=desk: self._restored(desk, count))
        return self._desks[layer.id()]

    def show_classes(self) -> None:
        """The classes have other names or colours."""
        if self.suggestions is not None:
            self.suggestions.set_link(given(self.session).link)

    def _on_labels(self, shape: QgsGeometry, crs: Any) -> QgsGeometry:
        moved = self._moved(shape, crs, given(self.session).layer.crs())
        return shape if moved is None else moved

    def _moved(self, shape: QgsGeometry, source: Any, target: Any) -> QgsGeometry | None:
        """A shape in another CRS; none where that is not defined."""
        if source == target or not source.isValid():
            return shape
        copy = shape.densifyByCount(8)
        try:
            copy.transform(transform_between(source, target, self._project))
        except QgsCsException:
            return None
        return copy
