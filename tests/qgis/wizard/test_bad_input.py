"""What cannot be trained is told on its page, next to its field, and there is no way on."""

import numpy as np
import pytest
from geodistil.jobs.sources import place
from qgis.core import QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QWizard


def test_a_raster_without_a_coordinate_system_is_told_above_its_fields_and_while_another_is_selected(
    filled, project, make_raster, tmp_path, pages
):
    path = make_raster(tmp_path / "bare.tif", np.zeros((3, 16, 16), "uint8"), crs=None)
    bare = project.addMapLayer(QgsRasterLayer(str(path), "bare"))
    assert pages.can_go_on(filled)
    filled.sources.add_rasters([bare])
    sentence = "The raster bare has no coordinate reference system. Set it in the file"
    assert pages.problem(filled, "raster").startswith(sentence) and not pages.can_go_on(filled)
    filled.sources.table.clearSelection()
    filled.sources.table.selectRow(0)
    assert pages.problem(filled, "raster") == "" and filled.sources.problem.text().startswith(f"bare: {sentence}")
    filled.sources.table.clearSelection()
    filled.sources.table.selectRow(2)
    filled.sources.remove_button.click()
    assert filled.sources.problem.text() == "" and pages.can_go_on(filled)


@pytest.mark.parametrize(
    ("role", "kind", "sentence"),
    [
        ("detection", "LineString", "has lines; labels are areas"),
        ("segmentation", "Point", "has points; segmentation needs polygons or a class raster"),
    ],
)
def test_labels_of_the_wrong_geometry_are_told_under_the_layer(filled, project, role, kind, sentence, pages):
    wrong = project.addMapLayer(QgsVectorLayer(f"{kind}?crs=EPSG:32633&field=kind:string", "wrong", "memory"))
    pages.choose(filled, 1, role, wrong)
    assert sentence in pages.problem(filled, "labels") and not pages.can_go_on(filled)


def test_a_mistake_is_told_under_its_field_and_blocks(filled, town, project, wait, pages):
    elsewhere = QgsVectorLayer("Polygon?crs=EPSG:32633&field=kind:string", "elsewhere", "memory")
    project.addMapLayer(elsewhere)
    pages.choose(filled, 1, "segmentation", elsewhere)
    wait(lambda: pages.problem(filled, "labels"))
    assert pages.problem(filled, "labels") == "No label of elsewhere lies on south." and not pages.can_go_on(filled)
    pages.choose(filled, 1, "segmentation", town["roofs"])
    wait(filled.sources.isComplete)
    assert pages.problem(filled, "labels") == "" and pages.can_go_on(filled)


def test_nothing_labelled_blocks_with_a_sentence(wizard, town, pages):
    wizard.sources.add_rasters([town["north"]])
    assert "Nothing is labelled yet" in wizard.sources.problem.text() and not pages.can_go_on(wizard)


def test_one_class_without_background_is_told_on_its_page(filled, pages):
    filled.next()
    areas = filled.classes.tables["segmentation"]
    areas.table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    filled.classes.background.setChecked(False)
    assert "nothing to tell apart" in areas.problem.text() and not pages.can_go_on(filled)
    filled.classes.background.setChecked(True)
    assert areas.problem.text() == "" and pages.can_go_on(filled)


def test_a_folder_that_cannot_be_written_is_told_under_it(filled, engine, pages):
    pages.go_to_run(filled)
    assert filled.button(QWizard.WizardButton.FinishButton).isEnabled()
    filled.run.folder.setFilePath("/proc")  # which not even root can write
    assert not filled.button(QWizard.WizardButton.FinishButton).isEnabled()  # before it is looked at, too
    pages.look(filled)
    assert filled.run.problems["folder"].text() == "The folder /proc cannot be written; choose another."
    assert not filled.button(QWizard.WizardButton.FinishButton).isEnabled()


def test_too_little_disk_is_told_under_the_folder(filled, engine, monkeypatch, pages):
    monkeypatch.setattr(place, "RESERVE_BYTES", 10**15)
    pages.go_to_run(filled)
    assert "free, and the run needs about 1,000," in filled.run.problems["folder"].text()
    assert not filled.button(QWizard.WizardButton.FinishButton).isEnabled()
