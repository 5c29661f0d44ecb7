"""A raster to label, label layers for it, and a window with a map."""

from types import SimpleNamespace

import numpy as np
import pytest
from geodistil.jobs.labelling.layers import make_labels
from geodistil.jobs.labelling.link import LabelClass
from qgis.core import QgsRasterLayer

from ..waiting import let_qgis_work_until
from ..windows import MapWindow

CLASSES = [LabelClass("car", "#e6194b"), LabelClass("truck", "#4363d8")]
WEST, NORTH = 500000, 5000000
"""Upper left corner of the raster, which is 64 m wide and high, in pixels of half a metre."""


@pytest.fixture
def wait(qgis_app):
    """Lets QGIS work until a condition holds."""
    return lambda condition, seconds=15: let_qgis_work_until(condition, seconds)


@pytest.fixture
def north(project, make_raster, tmp_path):
    """The raster, in the project."""
    image = np.random.default_rng(0).integers(0, 255, (3, 128, 128)).astype("uint8")
    layer = QgsRasterLayer(str(make_raster(tmp_path / "north.tif", image)), "north")
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def make(north, project, tmp_path):
    """Makes a label layer of the raster."""

    def labels(role="detection", name="made.gpkg", classes=CLASSES):
        return make_labels(north, tmp_path / name, role, list(classes), project)

    return labels


@pytest.fixture
def read(qgis_app):
    """What a file has on disk, read by GDAL alone: [(class, origin, extent)] of its labels, and the complete m²."""
    from osgeo import ogr

    def file(path):
        dataset = ogr.Open(str(path))
        labels = [
            (each.GetField("class"), each.GetField("origin"), each.geometry().GetEnvelope())
            for each in dataset.GetLayerByName("labels")
        ]
        complete = sum(each.geometry().Area() for each in dataset.GetLayerByName("labelled_area"))
        return SimpleNamespace(labels=labels, complete=complete)

    return file


@pytest.fixture
def window(qgis_app, project):
    """What the dock uses of QGIS's interface, with a real window and a real map."""
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    window = MapWindow()
    window.resize(1000, 700)
    yield window
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


class Hands:
    """Clicks and keys on the map, at places in metres east and south of the raster's corner."""

    def __init__(self, dock, canvas):
        self.dock, self.canvas = dock, canvas

    @property
    def layer(self):
        return self.dock.session.layer

    def pixel(self, east, south):
        from qgis.PyQt.QtCore import QPoint

        place = self.canvas.getCoordinateTransform().transform(WEST + east, NORTH - south)
        return QPoint(round(place.x()), round(place.y()))

    def click(self, *places, button="LeftButton", modifier="NoModifier"):
        from qgis.PyQt.QtCore import Qt
        from qgis.PyQt.QtTest import QTest

        for place in places:
            viewport, pixel = self.canvas.viewport(), self.pixel(*place)
            keys = getattr(Qt.KeyboardModifier, modifier)
            QTest.mouseMove(viewport, pixel)
            QTest.mouseClick(viewport, getattr(Qt.MouseButton, button), keys, pixel)

    def drag(self, *places):
        from qgis.PyQt.QtCore import QEvent, QPointF, Qt
        from qgis.PyQt.QtGui import QMouseEvent
        from qgis.PyQt.QtTest import QTest
        from qgis.PyQt.QtWidgets import QApplication

        viewport, left, none = self.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mousePress(viewport, left, none, self.pixel(*places[0]))
        for place in places[1:]:
            pixel = QPointF(self.pixel(*place))
            moved = QMouseEvent(QEvent.Type.MouseMove, pixel, Qt.MouseButton.NoButton, left, none)
            QApplication.sendEvent(viewport, moved)
        QTest.mouseRelease(viewport, left, none, self.pixel(*places[-1]))

    def key(self, *names, modifier="NoModifier", widget=None):
        from qgis.PyQt.QtCore import Qt
        from qgis.PyQt.QtTest import QTest

        for name in names:
            keys = getattr(Qt.KeyboardModifier, modifier)
            QTest.keyClick(widget or self.canvas, getattr(Qt.Key, f"Key_{name}"), keys)

    def labels(self):
        """Class and extent of each label, in metres east and south of the corner, to half a metre."""
        found = []
        for each in self.layer.getFeatures():
            box = each.geometry().boundingBox()
            sides = (box.xMinimum() - WEST, NORTH - box.yMaximum(), box.xMaximum() - WEST, NORTH - box.yMinimum())
            found.append((each[self.dock.session.link.field], tuple(round(2 * side) / 2 for side in sides)))
        return sorted(found)

    def zoom(self, east, south, side):
        from qgis.core import QgsRectangle

        left, top = WEST + east, NORTH - south
        self.canvas.setExtent(QgsRectangle(left, top - side, left + side, top))


@pytest.fixture
def start(window, project, north, make, wait):
    """Opens the dock on a new label layer and zooms to the raster; gives the hands."""
    from geodistil.ui.labelling.dock import LabelDock
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QApplication

    docks = []

    def begin(role="detection", layer=None):
        dock = LabelDock(window, project)
        docks.append(dock)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        window.canvas.setDestinationCrs(north.crs())
        window.canvas.setLayers([north])
        window.show()
        window.activateWindow()
        QApplication.processEvents()
        dock.take(make(role) if layer is None else layer)
        hands = Hands(dock, window.canvas)
        hands.close = lambda: (docks.remove(dock), dock.stop())
        hands.zoom(0, 0, 64)
        window.canvas.setFocus()
        wait(lambda: not dock.session.counts.reading)
        return hands

    yield begin
    for dock in docks:
        dock.stop()
