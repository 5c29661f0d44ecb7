"""The map maker's loop, played inside QGIS by `loop.py`."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

import processing
from desktop.hands import Steps, choose, choose_entry, click, screenshot, window_of, write
from qgis.core import (
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox, QPushButton
from qgis.utils import iface

AGREES = 0.6
"""IoU with the buildings below it from which a suggestion is accepted."""
KNOWN = 0.5
"""Share of a building that labels cover when it need not be drawn any more."""
LEAST_PIXELS = 30
"""Area on the screen of what a person bothers with."""
LIMIT = 3600.0
BREATH = 0.05


def loop(values: dict[str, Any]) -> Steps:
    """The whole loop; see `Loop`."""
    return (yield from Loop(values).all())


class Loop:
    """One loop.

    Args:
        values: `raster`, `truth` (what the person sees), `buildings` to draw, `minutes` of a round, `cells` to review,
            and the folder of `pictures`.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._window, self._canvas, self._project = iface.mainWindow(), iface.mapCanvas(), QgsProject.instance()
        self._counts = {"drawn": 0, "accepted": 0, "rejected": 0}
        self._number = 0
        self._rounds: list[dict[str, Any]] = []

    def all(self) -> Steps:
        """Everything, in order.

        Returns:
            The rounds, with labels, seconds and model of each; and what became of the suggestions.
        """
        self._window.setGeometry(0, 0, 1280, 800)
        yield from self.begin()
        yield from self.draw()
        yield from self.learn("learned")
        yield from self.ask_where()
        yield from self.review()
        yield from self.learn("again")
        yield from self.show_elsewhere()
        return {"rounds": self._rounds, **self._counts}

    def begin(self) -> Steps:
        """Load the raster, open the dock, make a layer of areas."""
        self._raster: QgsRasterLayer = iface.addRasterLayer(self._values["raster"], "banepa")
        truth = QgsVectorLayer(self._values["truth"], "truth", "ogr")
        there = QgsCoordinateTransform(truth.crs(), self._raster.crs(), self._project)
        self._truth = []
        for each in truth.getFeatures(QgsFeatureRequest()):
            shape = each.geometry()
            shape.transform(there)
            self._truth.append(shape)
        yield 1.0
        yield from choose_entry(self._window.menuBar(), "Plugins", "GeoDistil", "Label…")
        yield lambda: self._window.findChild(QgsDockWidget, "GeoDistilLabel")
        self._dock = self._window.findChild(QgsDockWidget, "GeoDistilLabel")
        yield from click(self._dock.new_button)
        yield lambda: window_of("SetupDialog")
        setup = window_of("SetupDialog")
        yield from choose(setup.role, "Segmentation")
        setup.classes.table.item(0, 1).setText("building")
        yield 0.3
        yield from self.picture("setup")
        yield from click(setup.buttons.button(QDialogButtonBox.StandardButton.Ok))
        yield lambda: self._dock.session is not None
        yield 1.0

    def draw(self) -> Steps:
        """Areas, cell by cell of the raster's grid, until there are enough."""
        while self._counts["drawn"] < self._values["buildings"]:
            yield from self.next_cell()
            yield from self.draw_missing()
            if self._counts["drawn"] >= self._values["buildings"]:
                yield from self.picture("drawn")
            yield from self.key("Return")
            yield 0.5
            assert not self._dock.problem.text(), self._dock.problem.text()

    def learn(self, name: str) -> Steps:
        """A round."""
        box, before = self._dock.learn, len(self._rounds)
        if box.isCollapsed():
            box.setCollapsed(False)
        bar = self._dock.widget().verticalScrollBar()
        bar.setValue(bar.maximum())
        labels, begun = int(self._dock.session.layer.featureCount()), time.monotonic()
        yield from write(box.minutes, str(self._values["minutes"]))
        yield from click(box.button)
        yield (lambda: box.progress.bar.value() > 50), LIMIT
        yield from self.picture(f"{name}-meanwhile")
        yield box.button.isEnabled, LIMIT
        assert not box.problem.text(), box.problem.text()
        yield lambda: box.rounds.rowCount() == before + 1
        bar.setValue(bar.maximum())
        self._rounds.append({
            "labels": labels, "model": self._dock.suggest.model.path(), "seconds": time.monotonic() - begun,
            "minutes": self._values["minutes"], "said": box.words.text(), **self._counts,
        })  # fmt: skip
        yield from self.picture(name)

    def ask_where(self) -> Steps:
        """Where to label next, by the algorithm's own dialog."""
        session = self._dock.session
        parameters = {
            "MODEL": self._rounds[0]["model"], "RASTERS": [self._raster.id()], "LABELLED": session.link.area,
            "LABEL_NEXT": "TEMPORARY_OUTPUT",
        }  # fmt: skip
        review = processing.createAlgorithmDialog("geodistil:reviewpredictions", parameters)
        review.show()
        yield 1.0
        yield from self.picture("where")
        before = self._dock.walk.source.count()
        yield from click(next(each for each in review.findChildren(QPushButton) if each.text() == "Run"))
        yield (lambda: self._dock.walk.source.count() > before), LIMIT
        yield 1.0
        review.close()
        iface.setActiveLayer(session.layer)
        yield from choose(self._dock.walk.source, "banepa: label here next")

    def review(self) -> Steps:
        """Suggestions in cells that the tool names: accepted, or rejected and drawn."""
        for number in range(self._values["cells"]):
            yield from self.next_cell()
            yield from click(self._dock.suggest.suggest)
            yield from choose_entry(self._dock.suggest.menu, "In this view")
            yield (lambda: self._dock.suggest.suggest.isEnabled()), LIMIT
            assert not self._dock.suggest.problem.text(), self._dock.suggest.problem.text()
            yield 1.0
            if number == 0:
                yield from self.picture("suggested")
            yield from self.judge()
            yield from self.draw_missing()
            yield 0.5
            if number == 0:
                yield from self.picture("reviewed")
            yield from self.key("Return")
            yield 0.5
            if self._dock.problem.text():  # suggestions beyond the screen: they are rejected by a second Enter
                yield from self.key("Return")
                yield 0.5
            assert not self._dock.problem.text(), self._dock.problem.text()

    def judge(self) -> Steps:
        """Select each suggestion in view with a click, and accept or reject it by its key."""
        yield from self.key("S")
        found = self._dock.reviewer.suggestions
        for fid in list(found.open_ids()):
            shape = found.get(fid).shape
            here = shape.intersection(QgsGeometry.fromRect(self._seen()))
            if here.isEmpty() or self._pixels(here) < LEAST_PIXELS or fid not in found.open_ids():
                continue
            yield from self.click_map(here.pointOnSurface().asPoint())
            if fid not in self._dock.reviewer.selected():
                continue
            accepts = self._agreement(shape) >= AGREES
            yield from self.key("Y" if accepts else "X")
            self._counts["accepted" if accepts else "rejected"] += 1

    def show_elsewhere(self) -> Steps:
        """What the last model suggests on ground that nobody has looked at."""
        yield from choose(self._dock.walk.source, "Grid")
        extent = self._raster.extent()
        seen = QgsRectangle(extent)
        seen.scale(0.2)
        self._canvas.setExtent(seen)
        yield 1.0
        yield from click(self._dock.suggest.suggest)
        yield from choose_entry(self._dock.suggest.menu, "In this view")
        yield (lambda: self._dock.suggest.suggest.isEnabled()), LIMIT
        yield 1.0
        yield from self.picture("found")

    # what hands do

    def next_cell(self) -> Steps:
        """Go on."""
        self._canvas.setFocus()
        yield from self.key("N")
        yield lambda: not self._canvas.isDrawing()
        yield 0.5

    def draw_missing(self) -> Steps:
        """Draw each building in the cell that no label covers yet, corner by corner."""
        yield from self.key("A")
        cell = self._dock.walker.cell()
        assert cell is not None and cell.crs == self._raster.crs()
        rim = self._canvas.mapUnitsPerPixel() * 2
        seen = QgsGeometry.fromRect(self._seen().buffered(-rim))
        for building in self._truth:
            part = building.intersection(seen)
            if part.isEmpty() or self._pixels(part) < LEAST_PIXELS or not part.intersects(cell.shape):
                continue
            covered = part.intersection(self._labelled(part))
            if not covered.isEmpty() and covered.area() > KNOWN * part.area():
                continue
            yield from self.outline(part.simplify(self._canvas.mapUnitsPerPixel()))

    def outline(self, shape: QgsGeometry) -> Steps:
        """Click the corners of the largest part, end with the right button."""
        parts = shape.asGeometryCollection() if shape.isMultipart() else [shape]
        areas = [each for each in parts if each.type() == QgsWkbTypes.GeometryType.PolygonGeometry]
        if not areas:
            return
        before = self._dock.session.layer.featureCount()
        corners = max(areas, key=lambda each: each.area()).asPolygon()[0][:-1]
        for corner in corners:
            yield from self.click_map(corner)
        QTest.mouseClick(
            self._canvas.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, self._pixel(corners[0])
        )
        yield BREATH
        self._counts["drawn"] += int(self._dock.session.layer.featureCount() - before)

    def click_map(self, place: Any) -> Steps:
        """The left button, at a place in the raster's coordinates."""
        pixel, none = self._pixel(place), Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(self._canvas.viewport(), Qt.MouseButton.LeftButton, none, pixel)
        yield BREATH

    def key(self, name: str) -> Steps:
        """A key on the map."""
        QTest.keyClick(self._canvas, getattr(Qt.Key, f"Key_{name}"))
        yield 0.2

    def picture(self, name: str) -> Steps:
        """Save the screen."""
        gc.collect()
        yield lambda: not self._canvas.isDrawing()
        yield 0.6
        self._number += 1
        screenshot(Path(self._values["pictures"]) / f"{self._number:02}-{name}.png")

    # what eyes see

    def _seen(self) -> QgsRectangle:
        there = QgsCoordinateTransform(self._canvas.mapSettings().destinationCrs(), self._raster.crs(), self._project)
        return there.transformBoundingBox(self._canvas.extent())

    def _pixel(self, place: Any) -> QPoint:
        there = QgsCoordinateTransform(self._raster.crs(), self._canvas.mapSettings().destinationCrs(), self._project)
        found = self._canvas.getCoordinateTransform().transform(there.transform(place))
        return QPoint(round(found.x()), round(found.y()))

    def _pixels(self, shape: QgsGeometry) -> float:
        """Area on the screen; the map has the raster's coordinates."""
        return shape.area() / self._canvas.mapUnitsPerPixel() ** 2

    def _labelled(self, near: QgsGeometry) -> QgsGeometry:
        layer = self._dock.session.layer
        request = QgsFeatureRequest().setFilterRect(near.boundingBox())
        return QgsGeometry.unaryUnion([each.geometry() for each in layer.getFeatures(request)])

    def _agreement(self, shape: QgsGeometry) -> float:
        """IoU with the buildings that a shape touches for the most part."""
        touched = [each for each in self._truth if each.intersects(shape)]
        touched = [each for each in touched if each.intersection(shape).area() > KNOWN * each.area()]
        if not touched:
            return 0.0
        union = QgsGeometry.unaryUnion(touched)
        return union.intersection(shape).area() / union.combine(shape).area()
