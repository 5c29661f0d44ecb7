"""The wizard as a person goes through it, page by page, with real layers and a real child."""

import json

import pytest
from geodistil.jobs.runs.files import followed_runs, known_runs, set_followed_runs
from geodistil.jobs.servers.note import Stage, read_note
from geodistil.jobs.servers.server import Server, store_servers
from geodistil.jobs.sources.place import runs_folder
from geodistil.jobs.sources.problems import GONE
from geodistil.ui.wizard.wizard import TrainingWizard, open_wizard
from qgis.core import QgsRasterLayer
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QEvent, Qt
from qgis.PyQt.QtWidgets import QMainWindow, QWizard


def test_the_table_shows_roles_counts_and_pixels(filled, pages):
    assert pages.cells(filled.sources.table, 1) == ["detection", "segmentation"]
    assert pages.cells(filled.sources.table, 4) == ["3 labels: car 2, bus 1", "3 labels: roof 2, road 1"]
    assert pages.cells(filled.sources.table, 5) == ["0.50 m", "0.50 m"]
    assert filled.session.draft.sources[0].field == "kind"


def test_all_loaded_rasters_are_added_once_and_label_rasters_not(filled, town, project, tmp_path, make_raster, pages):
    third = QgsRasterLayer(town["north"].source(), "third")
    project.addMapLayer(third)
    filled.session.draft.sources[0].labels = town["south"].id()
    filled.session.draft.sources.pop()
    filled.sources.add_all_button.click()
    assert pages.cells(filled.sources.table, 0) == ["north", "third"]
    filled.sources.add_all_button.click()
    assert pages.cells(filled.sources.table, 0) == ["north", "third"]


def test_what_is_changed_changes_all_selected_sources(filled, pages):
    filled.sources.table.selectAll()
    filled.sources.editor.area.setCurrentIndex(1)
    assert [source.area for source in filled.session.draft.sources] == ["hull", "hull"]
    assert pages.cells(filled.sources.table, 3) == ["hull of the labels", "hull of the labels"]
    filled.sources.remove_button.click()
    assert filled.session.draft.sources == [] and not pages.can_go_on(filled)


def test_a_label_layer_that_is_removed_is_missed_and_no_other_takes_its_place(filled, town, project, pages):
    labels = town["roofs"].id()
    project.removeMapLayer(labels)
    assert filled.session.draft.sources[1].labels == labels
    assert pages.problem(filled, "labels") == GONE["labels"] and not pages.can_go_on(filled)
    project.removeMapLayer(town["south"].id())
    assert pages.cells(filled.sources.table, 0) == ["north", "(gone)"]


def test_the_labels_of_one_task_are_not_offered_for_the_other(filled, town, pages):
    offered = filled.sources.editor.labels

    def names():
        return {offered.layer(index).name() for index in range(offered.count()) if offered.layer(index) is not None}

    filled.sources.table.selectRow(1)  # the areas in the south
    assert names() == {"north", "roofs"} and offered.currentLayer() is town["roofs"]
    pages.choose(filled, 1, "detection", town["cars"])  # of the same task, a layer serves several rasters
    assert names() == {"north", "roofs", "cars"}
    filled.sources.editor.role.setCurrentIndex(1)  # who had chosen it before sees it still, and what is wrong with it
    assert filled.session.draft.sources[1].role == "segmentation" and offered.currentLayer() is town["cars"]


def test_classes_can_be_renamed_merged_and_left_out_and_going_back_keeps_them(filled, wait, pages):
    filled.next()
    boxes, areas = (filled.classes.tables[role] for role in ("detection", "segmentation"))
    assert pages.cells(boxes.table, 2) == ["bus", "car"] and pages.cells(areas.table, 2) == ["road", "roof"]
    boxes.table.selectAll()
    boxes.merge_button.click()
    boxes.table.item(0, 2).setText("vehicle")
    areas.table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    filled.back()
    wait(filled.sources.isComplete)
    filled.next()
    assert pages.cells(boxes.table, 2) == ["vehicle"] and pages.cells(boxes.table, 3) == ["bus, car"]
    assert pages.cells(boxes.table, 4) == ["3"]
    assert [(each.name, each.used) for each in filled.session.draft.classes["segmentation"]] == [
        ("road", False),
        ("roof", True),
    ]


