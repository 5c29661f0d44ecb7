"""Areas by click: a click-to-segment model of the person's own, in an engine process that stays warm."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsSettings,
)
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..environment import engine_python
from ..errors import GeoDistilError
from ..gdal_files import permission
from ..given import given
from ..reading import geometry_of
from ..reference_systems import extent_arguments, sides, transform_between, view_on
from ..tiles.fetching import KeptFetch
from ..tiles.plan import Order, order_for
from ..tiles.service import is_service
from ..translation import tr
from ..view.warm_engine import CLICK, WarmEngine
from .predicting import raster_of_question

ENCODER, DECODER = "geodistil/clickEncoder", "geodistil/clickDecoder"
"""Settings: the files of the model."""

INNER = 0.1
"""Of a view's sides: margin in which an object may be cut off, so that it is looked at anew once a person moved on."""
SAME_SCALE = 0.05
"""Change of a view's width up to which it is only moved."""

SIDE = 1024
"""Pixels of the longer side of what these models look at: a web service is asked for no more of a view."""


@dataclass(frozen=True)
class Prompt:
    """What a person means.

    Args:
        inside: clicks on it.
        outside: clicks on what is not it.
        box: around it; none where there is none.
    """

    inside: tuple[QgsPointXY, ...] = ()
    outside: tuple[QgsPointXY, ...] = ()
    box: QgsRectangle | None = None

    @property
    def means_something(self) -> bool:
        """Whether it can be asked; what is outside alone says nothing."""
        return bool(self.inside) or self.box is not None


@dataclass(frozen=True)
class Question:
    """A prompt on a raster.

    Args:
        prompt: in `crs`.
        crs: the label layer's.
        raster: what is labelled; none where it is not in the project.
        view: what the map shows, in `view_crs`.
        view_crs: the map's.
    """

    prompt: Prompt
    crs: QgsCoordinateReferenceSystem
    raster: QgsRasterLayer | None
    view: QgsRectangle
    view_crs: QgsCoordinateReferenceSystem


def click_files() -> tuple[str, str]:
    """The model's encoder and decoder; empty where none was chosen."""
    settings = QgsSettings()
    return settings.value(ENCODER, "", str), settings.value(DECODER, "", str)


def set_click_files(encoder: str, decoder: str) -> None:
    """Choose the model."""
    QgsSettings().setValue(ENCODER, encoder)
    QgsSettings().setValue(DECODER, decoder)


def click_model_name() -> str:
    """How the model is called: what the names of its files begin with, or their folder's name."""
    encoder, decoder = (Path(each) for each in click_files())
    same = takewhile(lambda pair: pair[0] == pair[1], zip(encoder.stem, decoder.stem))
    begins = "".join(letter for letter, _ in same).strip(" ._-")
    return begins if len(begins) > 2 else decoder.parent.name or decoder.stem


def click_problem() -> str:
    """Why nothing can be found by a click; empty where something can."""
    if not all(click_files()):
        return tr("Click to segment needs a model of your own: choose its two files with Model….")
    try:
        engine_python()
    except GeoDistilError as error:
        return str(error)
    return ""


class Placed(NamedTuple):
    """A question in the raster's CRS.

    Args:
        imagery: the raster's file; of a web service what is fetched of it.
        view: what the model looks at.
        prompts: the engine's options.
    """

    imagery: str | Order
    view: QgsRectangle
    prompts: list[str]

    def arguments(self, path: str) -> list[str]:
        """For the engine, of imagery in a file."""
        return [*click_files(), path, *extent_arguments(self.view), *permission([path]), *self.prompts]


