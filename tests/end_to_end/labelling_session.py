"""What a person does with suggestions in `test_labelling_desktop.py`; played inside QGIS."""

from pathlib import Path

from desktop.hands import choose_entry, click, screenshot
from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface

FOUND = [("red", 0.9, (8, 8, 24, 20)), ("blue", 0.8, (40, 8, 56, 20)), ("red", 0.7, (72, 8, 88, 20))]
"""Class, score, extent in pixels of the town."""


def rectangle(left, top, right, bottom):
    west, south = 500000 + left / 2, 5000000 - bottom / 2
    return QgsRectangle(west, south, west + (right - left) / 2, south + (bottom - top) / 2)


def predictions():
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string&field=score:double", "found", "memory")
    for kind, score, extent in FOUND:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromRect(rectangle(*extent)))
        feature.setAttributes([kind, score])
        layer.dataProvider().addFeature(feature)
    layer.updateExtents()
    return layer


def key(name, modifier=Qt.KeyboardModifier.NoModifier):
    """A key on the map."""
    QTest.keyClick(iface.mapCanvas(), getattr(Qt.Key, f"Key_{name}"), modifier)
    yield 0.3


def pixel(column, row):
    place = QgsPointXY(500000 + column / 2, 5000000 - row / 2)
    on_map = iface.mapCanvas().getCoordinateTransform().transform(place)
    return QPoint(round(on_map.x()), round(on_map.y()))


def review(values):
    """Look at three suggestions: correct one, reject one, take a step back; then save with QGIS's own action."""
    from geodistil.jobs.labelling.layers import make_labels
    from geodistil.jobs.labelling.link import LabelClass

    window, canvas, project = iface.mainWindow(), iface.mapCanvas(), QgsProject.instance()
    window.setGeometry(0, 0, 1280, 800)
    raster = iface.addRasterLayer(values["town"], "town")
    classes = [LabelClass("red", "#aa0000"), LabelClass("blue", "#0000aa")]
    labels = make_labels(raster, Path(values["folder"]) / "town.gpkg", "detection", classes, project)
    project.addMapLayer(predictions())
    yield from choose_entry(window.menuBar(), "Plugins", "GeoDistil", "Label…")
    yield lambda: window.findChild(QgsDockWidget, "GeoDistilLabel")
    dock = window.findChild(QgsDockWidget, "GeoDistilLabel")
    dock.take(labels)
    canvas.setExtent(raster.extent())
    yield 1.0
    dock.suggest.layer_asked.emit(project.mapLayersByName("found")[0].id())
    yield lambda: dock.suggest.suggest.isEnabled() and dock.reviewer.suggestions
    canvas.setFocus()
    yield from key("N")
    yield 1.0
    screenshot(Path(values["folder"]) / "walked.png")
    yield from key("E")
    edited = dock.reviewer.suggestions.layer
    (fid,) = dock.reviewer.selected()
    corner = rectangle(*FOUND[0][2])
    for place in ((23, 19), (24, 20), (29, 23), (30, 24)):  # take the lower right vertex, and put it elsewhere
        here, none = pixel(*place), Qt.MouseButton.NoButton
        moved = QMouseEvent(QEvent.Type.MouseMove, QPointF(here), none, none, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas.viewport(), moved)
        yield 0.5
        if place in ((24, 20), (30, 24)):
            yield from click(canvas.viewport(), here)
    yield 0.5
    moved = edited.getGeometry(fid).boundingBox().width() > corner.width() + 1
    screenshot(Path(values["folder"]) / "corrected.png")
    yield from key("Y")
    accepted = [each["class"] for each in labels.getFeatures()]
    width = next(labels.getFeatures()).geometry().boundingBox().width() if accepted else 0
    yield from key("S")
    canvas.setExtent(raster.extent())
    yield 1.0
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, pixel(80, 14))
    yield 0.5
    left = len(dock.reviewer.suggestions.open_ids())
    yield from key("Z", Qt.KeyboardModifier.ControlModifier)
    back = len(dock.reviewer.suggestions.open_ids())
    iface.setActiveLayer(labels)
    iface.actionSaveActiveLayerEdits().trigger()
    yield 1.0
    screenshot(Path(values["folder"]) / "saved.png")
    complete = dock.session.completeness.complete.area()
    labels.commitChanges()
    edited.commitChanges()
    return {
        "moved": moved, "accepted": accepted, "width": width, "left": left, "back": back,
        "complete": complete,
    }  # fmt: skip
