"""What a person does in the two lives of QGIS in `test_clicking.py`; played inside QGIS."""

from pathlib import Path

from desktop.hands import choose_entry, click, screenshot
from labelling_session import key, predictions
from qgis.core import QgsPointXY, QgsProject
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QPoint
from qgis.utils import iface


def dock():
    return iface.mainWindow().findChild(QgsDockWidget, "GeoDistilLabel")


def pixel(east, south):
    """Of the map, at a place in metres from the raster's corner."""
    place = iface.mapCanvas().getCoordinateTransform().transform(QgsPointXY(500000 + east, 5000000 - south))
    return QPoint(round(place.x()), round(place.y()))


def begin(values):
    """Keep one area by click, save it, take suggestions, and do nothing until someone ends QGIS."""
    from geodistil.jobs.labelling.clicking import set_click_files
    from geodistil.jobs.labelling.layers import make_labels
    from geodistil.jobs.labelling.link import LabelClass

    folder, project = Path(values["folder"]), QgsProject.instance()
    window, canvas = iface.mainWindow(), iface.mapCanvas()
    window.setGeometry(0, 0, 1280, 800)
    set_click_files(values["encoder"], values["decoder"])
    raster = iface.addRasterLayer(values["ground"], "ground")
    classes = [LabelClass("red", "#aa0000"), LabelClass("blue", "#0000aa")]
    labels = make_labels(raster, folder / "ground.gpkg", "segmentation", classes, project)
    project.write(str(folder / "ground.qgz"))
    yield from choose_entry(window.menuBar(), "Plugins", "GeoDistil", "Label…")
    yield dock
    dock().take(labels)
    canvas.setExtent(raster.extent())
    yield 1.0
    yield from click(dock().drawing.tools["click"])
    yield from click(canvas.viewport(), pixel(16, 14))
    yield (lambda: not dock().clicker.clicking.busy), 120
    yield 0.5
    screenshot(folder / "clicked.png")
    yield from key("Return")
    dock().session.editor.save()
    yield 0.5
    screenshot(folder / "kept.png")
    found = predictions()
    project.addMapLayer(found)
    dock().suggest.layer_asked.emit(found.id())
    yield lambda: dock().suggest.suggest.isEnabled() and dock().reviewer.suggestions
    (folder / "ready").touch()
    yield (lambda: False), 300


def come_back(values):
    """The project is opened again, and so is the dock."""
    folder, window = Path(values["folder"]), iface.mainWindow()
    window.setGeometry(0, 0, 1280, 800)
    iface.addProject(str(folder / "ground.qgz"))
    yield 1.0
    yield from choose_entry(window.menuBar(), "Plugins", "GeoDistil", "Label…")
    yield lambda: dock() and dock().session
    yield lambda: dock().suggest.suggest.isEnabled() and dock().reviewer.suggestions
    yield 1.0
    screenshot(folder / "back.png")
    found = dock().reviewer.suggestions
    labels = list(dock().session.layer.getFeatures())
    return {
        "labels": [[each["class"], each["origin"], each["model"], each.geometry().area()] for each in labels],
        "suggestions": sorted([found.get(fid).name, found.get(fid).score] for fid in found.open_ids()),
    }
