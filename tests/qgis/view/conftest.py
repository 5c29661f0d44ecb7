"""A window with a map over a raster, a model of the engine's own, and the toolbar."""

from pathlib import Path

import numpy as np
import pytest
from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle, QgsSettings

from ..waiting import let_qgis_work_until
from ..windows import MapWindow

MODEL = Path(__file__).parents[2] / "engine" / "packages" / "design_1"
WEST, NORTH, SIDE = 500000, 5000000, 512
"""The raster's upper left corner, and its pixels of half a metre."""
OURS = ("currentModel", "predictedModel", "packages", "speeds", "modelFolders", "modelNames", "runFolders", "runs")


@pytest.fixture(autouse=True)
def settings(qgis_app):
    """No model is known before or after."""

    def clear():
        for name in OURS:
            QgsSettings().remove(f"geodistil/{name}")

    clear()
    yield
    clear()


@pytest.fixture(scope="session")
def engine(qgis_app):
    """Skips where the engine's Python is absent."""
    from geodistil.jobs.environment import engine_python
    from geodistil.jobs.errors import GeoDistilError

    try:
        return engine_python()
    except GeoDistilError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def ground(make_raster, tmp_path_factory):
    """256 m of noise."""
    image = np.random.default_rng(0).integers(0, 255, (3, SIDE, SIDE)).astype("uint8")
    return make_raster(tmp_path_factory.mktemp("ground") / "ground.tif", image)


@pytest.fixture
def raster(project, ground):
    """The raster, in the project."""
    layer = QgsRasterLayer(str(ground), "ground")
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def window(qgis_app, project):
    """What the toolbar uses of QGIS's interface, with a real window, a real map and a real message bar."""
    from qgis.core import QgsLayerTreeModel
    from qgis.gui import QgsLayerTreeMapCanvasBridge, QgsLayerTreeView, QgsStatusBar
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication, QStatusBar

    class Window(MapWindow):
        def __init__(self):
            super().__init__()
            self.tree = QgsLayerTreeView(self)
            self.model = QgsLayerTreeModel(project.layerTreeRoot())
            self.tree.setModel(self.model)
            self.bridge = QgsLayerTreeMapCanvasBridge(project.layerTreeRoot(), self.canvas)
            self.bridge.setAutoSetupOnFirstLayer(False)
            self.custom, self.status = [], QgsStatusBar(self)
            self.setStatusBar(QStatusBar(self))

        def statusBarIface(self):
            return self.status

        def layerTreeView(self):
            return self.tree

        def addCustomActionForLayerType(self, action, menu, kind, every):
            self.custom.append(action)

        def removeCustomActionForLayerType(self, action):
            self.custom.remove(action)

        def said(self):
            """Sentences in the message bar."""
            return [item.text() for item in self.bar.items()]

        def look(self, east, south, side):
            """Show a square of the ground, in metres from the raster's corner."""
            left, top = WEST + east, NORTH - south
            self.canvas.setExtent(QgsRectangle(left, top - side, left + side, top))
            self.canvas.refresh()

    window = Window()
    window.resize(600, 600)
    window.canvas.setDestinationCrs(QgsProject.instance().crs())
    yield window
    window.close()
    for each in (window.bridge, window.tree, window.model):  # they listen to the project
        sip.delete(each)
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def wait(qgis_app):
    """Lets QGIS work until a condition holds."""
    return lambda condition, seconds=180: let_qgis_work_until(condition, seconds)


@pytest.fixture
def buttons(window, project, raster, engine):
    """The toolbar, over the raster at 64 m a side."""
    from geodistil.ui.view.tools import ViewButtons

    made = ViewButtons(window, project, lambda: None, window.addToolBar("GeoDistil"))
    window.canvas.setDestinationCrs(raster.crs())
    window.show()
    window.look(10, 10, 64)
    yield made
    made.close()


@pytest.fixture
def model():
    """The model is the current one."""
    from geodistil.jobs.package_registry import set_current_model

    set_current_model(MODEL)
    return MODEL
