"""The swipe: what is left of the line and right of it, as the map shows it, moved with mouse and keys."""

import time

import numpy as np
import pytest
from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

RED, GREEN, BLUE = "#ff0000", "#00ff00", "#0000ff"


@pytest.fixture
def colours(buttons, window, project, make_raster, wait, tmp_path):
    """Rasters of one colour each over the ground: red on top of green on top of blue."""
    layers = []
    for name, values in (("blue", (0, 0, 255)), ("green", (0, 255, 0)), ("red", (255, 0, 0))):
        image = np.empty((3, 64, 64), "uint8")
        image[:] = np.reshape(values, (3, 1, 1))
        layer = QgsRasterLayer(str(make_raster(tmp_path / f"{name}.tif", image)), name)
        layers.append(project.addMapLayer(layer))
    window.look(4, 4, 24)
    wait(lambda: len(window.canvas.layers()) == 4)
    return {layer.name(): layer for layer in layers}


def color(window, share):
    """What the map shows at a share of its width, in its middle."""
    image = window.canvas.grab().toImage()
    return image.pixelColor(round(share * image.width()), image.height() // 2).name()


def ready(buttons):
    return lambda: buttons.tool.item is not None and buttons.tool.item.ready


def begin(buttons, wait):
    QTest.mouseClick(buttons.bar.widgetForAction(buttons.swipe), Qt.MouseButton.LeftButton)
    QTest.qWait(300)  # the map may be drawn once more
    wait(lambda: ready(buttons)() and not is_drawing(buttons), 30)


def is_drawing(buttons):
    return buttons.tool.canvas().isDrawing() or any(job.isActive() for job in buttons.tool.item._jobs)


def drag(window, start, end):
    """Press, move and release, at shares of the map's width."""
    viewport, left, none = window.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    places = [QPoint(round(share * viewport.width()), viewport.height() // 3) for share in (start, end)]
    QTest.mousePress(viewport, left, none, places[0])
    moved = QMouseEvent(QEvent.Type.MouseMove, QPointF(places[1]), Qt.MouseButton.NoButton, left, none)
    began = time.perf_counter()
    QApplication.sendEvent(viewport, moved)
    QApplication.processEvents()
    taken = time.perf_counter() - began
    QTest.mouseRelease(viewport, left, none, places[1])
    return taken


def test_the_selected_layer_is_left_of_the_line_and_what_lies_below_right_of_it(buttons, window, colours, wait):
    window.tree.setCurrentLayer(colours["red"])
    begin(buttons, wait)
    assert (color(window, 0.25), color(window, 0.75)) == (RED, GREEN)
    pictures = [image.cacheKey() for image in buttons.tool.item._images]
    drag(window, 0.5, 0.9)
    assert (color(window, 0.25), color(window, 0.75)) == (RED, RED)
    drag(window, 0.9, 0.1)
    assert (color(window, 0.25), color(window, 0.75)) == (GREEN, GREEN)
    assert [image.cacheKey() for image in buttons.tool.item._images] == pictures  # nothing was drawn anew
    window.canvas.setFocus()
    extent = window.canvas.extent()
    for _ in range(4):
        QTest.keyClick(window.canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert buttons.tool.item.share == pytest.approx(0.3) and window.canvas.extent() == extent
    assert (color(window, 0.25), color(window, 0.35)) == (RED, GREEN)


def test_it_follows_the_map_and_ends_with_its_button_or_another_tool(buttons, window, colours, wait):
    from qgis.gui import QgsMapToolPan

    pan = QgsMapToolPan(window.canvas)
    window.canvas.setMapTool(pan)
    window.tree.setCurrentLayer(colours["red"])
    begin(buttons, wait)
    window.look(6, 6, 12)
    assert not buttons.tool.item.ready  # the old pictures are of elsewhere
    wait(ready(buttons), 30)
    wait(lambda: not is_drawing(buttons), 30)
    assert (color(window, 0.25), color(window, 0.75)) == (RED, GREEN)
    QTest.mouseClick(buttons.bar.widgetForAction(buttons.swipe), Qt.MouseButton.LeftButton)
    assert window.canvas.mapTool() is pan and buttons.tool.item is None
    assert color(window, 0.75) == RED
    begin(buttons, wait)
    window.canvas.setMapTool(pan)
    assert not buttons.swipe.isChecked() and color(window, 0.75) == RED


def test_where_there_is_nothing_to_swipe_a_sentence_says_so(buttons, window, colours):
    window.tree.selectAll()
    QTest.mouseClick(buttons.bar.widgetForAction(buttons.swipe), Qt.MouseButton.LeftButton)
    assert not buttons.swipe.isChecked() and "nothing to swipe" in window.said()[0]


def test_a_layer_that_goes_while_it_is_swiped_ends_nothing_but_its_pictures(buttons, window, project, colours, wait):
    window.tree.setCurrentLayer(colours["red"])
    begin(buttons, wait)
    project.removeMapLayer(colours["red"].id())
    wait(lambda: not buttons.tool.item.ready, 30)
    wait(lambda: color(window, 0.25) == GREEN, 30)
