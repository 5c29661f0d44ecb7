"""Model packages that are dropped, registered and offered."""

import json
import shutil
import time
import zipfile

import pytest
from geodistil.jobs.background import ALIVE
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.package_registry import PACKAGES, forget, known, looks_like_package, register, registered
from geodistil.jobs.packages import read_card
from osgeo import gdal
from qgis.core import QgsApplication, QgsSettings

from .cards import CARD, write_card
from .slow_disks import not_answering
from .waiting import let_qgis_work_until


@pytest.fixture
def settings(qgis_app):
    QgsSettings().remove(PACKAGES)
    yield
    QgsSettings().remove(PACKAGES)


@pytest.fixture
def make_package(tmp_path):
    def make(name="town", card=CARD, weights=True):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        write_card(folder, {**card, "name": name})
        if weights:
            (folder / "model.safetensors").write_bytes(b"weights")
        return folder

    return make


def zipped(folder):
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as file:
        for each in folder.iterdir():
            file.write(each, f"{folder.name}/{each.name}")
    return archive


def test_packages_are_remembered_newest_first_and_once(settings, make_package):
    old, new = make_package("old"), make_package("new")
    for path in (old, new, old, old / "item.json"):
        register(str(path))
    assert registered() == [("old", old), ("new", new)]
    forget(old)
    assert registered() == [("new", new)]


def test_a_zip_and_a_run_folder_are_registered_too(settings, make_package, tmp_path):
    archive = zipped(make_package("zipped"))
    model = make_package("run/model")
    assert register(str(archive))[0] == archive
    assert register(str(tmp_path / "run"))[0] == model


def test_a_package_that_has_gone_is_not_offered_and_comes_back_with_its_disk(settings, make_package, tmp_path):
    path, _ = register(str(make_package()))
    path.rename(tmp_path / "unplugged")
    assert registered() == []
    (tmp_path / "unplugged").rename(path)
    assert [name for name, _ in registered()] == ["town"]


def test_what_people_drop_is_told_from_packages(make_package, tmp_path):
    assert looks_like_package(str(make_package())) and looks_like_package(str(zipped(tmp_path / "town")))
    other = tmp_path / "stac"
    other.mkdir()
    assert not looks_like_package(str(other))
    (other / "item.json").write_text('{"type": "Feature"}')
    (tmp_path / "text.zip").write_text("no archive")
    for path in (other, tmp_path / "text.zip", tmp_path / "nowhere", other / "item.json"):
        assert not looks_like_package(str(path))


@pytest.fixture
def handler(settings, qgis_app):
    """The drop handler over a real message bar; `opened` is what it opened."""
    from geodistil.ui.model_widget import PackageDrops
    from qgis.gui import QgsMessageBar

    class Interface:
        def __init__(self):
            self.bar, self.opened = QgsMessageBar(), []

        def messageBar(self):
            return self.bar

        def texts(self):
            return [item.text() for item in self.bar.items()]

    iface = Interface()
    handler = PackageDrops(iface, lambda *arguments: iface.opened.append(arguments))
    handler.iface = iface
    return handler


def test_a_dropped_package_is_registered_and_can_predict_at_once(handler, make_package):
    from qgis.PyQt.QtWidgets import QPushButton

    path = make_package()
    assert handler.handleFileDrop(str(path))
    assert registered() == [("town", path)]
    assert "town is registered" in handler.iface.texts()[0]
    next(each for each in handler.iface.bar.findChildren(QPushButton) if each.text() == "Predict…").click()
    assert handler.iface.opened == [("geodistil:predict", {"MODEL": str(path)})]


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "incomplete"),
        (lambda folder: (folder / "item.json").write_text("{"), "is not a GeoDistil model package"),
        (
            lambda folder: (folder / "item.json").write_text('{"properties": {"geodistil:card": {"name": "x"}}}'),
            "does not say its tasks",
        ),
    ],
)
def test_a_broken_package_gives_its_sentence_and_is_not_registered(handler, make_package, break_it, words):
    folder = make_package()
    break_it(folder)
    assert handler.handleFileDrop(str(folder))
    assert words in handler.iface.texts()[0] and registered() == []


