"""Learning from the dock with a program that has the engine's manners: what is trained, what is told, going back."""

import json
import sys

import pytest
from geodistil.jobs.labelling.link import Round, note_round, read_rounds
from geodistil.jobs.package_registry import current_model
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

ENGINE = """#!{python}
import json, os, pathlib, socket, sys, time
command, folder = sys.argv[3], pathlib.Path(sys.argv[4])
run = json.loads((folder / "run.json").read_text())
tasks = sorted({{each["role"] for each in run["sources"]}})
def tell(kind, **values):
    with (folder / "events.jsonl").open("a") as log:
        log.write(json.dumps({{"time": time.time(), "kind": kind, **values}}) + "\\n")
if command == "check":
    time.sleep(30 * (run["training"]["budget"]["minutes"] == 7))
    if run["training"]["budget"]["minutes"] == 13:
        said = {{"code": "split", "message": "There is too little ground.", "hint": "Label more."}}
        print(json.dumps({{"error": said}}))
    else:
        print(json.dumps({{"warnings": []}}))
    sys.exit()
(folder / "stop").unlink(missing_ok=True)
tell("started", pid=os.getpid(), host=socket.gethostname(), device="cpu")
tell("stage", name="training", index=0, of=1)
tell("metrics", stage="training", network="student", step=0, values={{"detection/ap50": 0.4}})
for step in range(20 if run["training"]["budget"]["minutes"] < 5 else 2000):
    tell("progress", stage="training", step=step, of=2000, fraction=step / 2000, eta_seconds=9.0, losses={{}})
    if (folder / "stop").exists():
        tell("stopped")
        sys.exit()
    time.sleep(0.02)
classes = {{task + "_classes": run.get(task + "_classes", []) for task in ("detection", "segmentation")}}
card = {{"name": run["name"], "tasks": tasks, "gsd": 0.5, "bands": [1, 2, 3], **classes}}
(folder / "model").mkdir()
(folder / "model" / "item.json").write_text(json.dumps({{"properties": {{"geodistil:card": card}}}}))
(folder / "model" / "model.safetensors").write_bytes(b"weights")
tell("finished", outputs={{"metrics": {{"detection/ap50": 0.6}}}})
"""


