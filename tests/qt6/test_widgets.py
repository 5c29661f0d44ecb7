"""Our own widgets, built, filled and painted by Qt 6."""

import json
import time
from pathlib import Path

import pytest
from PyQt6.QtCore import QAbstractItemModel, QPoint, Qt
from PyQt6.QtTest import QAbstractItemModelTester, QTest
from PyQt6.QtWidgets import QAbstractButton, QApplication, QPushButton, QVBoxLayout, QWidget

INSPECTED = {"known": {}, "input": {"shape": [1, 3, 64, 64]}, "outputs": {"out": [1, 2, 64, 64]}, "missing": []}


def event(kind, **values):
    return {"time": time.time(), "kind": kind, **values}


@pytest.fixture
def run(tmp_path):
    """A run folder with losses and scores."""
    folder = tmp_path / "town"
    folder.mkdir()
    sources = [{"raster": "north.tif", "role": "segmentation", "labels": {"path": "areas.gpkg"}}]
    run = {"version": 1, "name": "town", "recipe": {"kind": "supervised"}, "training": {}, "sources": sources}
    (folder / "run.json").write_text(json.dumps(run))
    events = [event("started", pid=1, host="elsewhere", device="cpu"), event("stage", name="training", index=0, of=1)]
    for step in range(10, 101, 10):
        losses = {"segmentation/cross_entropy": 2 / step}
        events.append(event("progress", stage="training", step=step, of=100, losses=losses, fraction=step / 100))
        scores = {"segmentation/mean_iou": step / 200, "segmentation/iou/roof": step / 150}
        events.append(event("metrics", stage="training", network="network", step=step, values=scores))
    (folder / "events.jsonl").write_text("".join(json.dumps(each) + "\n" for each in events))
    return folder


@pytest.fixture
def state(run):
    """That run, as the dock knows it."""
    from geodistil.jobs.runs.tracker import RunTracker

    return RunTracker(run).poll()


def test_a_run_s_curves_are_painted_and_follow_the_pointer(painted, state):
    from geodistil.ui.runs.chart import ChartView
    from geodistil.ui.runs.dock import RunDetails

    details = RunDetails()
    empty = painted(details)
    details.show_run(state)
    details.resize(500, 700)
    assert painted(details) > empty
    view = next(each for each in details.findChildren(ChartView) if each.isVisible())
    before = view.grab().toImage()
    QTest.mouseMove(view, QPoint(view.width() // 2, view.height() // 2))
    QApplication.processEvents()
    assert view.grab().toImage() != before  # the values at the pointer


def test_the_table_of_runs_obeys_qt_s_own_rules_and_answers_keys(painted, state):
    from geodistil.ui.runs.table import RunsModel, RunsTable

    model = RunsModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table = RunsTable(model)
    model.put(state)
    assert isinstance(model, QAbstractItemModel) and table.model().rowCount() == 1
    assert painted(table) > 3
    pressed = []
    table.deletePressed.connect(lambda: pressed.append(True))
    table.selectRow(0)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert pressed == [True]


def test_classes_of_the_labelling_dock_are_edited_and_chosen(painted, application):
    from geodistil.jobs.labelling.link import LabelClass
    from geodistil.ui.labelling.classes import ClassButtons, ClassEditor

    classes = [LabelClass("car", "#e6194b"), LabelClass("truck", "#4363d8")]
    editor, buttons, chosen = ClassEditor(), ClassButtons(), []
    editor.show_classes(classes)
    buttons.show_classes(tuple(classes))
    buttons.chosen.connect(chosen.append)
    assert painted(editor) > 3 and painted(buttons) > 3
    QTest.mouseClick(buttons.findChildren(QAbstractButton)[1], Qt.MouseButton.LeftButton)
    assert chosen == ["truck"]
    assert editor.classes() == [("", each) for each in classes]


def test_a_foreign_model_s_form_is_filled_in(painted):
    from geodistil.ui.onnx_form import OnnxForm

    form = OnnxForm(Path("/models/roofs.onnx"), INSPECTED)
    assert painted(form) > 3
    assert form.findChildren(QPushButton)


def make_page():
    from geodistil.ui.environment.page import EnvironmentPage

    return EnvironmentPage()


def make_drawing():
    from geodistil.ui.labelling.drawing import DrawingTools

    return DrawingTools()


def make_area():
    from geodistil.ui.labelling.walker import AreaBox

    box = AreaBox()
    box.show_share(0.5)
    return box


def make_folders():
    from geodistil.ui.runs.commands import FoldersDialog

    return FoldersDialog([Path("/runs")])


def make_classes():
    from geodistil.jobs.sources.draft import ClassDraft
    from geodistil.ui.wizard.classes_page import ClassTable

    table = ClassTable("Classes")
    table.show_classes([ClassDraft("roof", "#222222", ["roof"])], {})
    return table


def make_sentence():
    from geodistil.ui.widgets import Problem, TextScroll

    inside, problem = QWidget(), Problem()
    QVBoxLayout(inside).addWidget(problem)
    problem.say("Choose the layer that has the labels. " * 10)
    return TextScroll(inside)


@pytest.mark.parametrize("make", [make_page, make_drawing, make_area, make_folders, make_classes, make_sentence])
def test_a_window_s_part_is_built_and_painted(painted, make):
    assert painted(make()) > 2


def test_every_option_of_the_recipes_has_a_field_that_gives_back_its_value(painted):
    from geodistil.jobs.sources.options import OPTIONS
    from geodistil.ui.wizard.fields import OptionField

    seen = 0
    for option in OPTIONS:
        field = OptionField(option)
        assert painted(field) > 1
        seen += 1
    assert seen > 20
