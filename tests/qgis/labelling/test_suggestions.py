"""Suggestions through the real widgets and map tools: from layers, judged by click and key, undone, saved."""

import pytest
from geodistil.jobs.labelling.link import suggested_sources
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsRectangle,
    QgsRenderContext,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from .conftest import NORTH, WEST

FOUND = [("car", 0.9, (10, 10, 14, 12)), ("truck", 0.7, (20, 20, 28, 24)), ("car", 0.3, (40, 40, 44, 42))]
"""Class, score, extent in metres east and south of the corner."""


def rectangle(left, top, right, bottom):
    return QgsGeometry.fromRect(QgsRectangle(WEST + left, NORTH - bottom, WEST + right, NORTH - top))


@pytest.fixture
def predicted(project):
    """Makes a layer of predictions in the project."""

    def layer(found=FOUND, name="north: detections", fields="field=class:string&field=score:double", crs="EPSG:32633"):
        made = QgsVectorLayer(f"MultiPolygon?crs={crs}&{fields}", name, "memory")
        for kind, score, extent in found:
            feature = QgsFeature(made.fields())
            shape = rectangle(*extent) if isinstance(extent, tuple) else extent
            shape.convertToMultiType()
            feature.setGeometry(shape)
            feature.setAttributes([kind, score])
            made.dataProvider().addFeature(feature)
        made.updateExtents()
        project.addMapLayer(made)
        return made

    return layer


@pytest.fixture
def suggest(wait):
    """Takes suggestions from a layer, by the dock's menu."""

    def take(hands, layer):
        box = hands.dock.suggest
        box.menu.aboutToShow.emit()
        (action,) = [each for each in box.menu.actions() if each.text() == f"From the layer {layer.name()}"]
        action.trigger()
        wait(lambda: hands.dock.reviewer.suggestions is not None and box.suggest.isEnabled())

    return take


def left(hands):
    """Class and extent of what is to be reviewed."""
    found = hands.dock.reviewer.suggestions
    shapes = []
    for fid in found.open_ids():
        one = found.get(fid)
        box = one.shape.boundingBox()
        extent = (box.xMinimum() - WEST, NORTH - box.yMaximum(), box.xMaximum() - WEST, NORTH - box.yMinimum())
        shapes.append((one.name, tuple(round(2 * side) / 2 for side in extent)))
    return sorted(shapes)


def origins(hands):
    return sorted(each["origin"] for each in hands.layer.getFeatures())


def press(hands, name):
    QTest.mouseClick(hands.dock.suggest.commands[name], Qt.MouseButton.LeftButton)


def complete(read, tmp_path):
    return read(tmp_path / "made.gpkg").complete


def test_what_scores_enough_is_suggested_and_drawn_apart_from_labels(start, predicted, suggest, project):
    hands = start()
    suggest(hands, predicted())
    assert left(hands) == [("car", (10, 10, 14, 12)), ("truck", (20, 20, 28, 24))]
    assert hands.dock.suggest.words.text() == "3 suggestions"  # all are there, in case fewer are too few
    hands.dock.suggest.score.setValue(20)
    assert len(left(hands)) == 3 and hands.dock.suggest.words.text() == "3 to review"
    layer = hands.dock.reviewer.suggestions.layer
    assert project.mapLayer(layer.id()) is layer and layer.name() == "north: labels: suggestions"
    assert drawn(layer) == {"car": Qt.PenStyle.DashLine, "truck": Qt.PenStyle.DashLine}
    assert hands.labels() == []  # they are no labels yet


def drawn(layer):
    """Class and pen of what the layer's renderer draws."""
    context, renderer, found = QgsRenderContext(), layer.renderer().clone(), {}
    renderer.startRender(context, layer.fields())
    for feature in layer.getFeatures():
        context.expressionContext().setFeature(feature)
        symbol = renderer.symbolForFeature(feature, context)
        if symbol is not None:
            found[feature["class"]] = symbol.symbolLayer(1).penStyle()
    renderer.stopRender(context)
    return found


def test_what_is_reviewed_or_scores_less_is_not_drawn_and_classes_that_labels_lack_are(start, predicted, suggest):
    hands = start()
    suggest(hands, predicted([*FOUND, ("ship", 0.9, (50, 50, 60, 60))]))
    layer = hands.dock.reviewer.suggestions.layer
    assert set(drawn(layer)) == {"car", "truck", "ship"}
    hands.dock.suggest.score.setValue(80)
    assert set(drawn(layer)) == {"car", "ship"}
    hands.key("S")
    hands.click((12, 11), button="RightButton")
    assert set(drawn(layer)) == {"ship"}


