"""The dock in a window: what it shows, what its buttons do."""

import json
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from geodistil.jobs.runs import registry
from geodistil.jobs.runs.state import Status
from geodistil.toolbox.predict import Predict
from geodistil.toolbox.trainpartialmultitask import TrainPartialMultitask
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAbstractButton, QAction, QApplication, QLabel, QMenu, QTableView, QToolButton

ROOT = Path(__file__).resolve().parents[3]
TRAINING = """
begin()
while not (folder / "stop").exists() and not (folder / "go on").exists():
    tell("progress", stage="training", step=5, of=10, losses={}, fraction=0.5, eta_seconds=60)
    time.sleep(0.05)
tell(*["stopped"] if (folder / "stop").exists() else ["finished"], outputs={})
"""


def table(dock):
    return dock.findChild(QTableView)


def rows(dock):
    """Run -> what the list says of it."""
    model = table(dock).model()
    texts = [[model.index(row, column).data() for column in range(4)] for row in range(model.rowCount())]
    return {text[0]: text[1:] for text in texts}


def states(dock):
    return {name: text[0] for name, text in rows(dock).items()}


def select(dock, name):
    model = table(dock).model()
    row = next(row for row in range(model.rowCount()) if model.index(row, 0).data() == name)
    table(dock).selectRow(row)


def action(dock, text):
    return next(each for each in dock.findChildren(QAction) if each.text() == text)


def press(dock, name, text):
    select(dock, name)
    assert action(dock, text).isEnabled()
    action(dock, text).trigger()


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


def shown_texts(dock):
    return [label.text() for label in dock.findChildren(QLabel) if label.isVisible()]


def accepts(algorithm, values):
    algorithm = algorithm()
    algorithm.initAlgorithm()
    return all(algorithm.parameterDefinition(name).checkValueIsAcceptable(value) for name, value in values.items())


def charts(dock):
    from geodistil.ui.runs.chart import ChartView

    return {view.accessibleName(): view for view in dock.findChildren(ChartView)}


def test_all_runs_are_listed_what_works_first(dock, make_run, write, engine, wait):
    make_run("new")
    make_run("done", write.event("finished", outputs={}))
    make_run("failed", write.event("failed", message="No.", hint=""))
    make_run("running", write.started(engine.pid), write.progress(40, eta_seconds=600))
    wait(lambda: len(rows(dock)) == 4)
    assert list(states(dock).items()) == [
        ("running", "Running"),
        ("failed", "Failed"),
        ("new", "Not started"),
        ("done", "Finished"),
    ]
    assert rows(dock)["running"][1:] == ["40 %", "10 min"]


def test_the_selected_run_is_told_in_full_and_live(dock, make_run, write, engine, wait):
    stage = write.event("stage", name="student", index=1, of=2)
    warning = write.event("warning", message="Few labels.")
    folder = make_run("town", write.started(engine.pid), warning, stage, write.progress(40, stage="student"))
    wait(lambda: "student (2 of 2), step 40 of 100" in shown_texts(dock))
    assert "Few labels." in shown_texts(dock)
    values = {"detection/ap50": 0.625}
    metrics = write.event("metrics", stage="student", network="student", step=50, values=values)
    write.append(folder, metrics, write.progress(60, stage="student"))
    wait(lambda: "student (2 of 2), step 60 of 100" in shown_texts(dock))
    assert charts(dock)["Validation curves"].accessibleDescription() == "Main scores: AP50 0.625"
    assert charts(dock)["Loss curves"].accessibleDescription() == f"Sum of losses: sum {3 / 61:.3f}"


def test_the_selection_stays_while_the_order_changes(dock, make_run, write, engine, wait):
    make_run("a"), make_run("b")
    wait(lambda: len(rows(dock)) == 2)
    select(dock, "b")
    write.append(make_run("c", write.started(engine.pid)), write.progress(1))
    wait(lambda: next(iter(rows(dock))) == "c")
    assert table(dock).currentIndex().siblingAtColumn(0).data() == "b"


def test_a_run_that_is_gone_leaves_the_list(dock, make_run, wait):
    folder = make_run("town")
    make_run("other")
    wait(lambda: len(rows(dock)) == 2)
    (folder / "run.json").unlink()
    wait(lambda: list(rows(dock)) == ["other"])


def test_a_run_elsewhere_is_listed_once_it_is_remembered(dock, tmp_path, wait):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "run.json").write_text('{"name": "far"}')
    registry.remember(tmp_path / "elsewhere")
    registry.remember(tmp_path / "elsewhere")
    assert registry.known_runs() == [tmp_path / "elsewhere"]
    wait(lambda: list(rows(dock)) == ["far"])


def test_without_runs_the_dock_says_how_to_get_some(dock, make_run, wait):
    wait(lambda: any("There are no runs yet" in text for text in shown_texts(dock)))
    make_run("town")
    wait(lambda: not any("There are no runs yet" in text for text in shown_texts(dock)))


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
    assert any(text.startswith("first: finished.") for text in window.messages())
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


