"""The models window, worked as people do: rows, buttons and fields."""

import shutil

import pytest
from geodistil.jobs.package_registry import current_model, known, note_speed, register, set_current_model
from geodistil.jobs.runs import files
from geodistil.ui.model_widget import ModelWidget
from qgis.PyQt.QtCore import QLocale, Qt
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox


def rows(models):
    table = models.table
    return [
        [table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())
    ]


def click(models, row, modifier=Qt.KeyboardModifier.NoModifier):
    table = models.table
    place = table.visualItemRect(table.item(row, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def press(button):
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def write(line, text):
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


def test_all_that_is_known_is_listed_once_with_what_its_card_says(open_models, make_package, zipped, tmp_path):
    registered = make_package("alpha", iou=0.625)
    run = make_package("run/model")
    (run.parent / "run.json").write_text("{}")
    shelf = make_package("shelf/deep/gamma", gsd=2.0)
    zipped(make_package("elsewhere/delta"))
    broken = make_package("broken")
    register(str(registered))
    register(str(broken))
    (broken / "item.json").write_text("{")
    files.remember(run.parent)
    note_speed(registered, 1.234)
    set_current_model(registered)
    models = open_models()
    models.set_folders([shelf.parents[1], tmp_path / "packages" / "elsewhere", tmp_path / "gone", registered.parent])
    QTest.qWait(100)
    while models.looking:
        QTest.qWait(20)
    found = rows(models)
    names = [row[0] for row in found]
    expected = ["broken", "elsewhere/delta", "elsewhere/delta", "run/model", "shelf/deep/gamma", "✓ alpha"]
    assert sorted(names) == expected  # one of them as a folder and as its zip
    assert len({str(each.path.resolve()) for each in models.models}) == len(models.models)
    alpha = found[names.index("✓ alpha")]
    assert alpha[1:] == ["mean IoU 62.5", "roof", "1.23"]
    assert found[names.index("broken")][1] == "cannot be read"
    origins = {each.name: each.origin for each in models.models}
    assert origins["alpha"] == "registered" and origins["run/model"] == "of a run"
    assert origins["shelf/deep/gamma"] == "in a folder"
    click(models, names.index("broken"))
    assert not models.use.isEnabled() and not models.export.isEnabled() and models.forget.isEnabled()
    assert "not a GeoDistil model package" in models.details.text.toPlainText()


def test_a_model_is_shown_used_renamed_described_and_forgotten(open_models, make_package, item, wait, engine):
    for name in ("old", "new"):
        folder = make_package(name, color="#e6773a")
        register(str(folder))
    models = open_models()
    assert [row[0] for row in rows(models)] == ["✓ new", "old"]
    click(models, 1)
    text = models.details.text.toPlainText()
    assert "roof" in text and "1, 2, 3" in text and "Segmentation: IoU, roof" in text and "threshold" not in text
    assert models.details.picture.pixmap().toImage().pixelColor(5, 5).name() == "#e6773a"
    press(models.use)
    assert current_model() == models.models[1].path and rows(models)[1][0] == "✓ old"
    assert not models.use.isEnabled()
    old = models.models[1].path

    write(models.details.name, "roofs of 2024")
    wait(lambda: not models.looking)
    assert rows(models)[1][0] == "✓ roofs of 2024" and dict(known())["roofs of 2024"] == old
    write(models.details.licence, "CC-BY-4.0")
    wait(lambda: not models.looking)
    write(models.details.source, "the town's survey")
    wait(lambda: not models.looking)
    said = item(old)
    assert (said["license"], said["geodistil:source"]) == ("CC-BY-4.0", "the town's survey")
    assert said["geodistil:card"]["name"] == "old"
    assert models.details.licence.text() == "CC-BY-4.0"

    press(models.predict)
    press(models.export)
    assert models.opened == [(f"geodistil:{name}", {"MODEL": str(old)}) for name in ("predict", "exportmodel")]
    press(models.forget)
    wait(lambda: not models.looking)
    assert [row[0] for row in rows(models)] == ["✓ new"] and (old / "item.json").exists()


def test_two_models_stand_beside_each_other_with_the_difference_of_their_scores(open_models, make_package):
    for name, iou in (("worse", 0.5), ("better", 0.625)):
        register(str(make_package(name, iou=iou)))
    models = open_models()
    click(models, 0)
    click(models, 1, Qt.KeyboardModifier.ControlModifier)
    text = models.details.text.toPlainText()
    lines = [line for line in text.splitlines() if line.strip()]
    place = lines.index("Segmentation: mean IoU")
    assert lines[place + 1 : place + 4] == ["62.5", "50.0", "−12.5"]
    assert models.on_map.isEnabled() and not models.use.isEnabled()
    assert models.details.fields.isHidden() and models.details.picture.isHidden()


def test_a_zip_cannot_be_described_and_what_cannot_be_written_is_said(open_models, make_package, zipped, window, wait):
    archive, folder = zipped(make_package("packed")), make_package("open")
    register(archive)
    register(str(folder))
    models = open_models()
    click(models, 1)
    assert not models.details.licence.isEnabled() and models.details.name.isEnabled()
    click(models, 0)
    shutil.rmtree(folder)
    write(models.details.licence, "CC0-1.0")
    wait(lambda: not models.looking and window.said())
    assert "cannot be read or written" in window.said()[0]


@pytest.mark.parametrize("content", ["nonsense", "[3]", '{"a": 3}', '[["x"]]', "null"])
def test_settings_that_are_damaged_are_as_none(open_models, content):
    from qgis.core import QgsSettings

    for name in ("modelFolders", "modelNames", "speeds"):
        QgsSettings().setValue(f"geodistil/{name}", content)
    assert rows(open_models()) == []


def test_the_zoo_brings_a_model_into_the_list(open_models, make_package, wait):
    from geodistil.ui.models.zoo import ZooWindow

    make_package("from elsewhere")
    models = open_models()
    assert rows(models) == []
    press(models.zoo)
    (zoo,) = models.findChildren(ZooWindow)
    assert zoo.isVisible()
    zoo.open_zoo(str(make_package("second").parent))
    wait(lambda: not zoo.busy)
    press(zoo.get)
    wait(lambda: not zoo.busy)
    wait(lambda: not models.looking and rows(models))
    assert [row[0] for row in rows(models)] == ["✓ from elsewhere"]
    assert models.models[0].path.parent == zoo._place
    zoo.close()


def test_numbers_are_written_as_qgis_writes_them(open_models, make_package):
    register(str(make_package("alpha", gsd=0.125, iou=0.5)))
    before = QLocale()
    QLocale.setDefault(QLocale("de"))
    try:
        models = open_models()
        text = models.details.text.toPlainText()
        assert "0,125 m" in text and "50,0" in text and "0.125" not in text
    finally:
        QLocale.setDefault(before)


def test_names_of_classes_have_room_beside_long_names(open_models, make_package):
    register(str(make_package("a name that is as long as names of models ever are, and a little longer")))
    models = open_models()
    header, width = models.table.horizontalHeader(), models.table.fontMetrics().horizontalAdvance("Classes")
    assert header.sectionSize(2) > width
    assert models.width() > 1000 or models.width() > 0.9 * QGuiApplication.primaryScreen().availableSize().width()


def test_a_chosen_model_is_seen_by_its_name_not_by_the_end_of_its_path(qgis_app, make_package):
    package = make_package("alpha")
    register(str(package))
    widget = ModelWidget("")
    widget.resize(180, 40)
    widget.set_path(str(package))
    line = widget.findChild(QComboBox).lineEdit()
    assert line.text().startswith("alpha (") and line.cursorPosition() == 0
    widget.findChild(QComboBox).setCurrentIndex(-1)
    QTest.keyClicks(line, "/models/beta")  # what is typed is seen where it is typed
    assert line.cursorPosition() == len("/models/beta") and widget.path() == "/models/beta"
