"""The wizard as a person goes through it, page by page, with real layers and a real child."""

import json
import sys

import pytest
from geodistil.jobs.runs.registry import known_runs
from geodistil.jobs.sources.place import runs_folder
from geodistil.ui.wizard.wizard import TrainingWizard, open_wizard
from qgis.core import QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QEvent, Qt
from qgis.PyQt.QtWidgets import QMainWindow, QWizard

ENGINE = """#!{python}
import json, pathlib, sys
command, folder = sys.argv[3], pathlib.Path(sys.argv[4])
run = json.loads((folder / "run.json").read_text())
if command == "train":
    (folder / "events.jsonl").write_text(json.dumps({{"kind": "finished"}}) + "\\n")
elif run["training"]["chip_size"] > 512:
    print(json.dumps({{"error": {{"code": "split", "message": "The chips are too large.", "hint": "Lower them."}}}}))
else:
    roles = ("detection", "segmentation")
    classes = {{role: {{c["name"]: 3 for c in run.get(role + "_classes", [])}} for role in roles}}
    ring = [[500000, 4999936], [500064, 4999936], [500064, 5000000], [500000, 5000000], [500000, 4999936]]
    block = {{"source": "north", "crs": "EPSG:32633", "split": "training"}}
    block["polygon"] = {{"type": "Polygon", "coordinates": [ring]}}
    print(json.dumps({{
        "gsd_m": 0.5, "bands": [1, 2, 3], "dtype": "uint8", "train_area_m2": 4096.0, "label_counts": classes,
        "networks": {{"student": "fpn, mobilenet_v2, 2.7 M parameters"}}, "stages": [{{"name": "student", "share": 1}}],
        "warnings": ["The detection class 'bus' has no labels in the validation blocks."], "blocks": [block],
        "estimate": "--probe" in sys.argv and {{
            "device": run["training"]["device"], "memory_bytes": 2e9,
            "stages": [{{"name": "student", "share": 1.0, "seconds_per_step": 0.5, "steps_per_epoch": 10}}],
        }},
    }}))
"""


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A program with the engine's manners stands where its Python is."""
    program = tmp_path / "engine-python"
    program.write_text(ENGINE.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("GEODISTIL_PYTHON", str(program))


@pytest.fixture
def wizard(town, project, tmp_path):
    window = TrainingWizard(project)
    window.session.draft.parent = str(tmp_path / "runs")
    window.show()
    yield window
    window.reject()
    sip.delete(window)  # QGIS's main window would own it; nobody does here


def choose(wizard, row, role, labels, field=None):
    """Fill in the fields of one source."""
    page, editor = wizard.sources, wizard.sources.editor
    page.table.clearSelection()
    page.table.selectRow(row)
    editor.role.setCurrentIndex(editor.role.findData(role))
    editor.labels.setLayer(labels)
    if field is not None:
        editor.field.setField(field)


@pytest.fixture
def filled(wizard, town, wait):
    """The first page filled in: boxes in the north, areas in the south."""
    wizard.sources.add_rasters([town["north"], town["south"]])
    choose(wizard, 0, "detection", town["cars"])
    choose(wizard, 1, "segmentation", town["roofs"])
    wait(wizard.sources.isComplete)
    return wizard


def cells(table, column):
    return [table.item(row, column).text() for row in range(table.rowCount())]


def problem(wizard, field):
    return wizard.sources.editor._problems[field].text()


def can_go_on(wizard):
    return wizard.button(QWizard.WizardButton.NextButton).isEnabled()


def test_the_table_shows_roles_counts_and_pixels(filled):
    assert cells(filled.sources.table, 1) == ["detection", "segmentation"]
    assert cells(filled.sources.table, 4) == ["3 labels: car 2, bus 1", "3 labels: roof 2, road 1"]
    assert cells(filled.sources.table, 5) == ["0.50 m", "0.50 m"]
    assert filled.session.draft.sources[0].field == "kind"


def test_all_loaded_rasters_are_added_once_and_label_rasters_not(filled, town, project, tmp_path, make_raster):
    third = QgsRasterLayer(town["north"].source(), "third")
    project.addMapLayer(third)
    filled.session.draft.sources[0].labels = town["south"].id()
    filled.session.draft.sources.pop()
    filled.sources.add_all_button.click()
    assert cells(filled.sources.table, 0) == ["north", "third"]
    filled.sources.add_all_button.click()
    assert cells(filled.sources.table, 0) == ["north", "third"]


def test_what_is_changed_changes_all_selected_sources(filled):
    filled.sources.table.selectAll()
    filled.sources.editor.area.setCurrentIndex(1)
    assert [source.area for source in filled.session.draft.sources] == ["hull", "hull"]
    assert cells(filled.sources.table, 3) == ["hull of the labels", "hull of the labels"]
    filled.sources.remove_button.click()
    assert filled.session.draft.sources == [] and not can_go_on(filled)


def test_a_mistake_is_told_under_its_field_and_blocks(filled, town, project, wait):
    elsewhere = QgsVectorLayer("Polygon?crs=EPSG:32633&field=kind:string", "elsewhere", "memory")
    project.addMapLayer(elsewhere)
    choose(filled, 1, "segmentation", elsewhere)
    wait(lambda: problem(filled, "labels"))
    assert problem(filled, "labels") == "No label of elsewhere lies on south." and not can_go_on(filled)
    choose(filled, 1, "segmentation", town["roofs"])
    wait(filled.sources.isComplete)
    assert problem(filled, "labels") == "" and can_go_on(filled)


def test_a_label_layer_that_is_removed_is_missed_and_no_other_takes_its_place(filled, town, project):
    labels = town["roofs"].id()
    project.removeMapLayer(labels)
    assert filled.session.draft.sources[1].labels == labels
    assert problem(filled, "labels") == "Choose the layer that has the labels." and not can_go_on(filled)
    project.removeMapLayer(town["south"].id())
    assert cells(filled.sources.table, 0) == ["north", "(gone)"]


def test_nothing_labelled_blocks_with_a_sentence(wizard, town):
    wizard.sources.add_rasters([town["north"]])
    assert "Nothing is labelled yet" in wizard.sources.problem.text() and not can_go_on(wizard)


def test_classes_can_be_renamed_merged_and_left_out_and_going_back_keeps_them(filled, wait):
    filled.next()
    boxes, areas = (filled.classes.tables[role] for role in ("detection", "segmentation"))
    assert cells(boxes.table, 2) == ["bus", "car"] and cells(areas.table, 2) == ["road", "roof"]
    boxes.table.selectAll()
    boxes.merge_button.click()
    boxes.table.item(0, 2).setText("vehicle")
    areas.table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    filled.back()
    wait(filled.sources.isComplete)
    filled.next()
    assert cells(boxes.table, 2) == ["vehicle"] and cells(boxes.table, 3) == ["bus, car"]
    assert cells(boxes.table, 4) == ["3"]
    assert [(each.name, each.used) for each in filled.session.draft.classes["segmentation"]] == [
        ("road", False),
        ("roof", True),
    ]


def test_one_class_without_background_is_told_on_its_page(filled):
    filled.next()
    areas = filled.classes.tables["segmentation"]
    areas.table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    filled.classes.background.setChecked(False)
    assert "nothing to tell apart" in areas.problem.text() and not can_go_on(filled)
    filled.classes.background.setChecked(True)
    assert areas.problem.text() == "" and can_go_on(filled)


def test_the_recipe_page_suggests_and_offers_what_fits(filled):
    filled.next()
    filled.next()
    page = filled.recipe
    assert page.recipes["partial_multitask"].isChecked() and not page.recipes["semi_supervised"].isEnabled()
    assert "Suggested: Boxes here, areas there" in page.suggestion.shown[0][1]
    page.student.setCurrentIndex(1)
    page.advanced.terms["pdf"].setChecked(True)
    page.recipes["supervised"].click()
    assert page.teacher.isHidden() and page.advanced.distillation.isHidden()
    filled.back()
    filled.next()
    assert page.recipes["supervised"].isChecked() and page.student.currentData() == "medium"
    page.recipes["partial_multitask"].click()
    assert filled.session.draft.recipe.distillation == ["soft", "pdf"]


def go_to_check(wizard, wait):
    for _ in range(3):
        wizard.next()
    wait(lambda: wizard.check._work is None, 60)


def test_an_error_of_the_check_blocks(filled, engine, wait):
    filled.session.draft.training.chip_size = 1024
    go_to_check(filled, wait)
    assert filled.check.notices.shown == [("error", "The chips are too large. Lower them.")]
    assert not can_go_on(filled)


def test_an_engine_that_is_not_there_is_told_on_the_page(filled, wait, monkeypatch):
    monkeypatch.setenv("GEODISTIL_PYTHON", "/nowhere/python")
    go_to_check(filled, wait)
    assert "/nowhere/python does not exist" in filled.check.notices.shown[0][1] and not can_go_on(filled)


def test_a_check_that_passed_explains_counts_and_shows_the_split(filled, engine, wait, project):
    go_to_check(filled, wait)
    page = filled.check
    assert ("warning", "The detection class 'bus' has no labels in the validation blocks.") in page.notices.shown
    assert cells(page.table, 1) == ["bus", "car", "road", "roof"] and can_go_on(filled)
    page.split_button.click()
    page.split_button.click()
    [layer] = project.mapLayersByName("Split into blocks")
    assert layer.featureCount() == 1 and layer.extent().width() == pytest.approx(64)


def test_a_check_is_done_again_only_after_a_change(filled, engine, wait):
    go_to_check(filled, wait)
    prepared = filled.session.prepared
    filled.next()
    filled.run.name.setText("another name")
    filled.back()
    assert filled.check.isComplete() and filled.session.prepared == prepared
    filled.back()
    filled.recipe.student.setCurrentIndex(2)
    filled.next()
    assert not filled.check.isComplete()
    wait(filled.check.isComplete)
    assert filled.session.prepared != prepared and not prepared.exists()


def test_names_and_folders_that_cannot_be_used_are_told(filled, engine, wait, tmp_path):
    go_to_check(filled, wait)
    filled.next()
    finish = filled.button(QWizard.WizardButton.FinishButton)
    assert finish.isEnabled() and str(tmp_path / "runs" / "model") in filled.run.place.text()
    filled.run.name.setText("  ")
    assert "Give the run a name" in filled.run.problems["name"].text() and not finish.isEnabled()
    filled.run.name.setText("town")
    (tmp_path / "file").touch()
    filled.run.folder.setFilePath(str(tmp_path / "file"))
    assert "is a file" in filled.run.problems["folder"].text() and not finish.isEnabled()


def test_time_and_memory_are_estimated_for_the_device_and_follow_the_budget(filled, engine, wait):
    go_to_check(filled, wait)
    filled.next()
    page = filled.run
    page.device.setCurrentText("cpu")
    page.estimate_button.click()
    wait(page.estimate_button.isEnabled)
    assert page.estimate.text().startswith("About so many steps: student 7,200; 2.0 GB of memory on cpu")
    page.budget_kind.setCurrentIndex(1)
    page.budget.setValue(6)
    assert page.estimate.text().startswith("About 30 s, 2.0 GB of memory on cpu")
    page.budget_kind.setCurrentIndex(2)
    page.budget.setValue(3600)
    assert page.estimate.text().startswith("About 30 min")
    page.device.setCurrentText("cuda")
    assert page.estimate.text() == ""
    assert filled.check.isComplete()


def test_a_training_starts_and_the_window_closes(filled, engine, wait, tmp_path):
    started = []
    filled.started.connect(started.append)
    go_to_check(filled, wait)
    filled.next()
    filled.run.name.setText("town")
    filled.run.budget_kind.setCurrentIndex(2)
    filled.run.budget.setValue(40)
    filled.run.wait.setChecked(False)
    prepared = filled.session.prepared
    filled.button(QWizard.WizardButton.FinishButton).click()
    wait(lambda: started)
    folder = tmp_path / "runs" / "town"
    assert started == [folder] and not filled.isVisible() and not prepared.exists()
    run = json.loads((folder / "run.json").read_text())
    assert run["training"]["budget"] == {"steps": 40} and run["recipe"]["kind"] == "partial_multitask"
    assert [source["labels"]["path"] for source in run["sources"]] == ["labels/cars.gpkg", "labels/roofs.gpkg"]
    wait((folder / "events.jsonl").exists)
    assert known_runs()[0] == folder and runs_folder() == folder.parent


def test_a_run_that_waits_is_put_on_the_list(filled, engine, wait, tmp_path, monkeypatch):
    monkeypatch.setattr("geodistil.ui.wizard.wizard.list_folder", lambda: tmp_path / "lists")
    started = []
    filled.started.connect(started.append)
    go_to_check(filled, wait)
    filled.next()
    assert filled.run.wait.isChecked()
    filled.button(QWizard.WizardButton.FinishButton).click()
    wait(lambda: started)
    waiting = json.loads((tmp_path / "lists" / "waiting.json").read_text())
    assert waiting["runs"] == [str(tmp_path / "runs" / "model")]
    assert not (tmp_path / "runs" / "model" / "events.jsonl").exists()


def test_a_run_is_a_template_for_the_next(filled, engine, wait, tmp_path, project, town):
    filled.session.draft.training.chip_size = 128
    go_to_check(filled, wait)
    folder = filled.session.prepared
    other = TrainingWizard(project)
    other.use_template(folder)
    wait(other.sources.isComplete)
    assert cells(other.sources.table, 0) == ["north", "south"]
    assert other.session.draft.training.chip_size == 128
    other.reject()
    sip.delete(other)


def test_a_folder_that_is_no_run_is_told_on_the_first_page(wizard, tmp_path):
    wizard.use_template(tmp_path)
    assert "There is no run file" in wizard.sources.problem.text()


def test_closing_the_window_ends_a_check_and_removes_its_folder(filled, engine, wait):
    for _ in range(3):
        filled.next()
    folder = filled.session.prepared
    assert folder.exists()
    filled.reject()
    assert filled.session.prepared is None
    wait(lambda: not folder.exists())


class Interface:
    """What the wizard uses of QGIS's interface, with a real window, canvas and message bar."""

    def __init__(self):
        self.window, self.canvas = QMainWindow(), QgsMapCanvas()
        self.bar = QgsMessageBar(self.window)

    def mainWindow(self):
        return self.window

    def mapCanvas(self):
        return self.canvas

    def messageBar(self):
        return self.bar


def test_the_menu_opens_a_window_that_blocks_nothing_and_tells_what_started(town, engine, wait, tmp_path):
    interface, shown = Interface(), []
    window = open_wizard(interface, show_runs=lambda: shown.append(1))
    assert window.isVisible() and not window.isModal() and window.parent() is interface.window
    window.started.emit(tmp_path / "town")
    assert shown == [1]
    assert "The training town starts as soon as its device is free" in interface.bar.currentItem().text()
    window.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert sip.isdeleted(window)


def test_every_field_has_a_name_for_screen_readers(filled):
    editor, run = filled.sources.editor, filled.run
    for widget in (editor.role, editor.labels, editor.field, editor.area, filled.sources.table, run.name, run.predict):
        assert widget.accessibleName()


def test_the_real_engine_accepts_what_the_wizard_writes(filled, wait, monkeypatch):
    from geodistil.jobs.environment import engine_python
    from geodistil.jobs.errors import GeoDistilError

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    try:
        engine_python()
    except GeoDistilError as error:
        pytest.skip(str(error))
    filled.session.draft.training.chip_size = 64
    go_to_check(filled, wait)
    assert filled.session.report["label_counts"] == {
        "detection": {"bus": 1, "car": 2},
        "segmentation": {"road": 1, "roof": 2},
    }
    assert {block["split"] for block in filled.session.report["blocks"]} == {"training", "validation"}