def test_its_teachers_are_offered_to_another_training(dock, make_run, write, wait):
    recipe = {"kind": "partial_multitask", "detection_teacher": {"size": "medium"}}
    folder = make_run("town", write.event("finished", outputs={}), recipe=recipe)
    (folder / "checkpoints").mkdir()
    for name in ("detection_teacher", "segmentation_teacher"):
        (folder / "checkpoints" / f"{name}.safetensors").touch()
    wait(lambda: rows(dock))
    press(dock, "town", "Use its teachers…")
    [(algorithm, parameters)] = dock.opened_algorithms
    assert json.loads(parameters["OPTIONS"])["recipe"] == {
        "teachers_from": str(folder),
        "detection_teacher": {"size": "medium"},
        "segmentation_teacher": {"size": "large"},
    }
    assert algorithm == f"geodistil:{TrainPartialMultitask.NAME}"
    assert accepts(TrainPartialMultitask, parameters)


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
    assert registry.known_runs() == [tmp_path / "back" / "town"]


def test_exporting_what_has_lost_its_imagery_is_told(dock, make_run, window, tmp_path, wait):
    make_run("town", sources=[{"raster": "/nowhere/a.tif"}])
    wait(lambda: rows(dock))
    dock._commands.export_to(table(dock).selected(), tmp_path / "town.zip", imagery=True)
    wait(lambda: any("/nowhere/a.tif is missing" in text for text in window.messages()))


def test_folders_to_search_are_added_and_removed(qgis_app, tmp_path):
    from geodistil.ui.runs.folders import FoldersDialog

    dialog = FoldersDialog([tmp_path])
    dialog.add(str(tmp_path / "more"))
    dialog.add(str(tmp_path))
    dialog.add("")
    assert dialog.folders() == [tmp_path, tmp_path / "more"]
    dialog._list.setCurrentRow(0)
    dialog._remove.click()
    assert dialog.folders() == [tmp_path / "more"]


def test_everything_can_be_reached_by_keyboard_and_has_a_name(dock, make_run, wait):
    make_run("town")
    wait(lambda: rows(dock))
    for button in dock.widget().findChildren(QToolButton):
        if button.isVisible() and not button.objectName().startswith("qt_"):
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
            assert (button.accessibleName() or button.text()) and button.toolTip()
    assert table(dock).accessibleName() == "Runs"
    assert all(view.focusPolicy() == Qt.FocusPolicy.StrongFocus for view in charts(dock).values())
    table(dock).customContextMenuRequested.emit(QPoint(5, 5))
    menu = next(each for each in dock.findChildren(QMenu) if each.isVisible())
    assert {"Start", "Open folder", "Delete…", "Import…"} <= {each.text() for each in menu.actions()}
    menu.close()


def test_a_chart_is_drawn_and_its_cursor_moves_by_keyboard(dock, make_run, write, wait):
    make_run("town", *(write.progress(step) for step in range(1, 61)))
    wait(lambda: rows(dock))
    chart = charts(dock)["Loss curves"]
    wait(lambda: "sum" in chart.accessibleDescription())
    image = chart.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert "#3b8ed0" in colours
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.accessibleDescription() == f"Step 60, sum {3 / 61:.3f}"
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.accessibleDescription() == f"Step 59, sum {3 / 60:.3f}"


def test_a_dock_that_comes_back_shows_what_went_on_without_it(window, settings, eager, make_run, write, wait, tmp_path):
    from geodistil.ui.runs.dock import RunsDock

    registry.set_run_folders([tmp_path / "runs"])
    folder = make_run("town", write.started(2**22 + 1), write.progress(10))
    for expected in ("Interrupted", "Finished"):
        dock = RunsDock(window, print)
        dock.start()
        wait(lambda dock=dock, expected=expected: states(dock) == {"town": expected} if rows(dock) else False)
        dock.stop()
        dock.deleteLater()
        write.append(folder, write.event("finished", outputs={}))
    assert window.messages() == []  # old endings are no news


def test_the_plugin_imports_the_dock_only_when_it_is_shown():
    code = "import sys; import geodistil.plugin; print([name for name in sys.modules if '.ui' in name])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "build" / "plugins", capture_output=True, text=True
    )
    assert "geodistil.ui" not in result.stdout and result.returncode == 0


def test_the_menu_shows_the_dock_which_goes_with_the_plugin(window, settings, wait, monkeypatch):
    from geodistil.plugin import RUNS_SHOWN, GeoDistilPlugin
    from geodistil.ui.runs.dock import RunsDock

    # What other rooms ask of QGIS's interface is not looked at here.
    monkeypatch.setattr(type(window), "__getattr__", lambda _window, _name: MagicMock(), raising=False)
    monkeypatch.setattr(window, "addPluginToMenu", lambda _menu, action: window.addAction(action), raising=False)
    monkeypatch.setattr(window, "removePluginMenu", lambda _menu, action: window.removeAction(action), raising=False)
    window.show()
    plugin = GeoDistilPlugin(window)
    plugin.initGui()
    next(each for each in window.actions() if each.text() == "Runs").trigger()
    dock = window.findChild(RunsDock)
    assert dock.isVisible() and settings.value(RUNS_SHOWN, type=bool)
    plugin.unload()
    wait(lambda: window.findChild(RunsDock) is None)
    again = GeoDistilPlugin(window)  # QGIS starts anew: the dock comes back, and with it the waiting list
    again.initGui()
    wait(lambda: window.findChild(RunsDock) is not None)
    window.findChild(RunsDock).close()
    assert not settings.value(RUNS_SHOWN, type=bool)
    again.unload()


def test_status_words_cover_every_status(make_run, state_of):
    from dataclasses import replace

    from geodistil.jobs.runs.words import message
    from geodistil.ui.runs.table import COLOURS, ORDER

    state = state_of(make_run("town"))
    assert set(COLOURS) == set(ORDER) == set(Status)
    silent = [status for status in Status if not message(replace(state, status=status))]
    assert silent == [Status.RUNNING]
