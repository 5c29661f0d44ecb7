"""Two models scored on the same ground from the models window, by the engine; held against numpy and its own CLI."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from geodistil.jobs.environment import ROOT, engine_python
from geodistil.jobs.package_registry import register
from geodistil.ui.models.ground import GroundDialog
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox

from ..probe import STALL_SECONDS, Probe
from ..view.conftest import MODEL

ROOFS = [(20, 20, 120, 100), (140, 30, 180, 190)]
ROADS = [(60, 120, 130, 140)]
TREES = [(190, 10, 210, 60)]
AREA = (10, 10, 220, 200)
"""Column, row, column, row, in the raster's pixels of half a metre."""


@pytest.fixture(scope="session")
def ground(make_raster, tmp_path_factory):
    """128 m of noise, in which the model finds thousands of cars."""
    image = np.random.default_rng(0).integers(0, 255, (3, 256, 256)).astype("uint8")
    return make_raster(tmp_path_factory.mktemp("same_ground") / "ground.tif", image)


@pytest.fixture
def two(tmp_path, engine, quick_start):
    """The model under two names; the second one's classes can be others."""

    def make(second=("road", "roof"), **card):
        for name, classes in (("first", None), ("second", second)):
            copy = tmp_path / name
            shutil.copytree(MODEL, copy)
            item = json.loads((copy / "item.json").read_text())
            own = item["properties"]["geodistil:card"]
            own["name"] = name
            if classes:
                colours = [each["color"] for each in own["segmentation_classes"]]
                own["segmentation_classes"] = [{"name": n, "color": c} for n, c in zip(classes, colours, strict=True)]
            own.update(card if classes else {})
            (copy / "item.json").write_text(json.dumps(item))
            register(str(copy))
        return tmp_path / "first", tmp_path / "second"

    return make


@pytest.fixture
def layers(project, raster, window, make_boxes):
    """Areas, boxes and a labelled area, and the imagery is active."""
    areas = [(*box, "roof") for box in ROOFS] + [(*box, "road") for box in ROADS] + [(*box, "tree") for box in TREES]
    made = {
        "areas": make_boxes(areas, "areas"),
        "cars": make_boxes([(30 + 20 * n, 150, 38 + 20 * n, 160, "vehicle") for n in range(6)], "cars"),
        "complete": make_boxes([(*AREA, "")], "complete"),
    }
    for layer in made.values():
        project.addMapLayer(layer)
    window.active = raster
    return made


@pytest.fixture
def ask(open_models, wait):
    """Selects both models and opens the dialog."""

    def begin():
        models = open_models()
        models.table.selectAll()
        QTest.mouseClick(models.ground.ask, Qt.MouseButton.LeftButton)
        (dialog,) = models.findChildren(GroundDialog)
        wait(dialog.isVisible)
        return models, dialog

    return begin


def press(dialog):
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)


