"""The window that fetches, with clicks: from the map's view to a layer; and where the labelling dock offers it."""

import pytest
from geodistil.ui.fetch_dialog import FetchDialog
from geodistil.ui.labelling.setup import SetupDialog
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem
from qgis.gui import QgsMapCanvas
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox, QMessageBox

from .test_fetching import part


@pytest.fixture
def canvas(qgis_app):
    made = QgsMapCanvas()
    made.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    made.resize(300, 300)
    made.setExtent(part(2, 2))
    return made


@pytest.fixture
def dialog(tiles, project, canvas, tmp_path):
    made = FetchDialog(tiles, project, canvas)
    made.file.setFilePath(str(tmp_path / "town.tif"))
    made.came = []
    made.fetched.connect(made.came.append)
    made.show()
    yield made
    sip.delete(made)


def press(dialog, button=QDialogButtonBox.StandardButton.Ok):
    QTest.mouseClick(dialog.buttons.button(button), Qt.MouseButton.LeftButton)


def test_one_click_fetches_the_view(dialog, wait, project, canvas):
    assert dialog.size_text.text().startswith("Zoom 18, 0.42 m on the ground, ")
    press(dialog)
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()
    wait(lambda: dialog.came)
    [layer] = dialog.came
    assert project.mapLayer(layer.id()) is layer and layer.attribution() == "© The mappers"
    assert layer.extent().contains(canvas.extent().buffered(-0.1)) and not dialog.isVisible()


def test_a_pixel_size_chooses_the_zoom_and_a_mistake_is_told_at_once(dialog, canvas):
    dialog.pixel_size.setValue(1.0)
    assert dialog.size_text.text().startswith("Zoom 17, ")
    dialog.file.setFilePath("town.tif")
    assert dialog.problem.text() == "Give the file's whole path."
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()
    dialog.extent.setOutputExtentFromOriginal()
    assert "too many" in dialog.problem.text()


def test_cancel_ends_a_fetch_and_the_next_goes_on(dialog, wait, server, tmp_path):
    server.delay = 0.1
    dialog.extent.setOutputExtentFromUser(part(6, 6), QgsCoordinateReferenceSystem("EPSG:3857"))
    press(dialog)
    wait(lambda: dialog.bar.value() >= 4)
    assert "of 36 tiles" in dialog.bar.text()
    press(dialog, QDialogButtonBox.StandardButton.Cancel)
    wait(lambda: not dialog.running, 5)
    assert dialog.isVisible() and dialog.problem.text() == "" and not (tmp_path / "town.tif").exists()
    asked = len(server.tiles())
    server.delay = 0
    press(dialog)
    wait(lambda: dialog.came)
    assert len(server.tiles()) - asked <= 36 - 4
    assert gdal.Open(str(tmp_path / "town.tif")).RasterXSize >= 6 * 256 - 2


def test_a_ban_is_told_in_the_window(dialog, wait, server):
    server.manner = lambda path, count: (403, {}, b"")
    press(dialog)
    wait(lambda: dialog.problem.text())
    assert "refuses to give its imagery (HTTP 403)" in dialog.problem.text() and dialog.isVisible()


def test_much_is_asked_about_first_with_an_estimate_by_four_tiles(dialog, wait, monkeypatch, server):
    questions = []
    monkeypatch.setattr(QMessageBox, "question", lambda *given: questions.append(given[2]) or given[-1])
    dialog.extent.setOutputExtentFromUser(part(60, 60), QgsCoordinateReferenceSystem("EPSG:3857"))
    server.asked.clear()
    press(dialog)
    wait(lambda: questions)
    assert "tiles" in questions[0] and "Fetch it?" in questions[0]
    assert not dialog.running and len(server.tiles()) == 4 and not dialog.bar.isVisible()


def test_the_labelling_window_offers_to_fetch_a_service(tiles, project, canvas, wait, make_raster, tmp_path):
    setup = SetupDialog(project, tiles, None, canvas)
    setup.show()
    assert setup.fetch.isVisible()
    QTest.mouseClick(setup.fetch, Qt.MouseButton.LeftButton)
    [dialog] = setup.findChildren(FetchDialog)
    dialog.file.setFilePath(str(tmp_path / "town.tif"))
    press(dialog)
    wait(lambda: setup.raster.currentLayer() is not tiles)
    assert setup.raster.currentLayer().name() == "town" and not setup.fetch.isVisible()
    assert setup.file.filePath().startswith(str(tmp_path / "town_labels"))
    sip.delete(setup)
