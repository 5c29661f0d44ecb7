"""The plugin's smaller windows as a person meets them: `.venv/bin/python docs/screenshots/windows.py`.

Every window is filled and photographed on a virtual screen of 1280 x 800, into `build/windows`; what is cut off, shares
a key or cannot be reached by keys is said, and makes the exit code 1. `--scale 2`, `--dark` and `--language de` are
other circumstances; `--only zoo,models` takes some windows, `--models FOLDER` shows packages that were really trained.
`--guide` writes `docs/user-guide/images/zoo.png` from such a folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"
"""The one that has QGIS."""

sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).parent)]


def main() -> int:
    """Start QGIS's Python on a screen of its own; returns its exit code."""
    options = arguments()
    if options.inside:
        photograph(options, options.inside)
    with tempfile.TemporaryDirectory(prefix="geodistil_windows_") as scratch:
        engine = [str(ROOT / ".venv" / "bin" / "python"), "-m", "engine.demo", f"{scratch}/world", "--size", "512"]
        subprocess.run(engine, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        screen = f"-screen 0 {1280 * options.scale}x{800 * options.scale}x24"
        command = ["xvfb-run", "-a", "-s", screen, PYTHON, __file__, *sys.argv[1:], "--inside", scratch]
        left_out = ("QT_", "QGIS", "PYTHON", "GEODISTIL", "XDG_")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
        own = {"HOME": scratch, "XDG_RUNTIME_DIR": scratch, "QT_SCALE_FACTOR": str(options.scale)}
        code = subprocess.run(command, env={**environment, **own}).returncode
    if options.guide and code == 0:
        from session import GUIDE, shrink

        shutil.copy(options.output / "zoo.png", GUIDE / "zoo.png")
        shrink(GUIDE / "zoo.png")
    return code


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "windows")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--language", default="en")
    parser.add_argument("--only", default="", help="names of windows, with commas between them")
    parser.add_argument("--models", type=Path, help="a folder of model packages; none makes some up")
    parser.add_argument("--guide", action="store_true", help="renew the guide's picture")
    parser.add_argument("--order", action="store_true", help="say what Tab goes through")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def photograph(options: argparse.Namespace, scratch: Path) -> None:
    """Show one window after the other, in QGIS's Python; ends the process."""
    sys.path.insert(0, "/usr/share/qgis/python/plugins")
    from environment import _wait
    from qgis.PyQt.QtCore import QLocale
    from stage import start_qgis

    QLocale.setDefault(QLocale(options.language))
    application = start_qgis(scratch, options.dark, options.language)
    application.setStyle("Fusion")
    from geodistil.jobs.translation import install_translator

    translators = [install_translator(options.language), *own_words(options.language)]  # noqa: F841  Qt does not hold them
    from desktop.eyes import flaws, tab_order
    from desktop.hands import screenshot

    options.output.mkdir(parents=True, exist_ok=True)
    stage, bad = Stage(scratch, options.models), {}
    for name in options.only.split(",") if options.only else SCENES:
        window = SCENES[name](stage)
        window.show()
        window.activateWindow()
        _wait(1.0)
        screenshot(options.output / f"{name}.png", window)
        if found := flaws(window):
            bad[name] = found
        if options.order:
            print(f"{name}: {' > '.join(tab_order(window))}")
        window.close()
    for name, found in bad.items():
        print(f"{name}: {'; '.join(found)}")
    sys.stdout.flush()
    os._exit(1 if bad else 0)  # Qt's own end would come after QGIS's


def own_words(language: str) -> list[Any]:
    """QGIS's and Qt's own catalogues, as QGIS itself loads them."""
    from qgis.core import QgsApplication
    from qgis.PyQt.QtCore import QCoreApplication, QLibraryInfo, QTranslator

    made = []
    paths = getattr(QLibraryInfo, "LibraryPath", None) or QLibraryInfo.LibraryLocation  # Qt 6 and Qt 5
    qt = (getattr(QLibraryInfo, "path", None) or QLibraryInfo.location)(paths.TranslationsPath)
    for name, folder in (("qgis", QgsApplication.i18nPath()), ("qt", qt), ("qtbase", qt)):
        translator = QTranslator()
        if translator.load(f"{name}_{language}", folder):
            QCoreApplication.installTranslator(translator)
            made.append(translator)
    return made