class Clicking(QObject):
    """Asks the engine, one prompt at a time: of those that come meanwhile only the last one is answered.

    Args:
        project: knows how coordinates are transformed.
        parent: who owns this.
    """

    answered = pyqtSignal(QgsGeometry)
    """The area that is meant, in the label layer's CRS; empty where the model finds none."""
    failed = pyqtSignal(object)
    """With a `GeoDistilError`."""
    told = pyqtSignal(float, str)
    """Percent of a view that is fetched of a web service, and in words."""

    def __init__(self, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._fetch = KeptFetch(self)
        self._fetch.came.connect(self._come)
        self._fetch.failed.connect(self._fail)
        self._fetch.told.connect(self.told)
        self._placed_now: Placed | None = None
        self.engine = WarmEngine(self, requests=CLICK)
        self.engine.finished.connect(self._finish)
        self.engine.failed.connect(self._fail)
        self._asked: Question | None = None
        self._next: Question | None = None
        self._looked: tuple[str, QgsRectangle] = ("", QgsRectangle())

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._asked is not None

    def ask(self, question: Question) -> None:
        """Ask; what runs is not interrupted, for what the model sees of the view serves the next prompt, too.

        Raises:
            GeoDistilError: the raster is neither a file nor a web service, the prompt is not on it, or there is no
                engine.
        """
        placed = self._placed(question)
        if self._asked is not None:
            self._next = question
            return
        if isinstance(placed.imagery, Order):
            self._placed_now = placed
            self._fetch.start(placed.imagery)
        else:
            self.engine.ask(placed.arguments(placed.imagery))
        self._asked = question

    def cancel(self) -> None:
        """Want no answer any more."""
        if self._asked is not None:
            self.engine.cancel()
        self._leave()

    def close(self) -> None:
        """End the engine."""
        self._leave()
        self.engine.close()

    def _leave(self) -> None:
        self._fetch.cancel()
        self._asked = self._next = None

    def _come(self, path: str) -> None:
        try:
            self.engine.ask(given(self._placed_now).arguments(path))
        except GeoDistilError as error:
            self._fail(error)

    def _placed(self, question: Question) -> Placed:
        raster, prompt = question.raster, question.prompt
        path = "" if is_service(raster) else raster_of_question(raster)
        try:
            to_raster = transform_between(question.crs, given(raster).crs(), self._project)
            points = [("--point", each) for each in prompt.inside] + [("--not-point", each) for each in prompt.outside]
            placed = [(option, to_raster.transform(each)) for option, each in points]
            box = None if prompt.box is None else to_raster.transformBoundingBox(prompt.box)
        except QgsCsException as error:
            raise _elsewhere(raster) from error
        seen = self._view(question, [each for _, each in placed], box)
        prompts = []
        for option, each in placed:
            prompts += [option, f"{each.x():.9f}", f"{each.y():.9f}"]
        if box is not None:
            prompts += ["--box", *extent_arguments(box)[1:]]
        if path:
            bands = drawn_bands(raster)
            return Placed(path, seen, prompts + (["--bands", *map(str, bands)] if bands else []))
        longer = max(sides(seen, given(raster), self._project))
        return Placed(order_for(given(raster), seen, given(raster).crs(), longer / SIDE, self._project), seen, prompts)

    def _view(self, question: Question, places: list[QgsPointXY], box: QgsRectangle | None) -> QgsRectangle:
        """What the model is to look at, in the raster's CRS: what it has seen already, where that will do."""
        raster = question.raster
        view = view_on(question.view, question.view_crs, raster, self._project)
        for each in places:
            view.combineExtentWith(each.x(), each.y())
        if box is not None:
            view.combineExtentWith(box)
        if view.isEmpty() or not view.isFinite() or not view.intersects(given(raster).extent()):
            raise _elsewhere(raster)
        name, looked = self._looked
        if name == given(raster).id() and abs(view.width() - looked.width()) <= SAME_SCALE * looked.width():
            inner = looked.buffered(-INNER * min(looked.width(), looked.height()))
            if all(inner.contains(each) for each in places) and (box is None or inner.contains(box)):
                return looked
        self._looked = given(raster).id(), view
        return view

    def _finish(self, folder: Path, outputs: dict[str, Any]) -> None:
        question, self._asked = self._asked, None
        try:
            shape = _read(outputs.get("area"))
        finally:
            self.engine.drop(folder)
        if self._go_on() or question is None:
            return
        try:
            shape.transform(transform_between(given(question.raster).crs(), question.crs, self._project))
        except (QgsCsException, RuntimeError):  # the raster has been removed meanwhile
            shape = QgsGeometry()
        self.answered.emit(shape)

    def _fail(self, error: GeoDistilError) -> None:
        self._asked = None
        if not self._go_on():
            self.failed.emit(error)

    def _go_on(self) -> bool:
        """Ask what was meant meanwhile; whether there is something."""
        question, self._next = self._next, None
        if question is None:
            return False
        try:
            self.ask(question)
        except GeoDistilError as error:
            self.failed.emit(error)
        return True


def drawn_bands(raster: QgsRasterLayer) -> list[int]:
    """The bands that a person sees, three or one; empty where the layer's colours say nothing of them."""
    renderer = raster.renderer()
    bands = renderer.usesBands() if renderer is not None and renderer.type() != "paletted" else []
    return bands if len(bands) in (1, 3) else []


def _read(path: str | None) -> QgsGeometry:
    """The engine's area; empty where there is none."""
    if not path:
        return QgsGeometry()
    return geometry_of(json.loads(Path(path).read_text("utf-8"))["features"][0]["geometry"])


def _elsewhere(raster: QgsRasterLayer) -> GeoDistilError:
    return GeoDistilError(
        "raster", tr("This is not on the raster {raster}.").format(raster=raster.name()), tr("Click on it.")
    )
