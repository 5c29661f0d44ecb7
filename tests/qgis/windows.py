"""What parts of the plugin use of QGIS's interface, with a real window and a real map."""

from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtWidgets import QMainWindow


class MapWindow(QMainWindow):
    def __init__(self):
        super().__init__()
        self.canvas, self.bar, self.active = QgsMapCanvas(self), QgsMessageBar(self), None
        self.setCentralWidget(self.canvas)

    def mainWindow(self):
        return self

    def mapCanvas(self):
        return self.canvas

    def messageBar(self):
        return self.bar

    def activeLayer(self):
        return self.active

    def setActiveLayer(self, layer):
        self.active = layer