def test_the_recipe_page_suggests_and_offers_what_fits(filled):
    filled.next()
    filled.next()
    page = filled.recipe
    assert page.recipes["partial_multitask"].isChecked() and not page.recipes["semi_supervised"].isEnabled()
    assert "Suggested: Boxes here, areas there" in page.suggestion.shown[0][1]
    page.student.setCurrentIndex(page.student.findData("medium"))
    assert "tf_efficientnet_lite2 came with the engine (Apache-2.0)" in page.student_weights.text()
    page.teacher.setCurrentIndex(page.teacher.findData("large"))
    assert "fetched once from Hugging Face's hub" in page.teacher_weights.text()
    page.advanced.fields["DISTILLATION"].terms["pdf"].setChecked(True)
    page.recipes["supervised"].click()
    page.teacher.setCurrentIndex(page.teacher.findData("medium"))
    assert page.teacher.isHidden() and page.teacher_weights.isHidden() and "DISTILLATION" not in page.advanced.fields
    filled.back()
    filled.next()
    assert page.recipes["supervised"].isChecked() and page.student.currentData() == "medium"
    page.recipes["partial_multitask"].click()
    assert filled.session.draft.recipe.options["partial_multitask"] == {"DISTILLATION": ["soft", "pdf"]}


def test_an_error_of_the_check_blocks(filled, engine, pages):
    filled.session.draft.training.chip_size = 1024
    pages.go_to_check(filled)
    assert filled.check.notices.shown == [("error", "The chips are too large. Lower them.")]
    assert not pages.can_go_on(filled)


def test_an_engine_that_is_not_there_is_told_on_the_page(filled, monkeypatch, pages):
    monkeypatch.setenv("GEODISTIL_PYTHON", "/nowhere/python")
    pages.go_to_check(filled)
    assert "/nowhere/python does not exist" in filled.check.notices.shown[0][1] and not pages.can_go_on(filled)


def test_a_check_that_passed_explains_counts_and_shows_the_split(filled, engine, project, pages, town, wait):
    town["cars"].startEditing()
    town["cars"].changeAttributeValue(next(town["cars"].getFeatures()).id(), 0, "tram")
    filled.next()
    assert filled.currentPage() is filled.sources  # what was edited is counted first
    wait(filled.sources.isComplete)
    pages.go_to_check(filled)
    town["cars"].rollBack()
    page = filled.check
    assert ("warning", "The detection class 'bus' has no labels in the validation blocks.") in page.notices.shown
    assert pages.cells(page.table, 1) == ["bus", "car", "tram", "road", "roof"] and pages.can_go_on(filled)
    sentence = "cars has edits that are not saved: the run learns from what is on the screen."
    assert ("information", sentence) in page.notices.shown
    page.split_button.click()
    page.split_button.click()
    [layer] = project.mapLayersByName("Split into blocks")
    assert layer.featureCount() == 1 and layer.extent().width() == pytest.approx(64)


def test_a_check_is_done_again_only_after_a_change(filled, engine, wait, pages):
    pages.go_to_check(filled)
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


def test_names_and_folders_that_cannot_be_used_are_told(filled, engine, tmp_path, pages):
    pages.go_to_run(filled)
    finish = filled.button(QWizard.WizardButton.FinishButton)
    assert finish.isEnabled() and str(tmp_path / "runs" / "model") in filled.run.place.text()
    filled.run.name.setText("  ")
    assert "Give the run a name" in filled.run.problems["name"].text() and not finish.isEnabled()
    filled.run.name.setText("town")
    (tmp_path / "file").touch()
    filled.run.folder.setFilePath(str(tmp_path / "file"))
    pages.look(filled)
    assert "is a file" in filled.run.problems["folder"].text() and not finish.isEnabled()