def test_what_is_labelled_or_known_already_is_not_suggested_again(start, predicted, suggest):
    hands = start()
    hands.click((10, 10), (14, 12))
    hands.dock.session.complete(rectangle(30, 30, 64, 64), hands.layer.crs())
    hands.dock.suggest.score.setValue(0)
    suggest(hands, predicted())
    assert left(hands) == [("truck", (20, 20, 28, 24))]
    assert hands.dock.suggest.words.text() == "1 suggestions; 2 left out, which are labelled or known already"


def test_with_the_mouse_alone(start, predicted, suggest, wait):
    hands = start()
    suggest(hands, predicted())
    QTest.mouseClick(hands.dock.drawing.tools["select"], Qt.MouseButton.LeftButton)
    hands.click((12, 11))
    wait(lambda: hands.dock.suggest.commands["accept"].isEnabled())
    press(hands, "accept")
    assert hands.labels() == [("car", (10, 10, 14, 12))] and origins(hands) == ["accepted"]
    hands.click((24, 22), button="RightButton")
    assert left(hands) == [] and len(hands.labels()) == 1


def test_a_class_goes_to_what_is_selected_and_to_nothing_else(start, predicted, suggest):
    hands = start()
    hands.click((50, 50), (60, 60))
    suggest(hands, predicted())
    hands.key("S")
    hands.click((55, 55), (12, 11))  # a label, then a suggestion
    hands.key("2")
    assert hands.labels() == [("car", (50, 50, 60, 60))] and left(hands)[0] == ("truck", (10, 10, 14, 12))
    hands.click((55, 55))
    hands.key("2")
    assert hands.labels() == [("truck", (50, 50, 60, 60))] and hands.dock.reviewer.selected() == []
    hands.click((12, 11))
    hands.key("Delete")
    assert len(hands.labels()) == 1 and len(left(hands)) == 1


def test_a_double_click_accepts(start, predicted, suggest):
    hands = start()
    suggest(hands, predicted())
    hands.key("S")
    pixel = hands.pixel(12, 11)
    hands.click((12, 11))
    QTest.mouseDClick(hands.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixel)
    assert hands.labels() == [("car", (10, 10, 14, 12))]


def test_with_keys_alone_one_after_the_other(start, predicted, suggest):
    hands = start()
    suggest(hands, predicted())
    hands.dock.suggest.score.setValue(0)
    assert hands.dock.walk.source.currentText() == "Suggestions to review"
    hands.key("N")
    assert hands.dock.walk.words.text() == "Suggestion 1 of 3: car, 90 %"
    extent = hands.canvas.extent()
    assert extent.contains(rectangle(10, 10, 14, 12).boundingBox()) and extent.width() < 64
    hands.key("Y")
    assert hands.dock.walk.words.text() == "Suggestion 2 of 3: truck, 70 %"
    hands.key("1", "Y")  # it is a car
    hands.key("X")
    assert hands.dock.walk.words.text() == "All suggestions are reviewed."
    assert hands.labels() == [("car", (10, 10, 14, 12)), ("car", (20, 20, 28, 24))] and left(hands) == []


def test_all_in_view_are_one_step(start, predicted, suggest, wait):
    hands = start()
    hands.dock.suggest.score.setValue(0)
    suggest(hands, predicted())
    hands.zoom(0, 0, 32)
    press(hands, "all")
    assert [name for name, _ in hands.labels()] == ["car", "truck"] and len(left(hands)) == 1
    hands.key("Z", modifier="ControlModifier")
    assert hands.labels() == [] and len(left(hands)) == 3
    wait(lambda: hands.dock.drawing.commands["redo"].isEnabled())
    hands.key("Z", modifier=("ControlModifier"))  # nothing is left to be undone
    QTest.mouseClick(hands.dock.drawing.commands["redo"], Qt.MouseButton.LeftButton)
    assert len(hands.labels()) == 2 and len(left(hands)) == 1


