"""The dock in a window: what it shows, and how it comes and goes."""

from unittest.mock import MagicMock

import pytest
from geodistil.jobs.runs import files
from geodistil.jobs.runs.state import Status
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QFont
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QLabel, QMenu, QToolButton

from ..cards import write_card
from .hands import rows, select, states, table


def shown_texts(dock):
    return [label.text() for label in dock.findChildren(QLabel) if label.isVisible()]


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
    note = write.event("note", message="Steps take 1 s.")
    folder = make_run("town", write.started(engine.pid), warning, note, stage, write.progress(40, stage="student"))
    wait(lambda: "student (2 of 2), step 40 of 100" in shown_texts(dock))
    assert {"Few labels.", "Steps take 1 s."} <= set(shown_texts(dock))
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
    files.remember(tmp_path / "elsewhere")
    files.remember(tmp_path / "elsewhere")
    assert files.known_runs() == [tmp_path / "elsewhere"]
    wait(lambda: list(rows(dock)) == ["far"])


def test_without_runs_the_dock_says_how_to_get_some(dock, make_run, wait):
    wait(lambda: any("There are no runs yet" in text for text in shown_texts(dock)))
    make_run("town")
    wait(lambda: not any("There are no runs yet" in text for text in shown_texts(dock)))


def test_folders_to_search_are_added_and_removed(qgis_app, tmp_path):
    from geodistil.ui.runs.commands import FoldersDialog

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

    files.set_run_folders([tmp_path / "runs"])
    folder = make_run("town", write.started(2**22 + 1), write.progress(10))
    for expected in ("Interrupted", "Finished"):
        dock = RunsDock(window, print)
        dock.start()
        wait(lambda dock=dock, expected=expected: states(dock) == {"town": expected} if rows(dock) else False)
        dock.stop()
        dock.deleteLater()
        write.append(folder, write.event("finished", outputs={}))
    assert window.messages() == []  # old endings are no news


@pytest.fixture
def plugin_window(window, settings, monkeypatch):
    """A window for the whole plugin; what other rooms ask of QGIS's interface is not looked at here."""
    monkeypatch.setattr(type(window), "__getattr__", lambda _window, _name: MagicMock(), raising=False)
    canvas = QgsMapCanvas(window)
    monkeypatch.setattr(window, "mapCanvas", lambda: canvas, raising=False)
    monkeypatch.setattr(window, "addPluginToMenu", lambda _menu, action: window.addAction(action), raising=False)
    monkeypatch.setattr(window, "removePluginMenu", lambda _menu, action: window.removeAction(action), raising=False)
    window.show()
    return window


def test_the_menu_shows_the_dock_which_goes_with_the_plugin(plugin_window, settings, wait):
    from geodistil.plugin import RUNS_SHOWN, GeoDistilPlugin
    from geodistil.ui.runs.dock import RunsDock

    window = plugin_window
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


@pytest.mark.parametrize("late", [False, True])
def test_a_run_that_waits_starts_though_the_dock_is_closed(
    plugin_window, settings, eager, waiting_list, make_run, engine_program, state_of, wait, monkeypatch, late
):
    """Whether it waits when QGIS starts, or is put on the list by another window of QGIS that closes then."""
    from geodistil import plugin as module
    from geodistil.ui.runs.dock import RunsDock

    engine_program("begin(); tell('finished', outputs={})")
    monkeypatch.setattr(module, "WAITING_MILLISECONDS", 50)
    settings.setValue(module.RUNS_SHOWN, False)
    run = make_run("town")
    plugin = module.GeoDistilPlugin(plugin_window)
    if not late:
        waiting_list.add(run)
    plugin.initGui()
    if late:
        wait(lambda: plugin._environment is not None)  # QGIS is up
        assert plugin_window.findChild(RunsDock) is None  # nothing waits, nothing is watched
        waiting_list.add(run)
    wait(lambda: state_of(run).status is Status.FINISHED)
    dock = plugin_window.findChild(RunsDock)
    assert waiting_list.runs() == [] and not dock.isVisible() and not settings.value(module.RUNS_SHOWN, type=bool)
    next(each for each in plugin_window.actions() if each.text() == "Runs").trigger()
    wait(lambda: states(dock) == {"town": "Finished"})  # listed, although it is in no folder that is searched
    assert dock.isVisible() and settings.value(module.RUNS_SHOWN, type=bool)
    plugin.unload()
    wait(lambda: plugin_window.findChild(RunsDock) is None)


def test_status_words_cover_every_status(make_run, state_of):
    from dataclasses import replace

    from geodistil.jobs.runs.words import message
    from geodistil.ui.runs.table import COLOURS, ORDER

    state = state_of(make_run("town"))
    assert set(COLOURS) == set(ORDER) == set(Status)
    silent = [status for status in Status if not message(replace(state, status=status))]
    assert silent == [Status.RUNNING]


def test_every_state_fits_into_its_column_whatever_the_size_of_text(qgis_app, make_run, write, state_of):
    from geodistil.ui.runs.table import STATE, RunsModel, RunsTable

    killed = make_run("killed", write.started(999_999_999), write.progress(40))
    waiting = make_run("waiting")
    usual = QApplication.font()
    try:
        for points in (8, 9, 14):
            QApplication.setFont(QFont(usual.family(), points))
            model = RunsModel()
            table = RunsTable(model)
            for folder in (killed, waiting):
                model.put(state_of(folder))
            model.set_waiting([waiting])
            table.show()
            assert {table.model().index(row, STATE).data() for row in (0, 1)} == {"Interrupted", "Waiting (1)"}
            assert table.sizeHintForColumn(STATE) <= table.columnWidth(STATE)
            table.deleteLater()
    finally:
        QApplication.setFont(usual)


def test_a_package_dropped_onto_the_dock_is_registered_and_other_things_are_not_taken(dock, window, tmp_path):
    from geodistil.jobs.package_registry import PACKAGES, registered
    from qgis.core import QgsSettings
    from qgis.PyQt.QtCore import QMimeData, QPoint, QPointF, QUrl
    from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent

    card = {"name": "town", "tasks": ["detection"], "gsd": 1, "bands": [1]}
    (tmp_path / "package").mkdir()
    write_card(tmp_path / "package", card)
    (tmp_path / "package" / "detection.onnx").write_bytes(b"")

    def drop(path):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        rest = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        enter = QDragEnterEvent(QPoint(9, 9), *rest)
        enter.ignore()
        QApplication.sendEvent(dock, enter)
        if enter.isAccepted():
            QApplication.sendEvent(dock, QDropEvent(QPointF(9, 9), *rest))
        return enter.isAccepted()

    QgsSettings().remove(PACKAGES)
    assert not drop(tmp_path) and registered() == []
    assert drop(tmp_path / "package") and [name for name, _ in registered()] == ["town"]
    QgsSettings().remove(PACKAGES)