class Stage:
    """What the windows are filled with: the demo's world, a project, models, servers.

    Args:
        scratch: a folder with the world.
        models: packages; none makes some up.
    """

    def __init__(self, scratch: Path, models: Path | None) -> None:
        from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
        from qgis.gui import QgsMapCanvas
        from qgis.PyQt.QtWidgets import QMainWindow

        self.scratch, self.project = scratch, QgsProject.instance()
        self.raster = QgsRasterLayer(str(scratch / "world" / "north_train.tif"), "north_train")
        self.cars = QgsVectorLayer(str(scratch / "world" / "north_train_cars.gpkg"), "north_train_cars", "ogr")
        for layer in (self.raster, self.cars):
            assert self.project.addMapLayer(layer) is not None
        self.window = QMainWindow()
        self.canvas = QgsMapCanvas(self.window)
        self.models = models or self._make_models()
        self.iface = SimpleNamespace(
            mainWindow=lambda: self.window,
            mapCanvas=lambda: self.canvas,
            activeLayer=lambda: self.raster,
            messageBar=lambda: None,
            addCustomActionForLayerType=lambda *_: None,
        )
        self.dock: Any = None
        self.kept: list[Any] = []
        """What nobody else holds."""

    def _make_models(self) -> Path:
        """Three packages as windows read them; nothing was trained."""
        from qgis.PyQt.QtCore import QSize
        from qgis.PyQt.QtGui import QImage

        classes = [("building", "#c4302b"), ("road", "#7a7a7a"), ("low vegetation", "#8fce5a"), ("tree", "#2e7d32")]
        areas = [{"name": name, "color": color} for name, color in classes]
        cars = [{"name": "car", "color": "#e6773a"}, {"name": "truck", "color": "#3b8ed0"}]
        made = {"harbour, roofs and roads": (areas, []), "cars of car parks": ([], cars), "town": (areas, cars)}
        for number, (name, (segmented, detected)) in enumerate(made.items()):
            folder = self.scratch / "zoo" / name.replace(" ", "_").replace(",", "")
            folder.mkdir(parents=True)
            metrics = {"segmentation/mean_iou": 0.71 + 0.04 * number, "detection/ap50": 0.66 + 0.05 * number}
            tasks = [task for task, used in (("segmentation", segmented), ("detection", detected)) if used]
            card = {"name": name, "tasks": tasks, "gsd": 0.1 * (number + 1), "bands": [1, 2, 3], "metrics": metrics}
            card |= {"segmentation_classes": segmented, "detection_classes": detected}
            card["metrics"] = {key: value for key, value in metrics.items() if key.partition("/")[0] in tasks}
            properties = {
                "geodistil:card": card,
                "license": "CC-BY-4.0",
                "geodistil:source": "The town's survey office",
            }
            (folder / "item.json").write_text(json.dumps({"properties": properties}), encoding="utf-8")
            (folder / "model.safetensors").write_bytes(bytes(3_000_000 * (number + 1)))
            picture = self.raster.previewAsImage(QSize(320, 160))
            assert isinstance(picture, QImage) and picture.save(str(folder / "preview.png"))
        return self.scratch / "zoo"

    def wait(self, condition: Callable[[], Any], seconds: float = 60) -> None:
        """Let QGIS work until something holds."""
        from qgis.PyQt.QtWidgets import QApplication

        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "what the picture waits for did not happen"
            QApplication.processEvents()
            time.sleep(0.02)


def _servers(stage: Stage) -> Any:
    from geodistil.jobs.servers.connection import Found
    from geodistil.jobs.servers.server import SBATCH, Server, store_servers
    from geodistil.ui.servers_page import ServersDialog

    python = "module load cuda && ~/geodistil/.venv/bin/python"
    cluster = Server("cluster", "login.cluster.example.org", "ada", 2222, "", "/scratch/ada", python, SBATCH, id="2")
    store_servers([Server("gpu-box", "gpu-box.example.org", "ada", id="1"), cluster])
    dialog = ServersDialog()
    dialog.page.list.setCurrentRow(1)
    dialog.page._found(cluster, Found("3.12.4", "0.0.9", "NVIDIA A100-SXM4-80GB", "/scratch/ada", 812_000_000_000))
    return dialog


