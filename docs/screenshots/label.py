"""The labelling dock as the user guide shows it: `/usr/bin/python3 docs/screenshots/label.py`.

Writes into `docs/user-guide/images` label.png (a corner of the demo world, some cars labelled, a cell of the walk),
suggestions.png (what a model might find there, one being reviewed, and rounds of learning) and click.png (an area that
the stand-in of the tests draws from two clicks).
`--output FOLDER`, `--scale 2`, `--dark` and `--language de` are for looking at it in other circumstances.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from stage import ROOT, arguments, start_qgis

ROOF = "roof"


def main() -> None:
    """Write the picture."""
    parser = arguments(__doc__)
    parser.add_argument("--language", default="en")
    options = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        engine = str(ROOT / ".venv" / "bin" / "python")
        generate = [engine, "-m", "engine.demo", f"{scratch}/world", "--size", "512"]
        subprocess.run(generate, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        _photograph(options, Path(scratch))


def _photograph(options: argparse.Namespace, scratch: Path) -> None:
    start_qgis(scratch, options.dark)
    import geodistil.jobs.translation as translation
    from qgis.core import QgsProject
    from qgis.PyQt.QtCore import QRect

    translator = translation.install_translator(options.language)
    window, dock = _window(scratch)
    window.grab().save(str(options.output / "label.png"))
    _suggest(window, dock, next((scratch / "world").rglob("north_train*cars*.gpkg")))
    window.grab().save(str(options.output / "suggestions.png"))
    _click(window, dock, scratch)
    window.grab(QRect(400, 0, 660, 620)).save(str(options.output / "click.png"))
    dock.stop()
    window.close()
    QgsProject.instance().clear()
    translation.remove_translator(translator)
    sys.stdout.flush()
    os._exit(0)  # Qt's own end would come after QGIS's


def _window(scratch: Path) -> tuple[Any, Any]:
    from geodistil.jobs.labelling.layers import make_labels
    from geodistil.jobs.labelling.link import LabelClass, area_of
    from geodistil.ui.labelling.dock import LabelDock
    from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
    from qgis.gui import QgsMapCanvas
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QMainWindow

    class Window(QMainWindow):
        """What the dock uses of QGIS's interface."""

        def mainWindow(self) -> QMainWindow:
            return self

        def mapCanvas(self) -> QgsMapCanvas:
            return self.centralWidget()

        def setActiveLayer(self, layer: QgsVectorLayer) -> None:
            """There is no legend."""

    project = QgsProject.instance()
    place = next((scratch / "world").rglob("north_train*.tif"))
    raster = QgsRasterLayer(str(place), "north_train")
    project.addMapLayer(raster)
    classes = [LabelClass("car", "#e6194b"), LabelClass("truck", "#4363d8")]
    labels = make_labels(raster, scratch / "cars.gpkg", "detection", classes, project)
    window = Window()
    window.setCentralWidget(QgsMapCanvas(window))
    canvas = window.mapCanvas()
    window.resize(1060, 700)
    dock = LabelDock(window, project)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.show()
    canvas.setDestinationCrs(raster.crs())
    canvas.setLayers([labels, area_of(dock.session.link, project), raster])
    dock.take(labels)
    truth = QgsVectorLayer(str(next(place.parent.rglob("north_train*cars*.gpkg"))), "cars", "ogr")
    for each in truth.getFeatures():
        dock.session.editor.add(each.geometry(), each["class"])
    for step in range(4):
        dock.step(1)
        if step < 3:
            dock.complete()
    _wait(2.0, canvas)
    return window, dock


