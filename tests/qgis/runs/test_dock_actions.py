"""The dock's actions: starting, waiting, stopping, deleting, archives, and what is opened from a run."""

import json
import shutil

import numpy as np
import pytest
from geodistil.jobs import background
from geodistil.jobs.environment import ROOT
from geodistil.jobs.runs import archive, files
from geodistil.toolbox.predict import Predict
from geodistil.toolbox.trainings import TrainPartialMultitask
from geodistil.ui.runs import actions
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAbstractButton, QApplication

from ..cards import write_card
from ..probe import STALL_SECONDS, Probe
from .hands import action, press, rows, select, states, table

TRAINING = """
begin()
while not (folder / "stop").exists() and not (folder / "go on").exists():
    tell("progress", stage="training", step=5, of=10, losses={}, fraction=0.5, eta_seconds=60)
    time.sleep(0.05)
tell(*["stopped"] if (folder / "stop").exists() else ["finished"], outputs={})
"""


def answer(text):
    """Press a button of the question that comes next."""

    def click():
        box = QApplication.activeModalWidget()
        if box is None:
            QTimer.singleShot(20, click)
            return
        answer.asked = box.text()
        next(each for each in box.findChildren(QAbstractButton) if each.text().replace("&", "") == text).click()

    QTimer.singleShot(20, click)


def accepts(algorithm, values):
    algorithm = algorithm()
    algorithm.initAlgorithm()
    return all(algorithm.parameterDefinition(name).checkValueIsAcceptable(value) for name, value in values.items())


def test_one_training_at_a_time_and_the_next_when_its_turn_comes(
    dock, make_run, engine_program, waiting_list, window, wait
):
    engine_program(TRAINING)
    folders = [make_run(name) for name in ("first", "second")]
    wait(lambda: len(rows(dock)) == 2)
    press(dock, "first", "Start")
    wait(lambda: states(dock)["first"] == "Running")
    press(dock, "second", "Start")
    assert states(dock)["second"] == "Waiting (1)"
    assert waiting_list.runs() == [folders[1]]
    (folders[0] / "go on").touch()
    wait(lambda: states(dock) == {"first": "Finished", "second": "Running"})
    assert any(text.startswith("first: Finished.") for text in window.messages())
    (folders[1] / "go on").touch()
    wait(lambda: states(dock)["second"] == "Finished")


def test_a_second_training_runs_beside_the_first_where_it_is_asked_for(
    dock, make_run, engine_program, waiting_list, wait
):
    engine_program(TRAINING)
    folders = [make_run(name) for name in ("first", "second")]
    wait(lambda: len(rows(dock)) == 2)
    press(dock, "first", "Start")
    wait(lambda: states(dock)["first"] == "Running")
    press(dock, "second", "Start")
    press(dock, "second", "Start beside the others")
    wait(lambda: states(dock) == {"first": "Running", "second": "Running"})
    assert waiting_list.runs() == []
    for folder in folders:
        (folder / "go on").touch()
    wait(lambda: set(states(dock).values()) == {"Finished"})


def test_stop_takes_a_waiting_run_off_the_list(dock, make_run, write, engine, waiting_list, wait):
    make_run("busy", write.started(engine.pid))
    make_run("waits")
    wait(lambda: len(rows(dock)) == 2)
    press(dock, "waits", "Start")
    press(dock, "waits", "Stop")
    assert waiting_list.runs() == [] and states(dock)["waits"] == "Not started"


def test_a_stop_while_the_engine_loads_is_asked_for_again(dock, make_run, engine_program, waiting_list, wait):
    engine_program("time.sleep(1)\n" + TRAINING)  # `begin` takes an old `stop` away
    make_run("town")
    wait(lambda: rows(dock))
    press(dock, "town", "Start")
    wait(lambda: states(dock)["town"] == "Starting")
    press(dock, "town", "Stop")
    wait(lambda: states(dock)["town"] == "Stopped")
    select(dock, "town")
    assert action(dock, "Resume").isEnabled()