def _server(stage: Stage) -> Any:
    from geodistil.jobs.servers.server import servers
    from geodistil.ui.servers_page import ServerForm

    form = ServerForm(servers()[1], servers()[:1]) if servers() else None
    form.name.setText("gpu-box")
    form.host.setText("a host")
    form.key.setFilePath("")
    form.user.setText("")
    form.port.setValue(0)
    form.queue_options.setText("")
    return form


def _zoo(stage: Stage) -> Any:
    from geodistil.ui.models.zoo import ZooWindow

    window = ZooWindow(print, None, stage.scratch / "got")
    window.show()
    window.open_zoo(str(stage.models))
    stage.wait(lambda: not window.busy and window.picture.isVisible())
    return window


def _models(stage: Stage) -> Any:
    from geodistil.jobs.package_registry import register, set_current_model
    from geodistil.ui.models.window import ModelsWindow
    from geodistil.ui.view.tools import ViewButtons

    packages = sorted(path.parent for path in stage.models.rglob("item.json"))
    for package in packages:
        register(str(package))
    set_current_model(packages[0])
    if not stage.kept:
        stage.kept.append(ViewButtons(stage.iface, stage.project, print, stage.window.addToolBar("GeoDistil")))
    window = ModelsWindow(stage.iface, print, stage.kept[0].predictor, stage.kept[0].swipe)
    window.open_again()
    stage.wait(lambda: not window.looking)
    return window


def _compared(stage: Stage) -> Any:
    window = _models(stage)
    window.table.clearSelection()
    window.table.setSelectionMode(window.table.SelectionMode.MultiSelection)
    for row in (0, 1):
        window.table.selectRow(row)
    return window


def _ground(stage: Stage) -> Any:
    """Which ground; the labels that the demo has for the imagery."""
    from geodistil.ui.models.ground import GroundDialog
    from qgis.core import QgsVectorLayer

    if not stage.project.mapLayersByName("north_train_areas"):
        path = stage.scratch / "world" / "north_train_areas.gpkg"
        stage.project.addMapLayer(QgsVectorLayer(str(path), "north_train_areas", "ogr"))
    window = _compared(stage)
    stage.kept.append(window)
    dialog = GroundDialog(tuple(window.selected()), stage.project, stage.raster)
    for task, labels in dialog.truths.items():
        layers = {"segmentation": "north_train_areas", "detection": "north_train_cars"}
        labels.setLayer(stage.project.mapLayersByName(layers[task])[0])
    dialog.area.setLayer(None)
    return dialog


def _scored(stage: Stage) -> Any:
    """The table of both; scores are made up, as the models are."""
    from geodistil.jobs.models.ground import said_of_training
    from geodistil.jobs.models.scoring import Scored
    from geodistil.jobs.translation import tr
    from qgis.core import QgsGeometry, QgsRectangle

    window = _compared(stage)
    both = window.selected()
    values = {"mean_iou": (0.684, 0.731), "iou/background": (0.872, 0.88), "iou/building": (0.701, 0.745)}
    values |= {"iou/road": (0.479, 0.568)}
    scores = [{f"segmentation/{name}": pair[side] for name, pair in values.items()} for side in (0, 1)]
    square, part = (QgsGeometry.fromRect(QgsRectangle(0, 0, 10, side)) for side in (10, 4))
    training = [said_of_training(part, True, square), said_of_training(QgsGeometry(), False, square)]
    only = tr("{task}: only {model} does it.").format(task=tr("detection").capitalize(), model=both[0].name)
    packages = both[0].path, both[1].path
    found = Scored(packages, "north_train, north_train_areas", stage.raster.id(), scores, training, [only])
    window.ground._known[frozenset(packages)] = found
    window._show()
    return window