def cli(*arguments):
    """The engine by hand."""
    command = [str(engine_python()), "-m", "engine", *map(str, arguments), "--json"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def painted(boxes, size):
    """Rectangles of the raster's pixels on a class map's, which are half as large."""
    found = np.zeros(size, bool)
    for left, top, right, bottom in boxes:
        found[2 * top : 2 * bottom, 2 * left : 2 * right] = True
    return found


def ious(classes, truth, names, counted):
    """IoU by class, of arrays; in percent as tables have it."""
    return {
        name: 100 * ((classes == value) & truth[name] & counted).sum()
        / (((classes == value) | truth[name]) & counted).sum()
        for value, name in enumerate(("background", *names))
    }  # fmt: skip


def rows(models):
    """The first table of scores: {name: its numbers}."""
    lines = [line for line in models.details.text.toPlainText().splitlines() if line.strip()]
    start = next(place for place, line in enumerate(lines) if ": mean IoU" in line or ": AP50" in line)
    found, name = {}, ""
    for line in lines[start:]:
        if line.startswith(("Segmentation: ", "Detection: ")):
            if line in found:
                break
            name = line
            found[name] = []
        elif name:
            found[name].append(line)
    return {name: [float(each.replace("−", "-")) for each in numbers[:3]] for name, numbers in found.items()}


def test_both_are_scored_by_the_same_labels_and_lie_on_the_map(
    ask, two, layers, ground, buttons, window, project, wait, tmp_path
):
    first, second = two()
    models, dialog = ask()
    assert dialog.raster.currentLayer().name() == "ground" and not dialog.untrained.isChecked()
    dialog.truths["segmentation"].setLayer(layers["areas"])
    dialog.truths["detection"].setLayer(layers["cars"])
    dialog.area.setLayer(layers["complete"])
    assert [dialog.fields[task].currentField() for task in ("segmentation", "detection")] == ["kind", "kind"]
    probe = Probe()
    press(dialog)
    wait(lambda: models.ground.progress.isVisible() and "first" in models.ground.progress.text.text())
    wait(lambda: not models.ground.busy, 400)
    probe.turn()
    assert models.ground.problem.text() == "" and probe.busiest < STALL_SECONDS
    found, text = rows(models), models.details.text.toPlainText()
    assert "Scores on the same ground (percent): ground, areas, cars, complete" in text
    assert "Ground with labels of tree counts nowhere" in text
    assert "first: its package does not say what it was trained on." in text

    truth, expected = {}, []
    order = [("second", second, ("road", "roof")), ("first", first, ("roof", "road"))]
    assert [each.name for each in models.selected()] == [name for name, *_ in order]
    for place, (_, model, names) in enumerate(order):
        output = cli("predict", model, ground, "--output", tmp_path / f"out{place}", "--score", "0.05")["outputs"][0]
        classes = gdal.Open(output["classes"]).ReadAsArray()
        truth = {"roof": painted(ROOFS, classes.shape), "road": painted(ROADS, classes.shape)}
        truth["background"] = ~(truth["roof"] | truth["road"])
        counted = painted([AREA], classes.shape) & ~painted(TREES, classes.shape)
        expected.append(ious(classes, truth, names, counted))
        asked = ["evaluate", output["detections"], "--task", "detection", "--model", model, "--truth"]
        layer = tmp_path / f"{place}.gpkg"
        area = tmp_path / f"area{place}.gpkg"
        for name, path in (("cars", layer), ("complete", area)):
            write(layers[name], path)
        scores = cli(*asked, layer, "--field", "kind", "--area", area)
        expected[-1]["ap50"] = 100 * (scores["ap50"] or 0)
    for key, name in (("background", "background"), ("roof", "roof"), ("road", "road")):
        assert found[f"Segmentation: IoU, {name}"][:2] == pytest.approx([each[key] for each in expected], abs=0.06)
    means = [np.mean([each[name] for name in ("background", "roof", "road")]) for each in expected]
    assert found["Segmentation: mean IoU"][:2] == pytest.approx(means, abs=0.06)
    assert found["Segmentation: mean IoU"][2] == pytest.approx(means[1] - means[0], abs=0.06)
    assert found["Detection: AP50"][:2] == pytest.approx([each["ap50"] for each in expected], abs=0.06)
    assert abs(means[1] - means[0]) > 1  # or the test could not tell them apart

    root = project.layerTreeRoot()
    groups = {name: root.findGroup(f"{name} on ground").findLayerIds() for name in ("first", "second")}
    assert [len(each) for each in groups.values()] == [2, 2]
    boxes = project.mapLayersByName("ground: detections")
    assert len(boxes) == 2 and all("0.05" in each.subsetString() for each in boxes)
    buttons.swipe.setChecked(True)
    wait(lambda: buttons.tool.item is not None and buttons.tool.item.ready)
    sides = {side.name: side.hidden for side in buttons.tool.item.sides}
    assert sides == {"first": frozenset(groups["second"]), "second": frozenset(groups["first"])}
    folder = Path(boxes[0].source().partition("|")[0]).parent
    buttons.predictor.remove()
    assert not folder.exists() and root.findGroup("first on ground") is None


def write(layer, path):
    from qgis.core import QgsCoordinateTransformContext, QgsVectorFileWriter

    options = QgsVectorFileWriter.SaveVectorOptions()
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), QgsCoordinateTransformContext(), options)