def test_undo_goes_back_through_labels_and_judgements_in_their_order(start, predicted, suggest):
    hands = start()
    suggest(hands, predicted())
    hands.key("S")
    hands.click((24, 22), button="RightButton")
    hands.key("B")
    hands.click((50, 50), (60, 60))
    hands.key("S")
    hands.click((12, 11))
    hands.key("2")
    assert left(hands) == [("truck", (10, 10, 14, 12))]
    steps = []
    for _ in range(3):
        hands.key("Z", modifier="ControlModifier")
        steps.append((len(hands.labels()), left(hands)))
    car, truck = ("car", (10, 10, 14, 12)), ("truck", (20, 20, 28, 24))
    assert steps == [(1, [car]), (0, [car]), (0, [car, truck])]


def test_what_is_judged_outside_the_labelled_area_is_known_ground_once_the_labels_are_saved(
    start, predicted, suggest, read, tmp_path
):
    hands = start()
    suggest(hands, predicted())
    hands.key("S")
    hands.click((24, 22), button="RightButton")
    hands.click((12, 11))
    hands.key("Y")
    assert complete(read, tmp_path) == 0 and read(tmp_path / "made.gpkg").labels == []
    hands.layer.commitChanges(False)  # by QGIS's own button
    found = read(tmp_path / "made.gpkg")
    assert [each[:2] for each in found.labels] == [("car", "accepted")]
    assert found.complete == pytest.approx(10 * 6 + 5 * 3)  # a quarter of the shorter side around each
    area = hands.dock.session.completeness
    assert area.covers(rectangle(20, 20, 28, 24), hands.layer.crs())
    (source,) = suggested_sources(hands.dock.session.raster.id(), _project())
    assert source.area == "layer"  # so the rejected box is background when this trains


def _project():
    from qgis.core import QgsProject

    return QgsProject.instance()


def test_ground_of_a_suggestion_that_is_still_to_be_judged_is_left_out(start, predicted, suggest, read, tmp_path):
    hands = start()
    suggest(hands, predicted([("car", 0.9, (10, 10, 14, 14)), ("car", 0.8, (14.5, 10, 18.5, 14))]))
    hands.key("S")
    hands.click((12, 12), button="RightButton")
    hands.layer.commitChanges(False)
    assert complete(read, tmp_path) == pytest.approx(6 * 6 - 0.5 * 4)


def test_an_area_says_nothing_of_the_ground_beside_it(start, predicted, suggest, read, tmp_path):
    hands = start("segmentation")
    suggest(hands, predicted())
    hands.key("S")
    hands.click((24, 22), button="RightButton")
    hands.layer.commitChanges(False)
    assert complete(read, tmp_path) == pytest.approx(8 * 4)


def test_labels_that_counted_by_their_hull_still_do(start, predicted, suggest, read, tmp_path):
    hands = start()
    hands.click((40, 40), (44, 44), (50, 50), (60, 60))
    suggest(hands, predicted())
    hands.key("S")
    hands.click((12, 11))
    hands.key("Y")
    hands.layer.commitChanges(False)
    hull = rectangle(40, 40, 44, 44).combine(rectangle(50, 50, 60, 60)).convexHull()
    assert complete(read, tmp_path) == pytest.approx(hull.area() + 5 * 3, rel=0.01)


def test_edits_that_are_thrown_away_bring_the_suggestions_back(start, predicted, suggest, read, tmp_path):
    hands = start()
    suggest(hands, predicted())
    hands.dock.reviewer.do("all")
    assert len(hands.labels()) == 2 and left(hands) == []
    hands.layer.rollBack()
    assert hands.labels() == [] and len(left(hands)) == 2
    hands.click((50, 50), (60, 60))
    hands.layer.commitChanges()
    assert complete(read, tmp_path) == 0


def test_a_shape_is_corrected_before_it_is_accepted(start, predicted, suggest):
    hands = start()
    suggest(hands, predicted())
    hands.key("S")
    hands.click((12, 11))
    hands.key("E")
    layer = hands.dock.reviewer.suggestions.layer
    assert layer.isEditable() and hands.dock._iface.activeLayer() is layer
    (fid,) = hands.dock.reviewer.selected()
    layer.changeGeometry(fid, rectangle(10, 10, 16, 13))  # as QGIS's vertex tool does
    hands.key("Y")
    assert hands.labels() == [("car", (10, 10, 16, 13))]
    assert hands.dock._iface.activeLayer() is hands.layer


