"""Screenshots of the training wizard on the demo world, page by page, for docs/user-guide/wizard.md.

    .venv/bin/python -m engine.demo build/wizard-world --size 512
    xvfb-run -a -s "-screen 0 1280x800x24" /usr/bin/python3 docs/screenshots/wizard.py build/wizard-world

For 200 %: QT_SCALE_FACTOR=2, a screen of 2560x1600, and --output build/screenshots.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "build" / "plugins"
PLUGINS.mkdir(parents=True, exist_ok=True)
if not (PLUGINS / "geodistil").exists():
    (PLUGINS / "geodistil").symlink_to(ROOT)
sys.path.insert(0, str(PLUGINS))

from qgis.core import QgsApplication, QgsProject, QgsRasterLayer, QgsVectorLayer  # noqa: E402
from qgis.gui import QgsMapCanvas  # noqa: E402
from qgis.PyQt.QtWidgets import QApplication, QWidget  # noqa: E402


def main() -> None:
    """Walk the wizard and picture each page."""
    options = arguments()
    application = QgsApplication([], True, tempfile.mkdtemp())
    application.initQgis()
    options.output.mkdir(parents=True, exist_ok=True)
    walk(load(options.world), options.output)
    QgsProject.instance().clear()
    gc.collect()
    application.exitQgis()


def walk(layers: dict[str, object], output: Path) -> None:
    """Fill in the pages one after the other."""
    from geodistil.ui.wizard.wizard import TrainingWizard

    canvas = QgsMapCanvas()
    canvas.resize(900, 620)
    wizard = TrainingWizard(QgsProject.instance(), canvas)
    wizard.session.draft.parent = str(Path(tempfile.mkdtemp()) / "runs")
    wizard.show()

    def picture(name: str, widget: QWidget = wizard) -> None:
        pause(0.3)
        widget.grab().save(str(output / f"wizard-{name}.png"))
        print("wizard", name)

    fill_sources(wizard, layers)
    until(wizard.sources.isComplete)
    picture("sources")
    show_mistakes(wizard, layers, lambda: picture("mistakes"))
    wizard.next()
    picture("classes")
    wizard.next()
    picture("recipe")
    wizard.recipe.advanced.setCollapsed(False)
    picture("advanced")
    wizard.recipe.advanced.setCollapsed(True)
    wizard.session.draft.training.chip_size, wizard.session.draft.training.batch_size = 128, 4  # estimated sooner
    wizard.next()
    until(wizard.check.isComplete)
    picture("check")
    wizard.check.show_split()
    picture_map(canvas, wizard, lambda: picture("split", canvas))
    wizard.next()
    wizard.run.name.setText("town")
    wizard.run.predict.item(0).setCheckState(2)
    wizard.run.estimate_button.click()
    until(wizard.run.estimate_button.isEnabled)
    picture("run")
    wizard.reject()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path, help="folder of the demo world")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "user-guide" / "images")
    return parser.parse_args()


def load(world: Path) -> dict[str, object]:
    """The demo world's layers, in the project, by short names."""
    rasters = {name: QgsRasterLayer(str(world / f"{name}.tif"), name) for name in ("north_train", "south_train")}
    rasters["unlabelled"] = QgsRasterLayer(str(world / "unlabelled.tif"), "unlabelled")
    rasters["south_test"] = QgsRasterLayer(str(world / "south_test.tif"), "south_test")
    vectors = {"cars": "north_train_cars", "areas": "south_train_areas", "labelled_area": "south_train_labelled_area"}
    layers = {**rasters, **{n: QgsVectorLayer(str(world / f"{file}.gpkg"), n) for n, file in vectors.items()}}
    assert all(layer.isValid() for layer in layers.values()), f"there is no demo world in {world}"
    QgsProject.instance().addMapLayers(list(layers.values()))
    QgsProject.instance().setCrs(rasters["south_train"].crs())
    return layers


def fill_sources(wizard: QWidget, layers: dict) -> None:
    """Do what a person does on the first page."""
    page = wizard.sources
    page.add_rasters([layers[name] for name in ("north_train", "south_train", "unlabelled")])
    for row, role, labels in ((0, 0, "cars"), (1, 1, "areas")):
        page.table.clearSelection()
        page.table.selectRow(row)
        page.editor.role.setCurrentIndex(role)
        page.editor.labels.setLayer(layers[labels])
    page.editor.area.setCurrentIndex(2)
    page.editor.area_layer.setLayer(layers["labelled_area"])


def show_mistakes(wizard: QWidget, layers: dict, picture: Callable[[], None]) -> None:
    """Labels that lie elsewhere, and no class field."""
    editor = wizard.sources.editor
    editor.labels.setLayer(layers["cars"])
    until(lambda: editor._problems["labels"].text())
    picture()
    editor.labels.setLayer(layers["areas"])
    until(wizard.sources.isComplete)


def picture_map(canvas: QgsMapCanvas, wizard: QWidget, picture: Callable[[], None]) -> None:
    """The blocks over the imagery they divide."""
    project = QgsProject.instance()
    split = project.mapLayersByName("Split into blocks")[0]
    raster = project.mapLayersByName("south_train")[0]
    canvas.setDestinationCrs(project.crs())
    canvas.setLayers([split, raster])
    canvas.setExtent(raster.extent().buffered(8))
    canvas.show()
    canvas.waitWhileRendering()
    canvas.refresh()
    pause(1.5)
    picture()
    canvas.hide()


def pause(seconds: float) -> None:
    """Let QGIS work for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def until(condition: Callable[[], object]) -> None:
    """Let QGIS work until something is true; two minutes at most."""
    end = time.monotonic() + 120
    while not condition():
        pause(0.02)
        assert time.monotonic() < end, "nothing happened"


if __name__ == "__main__":
    main()