def test_an_engine_that_is_absent_is_told_in_the_message_bar(dock, make_run, waiting_list, window, monkeypatch, wait):
    monkeypatch.setenv("GEODISTIL_PYTHON", "/nowhere/python")
    make_run("town")
    wait(lambda: rows(dock))
    press(dock, "town", "Start")
    wait(lambda: any("/nowhere/python does not exist" in text for text in window.messages()))
    assert states(dock)["town"] == "Not started" and waiting_list.runs() == []


def test_predicting_opens_the_algorithm_with_the_model_filled_in(dock, make_run, write, wait):
    folder = make_run("town", write.event("finished", outputs={}))
    (folder / "model").mkdir()
    (folder / "model" / "item.json").write_text("{}")
    wait(lambda: rows(dock))
    press(dock, "town", "Predict…")
    [(algorithm, parameters)] = dock.opened_algorithms
    assert parameters == {"MODEL": str(folder / "model" / "item.json")}
    assert algorithm == f"geodistil:{Predict.NAME}"
    assert accepts(Predict, parameters)


def test_every_action_has_its_picture():
    pictures = {path.stem for path in (ROOT / "resources" / "icons").glob("*.svg")}
    assert {each.icon or each.name for each in (*actions.BAR, *actions.MORE, *actions.GENERAL)} <= pictures


def test_a_model_of_areas_is_offered_as_their_teacher_to_a_training_of_both_tasks(dock, make_run, write, wait):
    sources = [{"role": "segmentation"}, {"role": "unlabelled"}]
    folder = make_run("town", write.event("finished", outputs={}), recipe={"kind": "semi_supervised"}, sources=sources)
    (folder / "model").mkdir()
    (folder / "model" / "item.json").write_text("{}")
    wait(lambda: rows(dock))
    press(dock, "town", "Use for both tasks…")
    [(algorithm, parameters)] = dock.opened_algorithms
    taught = {"segmentation_teacher": str(folder / "model")}
    assert json.loads(parameters["OPTIONS"])["recipe"] == {"teachers_from": taught}
    assert algorithm == f"geodistil:{TrainPartialMultitask.NAME}"
    assert accepts(TrainPartialMultitask, parameters)


def test_its_teachers_are_offered_to_another_training(dock, make_run, write, wait):
    recipe = {"kind": "partial_multitask", "detection_teacher": {"size": "medium"}}
    folder = make_run("town", write.event("finished", outputs={}), recipe=recipe)
    (folder / "checkpoints").mkdir()
    for name in ("detection_teacher", "segmentation_teacher"):
        (folder / "checkpoints" / f"{name}.safetensors").touch()
    wait(lambda: rows(dock))
    select(dock, "town")
    wait(action(dock, "Use its teachers…").isEnabled)
    press(dock, "town", "Use its teachers…")
    [(algorithm, parameters)] = dock.opened_algorithms
    assert json.loads(parameters["OPTIONS"])["recipe"] == {
        "teachers_from": str(folder),
        "detection_teacher": {"size": "medium", "design": 1},
        "segmentation_teacher": {"size": "large", "design": 1},
    }
    assert algorithm == f"geodistil:{TrainPartialMultitask.NAME}"
    assert accepts(TrainPartialMultitask, parameters)


def test_a_finished_run_serves_as_teacher_and_template_and_tells_where_to_label_next(
    dock, window, make_run, write, wait, monkeypatch
):
    from geodistil.ui.wizard import wizard

    folder = make_run("town", write.event("finished", outputs={}))
    (folder / "model").mkdir()
    (folder / "model" / "item.json").write_text("{}")
    wait(lambda: action(dock, "Use as teacher…").isEnabled())
    model = str(folder / "model" / "item.json")
    press(dock, "town", "Use as teacher…")
    press(dock, "town", "Where to label next…")
    assert dock.opened_algorithms == [
        ("geodistil:distilmodel", {"PACKAGE": model}),
        ("geodistil:reviewpredictions", {"MODEL": model}),
    ]
    opened = []
    monkeypatch.setattr(wizard, "open_wizard", lambda iface, run, show: opened.append((iface, run)))
    press(dock, "town", "Use as template…")
    assert opened == [(window, folder)]


