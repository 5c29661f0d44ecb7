"""Learn from these labels: a run that goes on from a model, made and started as the wizard does it, and followed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Callable

from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QDateTime, QObject, QTimer, pyqtSignal

from ..background import Background, start
from ..checking import EngineCheck
from ..errors import STOPPED, GeoDistilError, as_error
from ..folders import open_folder, remove_later
from ..given import given
from ..package_registry import register
from ..packages import is_foreign
from ..reference_systems import ground_size, view_on
from ..runs.files import remember
from ..runs.state import RunState, Status
from ..runs.tracker import Watcher
from ..runs.waiting import ask_to_stop, launch
from ..runs.words import message, stage_text, title
from ..sources.draft import AREA_LAYER, ClassDraft, Draft, RecipeDraft, SourceDraft, TrainingDraft
from ..sources.place import folder_name, runs_folder
from ..sources.preparation import Preparation, placing
from ..sources.teaching import read_package, start_refused
from ..tiles.plan import Order, order_for, refuse_many
from ..tiles.service import is_service
from ..translation import tr
from .layers import layer_values
from .link import Round, forget_round, note_round, raster_of, read_link, read_rounds, scores, suggested_sources
from .session import LabelSession

MARGIN = 128
"""Pixels around what is labelled, which half a chip of the usual size sees."""

LOOKED_AT = 200
"""Labels by whose size pixels are chosen."""

ACROSS = 32
"""Pixels of a label of middling size, where no model says how fine imagery is to be."""


def put_part(sources: list[SourceDraft], raster: QgsRasterLayer, gsd: float, project: QgsProject) -> None:
    """Have all sources of a service's layer fetch the same part: what is labelled, with a margin.

    Args:
        sources: with labels, whose extents and pixel sizes are set.
        raster: the service's layer.
        gsd: metres of a pixel that the model is used to; 0 chooses by the size of the labels.
        project: where the layers are.

    Raises:
        GeoDistilError: the service has nothing there, or it is too much to be fetched without being asked about.
    """
    pixel = gsd or _pixel(sources, project)
    inner = QgsRectangle()
    for each in sources:
        area = project.mapLayer(each.area_layer if each.area == AREA_LAYER else each.labels)
        area.updateExtents()  # what was drawn just now may not be in it
        inner.combineExtentWith(view_on(area.extent(), area.crs(), raster, project))
    metres = ground_size(raster.crs(), inner.center(), 1, 1) or 1.0
    inner.grow(max(each.box_size for each in sources) / 2 / metres)  # points stand for the boxes around them
    order = _order(raster, inner, pixel, project)
    order = _order(raster, inner.buffered(MARGIN * order.estimate.resolution), pixel, project)
    refuse_many(order, tr("Label less ground, or fetch the part that you label first, with Fetch imagery."))
    part = order.extent
    for each in sources:
        each.extent = part.xMinimum(), part.yMinimum(), part.xMaximum(), part.yMaximum()
        each.pixel_size = pixel


def _order(raster: QgsRasterLayer, extent: QgsRectangle, pixel: float, project: QgsProject) -> Order:
    return order_for(raster, extent, raster.crs(), pixel, project)


def _pixel(sources: list[SourceDraft], project: QgsProject) -> float:
    """Metres of a pixel with which labels of middling size are easily seen; 0, the finest, where they have none."""
    sizes = [
        size
        for each in sources
        for size in ([each.box_size] if each.box_size else _sizes(project.mapLayer(each.labels)))
    ]
    return round(median(sizes) / ACROSS, 3) if sizes else 0.0


def _sizes(layer: QgsVectorLayer) -> Iterator[float]:
    """Sides in metres of squares as large as the boxes of some labels."""
    for feature in islice(layer.getFeatures(), LOOKED_AT):
        box = feature.geometry().boundingBox()
        if box.width() and box.height():
            yield ground_size(layer.crs(), box.center(), box.width(), box.height()) or 0.0


LOOK_MILLISECONDS = 500
ENDED = (Status.FAILED, Status.STOPPED, Status.KILLED)


def learning_draft(
    layer: QgsVectorLayer, project: QgsProject, model: str, card: dict[str, Any], minutes: float
) -> Draft:
    """What is learned: the labels of a layer, and of the label layer of the raster for the other task, if it fits.

    The recipe follows from the roles, as in the wizard; the model decides bands, resolution and network.

    Args:
        layer: a label layer, with a link.
        project: where the layers are.
        model: the package that it goes on from; empty begins anew.
        card: the package's card; empty likewise.
        minutes: the budget.

    Raises:
        GeoDistilError: there is no raster, there are no labels, the model does another task, or of a web service it is
            too much ground.
    """
    link = given(read_link(layer))
    raster = raster_of(link, project)
    if raster is None:
        raise GeoDistilError(
            "raster",
            tr("The raster of this label layer is not in the project."),
            tr("Add it first."),
        )
    found = {each.role: each for each in suggested_sources(raster.id(), project) if each.labels}
    own = [each for each in suggested_sources(raster.id(), project) if each.labels == layer.id()]
    if not own:
        raise GeoDistilError("labels", tr("The layer {layer} has no labels yet.").format(layer=layer.name()))
    found[link.role] = own[0]
    sources = [each for role, each in sorted(found.items()) if not card or role in card["tasks"]]
    if card and (sentence := start_refused(card, [each.role for each in sources] or [link.role])):
        raise GeoDistilError("package", sentence, tr("Choose another model, or begin anew."))
    if is_service(raster):
        put_part(sources, raster, card.get("gsd", 0.0), project)
    draft = Draft(sources=sources, parent=str(runs_folder()))
    for source in sources:
        draft.classes[source.role] = _classes(source, project)
    now = QDateTime.currentDateTime().toString("yyyy-MM-dd HH.mm.ss")
    draft.name = folder_name(f"{raster.name()} {now}")
    draft.recipe = RecipeDraft(start_from=model if card else "", start_card=card)
    draft.training = TrainingDraft(budget=minutes)
    return draft


class Learning(QObject):
    """One round after the other; the training itself goes on when QGIS ends, and is found again.

    Args:
        project: where the layers are.
        parent: who owns this.
    """

    told = pyqtSignal(float, str)
    """Percent, and what is being done."""
    done = pyqtSignal(object)
    """A `Round` is over, and its model is there."""
    failed = pyqtSignal(object)
    """With a `GeoDistilError`; of a cancel and a stop, too."""

    def __init__(self, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._layer: QgsVectorLayer | None = None
        self._labels = 0
        self._folder: Path | None = None
        self._work: Preparation | EngineCheck | Background | None = None
        self._watcher: Watcher | None = None
        self._state: RunState | None = None
        self._token: object | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MILLISECONDS)
        self._timer.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        """Whether a round is on its way or at work."""
        return self._layer is not None

    def start(self, session: LabelSession, model: str, minutes: float) -> None:
        """Save the labels and begin a round.

        Args:
            session: the label layer's.
            model: the package that it goes on from; empty begins anew.
            minutes: the budget.

        Raises:
            GeoDistilError: the labels cannot be saved, or the model has no weights to go on from.
        """
        if model and is_foreign(Path(model)):
            raise GeoDistilError(
                "package",
                tr("The model {name} is an ONNX file, which cannot learn.").format(name=Path(model).name),
                tr("Begin anew: take the tick away below the button."),
            )
        session.editor.save()
        self._layer, self._labels = session.layer, int(session.layer.featureCount())
        self.told.emit(0, tr("Looking at the labels…"))
        self._token = object()
        self._work = Background(
            tr("Read the model"),
            lambda _: read_package(model) if model else {},
            self._if_now(lambda card: self._prepare(model, card, minutes)),
            self._if_now(self._fail),
        )
        start(self._work)

    def resume(self, layer: QgsVectorLayer) -> None:
        """Follow a round of this layer again that was at work when QGIS ended, or another layer was chosen."""
        left = [each for each in read_rounds(layer) if not each.done]
        if left and not self.busy:
            self._layer, self._labels = layer, left[-1].labels
            self._follow(Path(left[-1].run))

    def cancel(self) -> None:
        """Give up what is prepared, or ask the training for an orderly end; `failed` follows."""
        if self._state is not None:
            try:
                ask_to_stop(self._state)
            except GeoDistilError as error:
                self._fail(error)
        elif self._work is not None:
            work = self._work
            self._fail(GeoDistilError(STOPPED, tr("Learning was cancelled.")))
            work.cancel()

    def close(self) -> None:
        """Follow nothing any more; a training goes on."""
        work = self._work
        self._leave()
        if work is not None:
            work.cancel()

    # on the way

    def _prepare(self, model: str, card: dict[str, Any], minutes: float) -> None:
        if not self._is_there():
            return
        try:
            self._draft = learning_draft(self._layer, self._project, model, card, minutes)
            self._folder = open_folder("run")
            self._work = preparation = Preparation(self._draft, self._folder, self._project)
        except Exception as error:  # a slot that raises would leave the dock busy for ever
            self._fail(as_error(error, tr("Learning")))
            return
        preparation.step.connect(lambda text: self.told.emit(0, text))
        preparation.done.connect(self._check)
        preparation.failed.connect(self._fail)
        preparation.start()

    def _check(self) -> None:
        self.told.emit(0, tr("The engine checks the run…"))
        try:
            self._work = check = EngineCheck(given(self._folder))
        except GeoDistilError as error:
            self._fail(error)
            return
        check.passed.connect(lambda _: self._place())
        check.failed.connect(self._fail)
        check.start()

    def _place(self) -> None:
        try:
            work = placing(self._draft, given(self._folder), self._project)
        except Exception as error:
            self._fail(as_error(error, tr("Learning")))
            return
        launch_now = self._if_now(self._launch)

        def placed(run: Path) -> None:
            remember(run)  # also where it was too late to cancel
            launch_now(run)

        self._work = Background(tr("Write the run folder"), work, placed, self._if_now(self._fail))
        start(self._work)

    def _launch(self, run: Path) -> None:
        self._folder = None  # it is the run now
        if not self._is_there():
            return
        try:
            launch(run)
        except (GeoDistilError, OSError) as error:
            self._fail(as_error(error, tr("Learning")))
            return
        note_round(self._layer, Round(str(run), time.time(), self._labels))
        self._follow(run)

    # at work

    def _follow(self, run: Path) -> None:
        self._work, self._state = None, None
        self._watcher = Watcher()
        self._watcher.watch([], [run])
        self._watcher.start()
        self._run = run
        self._timer.start()
        self.told.emit(0, tr("The engine starts…"))

    def _look(self) -> None:
        if not self._is_there():
            return
        changes = given(self._watcher).changes()
        state = None
        while changes:
            state = changes.popleft()
        if isinstance(state, RunState):
            self._state = state
            if state.status is Status.FINISHED:
                self._finish(state)
            elif state.status in ENDED:
                self._end(state)
        elif state is not None or self._run in given(self._watcher).deleted:
            self._end(None)
        if self._state is not None and self._state.busy:
            text = " · ".join(filter(None, (title(self._state, 0, time.time()), stage_text(self._state))))
            self.told.emit(100 * self._state.fraction, text)

    def _finish(self, state: RunState) -> None:
        known = next((each for each in read_rounds(self._layer) if each.run == str(self._run)), None)
        before, after = scores(state)
        began = known.time if known is not None else time.time()
        one = Round(str(self._run), began, self._labels, before, after, done=True)
        try:
            register(str(one.model))
        except GeoDistilError as error:
            self._fail(error)
            return
        note_round(self._layer, one)
        self._leave()
        self.done.emit(one)

    def _end(self, state: RunState | None) -> None:
        """The run has ended without a model; it stays in the runs dock."""
        forget_round(self._layer, str(self._run))
        if state is None:
            self._fail(GeoDistilError("output", tr("The run folder {run} is gone.").format(run=self._run)))
        else:
            code = STOPPED if state.status is Status.STOPPED else "training"
            self._fail(GeoDistilError(code, f"{state.status.value}: {message(state)}"))

    def _fail(self, error: GeoDistilError) -> None:
        if self.busy:
            self._leave()
            self.failed.emit(error)

    def _leave(self) -> None:
        self._timer.stop()
        if self._watcher is not None:
            self._watcher.stop()
        if self._folder is not None:
            remove_later(self._folder)
        self._layer = self._folder = self._work = self._watcher = self._state = self._token = None

    def _if_now(self, callback: Callable[[Any], None]) -> Callable[[Any], None]:
        """A callback of this round's work, which means nothing when the round was given up."""
        token = self._token
        return lambda result: callback(result) if self._token is token else None

    def _is_there(self) -> bool:
        """Whether the layer is; whoever took it away, or the project, does not want to hear of the round."""
        if self._layer is None or sip.isdeleted(self) or sip.isdeleted(self._layer):
            self._leave()
            return False
        return True


def _classes(source: SourceDraft, project: QgsProject) -> list[ClassDraft]:
    """The classes that have labels, in the order of their keys."""
    layer = project.mapLayer(source.labels)
    values = set(layer_values(layer, source.field))
    return [
        ClassDraft(each.name, each.color, [each.name])
        for each in given(read_link(layer)).classes
        if each.name in values
    ]