@pytest.fixture(autouse=True)
def engine(qgis_app, tmp_path, monkeypatch):
    """The program stands where the engine's Python is; runs go into the test's folder."""
    program = tmp_path / "engine-python"
    program.write_text(ENGINE.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("GEODISTIL_PYTHON", str(program))
    QgsSettings().remove("geodistil")
    QgsSettings().setValue("geodistil/runsFolder", str(tmp_path / "runs"))
    yield
    QgsSettings().remove("geodistil")


def runs(tmp_path):
    return sorted((tmp_path / "runs").iterdir())  # their names begin with the time


def read_run(folder):
    return json.loads((folder / "run.json").read_text())


def rows(box):
    return [[box.rounds.item(row, column).text() for column in range(2)] for row in range(box.rounds.rowCount())]


@pytest.fixture
def learn(wait):
    """Presses the button and waits for the end of the round."""

    def press(hands, minutes=1.0):
        box = hands.dock.learn
        box.minutes.setValue(minutes)
        QTest.mouseClick(box.button, Qt.MouseButton.LeftButton)
        wait(lambda: box.button.isEnabled(), 60)
        return box

    return press


def draw(hands):
    hands.click((10, 10), (14, 12), (30, 30), (34, 34))


def test_a_round_trains_what_is_labelled_and_becomes_the_current_model(start, learn, tmp_path, window):
    hands, learned = start(), []
    hands.dock.learner.learned.connect(learned.append)
    draw(hands)
    hands.key("2")
    hands.click((40, 40), (50, 50))
    box = learn(hands, 2.5)
    (run,) = runs(tmp_path)
    values = read_run(run)
    assert values["recipe"]["kind"] == "supervised" and "start_from" not in values["recipe"]
    assert values["training"]["budget"]["minutes"] == 2.5
    (source,) = values["sources"]
    assert source["role"] == "detection" and source["area"]["kind"] == "hull"  # nothing was called complete
    assert [(each["name"], each["values"]) for each in values["detection_classes"]] == [
        ("car", ["car"]),
        ("truck", ["truck"]),
    ]
    assert not hands.layer.isModified()
    assert hands.layer.dataProvider().featureCount() == 3
    model = run / "model"
    assert learned == [str(model)] and current_model() == model and hands.dock.suggest.model.path() == str(model)
    assert rows(box) == [["3", "0.600"]]
    said = "Learned from the labels (3). On the validation ground: detection AP50 0.600."
    assert box.words.text() == said and window.bar.currentItem().text() == said


def test_the_next_round_goes_on_and_going_back_is_a_click(start, learn, tmp_path):
    hands = start()
    draw(hands)
    learn(hands)
    hands.zoom(0, 0, 64)
    hands.click((50, 50), (60, 60))
    hands.key("Return")
    box = learn(hands)
    first, second = runs(tmp_path)
    values = read_run(second)
    assert values["recipe"]["start_from"] == "start" and (values["gsd"], values["bands"]) == (0.5, [1, 2, 3])
    assert (second / "start" / "model.safetensors").read_bytes() == b"weights"
    assert values["sources"][0]["area"]["kind"] == "layer"
    assert rows(box) == [["2", "0.600"], ["3", "0.400 → 0.600"]]
    assert "detection AP50 0.400 before, 0.600 after" in box.words.text() and current_model() == second / "model"
    box.rounds.selectRow(0)
    QTest.mouseClick(box.use, Qt.MouseButton.LeftButton)
    assert current_model() == first / "model" and hands.dock.suggest.model.path() == str(first / "model")
    assert [box.rounds.item(row, 0).font().bold() for row in (0, 1)] == [True, False]
    box.goes_on.setChecked(False)
    learn(hands)
    assert "start_from" not in read_run(runs(tmp_path)[2])["recipe"]


def test_boxes_and_areas_of_a_raster_are_learned_together(start, learn, make, tmp_path):
    hands = start()
    draw(hands)
    hands.layer.commitChanges()
    hands.dock.take(make("segmentation", name="areas.gpkg"))
    hands.key("B")
    hands.click((10, 10), (30, 30))
    learn(hands)
    (run,) = runs(tmp_path)
    values = read_run(run)
    assert values["recipe"]["kind"] == "partial_multitask"
    assert sorted(each["role"] for each in values["sources"]) == ["detection", "segmentation"]
    assert [each["name"] for each in values["segmentation_classes"]] == ["car"]


def test_what_cannot_be_learned_has_its_sentence(start, learn, make, tmp_path):
    hands = start()
    assert "north: labels has no labels yet" in learn(hands).problem.text()
    draw(hands)
    assert learn(hands, 13).problem.text() == "There is too little ground. Label more."
    assert not (tmp_path / "runs").exists() and read_rounds(hands.layer) == []
    onnx = tmp_path / "other.onnx"
    onnx.write_bytes(b"graph")
    hands.dock.suggest.model.set_path(str(onnx))
    assert "other.onnx is an ONNX file, which cannot learn" in learn(hands).problem.text()
    hands.dock.suggest.model.set_path(str(tmp_path / "nothing"))
    assert "There is no model package at" in learn(hands).problem.text()


def test_a_model_of_another_task_has_its_sentence(start, learn, make):
    hands = start()
    draw(hands)
    learn(hands)
    boxes = hands.layer
    boxes.startEditing()
    boxes.deleteFeatures(boxes.allFeatureIds())
    boxes.commitChanges()
    hands.dock.take(make("segmentation", name="areas.gpkg"))
    hands.key("B")
    hands.click((10, 10), (30, 30))
    assert "does detection, and the labels are for segmentation" in learn(hands).problem.text()


def test_a_round_that_is_cancelled_ends_in_order(start, wait, tmp_path):
    hands = start()
    draw(hands)
    box = hands.dock.learn
    box.minutes.setValue(60)
    QTest.mouseClick(box.button, Qt.MouseButton.LeftButton)
    wait(lambda: "step" in box.progress.text.text() and box.progress.bar.maximum() == 100, 60)
    assert box.progress.isVisibleTo(box) and not box.button.isEnabled()
    hands.key("B")
    hands.click((50, 50), (60, 60))  # one may go on meanwhile
    assert len(hands.labels()) == 3
    QTest.mouseClick(box.progress.button, Qt.MouseButton.LeftButton)
    wait(box.button.isEnabled, 60)
    assert box.problem.text().startswith("Stopped") and rows(box) == [] and read_rounds(hands.layer) == []
    events = (runs(tmp_path)[0] / "events.jsonl").read_text()
    assert json.loads(events.splitlines()[-1])["kind"] == "stopped"


def test_a_round_that_is_given_up_while_it_is_prepared_leaves_nothing_behind(start, wait, learn, tmp_path):
    hands = start()
    draw(hands)
    box = hands.dock.learn
    QTest.mouseClick(box.button, Qt.MouseButton.LeftButton)
    QTest.mouseClick(box.progress.button, Qt.MouseButton.LeftButton)
    box.minutes.setValue(7)
    QTest.mouseClick(box.button, Qt.MouseButton.LeftButton)  # whose work the end of the first does not end
    wait(lambda: box.progress.text.text() == "The engine checks the run…", 60)
    QTest.mouseClick(box.progress.button, Qt.MouseButton.LeftButton)
    assert box.button.isEnabled() and box.problem.text() == "Learning was cancelled."
    learn(hands)
    assert len(runs(tmp_path)) == 1 and rows(box) == [["2", "0.600"]]


def test_a_round_that_went_on_without_the_dock_is_found_again(start, wait, window, project, tmp_path):
    hands = start()
    draw(hands)
    box = hands.dock.learn
    box.minutes.setValue(3)
    QTest.mouseClick(box.button, Qt.MouseButton.LeftButton)
    wait(lambda: read_rounds(hands.layer), 60)
    layer = hands.layer
    hands.dock.stop()
    hands.dock.stop = lambda: None  # it is, for the fixture
    from geodistil.ui.labelling.dock import LabelDock

    dock = LabelDock(window, project)
    try:
        dock.take(layer)
        wait(lambda: dock.learn.rounds.rowCount() == 1, 60)
        assert rows(dock.learn) == [["2", "0.600"]] and current_model() == runs(tmp_path)[0] / "model"
    finally:
        dock.stop()


def test_a_layer_that_goes_while_it_is_learned_from(start, wait, project, tmp_path):
    hands = start()
    draw(hands)
    box = hands.dock.learn
    box.minutes.setValue(3)
    QTest.mouseClick(box.button, Qt.MouseButton.LeftButton)
    wait(lambda: read_rounds(hands.layer), 60)
    project.removeMapLayer(hands.layer.id())
    wait(lambda: (runs(tmp_path)[0] / "model" / "model.safetensors").exists(), 60)
    assert "was removed from the project" in hands.dock.problem.text() and not box.problem.text()


def test_rounds_that_nobody_can_read_are_no_rounds(start):
    hands = start()
    for text in ("[", "[1]", '[{"run": 3}]', '[{"run": "a", "time": "b", "labels": 1}]', "null", "3"):
        hands.layer.setCustomProperty("geodistil/rounds", text)
        assert read_rounds(hands.layer) == []
        hands.dock.learner.show()
    note_round(hands.layer, Round("/gone", 0.0, 5, {}, {"detection/ap50": 0.5}, done=True))
    hands.dock.learner.show()
    box = hands.dock.learn
    box.used.emit(0)
    assert "is gone" in box.problem.text()