def test_time_and_memory_are_estimated_for_the_device_and_follow_the_budget(filled, engine, wait, pages):
    pages.go_to_check(filled)
    wait(lambda: not filled.measurement.running)
    assert filled.check.estimate.text().startswith("About so many steps: student 7,200; 2.0 GB of memory on auto")
    filled.next()
    page = filled.run
    assert page.estimate.text() == filled.check.estimate.text()
    page.device.setCurrentText("cpu")
    assert page.estimate.text() == ""
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


def test_a_training_starts_and_the_window_closes(filled, engine, wait, tmp_path, pages):
    started = []
    filled.started.connect(started.append)
    pages.go_to_run(filled)
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


@pytest.fixture
def box(qgis_app):
    """A server that is described, which nobody asks."""
    server = Server(name="box", host="box.example.org", id="1")
    store_servers([server])
    yield server
    store_servers([])
    set_followed_runs({})


def test_a_training_on_a_server_is_handed_to_whoever_follows_it(filled, engine, box, wait, tmp_path, pages, project):
    started = []
    filled.started.connect(started.append)
    pages.go_to_run(filled)
    assert filled.run.device.findText("all on box") >= 0
    filled.run.device.setCurrentText("cuda:1 on box")
    filled.run.wait.setChecked(False)
    filled.button(QWizard.WizardButton.FinishButton).click()
    wait(lambda: started)
    (folder,) = started
    assert json.loads((folder / "run.json").read_text())["training"]["device"] == "cuda:1"
    note = read_note(folder)
    assert (note.server, note.name, note.stage) == ("1", "box", Stage.COPYING)
    assert followed_runs() == {folder: note.token}
    assert not (folder / "events.jsonl").exists(), "it was trained here"
    assert filled.outcome(folder) == "The training model is copied to its server, and starts there."
    other = TrainingWizard(project)
    other.use_template(folder)
    assert other.session.draft.server == "1"
    other.reject()
    sip.delete(other)


def test_a_run_that_waits_is_put_on_the_list(filled, engine, wait, tmp_path, monkeypatch, pages):
    monkeypatch.setattr("geodistil.ui.wizard.wizard.list_folder", lambda: tmp_path / "lists")
    started = []
    filled.started.connect(started.append)
    pages.go_to_run(filled)
    assert filled.run.wait.isChecked()
    filled.button(QWizard.WizardButton.FinishButton).click()
    wait(lambda: started)
    waiting = json.loads((tmp_path / "lists" / "waiting.json").read_text())
    assert waiting["runs"] == [str(tmp_path / "runs" / "model")]
    assert not (tmp_path / "runs" / "model" / "events.jsonl").exists()


def test_a_run_is_a_template_for_the_next(filled, engine, wait, tmp_path, project, town, pages):
    filled.session.draft.training.chip_size = 128
    pages.go_to_check(filled)
    folder = filled.session.prepared
    other = TrainingWizard(project)
    other.use_template(folder)
    wait(other.sources.isComplete)
    assert pages.cells(other.sources.table, 0) == ["north", "south"]
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


def test_the_real_engine_accepts_what_the_wizard_writes(filled, monkeypatch, pages):
    from geodistil.jobs.environment import engine_python
    from geodistil.jobs.errors import GeoDistilError

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    try:
        engine_python()
    except GeoDistilError as error:
        pytest.skip(str(error))
    filled.session.draft.training.chip_size = 64
    pages.go_to_check(filled)
    assert filled.session.report["label_counts"] == {
        "detection": {"bus": 1, "car": 2},
        "segmentation": {"road": 1, "roof": 2},
    }
    assert {block["split"] for block in filled.session.report["blocks"]} == {"training", "validation"}
