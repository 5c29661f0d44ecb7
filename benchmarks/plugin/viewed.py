"""What `view.py` plays inside QGIS: the button is pressed, the map is panned."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import qgis.utils
from desktop.hands import Steps, click, screenshot
from qgis.core import QgsApplication, QgsPointXY, QgsProject, QgsSettings
from qgis.utils import iface

AREA = 1024**2
PATIENCE = 600


def viewed(values: dict[str, Any]) -> Steps:
    """Predict the view, then each after a pan; returns the seconds of each."""
    QgsSettings().setValue("geodistil/currentModel", values["model"])
    yield lambda: "geodistil" in qgis.utils.plugins and qgis.utils.plugins["geodistil"]._view is not None
    view = qgis.utils.plugins["geodistil"]._view
    raster = iface.addRasterLayer(values["raster"], Path(values["raster"]).stem)
    QgsProject.instance().setCrs(raster.crs())
    canvas, gsd = iface.mapCanvas(), raster.rasterUnitsPerPixelX()
    yield 2
    seen = canvas.extent()
    seen.scale(math.sqrt(AREA * gsd**2 / (seen.width() * seen.height())), raster.extent().center())
    canvas.setExtent(seen)
    canvas.refresh()
    yield 2
    seen, seconds = canvas.extent(), []
    yield from click(view.bar.widgetForAction(view.follow))
    for number in range(values["views"] + 1):
        if number:
            view.predictor.seconds = 0.0
            centre = canvas.extent().center()
            canvas.setCenter(QgsPointXY(centre.x() + 97 * gsd, centre.y() - 53 * gsd))
        yield (lambda: view.predictor.seconds and not view.predictor.busy), PATIENCE
        seconds.append(view.predictor.seconds)
        yield 1
    if values["pictures"]:
        yield from _pictures(view, Path(values["pictures"]), values["model"])
    return {"seconds": seconds, "megapixels": seen.width() * seen.height() / gsd**2 / 1e6}


def _pictures(view: Any, folder: Path, model: str) -> Steps:
    """The window with the predicted view, the menu, the swipe, and the models window."""
    yield 3
    screenshot(folder / "view.png")
    view.menu.popup(view.bar.mapToGlobal(view.bar.rect().bottomLeft()))
    yield 1
    screenshot(folder / "view_menu.png")
    view.menu.close()
    yield from click(view.bar.widgetForAction(view.swipe))
    yield 4
    screenshot(folder / "swipe.png")
    yield from click(view.bar.widgetForAction(view.swipe))
    plugin = qgis.utils.plugins["geodistil"]
    from geodistil.jobs.package_registry import register

    for path in sorted({Path(model), *Path(model).parent.parent.glob("*/model")}):
        register(str(path))
    plugin._show_models()
    yield lambda: plugin._models is not None and plugin._models.models
    yield 1
    plugin._models.table.selectRow(0)
    yield 1
    screenshot(folder / "models.png")
    plugin._models.table.selectAll()
    yield 1
    if plugin._models.on_map.isEnabled():
        screenshot(folder / "compare.png")
        plugin._models.on_map.click()
        plugin._models.hide()
        yield (lambda: len(view.predictor.shown()) == 2 and not view.predictor.busy), PATIENCE
        yield 5
        screenshot(folder / "swipe_models.png")
    QgsApplication.processEvents()