def _algorithm(name: str) -> Callable[[Stage], Any]:
    def show(stage: Stage) -> Any:
        from processing.core.Processing import Processing
        from processing.gui.AlgorithmDialog import AlgorithmDialog
        from qgis.core import QgsApplication

        registry = QgsApplication.processingRegistry()
        if registry.providerById("geodistil") is None:
            from geodistil.toolbox.provider import GeoDistilProvider

            Processing.initialize()
            stage.provider = GeoDistilProvider()
            registry.addProvider(stage.provider)
        dialog = AlgorithmDialog(registry.createAlgorithmById(f"geodistil:{name}"), False, None)
        dialog.resize(1000, 740)
        return dialog

    return show


def _label(stage: Stage) -> Any:
    from label import _suggest, _window

    window, stage.dock = _window(stage.scratch)
    _suggest(window, stage.dock, stage.scratch / "world" / "north_train_cars.gpkg")
    stage.dock.widget().verticalScrollBar().setValue(0)
    return window


def _label_below(stage: Stage) -> Any:
    window = stage.dock.window() if stage.dock else _label(stage)
    window.show()
    bar = stage.dock.widget().verticalScrollBar()
    stage.wait(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    return window


def _labels_new(stage: Stage) -> Any:
    from geodistil.ui.labelling.setup import SetupDialog

    return SetupDialog(stage.project)


def _labels_classes(stage: Stage) -> Any:
    from geodistil.jobs.labelling.link import LabelClass
    from geodistil.ui.labelling.classes import ClassDialog

    return ClassDialog([LabelClass("car", "#e6194b"), LabelClass("truck", "#4363d8")], print, None)


def _run(stage: Stage) -> Any:
    from geodistil.jobs.sources.draft import Draft, SourceDraft
    from geodistil.ui.wizard.wizard import TrainingWizard

    _servers(stage)
    sources = [SourceDraft(raster=stage.raster.id())]
    wizard = TrainingWizard(stage.project, None, Draft(name="harbour", parent="/home/ada/GeoDistil", sources=sources))
    wizard.setStartId(wizard.pageIds()[-1])
    wizard.restart()
    wizard.run.device.setCurrentIndex(wizard.run.device.count() - 2)
    return wizard


def _folders(stage: Stage) -> Any:
    from geodistil.ui.runs.commands import FoldersDialog

    return FoldersDialog([Path("/home/ada/GeoDistil"), Path("/srv/shared/runs")], None)


def _onnx(stage: Stage) -> Any:
    from geodistil.ui.onnx_form import OnnxForm

    answer = {"known": {}, "input": {"shape": [1, 3, 64, 64]}, "outputs": {"out": [1, 2, 64, 64]}, "missing": []}
    return OnnxForm(Path("roofs.onnx"), answer)


def _click_model(stage: Stage) -> Any:
    from geodistil.ui.labelling.clicker import ClickModelDialog

    dialog = ClickModelDialog()
    dialog.encoder.setFilePath("/home/ada/models/mobile_sam.encoder.onnx")
    dialog.accept()  # which says what is missing
    return dialog


def _fetch(stage: Stage) -> Any:
    from geodistil.ui.fetch_dialog import FetchDialog
    from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsRectangle
    from qgis.gui import QgsMapCanvas

    layer = QgsRasterLayer("type=xyz&url=https://tiles.invalid/{z}/{x}/{y}.png&zmin=0&zmax=19", "Orthophotos", "wms")
    layer.setAttribution("© Land survey")
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    canvas.resize(800, 600)
    canvas.setExtent(QgsRectangle(1669000, 5774000, 1669800, 5774600))
    stage.kept.append(canvas)
    dialog = FetchDialog(layer, stage.project, canvas)
    dialog.pixel_size.setValue(0.5)
    dialog.file.setFilePath("/home/ada/town/orthophotos.tif")
    return dialog


SCENES: dict[str, Callable[[Stage], Any]] = {
    "servers": _servers,
    "server": _server,
    "zoo": _zoo,
    "models": _models,
    "compared": _compared,
    "ground": _ground,
    "scored": _scored,
    "export-chips": _algorithm("exportchips"),
    "import-labels": _algorithm("importlabels"),
    "label": _label,
    "label-below": _label_below,
    "label-new": _labels_new,
    "label-classes": _labels_classes,
    "click-model": _click_model,
    "fetch": _fetch,
    "run": _run,
    "folders": _folders,
    "onnx": _onnx,
}
"""Each gives its window, filled."""

if __name__ == "__main__":
    sys.exit(main())
