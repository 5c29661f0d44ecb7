"""Dialogs that the menu opens: the active raster is chosen, and no label layer for two tasks."""

import numpy as np
import pytest
from geodistil.jobs.labelling.layers import make_labels
from geodistil.jobs.labelling.link import LabelClass
from geodistil.toolbox.first_values import first_values
from qgis.core import QgsApplication, QgsPalettedRasterRenderer, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt import sip


@pytest.fixture
def layers(project, make_raster, make_boxes, tmp_path):
    """Two rasters, a class map on top, and three label layers, the topmost first."""
    names = ["north", "south", "classes"]
    rasters = [
        QgsRasterLayer(
            str(make_raster(tmp_path / f"{name}.tif", np.zeros((1 if name == "classes" else 3, 64, 64), "uint8"))), name
        )
        for name in names
    ]
    classes = [QgsPalettedRasterRenderer.Class(1)]
    rasters[2].setRenderer(QgsPalettedRasterRenderer(rasters[2].dataProvider(), 1, classes))
    boxes = [make_boxes([(1, 1, 9, 9, "a")], name) for name in ("roofs", "cars")]
    points = QgsVectorLayer("Point?crs=EPSG:32633&field=kind:string", "trees", "memory")
    made = {layer.name(): layer for layer in (*boxes, points, rasters[2], *rasters[:2])}
    for layer in made.values():
        project.addMapLayer(layer, False)
        project.layerTreeRoot().addLayer(layer)
    return made


@pytest.fixture
def opened(provider, project):
    """Opens an algorithm's own dialog with first values; returns what it says when run."""
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    dialogs = []

    def values(name, active=None):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"geodistil:{name}")
        dialogs.append(AlgorithmDialog(algorithm, False, None))
        first = first_values(f"geodistil:{name}", active, project)
        dialogs[-1].setParameters(first)
        panel = dialogs[-1].mainWidget()
        return {name: panel.wrappers[name].parameterValue() for name in first}, first

    yield values
    for dialog in dialogs:
        sip.delete(dialog)


@pytest.mark.parametrize("active", ["north", "south"])
def test_predict_opens_with_the_active_raster(layers, opened, active):
    shown, first = opened("predict", layers[active])
    assert first == {"RASTER": layers[active].id()}
    assert shown == first


def test_without_an_active_raster_imagery_is_the_topmost_that_is_seen_and_no_class_map(layers, opened, project):
    shown, _ = opened("predict", layers["cars"])
    assert shown["RASTER"] == layers["north"].id()
    project.layerTreeRoot().findLayer(layers["north"]).setItemVisibilityChecked(False)
    shown, _ = opened("predict", layers["cars"])
    assert shown["RASTER"] == layers["south"].id()
    shown, _ = opened("areastopolygons", layers["cars"])
    assert shown["CLASS_MAP"] == layers["classes"].id()


def test_the_tasks_of_a_training_have_label_layers_of_their_own(layers, opened):
    shown, first = opened("trainpartialmultitask", layers["south"])
    assert first["DETECTION_RASTERS"] == [layers["south"].id()]
    assert shown["DETECTION_LABELS"] == layers["trees"].id()  # points can be nothing else
    assert shown["SEGMENTATION_LABELS"] == layers["roofs"].id()
    assert shown["DETECTION_FIELD"] == shown["SEGMENTATION_FIELD"] == "kind"
    assert shown["DETECTION_RASTERS"] == [layers["south"].source()]  # as Processing shows it
    assert "SEGMENTATION_RASTERS" not in first


def test_layers_that_were_labelled_here_come_with_their_imagery_and_area(layers, opened, project, tmp_path):
    made = make_labels(
        layers["south"], tmp_path / "made.gpkg", "segmentation", [LabelClass("roof", "#e6194b")], project
    )
    shown, _ = opened("trainpartialmultitask", layers["north"])
    assert shown["SEGMENTATION_LABELS"] == made.id() and shown["SEGMENTATION_FIELD"] == "class"
    assert shown["SEGMENTATION_RASTERS"] == [layers["south"].source()]
    assert project.mapLayer(shown["SEGMENTATION_AREA"]) is not None
    assert shown["DETECTION_LABELS"] == layers["trees"].id()


def test_what_may_stay_empty_stays_empty_and_nothing_is_said_without_layers(layers, project):
    assert first_values("geodistil:predictrasters", layers["north"], project) == {}
    project.clear()
    assert first_values("geodistil:predict", None, project) == {}
    assert first_values("geodistil:trainpartialmultitask", None, project) == {}