def test_other_files_are_left_to_qgis(handler, tmp_path):
    (tmp_path / "roofs.gpkg").write_bytes(b"")
    assert not handler.handleFileDrop(str(tmp_path / "roofs.gpkg")) and not handler.handleFileDrop(str(tmp_path))
    assert handler.iface.texts() == []


@pytest.mark.parametrize(
    ("name", "parameter"),
    [("predict", "MODEL"), ("evaluate", "MODEL"), ("reviewpredictions", "MODEL"), ("distilmodel", "PACKAGE")],
)
def test_dialogs_offer_registered_packages_and_take_any_other(provider, settings, make_package, name, parameter):
    from processing.gui.wrappers import WidgetWrapperFactory
    from qgis.PyQt.QtWidgets import QComboBox, QDialog

    path, _ = register(str(make_package()))
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"geodistil:{name}")
    dialog = QDialog()
    wrapper = WidgetWrapperFactory.create_wrapper(algorithm.parameterDefinition(parameter), dialog)
    choice = wrapper.widget.findChild(QComboBox)
    assert [choice.itemText(index) for index in range(choice.count())] == [f"town ({path})"]
    assert wrapper.parameterValue() in ("", None)
    choice.setCurrentIndex(0)
    assert wrapper.parameterValue() == str(path)
    wrapper.setValue("/elsewhere/item.json")
    assert wrapper.parameterValue() == "/elsewhere/item.json"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"tasks": None}, "tasks"),
        ({"tasks": "segmentation"}, "tasks"),
        ({"gsd": "0.5"}, "gsd"),
        ({"gsd": 0}, "gsd"),
        ({"bands": []}, "bands"),
        ({"segmentation_classes": [{"name": "roof"}]}, "segmentation_classes"),
        ({"detection_classes": {"car": "#ff0000"}}, "detection_classes"),
    ],
)
def test_a_card_is_checked_once_where_it_is_read(make_package, change, what):
    with pytest.raises(GeoDistilError, match=f"does not say its {what}"):
        read_card(make_package(card={**CARD, **change}))


def test_a_card_has_a_list_of_classes_for_each_task(make_package):
    card = read_card(make_package(card={key: value for key, value in CARD.items() if key != "detection_classes"}))
    assert card["detection_classes"] == [] and card["segmentation_classes"] == CARD["segmentation_classes"]


@pytest.fixture
def choice_of(provider, settings):
    """The list of models in Predict's dialog."""
    from processing.gui.wrappers import WidgetWrapperFactory
    from qgis.PyQt.QtWidgets import QComboBox, QDialog

    dialogs = []

    def make():
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("geodistil:predict")
        dialogs.append(QDialog())
        wrapper = WidgetWrapperFactory.create_wrapper(algorithm.parameterDefinition("MODEL"), dialogs[-1])
        dialogs.append(wrapper)
        return wrapper.widget.findChild(QComboBox)

    return make


def offered(choice):
    return [choice.itemText(index) for index in range(choice.count())]


def test_a_dialog_does_not_wait_for_a_registered_package_on_a_dead_drive(choice_of, make_package):
    path, _ = register(str(make_package()))
    with not_answering(path / "item.json"):
        before = time.monotonic()
        choice = choice_of()
        assert time.monotonic() - before < 1 and offered(choice) == [f"town ({path})"]
    let_qgis_work_until(lambda: not ALIVE, 10)


def test_a_dialog_drops_what_has_gone_and_keeps_what_was_typed(choice_of, make_package):
    gone, there = (register(str(make_package(name)))[0] for name in ("gone", "there"))
    shutil.rmtree(gone)
    choice = choice_of()
    assert offered(choice) == [f"there ({there})", f"gone ({gone})"]
    choice.setEditText("/some/where")
    let_qgis_work_until(lambda: len(offered(choice)) == 1, 10)
    assert offered(choice) == [f"there ({there})"] and choice.currentText() == "/some/where"