def test_what_only_one_knows_is_left_out_and_ground_that_trained_one_is_said(ask, two, layers, raster, wait):
    """The left half trained the second model: it is left out at first, and said when it counts."""
    left = QgsRectangle(500000, 5000000 - 256, 500000 + 50, 5000000)
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    box = QgsCoordinateTransform(raster.crs(), degrees, QgsProject.instance()).transformBoundingBox(left)
    corners = [(box.xMinimum(), box.yMinimum()), (box.xMaximum(), box.yMaximum())]
    (west, south), (east, north) = corners
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    two(("roof", "tree"), geometry={"type": "Polygon", "coordinates": [ring]}, gsd=0.5)
    models, dialog = ask()
    dialog.truths["segmentation"].setLayer(layers["areas"])
    dialog.truths["detection"].setLayer(None)
    dialog.area.setLayer(layers["complete"])
    assert dialog.untrained.isChecked()
    press(dialog)
    wait(lambda: not models.ground.busy, 400)
    text = models.details.text.toPlainText()
    assert "second: not trained on this ground." in text
    assert "Only first knows road, which is not compared." in text and "Only second knows tree" in text
    assert "Ground with labels of road, tree counts nowhere" in text
    assert "own ground sampling distance: 0.5 m and 0.25 m" in text
    assert set(rows(models)) == {f"Segmentation: {name}" for name in ("mean IoU", "IoU, background", "IoU, roof")}
    QTest.mouseClick(models.ground.ask, Qt.MouseButton.LeftButton)
    dialog = models.findChildren(GroundDialog)[-1]
    dialog.truths["segmentation"].setLayer(layers["areas"])
    dialog.truths["detection"].setLayer(None)
    dialog.area.setLayer(layers["complete"])
    dialog.untrained.setChecked(False)
    press(dialog)
    wait(lambda: not models.ground.busy, 400)
    share = 100 * (50 - AREA[0] / 2) / ((AREA[2] - AREA[0]) / 2)
    said = next(line for line in models.details.text.toPlainText().splitlines() if "second: trained on" in line)
    percent = float(said.partition("imagery: ")[2].partition(" %")[0])
    assert percent == pytest.approx(share, abs=1.5)  # a rectangle in degrees is a little larger


def test_it_is_cancelled_within_seconds(ask, two, layers, wait):
    two()
    models, dialog = ask()
    dialog.truths["segmentation"].setLayer(layers["areas"])
    press(dialog)
    wait(lambda: "first" in models.ground.progress.text.text())
    time.sleep(0.5)
    folder = models.ground._scoring._folder
    begun = time.monotonic()
    QTest.mouseClick(models.ground.progress.button, Qt.MouseButton.LeftButton)
    wait(lambda: not models.ground.busy, 30)
    assert time.monotonic() - begun < 8 and not folder.exists()
    assert (
        models.ground.ask.isEnabled() and models.ground.problem.text() == "" and not models.ground.progress.isVisible()
    )
    working = [each for each in os.listdir("/proc") if each.isdigit() and str(folder) in arguments(each)]
    assert working == []


def arguments(process):
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


def test_what_cannot_be_compared_is_one_sentence(ask, two, layers, project, make_raster, make_boxes, tmp_path, wait):
    two()
    gray = make_raster(tmp_path / "gray.tif", np.zeros((1, 64, 64), "uint8"))
    layer = QgsRasterLayer(str(gray), "gray")
    project.addMapLayer(layer)
    far = make_boxes([(4000, 4000, 4100, 4100, "roof")], "far")
    project.addMapLayer(far)
    models, dialog = ask()
    for labels in dialog.truths.values():
        labels.setLayer(None)
    press(dialog)
    assert dialog.problem.text() == "Choose the layer that holds the truth: boxes, or areas."
    dialog.truths["segmentation"].setLayer(layers["areas"])
    dialog.fields["segmentation"].setField("")
    press(dialog)
    assert dialog.problem.text() == "Choose the field of areas that says the class."
    dialog.fields["segmentation"].setField("kind")
    dialog.raster.setLayer(layer)
    press(dialog)
    assert "The model second reads band 3, and the layer gray has 1." in dialog.problem.text()
    dialog.raster.setLayer(project.mapLayersByName("ground")[0])
    dialog.area.setLayer(far)
    press(dialog)
    assert not dialog.isVisible()
    wait(lambda: not models.ground.busy, 60)
    assert "do not touch the imagery" in models.ground.problem.text()


def test_models_of_other_tasks_are_told_apart(open_models, make_package, engine, window, wait):
    register(str(make_package("areas")))
    cars = [{"name": "car", "color": "#ff0000"}]
    register(str(make_package("cars", tasks=["detection"], segmentation_classes=[], detection_classes=cars)))
    models = open_models()
    models.table.selectAll()
    QTest.mouseClick(models.ground.ask, Qt.MouseButton.LeftButton)
    (dialog,) = models.findChildren(GroundDialog)
    press(dialog)
    assert "have no task in common that labels can judge" in dialog.problem.text()
    dialog.close()
    models.table.clearSelection()
    assert not models.ground.isVisible()