def _suggest(window: Any, dock: Any, truth: Path) -> None:
    """Suggest most of the cars beside the labelled cells, and a thing that is none; and show rounds of learning."""
    from geodistil.jobs.labelling.link import Round, note_round
    from qgis.core import QgsFeature, QgsProject, QgsVectorLayer

    found = QgsVectorLayer(
        "Polygon?crs=EPSG:4326&field=class:string&field=score:double", "north_train: detections", "memory"
    )
    cars = QgsVectorLayer(str(truth), "cars", "ogr")
    found.setCrs(cars.crs())
    for place, each in enumerate(cars.getFeatures()):
        feature, shape = QgsFeature(found.fields()), each.geometry()
        if place % 5 == 0:
            shape.translate(3, -14)
        feature.setGeometry(shape)
        feature.setAttributes([each["class"], 0.55 + 0.44 * (place * 7 % 10) / 10])
        found.dataProvider().addFeature(feature)
    layer = dock.session.layer
    layer.startEditing()
    layer.deleteFeatures([each.id() for place, each in enumerate(layer.getFeatures()) if place % 3])
    layer.commitChanges(False)
    QgsProject.instance().addMapLayer(found, False)
    for number, score in enumerate((0.412, 0.566, 0.701)):
        before = {"detection/ap50": (0.412, 0.566)[number - 1]} if number else {}
        one = Round(f"/runs/{number}", 1.7e9 + 900 * number, 30 + 24 * number, before, {"detection/ap50": score}, True)
        note_round(layer, one)
    dock.learner.show()
    dock.reviewer._take_layer(found.id())
    canvas = window.mapCanvas()
    _wait(1.0, canvas)
    canvas.setLayers([dock.reviewer.suggestions.layer, *canvas.layers()])
    dock.walk.choose("suggestions")
    for _ in range(3):
        dock.step(1)
    canvas.zoomByFactor(1.8)
    bar = dock.widget().verticalScrollBar()
    bar.setValue(bar.maximum())
    _wait(1.0, canvas)


def _click(window: Any, dock: Any, scratch: Path) -> None:
    """Roofs are labelled by click, with a stand-in for the model: one is kept, the next one is shown."""
    from geodistil.jobs.labelling.clicking import set_click_files
    from geodistil.jobs.labelling.layers import make_labels
    from geodistil.jobs.labelling.link import LabelClass, area_of
    from qgis.core import QgsPointXY, QgsProject, QgsVectorLayer
    from qgis.PyQt.QtCore import QEvent, Qt
    from qgis.PyQt.QtTest import QTest
    from qgis.PyQt.QtWidgets import QApplication

    engine = str(ROOT / ".venv" / "bin" / "python")
    subprocess.run([engine, str(ROOT / "tests" / "click_models.py"), str(scratch), "512"], check=True)
    set_click_files(str(scratch / "encoder.onnx"), str(scratch / "decoder.onnx"))
    project, raster, canvas = QgsProject.instance(), dock.session.raster, window.mapCanvas()
    roofs = make_labels(raster, scratch / "roofs.gpkg", "segmentation", [LabelClass("roof", "#e6194b")], project)
    dock.take(roofs)
    canvas.setLayers([roofs, area_of(dock.session.link, project), raster])
    canvas.setExtent(raster.extent())
    canvas.zoomByFactor(0.6)
    _wait(1.0, canvas)
    dock.pick("click")
    truth = QgsVectorLayer(str(next((scratch / "world").rglob("north_train_areas.gpkg"))), "areas", "ogr")
    shapes = [each.geometry() for each in truth.getFeatures() if each["class"] == ROOF]
    seen = canvas.extent().buffered(-5)
    whole = sorted((each for each in shapes if seen.contains(each.boundingBox())), key=lambda each: -each.area())
    for place, roof in enumerate(whole[1::-1]):  # the small one, then the large one
        box, none = roof.boundingBox(), Qt.KeyboardModifier.NoModifier
        clicks = [(roof.pointOnSurface().asPoint(), none)]
        if place == 1:
            beside = QgsPointXY(box.xMaximum(), box.yMaximum() - box.height() / 8)
            inside = QgsPointXY(box.xMinimum() + box.width() * 0.42, box.yMinimum() + box.height() * 0.45)
            clicks += [(inside, none), (beside, Qt.KeyboardModifier.ShiftModifier)]
        for where, keys in clicks:
            pixel = dock.toolkit.tools["click"].toCanvasCoordinates(where)
            QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, keys, pixel)
            while dock.clicker.clicking.busy:
                QApplication.processEvents()
        if place == 0:
            QTest.keyClick(canvas, Qt.Key.Key_Return)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    dock.widget().verticalScrollBar().setValue(0)
    set_click_files("", "")
    _wait(1.0, canvas)


def _wait(seconds: float, canvas: Any) -> None:
    from qgis.PyQt.QtWidgets import QApplication

    until = time.monotonic() + seconds
    while time.monotonic() < until or canvas.isDrawing():
        QApplication.processEvents()
        time.sleep(0.02)


if __name__ == "__main__":
    main()