def test_packages_that_an_earlier_geodistil_registered_are_offered_too(settings, make_package):
    path = make_package()
    QgsSettings().setValue(PACKAGES, json.dumps([str(path)]))
    assert known() == registered() == [("town", path)]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"gsd": float("inf")}, "gsd"),
        ({"gsd": float("nan")}, "gsd"),
        ({"gsd": True}, "gsd"),
        ({"gsd": 10**400}, "gsd"),
        ({"bands": [-1]}, "bands"),
        ({"bands": [True]}, "bands"),
        ({"bands": [10**9]}, "bands"),
        ({"tasks": ["cooking"]}, "tasks"),
        ({"network": ["large"]}, "network"),
        ({"background": "no"}, "background"),
        ({"created": 5}, "created"),
        ({"segmentation_classes": [{"name": "roof", "color": "red;}"}]}, "segmentation_classes"),
        ({"segmentation_classes": [{"name": "ro\x01of", "color": "#ff0000"}]}, "segmentation_classes"),
        ({"segmentation_classes": [{"name": "r" * 201, "color": "#ff0000"}]}, "segmentation_classes"),
        ({"detection_classes": [{"name": "car", "color": "#ff0000", "values": [5]}]}, "detection_classes"),
    ],
)
def test_a_stranger_s_card_is_refused_by_the_field_that_is_wrong(make_package, change, what):
    with pytest.raises(GeoDistilError, match=f"does not say its {what}"):
        read_card(make_package(card={**CARD, **change}))


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a": ' + b"9" * 10_000 + b"}", b"\xff\xfe", b"[]", b"null"])
def test_an_item_that_is_none_is_a_sentence(make_package, content):
    folder = make_package()
    (folder / "item.json").write_bytes(content)
    with pytest.raises(GeoDistilError, match="is not a GeoDistil model package"):
        read_card(folder)


def test_archives_that_are_traps_are_a_sentence_and_are_not_read(make_package, monkeypatch):
    from geodistil.jobs import folders

    monkeypatch.setattr(folders, "FREELY", 1 << 20)
    folder = make_package()
    bomb, twice = folder.with_name("bomb.zip"), zipped(folder)
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / "item.json", "item.json")
        archive.writestr("model.safetensors", bytes(8 << 20))
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning):
        archive.writestr("town/item.json", "{}")
    for path, words in ((bomb, "more than 200 times as large"), (twice, "two files of the name town/item.json")):
        with pytest.raises(GeoDistilError, match=words):
            read_card(path)
        assert looks_like_package(str(path))


def test_mutated_cards_are_read_or_are_a_sentence_and_what_is_read_can_be_shown(make_package, tmp_path, qgis_app):
    """Seeded mutations as the engine's tests make them (tests/engine/fuzz), read and shown by the plugin."""
    import random

    from geodistil.jobs.layers.results import of_model
    from geodistil.jobs.layers.styles import style_class_map, style_detections
    from qgis.core import QgsRasterLayer, QgsVectorLayer

    gdal.GetDriverByName("GTiff").Create(str(tmp_path / "map.tif"), 4, 4)
    class_map = QgsRasterLayer(str(tmp_path / "map.tif"), "map")
    boxes = QgsVectorLayer("Polygon?crs=EPSG:32632&field=class:string&field=score:double", "boxes", "memory")
    odd = [None, True, -1, 0, 1e300, float("nan"), 10**400, "", "\x01", "red;}", "<b>", "x" * 999, [], {}, [None], [1]]
    extra = {"created": "now", "network": {"detection_head": "fcos"}, "background": True}
    car = {"name": "car", "color": "#00ff00", "values": ["car"]}
    folder, read = make_package(card={**CARD, **extra, "detection_classes": [car]}), 0
    item = json.loads((folder / "item.json").read_text())
    for seed in range(100):
        rng = random.Random(seed)
        changed = json.loads(json.dumps(item))
        card = changed["properties"]["geodistil:card"]
        owner = rng.choice([card, *(card[f"{task}_classes"][0] for task in ("segmentation", "detection"))])
        owner[rng.choice(sorted(owner))] = rng.choice(odd)
        (folder / "item.json").write_text(json.dumps(changed))
        try:
            found = read_card(folder)
        except GeoDistilError as error:
            assert "\n" not in str(error)
            continue
        read += 1
        style_class_map(class_map, found)
        style_detections(boxes, found)
        of_model("map", found, str(folder), "imagery").metadata(class_map)
    assert 5 < read < 70