def test_accepted_areas_keep_off_labels_unless_asked(start, predicted, suggest):
    hands = start("segmentation")
    hands.key("B")
    hands.click((10, 10), (30, 30))
    suggest(hands, predicted([("truck", 0.9, (28, 10, 40, 20))]))
    hands.dock.reviewer.do("all")
    assert ("truck", (30, 10, 40, 20)) in hands.labels()


def test_a_label_drawn_over_a_suggestion_is_not_doubled_by_accept_all(start, predicted, suggest):
    hands = start()
    suggest(hands, predicted())
    hands.key("B")
    hands.click((10, 10), (14, 12.5))
    press(hands, "all")
    assert len(hands.labels()) == 2 and left(hands) == [] and origins(hands) == ["accepted", "hand"]


def test_a_cell_with_suggestions_is_complete_only_when_asked_twice(start, predicted, suggest, read, tmp_path):
    hands = start()
    suggest(hands, predicted())
    hands.zoom(0, 0, 64)
    hands.key("Return")
    assert "Suggestions here are not reviewed (2)" in hands.dock.problem.text() and complete(read, tmp_path) == 0
    hands.key("Return")
    assert left(hands) == [] and hands.labels() == [] and complete(read, tmp_path) == pytest.approx(64**2)


def test_predictions_in_another_crs_lie_where_they_belong(start, predicted, suggest, project):
    from qgis.core import QgsCoordinateTransform

    shape = rectangle(10, 10, 14, 12)
    shape.transform(
        QgsCoordinateTransform(
            QgsCoordinateReferenceSystem("EPSG:32633"), QgsCoordinateReferenceSystem("EPSG:3857"), project
        )
    )
    hands = start()
    suggest(hands, predicted([("car", 0.9, shape)], crs="EPSG:3857"))
    assert left(hands) == [("car", (10, 10, 14, 12))]


def test_percent_and_missing_classes(start, predicted, suggest):
    hands = start()
    fields = "field=class:string&field=confidence:double"
    suggest(hands, predicted([("car", 80.0, (10, 10, 14, 12)), (None, 90.0, (20, 20, 28, 24))], fields=fields))
    found = hands.dock.reviewer.suggestions
    assert sorted(found.get(fid).score for fid in found.open_ids()) == [0.8, 0.9]
    hands.key("S")
    hands.click((24, 22))
    hands.key("Y")
    assert "has no class" in hands.dock.problem.text() and hands.labels() == []
    hands.key("2", "Y")
    assert hands.labels() == [("truck", (20, 20, 28, 24))]


def test_a_class_that_a_number_field_cannot_hold_has_its_sentence(start, predicted, suggest, north, project):
    from geodistil.jobs.labelling.layers import Labelling, take_labels
    from geodistil.jobs.labelling.link import LabelClass

    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=kind:integer", "numbers", "memory")
    project.addMapLayer(layer)
    take_labels(layer, north, Labelling("detection", "kind", [LabelClass("1", "#ff0000")]), project)
    hands = start(layer=layer)
    suggest(hands, predicted())
    hands.dock.reviewer.do("all")
    assert "holds whole numbers, so a class cannot be called car" in hands.dock.problem.text()
    assert hands.labels() == [] and len(left(hands)) == 2
    hands.key("S")
    hands.drag((5, 5), (8, 8), (30, 30))
    hands.key("1")
    hands.dock.reviewer.do("all")
    assert [name for name, _ in hands.labels()] == [1, 1]


def test_a_read_only_layer_takes_nothing_and_says_so(start, predicted, suggest, wait):
    hands = start()
    suggest(hands, predicted())
    hands.dock.reviewer._desk().suggestions.layer.selectAll()
    hands.layer.setReadOnly(True)
    hands.dock.reviewer.do("accept")
    assert "is read-only" in hands.dock.problem.text() and hands.labels() == [] and len(left(hands)) == 2
    wait(lambda: not hands.dock.suggest.isEnabled())


def test_layers_that_go_take_their_suggestions_with_them(start, predicted, suggest, project, make):
    hands = start()
    suggest(hands, predicted())
    project.removeMapLayer(hands.dock.reviewer.suggestions.layer.id())
    assert hands.dock.reviewer.suggestions is None and hands.dock.suggest.words.text() == ""
    assert hands.dock.walk.source.count() == 1
    hands.key("Y", "X", "N")
    suggest(hands, project.mapLayersByName("north: detections")[0])
    layer = hands.dock.reviewer.suggestions.layer.id()
    project.removeMapLayer(hands.layer.id())
    assert project.mapLayer(layer) is None