@pytest.mark.parametrize(("button", "left"), [("Cancel", True), ("Delete", False)])
def test_deleting_asks_first(dock, make_run, wait, button, left):
    folder = make_run("town")
    make_run("other")
    wait(lambda: len(rows(dock)) == 2)
    select(dock, "town")
    answer(button)
    QTest.keyClick(table(dock), Qt.Key.Key_Delete)
    assert answer.asked == "Delete town?"
    if left:
        assert folder.exists()
    else:
        wait(lambda: not folder.exists() and list(rows(dock)) == ["other"])


def test_ending_at_once_asks_first(dock, make_run, write, engine, wait):
    (make_run("town", write.started(engine.pid)) / "stop").touch()
    wait(lambda: states(dock) == {"town": "Stopping"})
    answer("End it")
    press(dock, "town", "End at once…")
    wait(lambda: states(dock) == {"town": "Interrupted"})


def test_a_run_goes_into_a_zip_and_comes_back_into_the_list(dock, make_run, write, window, tmp_path, wait):
    make_run("town", write.progress(3))
    wait(lambda: rows(dock))
    dock._commands.export_to(table(dock).selected(), tmp_path / "town.zip", imagery=True)
    wait((tmp_path / "town.zip").exists)
    wait(lambda: any("town.zip" in text for text in window.messages()))
    dock._commands.import_from(tmp_path / "town.zip", tmp_path / "back")
    wait(lambda: len(table(dock).model().sourceModel().states()) == 2)
    assert files.known_runs() == [tmp_path / "back" / "town"]


@pytest.mark.parametrize("what", ["export", "import"])
def test_a_cancelled_export_or_import_is_told_and_leaves_nothing(dock, make_run, write, window, tmp_path, wait, what):
    run = make_run("town", write.progress(3))
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "last.pt").write_bytes(bytes(50 << 20))
    wait(lambda: rows(dock))
    commands, file, back = dock._commands, tmp_path / "town.zip", tmp_path / "back"
    if what == "import":
        archive.export_run(run, file, {}, lambda _: True)
        commands.import_from(file, back)
    else:
        commands.export_to(table(dock).selected(), file, imagery=False)
    [task] = [each for each in background.ALIVE if "town" in each.description()]
    task.cancel()
    wait(lambda: any("cancelled" in text for text in window.messages()))
    assert file.exists() is (what == "import") and not list(tmp_path.glob("*.partial")) and not list(back.glob("*"))


def test_exporting_what_has_lost_its_imagery_is_told(dock, make_run, window, tmp_path, wait):
    make_run("town", sources=[{"raster": "/nowhere/a.tif"}])
    wait(lambda: rows(dock))
    dock._commands.export_to(table(dock).selected(), tmp_path / "town.zip", imagery=True)
    wait(lambda: any("/nowhere/a.tif is missing" in text for text in window.messages()))


def test_many_predictions_are_shown_without_holding_qgis_up(
    dock, project, make_run, make_raster, write, wait, tmp_path
):
    classes = make_raster(tmp_path / "classes.tif", np.ones((1, 64, 64), "uint8"))
    outputs = []
    for number in range(40):
        shutil.copy(classes, tmp_path / f"{number}.tif")
        outputs.append({"raster": f"/images/{number}.tif", "classes": str(tmp_path / f"{number}.tif")})
    run = make_run("town", write.event("finished", outputs={}))
    for folder in ("model", "predictions"):
        (run / folder).mkdir()
    card = {"name": "town", "tasks": ["segmentation"], "gsd": 0.5, "bands": [1]}
    card["segmentation_classes"] = [{"name": "roof", "color": "#ff0000"}]
    write_card(run / "model", card)
    write.append(run / "predictions", write.event("finished", outputs=outputs))
    wait(lambda: rows(dock))
    probe = Probe()
    press(dock, "town", "Show predictions")
    wait(lambda: len(project.mapLayers()) == 40, 120)
    probe.turn()
    print(f"longest stall {1000 * probe.longest:.0f} ms, busiest turn {1000 * probe.busiest:.0f} ms")
    assert probe.busiest < STALL_SECONDS
    [group] = project.layerTreeRoot().children()
    assert group.name() == "town" and len(group.children()) == 40
    assert (tmp_path / "39.qml").is_file()