def test_suggestions_wait_while_another_layer_is_labelled(start, predicted, suggest, make, read, tmp_path):
    hands = start()
    suggest(hands, predicted())
    first = hands.layer
    hands.key("S")
    hands.click((24, 22), button="RightButton")
    hands.dock.take(make(name="other.gpkg"))
    assert hands.dock.reviewer.suggestions is None
    first.commitChanges()
    assert complete(read, tmp_path) == pytest.approx(10 * 6)
    hands.dock.take(first)
    assert left(hands) == [("car", (10, 10, 14, 12))]


def ask(hands, place="In this view"):
    box = hands.dock.suggest
    box.menu.aboutToShow.emit()
    next(each for each in box.menu.actions() if each.text() == place).trigger()
    return box


def test_what_cannot_be_asked_has_its_sentence(start, wait, tmp_path, project):
    from ..cards import CARD, write_card

    hands = start()
    box = hands.dock.suggest
    ask(hands)
    assert "Choose the model that suggests labels" in hands.dock.problem.text()
    (tmp_path / "package").mkdir()
    write_card(tmp_path / "package", CARD)
    box.model.set_path(str(tmp_path / "package"))
    ask(hands)
    wait(lambda: box.suggest.isEnabled())
    assert "The model town has no detection" in box.problem.text()
    hands.zoom(500, 500, 20)
    ask(hands)
    assert "shows nothing of the raster" in hands.dock.problem.text()
    project.removeMapLayer(hands.dock.session.raster.id())
    ask(hands, "On the whole raster")
    assert "The raster of this label layer is not in the project" in hands.dock.problem.text()


SLOW = """#!/bin/sh
echo "$@" >> {asked}
exec sleep 60 # -m engine
"""


def test_asking_is_given_up_and_asked_again(start, wait, tmp_path, monkeypatch):
    from geodistil.jobs.process import EngineProcess

    from ..cards import CARD, write_card

    program, asked = tmp_path / "python", tmp_path / "asked"
    program.write_text(SLOW.format(asked=asked))
    program.chmod(0o755)
    monkeypatch.setenv("GEODISTIL_PYTHON", str(program))
    monkeypatch.setattr("geodistil.jobs.process.KILL_SECONDS", 0.5)
    grace, *others = EngineProcess.__init__.__defaults__  # which the program would wait out
    monkeypatch.setattr(EngineProcess.__init__, "__defaults__", (grace / 10, *others))
    (tmp_path / "package").mkdir()
    boxes = {"tasks": ["detection"], "detection_classes": CARD["segmentation_classes"]}
    write_card(tmp_path / "package", {**CARD, **boxes})
    hands = start()
    hands.zoom(10, 10, 20)
    box = hands.dock.suggest
    box.model.set_path(str(tmp_path / "package"))
    ask(hands)
    wait(lambda: asked.exists())
    arguments = asked.read_text().split()
    assert arguments[2] == "predict" and arguments[arguments.index("--score") + 1] == "0.1"
    corners = [float(each) for each in arguments[arguments.index("--extent") + 1 :][:4]]
    seen = hands.canvas.extent().intersect(hands.dock.session.raster.extent())
    assert corners == pytest.approx([seen.xMinimum(), seen.yMinimum(), seen.xMaximum(), seen.yMaximum()])
    assert box.progress.isVisibleTo(box) and not box.suggest.isEnabled()
    QTest.mouseClick(box.progress.button, Qt.MouseButton.LeftButton)
    assert not box.progress.isVisibleTo(box) and box.suggest.isEnabled() and box.problem.text() == ""
    ask(hands, "On the whole raster")
    wait(lambda: len(asked.read_text().splitlines()) == 2)
    wait(lambda: _ended(asked))  # the first one's end is not taken for the second's
    assert box.progress.isVisibleTo(box) and "--extent" not in asked.read_text().splitlines()[1]
    hands.dock.reviewer.cancel()


def _ended(asked):
    """Whether the task of the first is over."""
    from geodistil.jobs.background import ALIVE

    return len([each for each in ALIVE if each.description() == "Suggest labels"]) == 1
